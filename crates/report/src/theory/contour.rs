//! Lines of equal height on a grid, and the areas above them: marching squares.

use std::collections::BTreeMap;

/// A grid of numbers, row after row. NaN is where there is none.
#[derive(Clone, Debug)]
pub(super) struct Field {
    columns: usize,
    values: Vec<f64>,
}

/// A place on the grid: column and row, with fractions between the nodes.
pub(super) type Place = (f64, f64);

/// A side of a cell: the one that leaves node (column, row) to the right or upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Side {
    column: usize,
    row: usize,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Right,
    Up,
}

impl Field {
    /// A grid with so many columns; the rows follow from the number of values.
    pub(super) fn new(columns: usize, values: Vec<f64>) -> Self {
        debug_assert!(columns > 0 && values.len().is_multiple_of(columns));
        Self { columns, values }
    }

    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }

    pub(super) fn at(&self, column: usize, row: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    /// Every value replaced by the mean over the square of `reach` nodes on either side, as far as
    /// the grid goes.
    pub(super) fn smoothed(&self, reach: usize) -> Self {
        let (columns, rows) = (self.columns, self.rows());
        let window = |i: usize, count: usize| i.saturating_sub(reach)..(i + reach + 1).min(count);
        let mean = |range: std::ops::Range<usize>, at: &dyn Fn(usize) -> f64| {
            let count = range.len() as f64;
            range.map(at).sum::<f64>() / count
        };
        // First along the rows, then along the columns.
        let along = (0..rows * columns).map(|i| {
            let (row, column) = (i / columns, i % columns);
            mean(window(column, columns), &|c| self.at(c, row))
        });
        let along = Self::new(columns, along.collect());
        let across = (0..rows * columns).map(|i| {
            let (row, column) = (i / columns, i % columns);
            mean(window(row, rows), &|r| along.at(column, r))
        });
        Self::new(columns, across.collect())
    }

    /// The lines along which the field, taken as linear between nodes, equals `level`. A closed line
    /// ends where it begins. Cells with a NaN at a corner have none.
    pub(super) fn lines(&self, level: f64) -> Vec<Vec<Place>> {
        let mut next: BTreeMap<Side, Vec<Side>> = BTreeMap::new();
        for row in 0..self.rows().saturating_sub(1) {
            for column in 0..self.columns.saturating_sub(1) {
                for (a, b) in self.segments(column, row, level).into_iter().flatten() {
                    next.entry(a).or_default().push(b);
                    next.entry(b).or_default().push(a);
                }
            }
        }
        trace(next)
            .into_iter()
            .map(|line| line.into_iter().map(|side| self.cut(side, level)).collect())
            .collect()
    }

    /// The outlines of the area where the field is above zero, closed along the grid's own edge.
    pub(super) fn outlines(&self) -> Vec<Vec<Place>> {
        let padded = self.padded();
        // The frame of nodes outside lies on the edge itself.
        let last = (
            self.columns.saturating_sub(1) as f64,
            self.rows().saturating_sub(1) as f64,
        );
        let inside = |place: f64, last: f64| (place - 1.0).clamp(0.0, last);
        padded
            .lines(0.0)
            .into_iter()
            .map(|line| {
                line.into_iter()
                    .map(|(x, y)| (inside(x, last.0), inside(y, last.1)))
                    .collect()
            })
            .collect()
    }

    /// The field in a frame of nodes that are below zero.
    fn padded(&self) -> Self {
        let columns = self.columns + 2;
        let mut values = vec![-1.0; columns];
        for row in self.values.chunks(self.columns) {
            values.push(-1.0);
            values.extend_from_slice(row);
            values.push(-1.0);
        }
        values.resize(values.len() + columns, -1.0);
        Self { columns, values }
    }

    /// At most two segments cross a cell, each from one of its sides to another.
    fn segments(&self, column: usize, row: usize, level: f64) -> [Option<(Side, Side)>; 2] {
        let corners = [
            self.at(column, row),
            self.at(column + 1, row),
            self.at(column + 1, row + 1),
            self.at(column, row + 1),
        ];
        if corners.iter().any(|value| value.is_nan()) {
            return [None, None];
        }
        let side = |column, row, way| Side { column, row, way };
        // The side between corners i and i + 1.
        let sides = [
            side(column, row, Way::Right),
            side(column + 1, row, Way::Up),
            side(column, row + 1, Way::Right),
            side(column, row, Way::Up),
        ];
        let above = corners.map(|value| value > level);
        let crossed: Vec<Side> = (0..4)
            .filter(|&i| above[i] != above[(i + 1) % 4])
            .map(|i| sides[i])
            .collect();
        match crossed[..] {
            [a, b] => [Some((a, b)), None],
            [bottom, right, top, left] => {
                // A saddle: the middle says which pair of corners is joined.
                let middle = 0.25 * corners.iter().sum::<f64>() > level;
                if middle == above[0] {
                    [Some((bottom, right)), Some((top, left))]
                } else {
                    [Some((left, bottom)), Some((right, top))]
                }
            }
            _ => [None, None],
        }
    }

    /// Where a side is crossed.
    fn cut(&self, side: Side, level: f64) -> Place {
        let (column, row) = (side.column as f64, side.row as f64);
        let from = self.at(side.column, side.row);
        let share = |to: f64| ((level - from) / (to - from)).clamp(0.0, 1.0);
        match side.way {
            Way::Right => (column + share(self.at(side.column + 1, side.row)), row),
            Way::Up => (column, row + share(self.at(side.column, side.row + 1))),
        }
    }
}

