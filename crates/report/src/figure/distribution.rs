//! Histograms: how many values there are of each size, beside the law that they should follow.

mod draw;

use evenkeel_lab::results::{Distribution, Experiment, Spacing};

use super::{Cell, Draft, Sheet, common_start, sentence_case};
use crate::number::number;

/// More panels than this make a second figure.
const MOST_PANELS: usize = 4;

/// A figure for each run of neighbouring histograms whose axes run alike.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    let drawable = experiment.distributions.iter().filter(|d| can_draw(d));
    let drawable: Vec<&Distribution> = drawable.collect();
    drawable
        .chunk_by(|a, b| a.spacing == b.spacing)
        .flat_map(|run| run.chunks(MOST_PANELS))
        .map(|panels| Draft {
            kind: "histogram",
            title: title(panels),
            subtitle: subtitle(panels),
            description: description(panels),
            sheet: sheet(panels),
            draw: Box::new({
                let panels = panels.to_vec();
                move |canvas| draw::draw(&panels, canvas)
            }),
        })
        .collect()
}

fn can_draw(d: &Distribution) -> bool {
    let (low, high) = (d.low.0, d.high.0);
    let positive = d.spacing == Spacing::Linear || low > 0.0;
    let has_ends = low.is_finite() && high.is_finite() && low < high && (high - low).is_finite();
    let of_one_length = d.predicted.is_empty() || d.predicted.len() == d.counts.len();
    has_ends && positive && !d.counts.is_empty() && of_one_length
}

fn title(panels: &[&Distribution]) -> String {
    let labels: Vec<&str> = panels.iter().map(|d| d.x_label.as_str()).collect();
    if labels.windows(2).all(|pair| pair[0] == pair[1]) {
        return format!("How the {}s are spread", labels[0]);
    }
    let names: Vec<&str> = panels.iter().map(|d| d.name.as_str()).collect();
    sentence_case(&common_start(&names).unwrap_or_else(|| names.join(", ").to_lowercase()))
}

fn subtitle(panels: &[&Distribution]) -> String {
    let mut text = "Bars: the share of all values in each bin.".to_owned();
    if panels.iter().any(|d| !d.predicted.is_empty()) {
        text.push_str(" Dots: the law that they should follow.");
    }
    text
}

fn description(panels: &[&Distribution]) -> String {
    let mut text = String::new();
    for d in panels {
        let fullest = (0..d.counts.len())
            .max_by_key(|&i| d.counts[i])
            .unwrap_or(0);
        text.push_str(&format!(
            "{}, {} from {} to {}: {} of all values lie between {} and {}.",
            d.name,
            d.x_label,
            number(d.low.0),
            number(d.high.0),
            percent(share(d, fullest)),
            number(d.edge(fullest)),
            number(d.edge(fullest + 1))
        ));
        if let Some(law) = d.predicted.get(fullest) {
            text.push_str(&format!(" The law puts {} there.", percent(law.0)));
        }
        text.push(' ');
    }
    text.trim_end().to_owned()
}

/// A row a bin of each panel, one panel after the other.
fn sheet(panels: &[&Distribution]) -> Sheet {
    let columns = [
        "histogram",
        "from",
        "to",
        "count",
        "share",
        "predicted share",
    ];
    let rows = panels.iter().flat_map(|d| {
        (0..d.counts.len()).map(|bin| {
            vec![
                Cell::from(d.name.as_str()),
                d.edge(bin).into(),
                d.edge(bin + 1).into(),
                d.counts[bin].into(),
                share(d, bin).into(),
                d.predicted.get(bin).map(|law| law.0).into(),
            ]
        })
    });
    Sheet::new(columns.map(str::to_owned).to_vec(), rows.collect())
}

/// Every value, those beyond the axis included.
fn whole(d: &Distribution) -> f64 {
    let inside: u64 = d.counts.iter().sum();
    (inside as f64 + d.below as f64 + d.above as f64).max(1.0)
}

fn share(d: &Distribution, bin: usize) -> f64 {
    d.counts[bin] as f64 / whole(d)
}

fn percent(share: f64) -> String {
    format!("{}%", number(100.0 * share))
}
