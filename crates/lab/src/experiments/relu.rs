//! What ReLU does to one layer, and to Xavier's scale at depth.

use evenkeel_init::Scheme;
use evenkeel_theory::Activation;

use super::one_layer::{Law, OneLayer};
use crate::coverage::Coverages;
use crate::deep::Deep;
use crate::error::LabError;
use crate::measure::PlainNetwork;
use crate::predict::Growth;
use crate::results::{Formula, Table, Value, map, show};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `relu` experiment.
pub(crate) struct Relu;

impl Study for Relu {
    fn id(&self) -> &'static str {
        "relu"
    }

    fn title(&self) -> &'static str {
        "ReLU halves the second moment"
    }

    fn question(&self) -> &'static str {
        "What does ReLU leave of a layer's outputs, and what becomes of Xavier's scale under it at depth?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((100, 512))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(100, 512)?;
        let n = width as f64;

        let one_layer_trials = bench.settings.pick(200, 1_000);
        let scheme = Scheme::normal(0.0, 1.0);
        let linear = OneLayer::measure(
            bench,
            "relu/one-linear",
            width,
            &scheme,
            &Activation::identity(),
            one_layer_trials,
        )?;
        let rectified = OneLayer::measure(
            bench,
            "relu/one",
            width,
            &scheme,
            &Activation::relu(),
            one_layer_trials,
        )?;
        let one_layer_agrees =
            linear.agrees(&Law::linear(n, n)) && rectified.agrees(&Law::relu(n, n));

        let relu = Activation::relu();
        let scheme = Scheme::xavier_normal(1.0);
        let deep = Deep::measure(
            bench,
            PlainNetwork::uniform_width("relu/deep", depth, width, scheme, relu.clone()),
            Growth::per_layer(&relu, 1.0, width)?,
            bench.settings.pick(20, 60),
        )?;
        let coverages = Coverages(vec![deep.coverage("Xavier, ReLU")]);
        let factor = (deep.growth.mean / deep.judged as f64).exp();

        Ok(Findings {
            verdict: format!(
                "One unscaled {width}-wide ReLU layer has mean {:.3} (√(n/2π) = {:.3}) and second moment {:.1}, \
                 half of the linear layer's {:.1}. With Xavier weights the rms shrinks by {factor:.4} a layer \
                 (1/√2 = 0.7071): after {} layers {} of it are left. {}",
                rectified.mean.mean,
                Law::relu(n, n).mean,
                rectified.second_moment.mean,
                linear.second_moment.mean,
                deep.judged,
                show(deep.growth.mean.exp()),
                coverages.words(),
            ),
            agrees: one_layer_agrees && deep.mean_agrees() && deep.std_agrees() && coverages.agree(),
            measured: coverages.with_measured(map([
                ("mean", Value::from(rectified.mean.mean)),
                ("second_moment", rectified.second_moment.mean.into()),
                ("linear_mean", linear.mean.mean.into()),
                ("linear_second_moment", linear.second_moment.mean.into()),
                ("one_layer_seeds", one_layer_trials.into()),
                ("xavier_rms_factor_per_layer", factor.into()),
                ("xavier_log_rms_mean", deep.growth.mean.into()),
                ("xavier_log_rms_std", deep.growth.std.into()),
                ("seeds", deep.passes.len().into()),
                ("judged_layers", deep.judged.into()),
                ("dead_networks", deep.dead.into()),
                ("depth", depth.into()),
                ("width", width.into()),
            ])),
            predicted: coverages.with_predicted(map([
                ("mean", Law::relu(n, n).mean),
                ("second_moment", n / 2.0),
                ("linear_mean", 0.0),
                ("linear_second_moment", n),
                ("xavier_rms_factor_per_layer", deep.per_layer.mean.exp()),
                ("xavier_log_rms_mean", deep.expected.mean),
                ("xavier_log_rms_std", deep.expected.std()),
            ])),
            formulas: vec![
                Formula {
                    text: "E[max(z, 0)²] = ½ E[z²] and E[max(z, 0)] = √(q/2π) for z ~ N(0, q)".to_owned(),
                    source: "He, Zhang, Ren & Sun 2015, §2.2".to_owned(),
                },
                Formula {
                    text: "ln rms after l layers ~ N(l·(½ ln ½ + ½ E ln r), l·¼ Var ln r), r the finite-width \
                           ratio"
                        .to_owned(),
                    source: "Hanin & Nica 2020, Products of many large random matrices; here exact per layer"
                        .to_owned(),
                },
            ],
            reading: vec![
                "The slope is 1/√2 a layer: half of every layer's second moment is cut away.".to_owned(),
                "The band widens like √depth, and lies a little below the infinite-width line.".to_owned(),
            ],
            tables: vec![one_layer_table(&linear, &rectified, n)],
            profiles: deep.profiles("Xavier, ReLU", "xavier"),
            ..Findings::default()
        })
    }
}

fn one_layer_table(linear: &OneLayer, rectified: &OneLayer, n: f64) -> Table {
    let row = |name: &str, layer: &OneLayer, law: &Law| {
        vec![
            Value::from(name),
            layer.mean.mean.into(),
            law.mean.into(),
            layer.second_moment.mean.into(),
            law.second_moment.into(),
        ]
    };
    Table {
        name: "One unscaled layer".to_owned(),
        columns: ["layer", "mean", "expected", "second moment", "expected"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row("linear", linear, &Law::linear(n, n)),
            row("ReLU", rectified, &Law::relu(n, n)),
        ],
    }
}