/// Chains of neighbours: first those with two ends, then the rings.
fn trace(mut next: BTreeMap<Side, Vec<Side>>) -> Vec<Vec<Side>> {
    let mut lines = Vec::new();
    let ends: Vec<Side> = next
        .iter()
        .filter(|(_, neighbours)| neighbours.len() == 1)
        .map(|(&side, _)| side)
        .collect();
    for end in ends {
        if next.contains_key(&end) {
            lines.push(follow(&mut next, end));
        }
    }
    while let Some((&start, _)) = next.first_key_value() {
        let mut ring = follow(&mut next, start);
        ring.push(start);
        lines.push(ring);
    }
    lines
}

/// Walks from neighbour to neighbour, taking away what was walked on.
fn follow(next: &mut BTreeMap<Side, Vec<Side>>, start: Side) -> Vec<Side> {
    let mut line = vec![start];
    let mut here = start;
    while let Some(neighbours) = next.remove(&here) {
        let Some(&there) = neighbours.iter().find(|side| next.contains_key(side)) else {
            break;
        };
        line.push(there);
        here = there;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::Field;

    #[test]
    fn a_plane_is_cut_along_a_straight_line() {
        // f = column, 4 × 3: the level 1.5 is the vertical line through 1.5.
        let field = Field::new(4, (0..12).map(|i| f64::from(i % 4)).collect());
        let lines = field.lines(1.5);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].len(), 3);
        assert!(lines[0].iter().all(|&(x, _)| x == 1.5));
        assert!(field.lines(9.0).is_empty());
    }

    #[test]
    fn a_hill_is_a_ring_with_its_area() {
        let n = 41_usize;
        let place = |i: usize| i as f64 / 20.0 - 1.0;
        let cone = |i: usize| 0.5 - (place(i % n).powi(2) + place(i / n).powi(2)).sqrt();
        let field = Field::new(n, (0..n * n).map(cone).collect());
        let rings = field.outlines();
        assert_eq!(rings.len(), 1);
        assert_eq!(rings[0].first(), rings[0].last());
        // πr² with r = 10 grid steps; chords of one step lie within 1/8r inside the circle.
        let area = area(&rings[0]);
        assert!((area - 100.0 * std::f64::consts::PI).abs() < 2.0, "{area}");
    }

    #[test]
    fn an_area_that_fills_the_grid_is_closed_along_its_edge() {
        let rings = Field::new(5, vec![1.0; 20]).outlines();
        assert_eq!(rings.len(), 1);
        assert!((area(&rings[0]) - 12.0).abs() < 1e-12);
    }

    #[test]
    fn a_saddle_is_two_lines_and_nothing_is_drawn_beside_nan() {
        let saddle = Field::new(2, vec![1.0, 0.0, 0.0, 1.0]);
        assert_eq!(saddle.lines(0.4).len(), 2);
        let hole = Field::new(2, vec![1.0, 0.0, f64::NAN, 1.0]);
        assert!(hole.lines(0.4).is_empty());
    }

    #[test]
    fn smoothing_straightens_a_staircase_in_its_place() {
        // Inside where 10 column > row + 95: a boundary whose steps are ten rows high.
        let n = 40_usize;
        let inside = |i: usize| if 10 * (i % n) > i / n + 95 { 1.0 } else { -1.0 };
        let steps = Field::new(n, (0..n * n).map(inside).collect());
        for &(x, y) in steps.smoothed(8).lines(0.0)[0].iter() {
            // The node that decides lies half a node to the right of the line, on average; at the
            // grid's ends half a window sees the line from one side.
            let off = x - (0.1 * y + 9.5 + 0.05);
            let end = !(8.0..=31.0).contains(&y);
            assert!(off.abs() < if end { 0.6 } else { 0.15 }, "at {y}: {off}");
        }
    }

    fn area(ring: &[(f64, f64)]) -> f64 {
        let twice: f64 = ring
            .windows(2)
            .map(|pair| pair[0].0 * pair[1].1 - pair[1].0 * pair[0].1)
            .sum();
        0.5 * twice.abs()
    }
}
