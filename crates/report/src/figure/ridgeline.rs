//! Ridgelines: a histogram a layer on one shared axis, one initialisation beside another.

mod draw;
pub(super) mod sheet;

use evenkeel_lab::results::{Experiment, Ridge, Ridgeline};

use super::{Draft, common_start, sentence_case};
use crate::number::number;

/// Panels that are compared: same quantity, same axis, same scale of heights.
struct Ridgelines<'a> {
    panels: Vec<&'a Ridgeline>,
    /// Ends of the shared axis.
    axis: (f64, f64),
    heights: Heights,
}

/// What the height of a ridge means.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Heights {
    /// Density, on one scale for every ridge of the figure; carries the highest density.
    Shared(f64),
    /// Density as a share of the ridge's own peak, where one scale would flatten some to nothing.
    OwnPeak,
}

/// Beyond this ratio of the highest to the lowest peak a shared scale shows the lowest as a line.
const MOST_PEAK_RATIO: f64 = 16.0;

/// A figure for each run of neighbouring ridgelines that show the same quantity.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    let drawable: Vec<&Ridgeline> = experiment
        .ridgelines
        .iter()
        .filter(|r| can_draw(r))
        .collect();
    drawable
        .chunk_by(|a, b| a.x_label == b.x_label && a.ridges.len() == b.ridges.len())
        .flat_map(|run| run.chunks(4))
        .map(Ridgelines::new)
        .map(|ridgelines| Draft {
            kind: "ridgeline",
            title: ridgelines.title(),
            subtitle: ridgelines.subtitle(),
            description: ridgelines.description(),
            sheet: sheet::sheet(&ridgelines.panels, ridgelines.first_column()),
            draw: Box::new(move |canvas| draw::draw(&ridgelines, canvas)),
        })
        .collect()
}

fn can_draw(ridgeline: &Ridgeline) -> bool {
    let (low, high) = (ridgeline.low.0, ridgeline.high.0);
    low.is_finite() && high.is_finite() && low < high && !ridgeline.ridges.is_empty()
}

impl<'a> Ridgelines<'a> {
    fn new(panels: &[&'a Ridgeline]) -> Self {
        let axis = panels
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| {
                (low.min(p.low.0), high.max(p.high.0))
            });
        let peaks: Vec<f64> = panels
            .iter()
            .flat_map(|p| p.ridges.iter().map(|r| peak(r, bin_width(p, r))))
            .filter(|peak| *peak > 0.0)
            .collect();
        let highest = peaks.iter().copied().fold(0.0, f64::max);
        let lowest = peaks.iter().copied().fold(f64::INFINITY, f64::min);
        let heights = if highest > MOST_PEAK_RATIO * lowest {
            Heights::OwnPeak
        } else {
            Heights::Shared(highest)
        };
        Self {
            panels: panels.to_vec(),
            axis,
            heights,
        }
    }

    fn title(&self) -> String {
        let title = self.shared_name();
        if !self.are_layers() {
            return sentence_case(&title.unwrap_or_else(|| self.panels[0].name.clone()));
        }
        let title = title.unwrap_or_else(|| self.panels[0].x_label.clone());
        format!("{}, layer by layer", sentence_case(&title))
    }

    /// Whether the ridges are the layers of a network, to be lit with those of other figures.
    fn are_layers(&self) -> bool {
        let mut ridges = self.panels.iter().flat_map(|p| &p.ridges);
        ridges.all(|r| r.label.starts_with("layer"))
    }

    /// What the names of several panels begin with.
    fn shared_name(&self) -> Option<String> {
        let names: Vec<&str> = self.panels.iter().map(|p| p.name.as_str()).collect();
        if names.len() > 1 {
            common_start(&names)
        } else {
            None
        }
    }

    /// What is left of a panel's name without what the figure's title says.
    fn panel_title<'p>(&self, panel: &'p Ridgeline) -> &'p str {
        let name = panel.name.as_str();
        self.shared_name()
            .and_then(|shared| name.strip_prefix(&shared))
            .map(|rest| rest.trim_start_matches([' ', ',', ':', '·', '–', '-']))
            .filter(|rest| !rest.is_empty())
            .unwrap_or(name)
    }

    /// What the table for CSV calls a ridge's number.
    fn first_column(&self) -> &'static str {
        if self.are_layers() { "layer" } else { "row" }
    }

    fn subtitle(&self) -> String {
        let heights = match self.heights {
            Heights::Shared(_) => "every ridge has the same area",
            Heights::OwnPeak => "every ridge is scaled to its own peak",
        };
        let beside = if self.panels.len() > 1 {
            ", on the same axis in every panel"
        } else {
            ""
        };
        let rows = if self.are_layers() {
            "A histogram a layer, the first layer on top"
        } else {
            "A histogram a row"
        };
        format!("{rows}{beside}; {heights}. σ is the standard deviation.")
    }

    fn description(&self) -> String {
        let mut text = format!("Histograms of {}.", self.panels[0].x_label);
        for panel in &self.panels {
            let ends = panel.ridges.first().zip(panel.ridges.last());
            if let Some((first, last)) = ends {
                text.push_str(&format!(
                    " {}: standard deviation {} at {}, {} at {}.",
                    panel.name,
                    number(first.std.0),
                    first.label,
                    number(last.std.0),
                    last.label
                ));
            }
            let nonfinite = panel.ridges.iter().map(|r| r.nonfinite);
            let nonfinite = nonfinite.fold(0, u64::saturating_add);
            if nonfinite > 0 {
                text.push_str(&format!(" {nonfinite} values are NaN or infinite."));
            }
        }
        text
    }
}

fn bin_width(panel: &Ridgeline, ridge: &Ridge) -> f64 {
    (panel.high.0 - panel.low.0) / ridge.counts.len().max(1) as f64
}

/// Every finite value, those beyond the axis included: the whole of which a bin is a share.
fn finite_count(ridge: &Ridge) -> f64 {
    let inside: f64 = ridge.counts.iter().map(|&count| count as f64).sum();
    inside + ridge.below as f64 + ridge.above as f64
}

fn peak(ridge: &Ridge, bin_width: f64) -> f64 {
    let highest = ridge.counts.iter().copied().max().unwrap_or(0);
    highest as f64 / (finite_count(ridge).max(1.0) * bin_width)
}
