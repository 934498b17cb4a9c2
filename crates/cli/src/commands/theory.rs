//! `evenkeel theory`: how far a signal travels in a plain network, before anything is run.

mod depth;
mod drawings;
mod show;
mod verdict;

use anyhow::ensure;
use evenkeel_theory::{
    Activation, Analysis, CriticalPoint, FixedPoints, Gain, MeanField, MeanFieldError, Phase,
    critical_point,
};

use crate::Outcome;
use crate::arguments::TheoryArguments;
use crate::commands::{activation, output};

/// The most layers and units that are looked at.
const MOST_LAYERS: usize = 10_000;
const MOST_UNITS: usize = 10_000_000;

pub(crate) fn run(arguments: &TheoryArguments) -> anyhow::Result<Outcome> {
    check_sizes(arguments)?;
    let network = Network::of(arguments)?;
    let depths = match (arguments.depth, arguments.width) {
        (None, None) => None,
        (depth, width) => Some(depth::Depths::of(&network, depth.unwrap_or(1), width)?),
    };
    let mut figures = Vec::new();
    if let Some(folder) = &arguments.out {
        let _folder = output::prepare(folder, &[], &[])?;
        figures = drawings::write(&network, folder)?;
    }
    if arguments.json {
        show::json(&network, depths.as_ref(), &figures)?;
    } else {
        show::text(&network, depths.as_ref(), &figures)?;
    }
    Ok(Outcome::Fine)
}

/// What is refused before anything is integrated.
pub(crate) fn check(arguments: &TheoryArguments) -> anyhow::Result<()> {
    check_sizes(arguments)?;
    let activation = activation::parse(&arguments.activation)?;
    MeanField::new(
        &activation,
        arguments.sigma_w2.unwrap_or(1.0),
        arguments.sigma_b2,
    )?;
    Ok(())
}

fn check_sizes(arguments: &TheoryArguments) -> anyhow::Result<()> {
    within("--depth", arguments.depth, MOST_LAYERS)?;
    within("--width", arguments.width, MOST_UNITS)
}

fn within(option: &str, given: Option<usize>, most: usize) -> anyhow::Result<()> {
    if let Some(given) = given {
        ensure!(
            (1..=most).contains(&given),
            "{option} is {given}; it must be from 1 to {most}"
        );
    }
    Ok(())
}

/// The network that is asked about, with what the theory says of it.
struct Network {
    activation: Activation,
    theory: MeanField,
    settles: Settles,
    fixed_points: FixedPoints,
    /// The edge of chaos at this σ_b², where there is one.
    edge: Result<CriticalPoint, MeanFieldError>,
}

/// What becomes of the variance.
enum Settles {
    /// It settles.
    At(Analysis),
    /// It grows without end.
    Never,
}

impl Network {
    fn of(arguments: &TheoryArguments) -> anyhow::Result<Self> {
        let activation = activation::parse(&arguments.activation)?;
        let sigma_b2 = arguments.sigma_b2;
        let edge = critical_point(&activation, sigma_b2);
        let (theory, settles) = if arguments.critical {
            let edge = edge.clone()?;
            let theory = edge.mean_field(&activation)?;
            let analysis = theory.analyze_at(edge.q_star)?;
            (theory, Settles::At(analysis))
        } else {
            let sigma_w2 = match arguments.sigma_w2 {
                Some(sigma_w2) => sigma_w2,
                None => 1.0 / Gain::of(&activation)?.second_moment,
            };
            let theory = MeanField::new(&activation, sigma_w2, sigma_b2)?;
            let settles = match theory.analyze() {
                Ok(analysis) => Settles::At(analysis),
                Err(MeanFieldError::Diverges { .. }) => Settles::Never,
                Err(error) => return Err(error.into()),
            };
            (theory, settles)
        };
        Ok(Self {
            fixed_points: theory.fixed_points()?,
            activation,
            theory,
            settles,
            edge,
        })
    }

    fn phase(&self) -> Phase {
        match &self.settles {
            Settles::At(analysis) => analysis.phase,
            Settles::Never => Phase::Divergent,
        }
    }

    /// The variance that profiles begin with: the one that layers keep, or one where that is none.
    fn start(&self) -> f64 {
        match &self.settles {
            Settles::At(analysis) if analysis.q_star > 0.0 => analysis.q_star,
            _ => 1.0,
        }
    }

    /// Whether profiles begin at a variance that layers keep.
    fn starts_at_rest(&self) -> bool {
        matches!(&self.settles, Settles::At(analysis) if analysis.q_star > 0.0)
    }
}
