//! A signal against depth in one line of text.

use evenkeel_lab::results::{Direction, Layer, Profile};

use super::glyphs::Glyphs;
use super::number::significant;

/// The least factor from the bottom to the top of a line: within it a signal is drawn as level as it is.
/// One step of eight is a factor of 1.8 then.
const LEAST_SPAN: f64 = 100.0;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// By how much of their cell is dark.
const SIGNS: [char; 8] = ['.', ':', '-', '=', '+', '*', '%', '#'];

/// A profile in a line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spark {
    /// The root mean square against depth, on a logarithmic axis, the first layer left.
    pub(crate) cells: String,
    /// From where to where it goes, in numbers, and where it ends.
    pub(crate) span: String,
}

impl Spark {
    /// Draws a profile in at most so many columns.
    pub(crate) fn of(profile: &Profile, width: usize, glyphs: Glyphs) -> Self {
        let layers: Vec<State> = profile.layers.iter().map(State::of).collect();
        Self {
            cells: cells(&layers, profile.direction, width, glyphs),
            span: glyphs.text(&span(profile, &layers)).into_owned(),
        }
    }
}

/// What became of the signal at a layer, or over some layers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// It is there: the logarithm of its root mean square.
    Alive(f64),
    /// Every value is 0.
    Zero,
    /// A value is infinite.
    Infinite,
    /// A value is no number.
    Nan,
    /// There is no value.
    Nothing,
}

impl State {
    fn of(layer: &Layer) -> Self {
        let rms = layer.rms();
        match layer {
            // What is too large may be NaN in the same layer: its sum goes over ∞ − ∞.
            Layer { nonfinite, nan, .. } if nonfinite > nan => Self::Infinite,
            Layer { nan, .. } if *nan > 0 => Self::Nan,
            _ if rms == 0.0 => Self::Zero,
            _ if rms.is_finite() => Self::Alive(rms.ln()),
            _ if rms.is_infinite() => Self::Infinite,
            _ => Self::Nothing,
        }
    }

    /// Of some layers together: what ended the signal, if something did, or their mean.
    fn together(layers: &[Self]) -> Self {
        // The column in which it ends shows what it ended in first.
        if let Some(&end) = layers.iter().find(|state| state.is_end()) {
            return end;
        }
        let alive = layers.iter().filter_map(|state| state.level());
        let (sum, count) = alive.fold((0.0, 0_u32), |(sum, n), x| (sum + x, n + 1));
        match count {
            0 => Self::Nothing,
            count => Self::Alive(sum / f64::from(count)),
        }
    }

    fn is_end(self) -> bool {
        matches!(self, Self::Zero | Self::Infinite | Self::Nan)
    }

    fn level(self) -> Option<f64> {
        match self {
            Self::Alive(level) => Some(level),
            _ => None,
        }
    }

