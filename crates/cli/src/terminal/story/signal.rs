//! The lines that show signals against depth.

use console::{measure_text_width, style};
use evenkeel_lab::results::{Direction, Experiment, Profile, Results};

use crate::commands::weights::harmless;
use crate::terminal::glyphs::Glyphs;
use crate::terminal::spark::Spark;

/// The most lines of one experiment; the report has all of them.
const MOST: usize = 6;
/// Columns of a line of blocks on 80 columns, and where there is room.
const NARROW: usize = 20;
const WIDE: usize = 32;
/// From so many columns on there is.
const ROOM: usize = 100;

/// A line for each of an experiment's signals, of one network where there are several seeds.
pub(super) fn lines(experiment: &Experiment, width: usize, glyphs: Glyphs) -> Vec<String> {
    let distinct = distinct(&experiment.profiles);
    let cells = if width >= ROOM { WIDE } else { NARROW };
    let shown = &distinct[..distinct.len().min(MOST)];
    let sparks: Vec<Spark> = shown
        .iter()
        .map(|(_, profile)| Spark::of(profile, cells, glyphs))
        .collect();
    let widest = |of: fn(&Spark) -> &str| {
        let widths = sparks.iter().map(|spark| measure_text_width(of(spark)));
        widths.max().unwrap_or(0)
    };
    let (blocks, spans) = (widest(|s| &s.cells), widest(|s| &s.span));
    let room = width.saturating_sub(blocks + 2 + "rms ".len() + spans + 2);
    let mut lines: Vec<String> = sparks
        .iter()
        .zip(shown)
        .map(|(spark, (name, _))| {
            let name = shortened(&glyphs.text(name), room, glyphs);
            format!(
                "{}  {}  {}",
                padded(&style(&spark.cells).cyan().to_string(), blocks),
                padded(&format!("rms {}", spark.span), spans + 4),
                style(name).dim()
            )
        })
        .collect();
    if distinct.len() > MOST {
        let more = distinct.len() - MOST;
        lines.push(
            style(format!("and {more} more in the report"))
                .dim()
                .to_string(),
        );
    }
    lines
}

/// A line for each experiment: its first forward signal, or its title where it has none.
pub(super) fn summaries(results: &Results, width: usize, glyphs: Glyphs) -> Vec<String> {
    let experiments = &results.experiments;
    let span = |e: &Experiment| Some(measure_text_width(&Spark::of(first(e)?, 0, glyphs).span));
    let spans = experiments.iter().filter_map(span).max().unwrap_or(0);
    // What is told in numbers has its room first.
    let cells = ALONE.min(width.saturating_sub(spans + 2));
    let room = width.saturating_sub(cells + spans + 4);
    let dots = glyphs.text("…");
    let summary = |experiment: &Experiment| {
        let title = harmless(&experiment.title);
        let title = glyphs.text(&title);
        let Some(profile) = first(experiment) else {
            return console::truncate_str(&title, width, &dots).into_owned();
        };
        let spark = Spark::of(profile, cells, glyphs);
        let blocks = padded(&style(&spark.cells).cyan().to_string(), cells);
        if room < LEAST_TITLE {
            return format!("{blocks}  {}", spark.span);
        }
        let span = padded(&spark.span, spans);
        // A title says the most at its beginning.
        let title = console::truncate_str(&title, room, &dots);
        format!("{blocks}  {span}  {title}")
    };
    experiments.iter().map(summary).collect()
}

fn first(experiment: &Experiment) -> Option<&Profile> {
    let forward = |profile: &&Profile| profile.direction == Direction::Forward;
    experiment.profiles.iter().find(forward)
}

/// Columns of a line of blocks that is its experiment's only one.
const ALONE: usize = 30;
/// The least columns of a title that say something.
const LEAST_TITLE: usize = 32;

/// What the lines show, and their signs as far as they occur.
pub(super) fn legend(results: &Results, glyphs: Glyphs) -> Option<String> {
    let layers = || {
        let profiles = results.experiments.iter().filter_map(first);
        profiles.flat_map(|profile| &profile.layers)
    };
    layers().next()?;
    let mut legend =
        "rms of the activations by layer, first layer left, on a log scale of its own, at least \
                      a factor of 100 high"
            .to_owned();
    let zero = layers().any(|layer| layer.second_moment.0 == 0.0);
    let nonfinite = layers().any(|layer| layer.nonfinite > 0);
    let infinite = match glyphs {
        Glyphs::Unicode => "∞",
        Glyphs::Ascii => "!",
    };
    if zero {
        legend.push_str("; 0: all zero from there on");
    }
    if nonfinite {
        legend.push_str(&format!("; {infinite}: infinite, ?: NaN from there on"));
    }
    legend.push('.');
    Some(legend)
}

/// Profiles that differ in more than their seed, with their names without it.
fn distinct(profiles: &[Profile]) -> Vec<(&str, &Profile)> {
    let mut distinct: Vec<(&str, &Profile)> = Vec::new();
    for profile in profiles {
        let name = without_seed(&profile.name);
        if !distinct.iter().any(|(known, _)| *known == name) {
            distinct.push((name, profile));
        }
    }
    distinct
}

/// "fresh matrices" of "fresh matrices, seed 0".
fn without_seed(name: &str) -> &str {
    match name.rsplit_once(", seed ") {
        Some((before, seed)) if seed.bytes().all(|b| b.is_ascii_digit()) => before,
        _ => name,
    }
}

/// A text in at most so many columns: its middle goes, since names differ at their ends.
pub(super) fn shortened(text: &str, width: usize, glyphs: Glyphs) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let dots = glyphs.text("…");
    if measure_text_width(text) != text.chars().count() {
        // Letters of two columns, or of none: these are counted one by one.
        return console::truncate_str(text, width, &dots).into_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let room = width.saturating_sub(measure_text_width(&dots));
    if room == 0 {
        return String::new();
    }
    let (head, tail) = (room.div_ceil(2), room / 2);
    let head: String = letters[..head].iter().collect();
    let tail: String = letters[letters.len() - tail..].iter().collect();
    format!("{}{dots}{}", head.trim_end(), tail.trim_start())
}

/// A text that may be coloured, in so many columns.
pub(super) fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{text}{:missing$}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_seed_and_nothing_else() {
        assert_eq!(without_seed("fresh matrices, seed 12"), "fresh matrices");
        assert_eq!(without_seed("tanh, seedling"), "tanh, seedling");
        assert_eq!(without_seed("a, seed x"), "a, seed x");
    }

    #[test]
    fn long_names_keep_both_ends() {
        let name = "narrowing network, 1/fan_in, activations";
        let short = shortened(name, 24, Glyphs::Unicode);
        assert!(short.chars().count() <= 24, "{short}");
        assert!(
            short.starts_with("narrowing") && short.ends_with("activations"),
            "{short}"
        );
        assert_eq!(shortened(name, 40, Glyphs::Unicode), name);
        assert!(shortened(name, 20, Glyphs::Ascii).is_ascii());
        assert_eq!(shortened(name, 1, Glyphs::Unicode), "");
        let wide = shortened(&"宽".repeat(40), 21, Glyphs::Unicode);
        assert!(measure_text_width(&wide) <= 21, "{wide}");
    }
}
