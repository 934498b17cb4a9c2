//! Xavier's scale: 1/√fan_in holds the signal, 1/√fan_out the gradient.

use evenkeel_init::{Fan, Scheme, Shape};
use evenkeel_theory::Activation;

use super::bent::Bent;
use super::tapered::Tapered;
use crate::coverage::Coverages;
use crate::deep::Deep;
use crate::error::LabError;
use crate::measure::PlainNetwork;
use crate::predict::Growth;
use crate::results::{Formula, Value, map, show};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `xavier` experiment.
pub(crate) struct Xavier;

impl Study for Xavier {
    fn id(&self) -> &'static str {
        "xavier"
    }

    fn title(&self) -> &'static str {
        "Xavier: the right scale for linear layers"
    }

    fn question(&self) -> &'static str {
        "With weights scaled by 1/√fan_in, does the signal keep its size over a hundred layers, and the gradient?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width, Parameter::Activation]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((100, 512))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(100, 512)?;
        let identity = Activation::identity();
        let linear = |stream, shape, trials| {
            let scheme = Scheme::variance_scaling(1.0, Fan::In, shape);
            Deep::measure(
                bench,
                PlainNetwork::uniform_width(stream, depth, width, scheme, identity.clone()),
                Growth::per_layer(&identity, 1.0, width)?,
                trials,
            )
        };
        let normal = linear("xavier/normal", Shape::Normal, bench.settings.pick(40, 200))?;
        let uniform = linear(
            "xavier/uniform",
            Shape::Uniform,
            bench.settings.pick(10, 50),
        )?;
        let tapered = Tapered::measure(bench, "xavier", &identity, 1.0, (depth, width))?;
        let bent = Bent::measure(bench, depth, width)?;
        let mut coverages = Coverages(vec![
            normal.coverage("linear, normal"),
            uniform.coverage("linear, uniform"),
        ]);
        coverages.0.extend(tapered.coverages());
        coverages.0.extend(bent.coverages());

        let mut measured = map([
            ("log_rms_mean", Value::from(normal.growth.mean)),
            ("log_rms_std", normal.growth.std.into()),
            ("seeds", normal.passes.len().into()),
            ("uniform_log_rms_mean", uniform.growth.mean.into()),
            ("uniform_log_rms_std", uniform.growth.std.into()),
            ("uniform_seeds", uniform.passes.len().into()),
            ("activation", bent.activation.to_string().into()),
            ("activation_last_rms", bent.last_rms.mean.into()),
            ("depth", depth.into()),
            ("width", width.into()),
        ]);
        measured.extend(tapered.measured());
        measured.extend(coverages.measured());
        let mut predicted = map([
            ("log_rms_mean", normal.expected.mean),
            ("log_rms_std", normal.expected.std()),
            ("uniform_log_rms_mean", uniform.expected.mean),
            ("uniform_log_rms_std", uniform.expected.std()),
            ("activation_last_rms", bent.expected_last_rms()),
        ]);
        predicted.extend(tapered.predicted());
        predicted.extend(coverages.predicted());

        let mut profiles = normal.profiles("linear, normal", "xavier");
        profiles.extend(
            uniform
                .profiles("linear, uniform", "xavier-uniform")
                .into_iter()
                .take(1),
        );
        profiles.extend(tapered.profiles());
        profiles.extend(bent.profiles());
        Ok(Findings {
            verdict: format!(
                "After {} fresh {width}-wide products scaled by 1/√fan_in, ln rms is {:.3} ± {:.3} over {} seeds \
                 (theory {:.3} ± {:.3}): no more than the drift of finite width. In a network that \
                 narrows fourfold the gradient changes by ×{:.2} under fan_in and ×{:.2} under fan_out. With {}, \
                 the rms after {} layers is {} (theory {}). {}",
                normal.judged,
                normal.growth.mean,
                normal.growth.std,
                normal.passes.len(),
                normal.expected.mean,
                normal.expected.std(),
                tapered.fan_in.backward.growth.mean.exp(),
                tapered.fan_out.backward.growth.mean.exp(),
                bent.activation,
                bent.judged,
                show(bent.last_rms.mean),
                show(bent.expected_last_rms()),
                coverages.words(),
            ),
            agrees: normal.mean_agrees()
                && normal.std_agrees()
                && uniform.mean_agrees()
                && uniform.std_agrees()
                && tapered.agrees()
                && bent.agrees()
                && coverages.agree(),
            measured,
            predicted,
            formulas: vec![
                Formula {
                    text: "fan_in · Var w = 1 keeps the forward signal, fan_out · Var w = 1 the backward one; Xavier \
                           takes 2/(fan_in + fan_out); uniform weights within ±√(3 Var w)"
                        .to_owned(),
                    source: "Glorot & Bengio 2010, eq. 10–12 and 16".to_owned(),
                },
                Formula {
                    text: "ln rms after l layers: mean l·½·E ln(χ²ₙ/n) = l·½·(ψ(n/2) + ln(2/n)), variance \
                           l·¼·ψ′(n/2)"
                        .to_owned(),
                    source: "Moments of ln χ²; Hanin & Nica 2020".to_owned(),
                },
            ],
            reading: vec![
                "The measured lines wander inside the band: chance of a finite width, growing like √depth.".to_owned(),
                "Normal and uniform weights of one variance behave alike.".to_owned(),
                format!("{} moves the rms as the variance map says.", bent.activation),
            ],
            tables: vec![tapered.table(), bent.table()],
            profiles,
            ..Findings::default()
        })
    }
}
