//! Long lines, drawn with no more points than the paper can show.

/// Keeps, of the points in each column one pixel wide, the lowest and the highest in their order:
/// the picture stays the same to within a pixel, spikes included, whatever the number of points.
/// A missing point (`None`) breaks the line and is kept.
pub(crate) fn decimate(points: &[Option<(f64, f64)>]) -> Vec<Option<(f64, f64)>> {
    let mut kept = Vec::new();
    for (i, run) in points.split(Option::is_none).enumerate() {
        if i > 0 {
            kept.push(None);
        }
        let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
        let mut columns = run.chunk_by(|a, b| a.0.floor() == b.0.floor()).peekable();
        let mut first = true;
        while let Some(column) = columns.next() {
            let outer = first || columns.peek().is_none();
            keep_extremes(column, outer, &mut kept);
            first = false;
        }
    }
    kept
}

/// `outer` columns also keep their first and last points, so that a line starts and ends in place.
fn keep_extremes(column: &[(f64, f64)], outer: bool, kept: &mut Vec<Option<(f64, f64)>>) {
    let by = |pick: fn(f64, f64) -> bool| {
        (1..column.len()).fold(0, |best, i| {
            if pick(column[i].1, column[best].1) {
                i
            } else {
                best
            }
        })
    };
    let mut indices = vec![by(|a, b| a < b), by(|a, b| a > b)];
    if outer {
        indices.extend([0, column.len() - 1]);
    }
    indices.sort_unstable();
    indices.dedup();
    kept.extend(indices.into_iter().map(|i| Some(column[i])));
}

#[cfg(test)]
mod tests {
    use super::decimate;

    #[test]
    fn spikes_and_ends_survive() {
        let mut points: Vec<_> = (0..10_000)
            .map(|i| Some((f64::from(i) * 0.06, 50.0)))
            .collect();
        points[7_003] = Some((420.18, -3.0));
        let kept = decimate(&points);
        assert!(kept.len() < 1_300, "{} points for 600 columns", kept.len());
        assert!(kept.contains(&Some((420.18, -3.0))));
        assert_eq!(kept.first(), points.first());
        assert_eq!(kept.last(), points.last());
    }

    #[test]
    fn a_short_line_is_kept_whole_and_gaps_stay() {
        let points = [Some((0.0, 1.0)), Some((5.0, 2.0)), None, Some((9.0, 3.0))];
        assert_eq!(decimate(&points), points);
    }
}
