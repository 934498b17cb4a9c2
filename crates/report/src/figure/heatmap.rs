//! Heat maps of layer × value: how a network's values are spread at every layer, for more layers
//! than ridges can show; networks side by side on one scale.

mod draw;
mod raster;

use evenkeel_lab::results::{Experiment, Ridgeline};

use super::{Draft, ridgeline, sentence_case};
use crate::number::number;

/// More panels than this make a second figure.
const MOST_PANELS: usize = 6;

/// Panels on one pair of axes and one scale of colours.
struct Heatmaps<'a> {
    panels: Vec<&'a Ridgeline>,
    /// Ends of the shared axis of values.
    values: (f64, f64),
    /// Layers of the deepest network.
    layers: usize,
    /// The smallest share of a layer's values that has a colour of its own, a power of ten.
    least: f64,
}

/// A figure for each run of neighbouring heat maps that show the same quantity.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    let drawable = experiment.heatmaps.iter().filter(|map| can_draw(map));
    let drawable: Vec<&Ridgeline> = drawable.collect();
    drawable
        .chunk_by(|a, b| a.x_label == b.x_label)
        .flat_map(|run| run.chunks(MOST_PANELS))
        .map(Heatmaps::new)
        .map(|maps| Draft {
            kind: "heatmap",
            title: maps.title(),
            subtitle: maps.subtitle(),
            description: maps.description(),
            sheet: ridgeline::sheet::sheet(&maps.panels, "layer"),
            draw: Box::new(move |canvas| draw::draw(&maps, canvas)),
        })
        .collect()
}

/// Whether the axis has two ends and every layer the same bins.
fn can_draw(map: &Ridgeline) -> bool {
    let (low, high) = (map.low.0, map.high.0);
    let bins = map.ridges.first().map_or(0, |ridge| ridge.counts.len());
    let even = map.ridges.iter().all(|ridge| ridge.counts.len() == bins);
    low.is_finite()
        && high.is_finite()
        && low < high
        && (high - low).is_finite()
        && bins > 0
        && even
}

impl<'a> Heatmaps<'a> {
    fn new(panels: &[&'a Ridgeline]) -> Self {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let values = panels.iter().fold(ends, |(low, high), p| {
            (low.min(p.low.0), high.max(p.high.0))
        });
        let layers = panels.iter().map(|p| p.ridges.len()).max().unwrap_or(0);
        Self {
            panels: panels.to_vec(),
            values,
            layers,
            least: least(panels),
        }
    }

    fn title(&self) -> String {
        let what = sentence_case(&self.panels[0].x_label);
        match self.panels.len() {
            1 => format!("{what} at every layer"),
            n => {
                let networks = ["two", "three", "four", "five", "six"][n.min(MOST_PANELS) - 2];
                format!("{what} at every layer, {networks} networks on one scale")
            }
        }
    }

    fn subtitle(&self) -> String {
        "A column is a layer, its histogram seen from above: the fuller the colour the more of its values lie \
         there. No colour: no value."
            .to_owned()
    }

    fn description(&self) -> String {
        let mut text = format!(
            "{}, from {} to {}, over {} layers.",
            self.title(),
            number(self.values.0),
            number(self.values.1),
            self.layers
        );
        for panel in &self.panels {
            if let (Some(first), Some(last)) = (panel.ridges.first(), panel.ridges.last()) {
                text.push_str(&format!(
                    " {}: standard deviation {} at the first layer, {} at the last.",
                    panel.name,
                    number(first.std.0),
                    number(last.std.0)
                ));
            }
            if let Some(layer) = panel.ridges.iter().position(|r| r.nonfinite > 0) {
                text.push_str(&format!(" NaN or infinite from layer {layer}."));
            }
        }
        text
    }
}

/// The power of ten below the smallest share of any layer: the scale's lower end, within bounds.
fn least(panels: &[&Ridgeline]) -> f64 {
    let mut least = 1.0_f64;
    for ridge in panels.iter().flat_map(|p| &p.ridges) {
        let whole = raster::whole(ridge);
        let present = ridge.counts.iter().filter(|count| **count > 0);
        least = present.fold(least, |least, &count| least.min(count as f64 / whole));
    }
    libm::pow(10.0, libm::log10(least).floor().clamp(-6.0, -2.0))
}
