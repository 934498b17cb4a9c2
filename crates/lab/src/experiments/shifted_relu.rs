//! ReLU − ½: the lesson's cure for the mean that ReLU leaves.
//!
//! Not an experiment of its own: a part of `kaiming`.

use std::f64::consts::TAU;

use evenkeel_init::{Fan, Scheme};
use evenkeel_net::Moments;

use crate::error::LabError;
use crate::judge::Sample;
use crate::measure::first_layer;
use crate::results::{Map, Table, Value, map};
use crate::study::Bench;

/// Units of the layer on the data, as in the lesson.
const UNITS: usize = 50;

/// What is taken away.
const SHIFT: f32 = 0.5;

/// One Kaiming layer of 784 → 50 on the validation images, with ReLU and with ReLU − ½.
pub(crate) struct ShiftedRelu {
    mean: Sample,
    std: Sample,
    shifted_mean: Sample,
    shifted_std: Sample,
    expected_mean: f64,
}

impl ShiftedRelu {
    pub(crate) fn measure(bench: &Bench<'_>) -> Result<Self, LabError> {
        let trials = bench.settings.pick(8, 30);
        let scheme = Scheme::kaiming_normal(2f64.sqrt(), Fan::In);
        let moments = bench.trials(trials, |trial| {
            let mut layer = first_layer(bench, "kaiming/data", &scheme, trial, UNITS)?;
            let relu = layer
                .chain
                .apply(|x| x.iter_mut().for_each(|x| *x = x.max(0.0)));
            let shifted = layer
                .chain
                .apply(|x| x.iter_mut().for_each(|x| *x -= SHIFT));
            Ok((relu, shifted))
        })?;
        let sample = |pick: &dyn Fn(&(Moments, Moments)) -> f64| {
            Sample::of(&moments.iter().map(pick).collect::<Vec<_>>())
        };
        Ok(Self {
            mean: sample(&|(relu, _)| relu.mean()),
            std: sample(&|(relu, _)| relu.std()),
            shifted_mean: sample(&|(_, shifted)| shifted.mean()),
            shifted_std: sample(&|(_, shifted)| shifted.std()),
            expected_mean: expected_mean(bench),
        })
    }

    /// Whether the mean is what the images' norms say, within four of its own standard errors (at the
    /// 30 seeds of a full run a right mean strays further once in 2,500 runs). What ReLU − ½ leaves is
    /// the same mean less ½, and needs no judging of its own.
    pub(crate) fn agrees(&self) -> bool {
        self.mean.mean_agrees(self.expected_mean, self.mean.std)
    }

    pub(crate) fn measured(&self) -> Map {
        map([
            ("data_relu_mean", self.mean.mean),
            ("data_relu_std", self.std.mean),
            ("data_shifted_mean", self.shifted_mean.mean),
            ("data_shifted_std", self.shifted_std.mean),
        ])
    }

    pub(crate) fn predicted(&self) -> Map {
        map([
            ("data_relu_mean", self.expected_mean),
            ("data_shifted_mean", self.expected_mean - f64::from(SHIFT)),
        ])
    }

    pub(crate) fn table(&self) -> Table {
        let row = |name: &str, mean: Sample, std: Sample, expected: f64| {
            vec![
                Value::from(name),
                mean.mean.into(),
                expected.into(),
                std.mean.into(),
            ]
        };
        let shifted = self.expected_mean - f64::from(SHIFT);
        Table {
            name: "One Kaiming layer of 784 → 50 on the validation images".to_owned(),
            columns: ["activation", "mean", "expected", "std"]
                .map(str::to_owned)
                .to_vec(),
            rows: vec![
                row("ReLU", self.mean, self.std, self.expected_mean),
                row("ReLU − 0.5", self.shifted_mean, self.shifted_std, shifted),
            ],
        }
    }
}

/// E[max(w·x, 0)] = E|x|·√(Var w/2π), since w·x ~ N(0, Var w·|x|²) for each image x.
fn expected_mean(bench: &Bench<'_>) -> f64 {
    let part = bench.valid;
    let norms = part.pixels.chunks_exact(part.features).map(|image| {
        let square: f64 = image.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        square.sqrt()
    });
    let mean_norm = norms.sum::<f64>() / part.count as f64;
    mean_norm * (2.0 / part.features as f64 / TAU).sqrt()
}
