//! Path data, a tenth of a pixel fine.

use std::fmt::Write as _;

/// The outline of one or more lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    data: String,
}

impl Path {
    /// Lines through points; where a point is missing the line is broken.
    pub(crate) fn broken(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> Self {
        let mut path = Self::default();
        let mut pen_down = false;
        for point in points {
            match point {
                Some((x, y)) => {
                    path.go(if pen_down { 'L' } else { 'M' }, x, y);
                    pen_down = true;
                }
                None => pen_down = false,
            }
        }
        path
    }

    /// One line through points.
    pub(crate) fn through(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::broken(points.into_iter().map(Some))
    }

    /// The area inside a closed line through points.
    pub(crate) fn area(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut path = Self::through(points);
        if !path.data.is_empty() {
            path.data.push('Z');
        }
        path
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(crate) fn data(&self) -> &str {
        &self.data
    }

    fn go(&mut self, command: char, x: f64, y: f64) {
        // After an M or an L, further pairs are lines: the letter can be left out.
        let letter = match command {
            'L' if !self.data.is_empty() => ' ',
            other => other,
        };
        let _ = write!(self.data, "{letter}{},{}", coordinate(x), coordinate(y));
    }
}

/// A coordinate with at most one decimal. What is not finite can have no place and is drawn at
/// 0: the figures sort such values out before, into a gutter of their own.
pub(crate) fn coordinate(x: f64) -> String {
    debug_assert!(x.is_finite(), "a coordinate must be finite, got {x}");
    if !x.is_finite() {
        return "0".to_owned();
    }
    let text = format!("{x:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" {
        "0".to_owned()
    } else {
        short.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, coordinate};

    #[test]
    fn coordinates_are_short() {
        assert_eq!(coordinate(12.0), "12");
        assert_eq!(coordinate(-0.04), "0");
        assert_eq!(coordinate(3.149), "3.1");
    }

    #[test]
    fn a_missing_point_breaks_the_line() {
        let path = Path::broken([Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, 4.0))]);
        assert_eq!(path.data(), "M0,1 1,2M3,4");
        assert_eq!(
            Path::area([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]).data(),
            "M0,0 1,0 1,1Z"
        );
        assert!(Path::area([]).is_empty());
    }
}
