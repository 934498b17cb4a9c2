//! What a panel of curves shows: its axes' domains and how its values are written.

use evenkeel_lab::results::{Curves, Series};

use crate::svg::{Label, Scale, Tick};

/// One pair of axes with its curves.
pub(super) struct Panel<'a> {
    pub(super) curves: &'a Curves,
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
    pub(super) kind: Kind,
}

/// How the vertical axis runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Linear,
    /// Values that span more than two decades.
    Log,
    /// Shares of one, written as percentages.
    Percent,
}

/// Beyond this ratio of largest to smallest a linear axis hides the small values.
const MOST_LINEAR_RATIO: f64 = 100.0;
/// Air above and below, as a share of the axis, so that a guide's name fits beside its line.
const GUIDE_AIR: f64 = 0.1;
/// Where every share is above this, the axis need not start at nothing.
const HIGH_SHARES: f64 = 0.8;

/// The panels of a figure; those of one quantity share their vertical axis, so that they compare.
pub(super) fn panels<'a>(group: &[&'a Curves]) -> Vec<Panel<'a>> {
    group
        .iter()
        .map(|curves| {
            let peers: Vec<&Series> = group
                .iter()
                .filter(|c| c.y_label == curves.y_label)
                .flat_map(|c| &c.series)
                .collect();
            let guides: Vec<f64> = group
                .iter()
                .filter(|c| c.y_label == curves.y_label)
                .flat_map(|c| c.guides.iter().map(|guide| guide.y.0))
                .collect();
            let (kind, y) = vertical(&peers, &guides, &curves.y_label);
            let x = extent(curves.series.iter().flat_map(|s| s.x.iter().map(|n| n.0)));
            Panel {
                curves,
                x: x.unwrap_or((0.0, 1.0)),
                y,
                kind,
            }
        })
        .collect()
}

/// A guide is always shown: the curves are read by it.
fn vertical(series: &[&Series], guides: &[f64], label: &str) -> (Kind, (f64, f64)) {
    let values = || {
        series
            .iter()
            .flat_map(|s| s.y.iter().chain(&s.low).chain(&s.high).chain(&s.predicted))
            .map(|number| number.0)
            .chain(guides.iter().copied())
    };
    let Some((low, high)) = extent(values()) else {
        return (Kind::Linear, (0.0, 1.0));
    };
    let label = label.to_lowercase();
    let is_share = ["accuracy", "error", "fraction", "share"]
        .iter()
        .any(|w| label.contains(w));
    if is_share && low >= 0.0 && high <= 1.0 {
        let start = if low > HIGH_SHARES {
            (low * 20.0).floor() / 20.0
        } else {
            0.0
        };
        return (Kind::Percent, (start, 1.0));
    }
    let smallest = values().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    if low >= 0.0 && high > MOST_LINEAR_RATIO * smallest {
        let air = libm::pow(
            high / smallest,
            if guides.is_empty() { 0.04 } else { GUIDE_AIR },
        );
        let (low, high) = (smallest / air, (high * air).min(f64::MAX));
        return (Kind::Log, (low.max(f64::MIN_POSITIVE), high));
    }
    let air = 0.04 * (high - low);
    let floor = if low >= 0.0 && low < 0.5 * high {
        0.0
    } else {
        low - air
    };
    (Kind::Linear, (floor, high + air))
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| v.is_finite()).fold(None, |range, v| {
        let (low, high) = range.unwrap_or((v, v));
        Some((v.min(low), v.max(high)))
    })
}

impl Panel<'_> {
    pub(super) fn y_scale(&self, range: (f64, f64)) -> Scale {
        match self.kind {
            Kind::Log => Scale::log(self.y, range),
            Kind::Linear | Kind::Percent => Scale::linear(self.y, range),
        }
    }

    pub(super) fn x_scale(&self, range: (f64, f64)) -> Scale {
        if self.x_is_log() {
            Scale::log(self.x, range)
        } else {
            Scale::linear(self.x, range)
        }
    }

    pub(super) fn x_ticks(&self, scale: &Scale) -> Vec<Tick> {
        let (low, high) = self.x;
        if !self.x_is_log() && low.fract() == 0.0 && high - low >= 2.0 {
            scale.whole_ticks(5)
        } else {
            scale.ticks(5)
        }
    }

    /// Depths from ten layers to thousands need a logarithm; steps, however many, are even.
    fn x_is_log(&self) -> bool {
        let (low, high) = self.x;
        self.curves.x_label == "layers" && low > 0.0 && high >= MOST_LINEAR_RATIO * low
    }

    pub(super) fn y_ticks(&self, scale: &Scale) -> Vec<Tick> {
        let ticks = scale.ticks(5);
        if self.kind != Kind::Percent {
            return ticks;
        }
        let percent = |value: f64| {
            let hundredths = (value * 1000.0).round() / 10.0;
            Label::Plain(format!("{hundredths}%"))
        };
        ticks
            .into_iter()
            .map(|t| Tick {
                label: percent(t.value),
                ..t
            })
            .collect()
    }
}