    fn word(self) -> String {
        match self {
            Self::Alive(level) => significant(level.exp(), 2),
            Self::Zero => "0".to_owned(),
            Self::Infinite => "∞".to_owned(),
            Self::Nan => "NaN".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

fn cells(layers: &[State], direction: Direction, width: usize, glyphs: Glyphs) -> String {
    let columns = width.min(layers.len());
    let mut cells: Vec<State> = (0..columns)
        .map(|column| {
            // The layers are dealt out evenly, at least one to a column.
            let at = |column: usize| column * layers.len() / columns;
            let mut part = layers[at(column)..at(column + 1)].to_vec();
            if direction == Direction::Backward {
                part.reverse();
            }
            State::together(&part)
        })
        .collect();
    let (low, high) = bounds(layers);
    if direction == Direction::Backward {
        cells.reverse();
    }
    let mut ended = false;
    let mut drawn: Vec<char> = Vec::with_capacity(columns);
    for cell in cells {
        drawn.push(match cell {
            State::Alive(level) => block((level - low) / (high - low), glyphs),
            State::Nothing => ' ',
            // Where it ends stands what it ended in; after that there is nothing to tell.
            _ if ended => after(glyphs),
            end => sign(end, glyphs),
        });
        ended = cell.is_end();
    }
    if direction == Direction::Backward {
        drawn.reverse();
    }
    drawn.into_iter().collect()
}

/// The levels at the bottom and the top of the line: those that occur, or about their middle
/// [`LEAST_SPAN`].
fn bounds(layers: &[State]) -> (f64, f64) {
    let levels = layers.iter().filter_map(|state| state.level());
    let (low, high) = levels.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    let least = LEAST_SPAN.ln();
    if high - low >= least {
        return (low, high);
    }
    let middle = 0.5 * (low + high);
    (middle - 0.5 * least, middle + 0.5 * least)
}

/// The block for a height from 0 to 1.
fn block(height: f64, glyphs: Glyphs) -> char {
    let blocks = match glyphs {
        Glyphs::Unicode => BLOCKS,
        Glyphs::Ascii => SIGNS,
    };
    // Heights are from 0 to 1; the top itself belongs to the highest block.
    let index = (height * blocks.len() as f64).clamp(0.0, 7.0) as usize;
    blocks[index]
}

fn sign(end: State, glyphs: Glyphs) -> char {
    match (end, glyphs) {
        (State::Infinite, Glyphs::Unicode) => '∞',
        (State::Infinite, Glyphs::Ascii) => '!',
        (State::Nan, _) => '?',
        _ => '0',
    }
}

fn after(glyphs: Glyphs) -> char {
    match glyphs {
        Glyphs::Unicode => '·',
        Glyphs::Ascii => ' ',
    }
}

/// "0.87 → 7.2e−16", "23 → 4.1e37, ∞ at layer 28"; a gradient comes from the right.
fn span(profile: &Profile, layers: &[State]) -> String {
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
        return String::new();
    };
    let forward = profile.direction == Direction::Forward;
    let ended = match forward {
        true => layers.iter().position(|state| state.is_end()),
        false => layers.iter().rposition(|state| state.is_end()),
    };
    let (begin, arrival) = if forward {
        (first, last)
    } else {
        (last, first)
    };
    let begin_word = begin.word();
    let Some(index) = ended else {
        return match forward {
            true => format!("{begin_word} → {}", arrival.word()),
            false => format!("{} ← {begin_word}", arrival.word()),
        };
    };
    let end = format!(
        "{} at layer {}",
        layers[index].word(),
        profile.layers[index].layer
    );
    // With it the layer before it on the way.
    match (begin.is_end(), forward) {
        (true, _) => end,
        (false, true) => format!("{begin_word} → {}, {end}", layers[index - 1].word()),
        (false, false) => format!("{end}, {} ← {begin_word}", layers[index + 1].word()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(layer: usize, rms: f64, (nonfinite, nan): (u64, u64)) -> Layer {
        Layer {
            layer,
            count: 10,
            mean: 0.0.into(),
            std: rms.into(),
            second_moment: (rms * rms).into(),
            min: (-rms).into(),
            max: rms.into(),
            zero_fraction: 0.0.into(),
            nonfinite,
            nan,
        }
    }

    fn profile(direction: Direction, layers: Vec<Layer>) -> Profile {
        Profile {
            name: "test".to_owned(),
            init: "naive".to_owned(),
            direction,
            layers,
            predicted: Vec::new(),
        }
    }

    fn forward(rms: &[f64]) -> Profile {
        let layers = rms.iter().enumerate();
        profile(
            Direction::Forward,
            layers.map(|(l, &rms)| layer(l, rms, (0, 0))).collect(),
        )
    }

    fn drawn(profile: &Profile, width: usize) -> (String, String) {
        let spark = Spark::of(profile, width, Glyphs::Unicode);
        (spark.cells, spark.span)
    }

    #[test]
    fn a_level_signal_is_level_and_in_the_middle() {
        let (cells, span) = drawn(&forward(&[1.0; 100]), 10);
        assert_eq!(cells, "▅".repeat(10));
        assert_eq!(span, "1 → 1");
        // A factor of 1.5 either way is within one step of the middle.
        let (cells, _) = drawn(&forward(&[1.0, 1.5, 1.0, 0.9]), 10);
        assert_eq!(cells.chars().count(), 4);
        assert!(cells.chars().all(|c| "▄▅".contains(c)), "{cells}");
    }

    #[test]
    fn equal_factors_are_equal_steps() {
        let rms: Vec<f64> = (0..8).map(|l| 10f64.powi(l)).collect();
        let (cells, span) = drawn(&forward(&rms), 8);
        assert_eq!(cells, "▁▂▃▄▅▆▇█");
        assert_eq!(span, "1 → 1e7");
        let falling: Vec<f64> = rms.iter().rev().map(|x| x * 1e-20).collect();
        let (cells, span) = drawn(&forward(&falling), 8);
        assert_eq!(cells, "█▇▆▅▄▃▂▁");
        assert_eq!(span, "1e−13 → 1e−20");
    }

    #[test]
    fn where_it_ends_is_marked_once_and_told() {
        let mut layers: Vec<Layer> = (0..28)
            .map(|l| layer(l, 20f64.powi(l as i32), (0, 0)))
            .collect();
        layers.push(layer(28, f64::NAN, (7, 0)));
        layers.extend((29..40).map(|l| layer(l, f64::NAN, (10, 10))));
        let exploding = profile(Direction::Forward, layers);
        let (cells, span) = drawn(&exploding, 20);
        assert_eq!(cells.chars().count(), 20);
        assert_eq!(cells.chars().nth(14), Some('∞'), "{cells}");
        assert!(cells.ends_with("█∞·····"), "{cells}");
        assert_eq!(span, "1 → 1.3e35, ∞ at layer 28");

        let mut vanishing: Vec<f64> = (0..10).map(|l| 0.01f64.powi(l)).collect();
        vanishing.extend([0.0; 10]);
        let (cells, span) = drawn(&forward(&vanishing), 20);
        assert_eq!(cells.chars().nth(10), Some('0'));
        assert!(cells.ends_with("▁0·········"), "{cells}");
        assert_eq!(span, "1 → 1e−18, 0 at layer 10");
    }

    #[test]
    fn gradients_come_from_the_right() {
        let mut layers: Vec<Layer> = (0..5).map(|l| layer(l, f64::NAN, (10, 10))).collect();
        layers.extend((5..10).map(|l| layer(l, 1.0, (0, 0))));
        let backward = profile(Direction::Backward, layers);
        let (cells, span) = drawn(&backward, 10);
        assert_eq!(cells, "····?▅▅▅▅▅");
        assert_eq!(span, "NaN at layer 4, 1 ← 1");
        let whole = profile(
            Direction::Backward,
            vec![layer(0, 0.01, (0, 0)), layer(1, 0.5, (0, 0))],
        );
        assert_eq!(drawn(&whole, 10).1, "0.01 ← 0.5");
    }

    #[test]
    fn nothing_but_ends_and_nothing_at_all_are_drawn_too() {
        let (cells, span) = drawn(&forward(&[0.0; 30]), 10);
        assert_eq!(
            (cells.as_str(), span.as_str()),
            ("0·········", "0 at layer 0")
        );
        assert_eq!(drawn(&forward(&[]), 10), (String::new(), String::new()));
        assert_eq!(drawn(&forward(&[1.0]), 0).0, "");
    }

    #[test]
    fn ascii_is_ascii() {
        let mut layers: Vec<Layer> = (0..10)
            .map(|l| layer(l, 100f64.powi(l as i32), (0, 0)))
            .collect();
        layers.push(layer(10, f64::NAN, (7, 0)));
        let spark = Spark::of(&profile(Direction::Forward, layers), 11, Glyphs::Ascii);
        assert!(spark.cells.is_ascii() && spark.span.is_ascii(), "{spark:?}");
        assert!(
            spark.cells.starts_with('.') && spark.cells.ends_with("#!"),
            "{spark:?}"
        );
        assert_eq!(spark.span, "1 -> 1e18, inf at layer 10");
    }
}
