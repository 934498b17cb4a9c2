//! The numbers of a depth profile.

use evenkeel_lab::results::Band;

use super::DepthProfile;
use super::reading::{Lane, Reading, reading};
use crate::figure::Sheet;

impl DepthProfile<'_> {
    /// A row a layer: each network's rms, then the predictions, then each network's mean.
    pub(super) fn sheet(&self) -> Sheet {
        let members = || self.families.iter().flat_map(|f| &f.members);
        let mut columns: Vec<(String, Vec<(f64, f64)>)> = members()
            .map(|member| {
                let rms = member
                    .statistics()
                    .map(|layer| (layer.layer as f64, value(reading(layer))));
                (format!("{} rms", member.name), rms.collect())
            })
            .collect();
        for family in &self.families {
            // Seeds share a prediction: it is written once, under the family's name.
            let Some(bands) = family
                .members
                .iter()
                .map(|m| m.predicted)
                .find(|b| !b.is_empty())
            else {
                continue;
            };
            let column = |what: &str, pick: fn(&Band) -> f64| {
                let values = bands.iter().map(|b| (b.layer as f64, pick(b)));
                // As in the drawing, only layers that are measured.
                let shown = values.filter(|(l, _)| (self.layers.0..=self.layers.1).contains(l));
                (format!("{} {what}", family.name), shown.collect())
            };
            columns.push(column("predicted rms", |b| b.middle.0));
            columns.push(column("low", |b| b.low.0));
            columns.push(column("high", |b| b.high.0));
        }
        columns.extend(members().map(|member| {
            let means = member.statistics().map(|l| (l.layer as f64, l.mean.0));
            (format!("{} mean", member.name), means.collect())
        }));
        Sheet::joined("layer", columns)
    }
}

/// What is drawn: a place in a gutter is the value that the gutter stands for.
fn value(reading: Reading) -> f64 {
    match reading {
        Reading::Positive(rms) => rms,
        Reading::Beyond(Lane::Zero) => 0.0,
        Reading::Beyond(Lane::Infinity) => f64::INFINITY,
        Reading::Beyond(Lane::NotANumber) => f64::NAN,
    }
}
