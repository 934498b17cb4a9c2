//! Depth profile: the root mean square at each layer on a logarithmic axis, measured and predicted.

mod draw;
mod family;
mod gutter;
mod healthy;
mod labels;
mod layout;
mod reading;
mod sheet;
mod span;

use evenkeel_lab::results::{Band, Direction, Experiment};

use self::family::{Family, families};
use self::healthy::Healthy;
use self::reading::Lane;
use super::{Draft, sentence_case};
use crate::number::number;
use crate::palette::Swatch;

/// Everything that one depth profile shows.
struct DepthProfile<'a> {
    direction: Direction,
    families: Vec<Family<'a>>,
    /// Predictions, each once, with the colour of the first family that has it.
    predictions: Vec<(&'a [Band], Swatch)>,
    /// First and last layer.
    layers: (f64, f64),
    /// The range that a signal should stay in.
    healthy: Healthy,
    /// Lowest and highest value with a place on the axis.
    values: (f64, f64),
}

/// A figure for each direction that the experiment follows.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    [Direction::Forward, Direction::Backward]
        .into_iter()
        .filter_map(|direction| DepthProfile::of(experiment, direction))
        .map(|profile| Draft {
            kind: match profile.direction {
                Direction::Forward => "depth-forward",
                Direction::Backward => "depth-backward",
            },
            title: profile.title().to_owned(),
            subtitle: profile.subtitle(),
            description: profile.description(),
            sheet: profile.sheet(),
            draw: Box::new(move |canvas| draw::draw(&profile, canvas)),
        })
        .collect()
}

impl<'a> DepthProfile<'a> {
    fn of(experiment: &'a Experiment, direction: Direction) -> Option<Self> {
        let families = families(
            experiment
                .profiles
                .iter()
                .filter(|p| p.direction == direction && !p.layers.is_empty()),
        );
        let layers = families
            .iter()
            .flat_map(Family::layers)
            .fold(None, |range, layer| {
                let (low, high) = range.unwrap_or((layer, layer));
                Some((layer.min(low), layer.max(high)))
            })?;
        let predictions = predictions(&families);
        let values = domain(&families, &predictions);
        let healthy = Healthy::of(direction, &families);
        Some(Self {
            direction,
            families,
            predictions,
            layers,
            healthy,
            values,
        })
    }

    fn title(&self) -> &'static str {
        match self.direction {
            Direction::Forward => "The signal on its way forward",
            Direction::Backward => "The gradient on its way back",
        }
    }

    fn quantity(&self) -> &'static str {
        match self.direction {
            Direction::Forward => "rms of the signal",
            Direction::Backward => "rms of the gradient",
        }
    }

    fn subtitle(&self) -> String {
        "Its root mean square at each layer. On this logarithmic axis the same factor a layer is a \
         straight line."
            .to_owned()
    }

    fn description(&self) -> String {
        let mut text = format!(
            "{} from layer {} to layer {}, logarithmic vertical axis.",
            self.quantity(),
            self.layers.0,
            self.layers.1
        );
        text.push_str(&format!(" {}.", sentence_case(&self.healthy.words())));
        for family in &self.families {
            text.push(' ');
            text.push_str(&family.describe());
            if let Some(span) = self.healthy.left(family) {
                text.push_str(&format!(" Outside the healthy range {}.", span.words()));
            }
        }
        for (bands, _) in &self.predictions {
            if let (Some(first), Some(last)) = (bands.first(), bands.last()) {
                text.push_str(&format!(
                    " Predicted: {} at layer {}, {} at layer {}, 95% of networks between {} and {}.",
                    number(first.middle.0),
                    first.layer,
                    number(last.middle.0),
                    last.layer,
                    number(last.low.0),
                    number(last.high.0)
                ));
            }
        }
        text
    }

    /// The lanes that any family ends in, from top to bottom.
    fn lanes(&self) -> Vec<Lane> {
        Lane::ALL
            .into_iter()
            .filter(|lane| self.families.iter().any(|f| f.span(*lane).is_some()))
            .collect()
    }
}

fn predictions<'a>(families: &[Family<'a>]) -> Vec<(&'a [Band], Swatch)> {
    let mut kept: Vec<(&[Band], Swatch)> = Vec::new();
    for family in families {
        for member in &family.members {
            let bands = member.predicted;
            if !bands.is_empty() && !kept.iter().any(|(other, _)| *other == bands) {
                kept.push((bands, family.swatch));
            }
        }
    }
    kept
}

/// Measured values, and predictions as far as anything measured has a place on the axis: theory
/// runs on to 10¹³⁵ where f32 ends at 10³⁸.
fn domain(families: &[Family], predictions: &[(&[Band], Swatch)]) -> (f64, f64) {
    let measured = || families.iter().flat_map(Family::points);
    let (first, last) = measured()
        .map(|(layer, _)| layer)
        .fold((f64::INFINITY, 0.0_f64), |(first, last), l| {
            (first.min(l), last.max(l))
        });
    let predicted = predictions
        .iter()
        .flat_map(|(bands, _)| bands.iter())
        .filter(|band| (first..=last).contains(&(band.layer as f64)))
        .flat_map(|band| [band.low.0, band.middle.0, band.high.0])
        .filter(|value| value.is_finite() && *value > 0.0);
    let (low, high) = measured()
        .map(|(_, value)| value)
        .chain(predicted)
        .fold((f64::INFINITY, 0.0_f64), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low > high {
        return (0.1, 10.0);
    }
    padded(low, high)
}

/// Air above and below: a twentieth of the height, and at least a factor 1.15 either way.
fn padded(low: f64, high: f64) -> (f64, f64) {
    let factor = libm::pow(high / low, 0.05).max(1.15);
    (
        (low / factor).max(f64::MIN_POSITIVE),
        (high * factor).min(f64::MAX),
    )
}
