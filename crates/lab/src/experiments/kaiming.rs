//! Kaiming's √2 makes up for what ReLU takes away.

use evenkeel_init::{Fan, Scheme};
use evenkeel_theory::Activation;

use super::one_layer::{Law, OneLayer};
use super::shifted_relu::ShiftedRelu;
use super::tapered::Tapered;
use crate::coverage::Coverages;
use crate::deep::Deep;
use crate::error::LabError;
use crate::measure::PlainNetwork;
use crate::predict::Growth;
use crate::results::{Formula, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `kaiming` experiment.
pub(crate) struct Kaiming;

impl Study for Kaiming {
    fn id(&self) -> &'static str {
        "kaiming"
    }

    fn title(&self) -> &'static str {
        "Kaiming: √2 for ReLU"
    }

    fn question(&self) -> &'static str {
        "Does a variance of 2/fan_in hold a ReLU network's signal over its depth, and 2/fan_out its gradient?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((100, 512))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(100, 512)?;
        let relu = Activation::relu();
        let scheme = Scheme::kaiming_normal(2f64.sqrt(), Fan::In);

        let one_layer_trials = bench.settings.pick(200, 1_000);
        let one = OneLayer::measure(
            bench,
            "kaiming/one",
            width,
            &scheme,
            &relu,
            one_layer_trials,
        )?;
        let law = Law::relu(width as f64, 2.0);

        let deep = Deep::measure(
            bench,
            PlainNetwork::uniform_width("kaiming/deep", depth, width, scheme, relu.clone()),
            Growth::per_layer(&relu, 2.0, width)?,
            bench.settings.pick(40, 200),
        )?;
        let tapered = Tapered::measure(bench, "kaiming", &relu, 2f64.sqrt(), (depth, width))?;
        let shift = ShiftedRelu::measure(bench)?;
        let mut coverages = Coverages(vec![deep.coverage("Kaiming, ReLU")]);
        coverages.0.extend(tapered.coverages());

        let mut measured = map([
            ("mean", Value::from(one.mean.mean)),
            ("second_moment", one.second_moment.mean.into()),
            ("one_layer_seeds", one_layer_trials.into()),
            ("log_rms_mean", deep.growth.mean.into()),
            ("log_rms_std", deep.growth.std.into()),
            ("dead_networks", deep.dead.into()),
            ("seeds", deep.passes.len().into()),
            ("depth", depth.into()),
            ("width", width.into()),
        ]);
        measured.extend(tapered.measured());
        measured.extend(shift.measured());
        measured.extend(coverages.measured());
        let mut predicted = map([
            ("mean", Value::from(law.mean)),
            ("second_moment", law.second_moment.into()),
            ("log_rms_mean", deep.expected.mean.into()),
            ("log_rms_std", deep.expected.std().into()),
        ]);
        predicted.extend(tapered.predicted());
        predicted.extend(shift.predicted());
        predicted.extend(coverages.predicted());
        let agrees = one.agrees(&law)
            && deep.mean_agrees()
            && deep.std_agrees()
            && tapered.agrees()
            && shift.agrees()
            && coverages.agree();

        let mut profiles = deep.profiles("Kaiming, ReLU", "kaiming");
        profiles.extend(tapered.profiles());
        Ok(Findings {
            verdict: format!(
                "One {width}-wide layer with variance 2/fan_in has mean {:.4} (1/√π = 0.5642) and rms {:.4}; over \
                 {} layers ln rms drifts by {:.3} ± {:.3} (theory {:.3} ± {:.3}) where Xavier loses {:.1}. \
                 In a network that narrows fourfold, fan_in leaves the activations ×{:.2} in rms (theory {:.2}) and the gradient \
                 ×{:.2} ({:.2}); fan_out leaves the gradient ×{:.2} ({:.2}). {}",
                one.mean.mean,
                one.second_moment.mean.sqrt(),
                deep.judged,
                deep.growth.mean,
                deep.growth.std,
                deep.expected.mean,
                deep.expected.std(),
                -0.5 * deep.judged as f64 * 0.5f64.ln(),
                tapered.fan_in.forward.growth.mean.exp(),
                tapered.fan_in.forward.expected.mean.exp(),
                tapered.fan_in.backward.growth.mean.exp(),
                tapered.fan_in.backward.expected.mean.exp(),
                tapered.fan_out.backward.growth.mean.exp(),
                tapered.fan_out.backward.expected.mean.exp(),
                coverages.words(),
            ),
            agrees,
            measured,
            predicted,
            formulas: vec![
                Formula {
                    text: "½ · fan_in · Var w = 1 keeps the forward signal, ½ · fan_out · Var w = 1 the backward one"
                        .to_owned(),
                    source: "He, Zhang, Ren & Sun 2015, eq. 10 and 14".to_owned(),
                },
                Formula {
                    text: "E[max(w·x, 0)] = |x|·√(Var w/2π): 1/√π = 0.564 for |x|² = fan_in and Var w = 2/fan_in, \
                           0.064 of which ReLU − ½ leaves"
                        .to_owned(),
                    source: "Mean of a half-normal variable".to_owned(),
                },
            ],
            reading: vec![
                "The rms stays within the band; its slow downward drift is the finite width's, not the formula's."
                    .to_owned(),
                "In the narrowing network fan_in and fan_out differ only by the ratio of the widths at its two ends."
                    .to_owned(),
            ],
            tables: vec![tapered.table(), shift.table()],
            profiles,
            ..Findings::default()
        })
    }
}
