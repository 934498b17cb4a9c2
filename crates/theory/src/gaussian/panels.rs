//! Where the line is cut before the adaptive rule takes over.

/// Beyond this |z| the normal density is below 10⁻²⁹⁷, at the edge of what f64 holds.
pub(super) const EDGE: f64 = 37.0;

/// Cuts of the half-line at the scale of the density itself.
const DENSITY_CUTS: [f64; 10] = [0.75, 1.5, 2.5, 3.5, 5.0, 6.5, 9.0, 13.0, 19.0, 27.0];

/// Fewer cuts, for integrals that are taken thousands of times: the 21-point rule still has the
/// density to rounding on each.
const COARSE_CUTS: [f64; 6] = [1.75, 3.75, 6.5, 10.0, 16.0, 25.0];

/// Panel edges in z for a function of x = s·z, s = `scale`, with the given break points in x.
///
/// There are cuts at the density's scale (|z| about 1), at the function's own scale (|x| a power of
/// two from ¼ on, when that is finer), and at every break point.
pub(super) fn edges(scale: f64, breakpoints: &[f64]) -> Vec<f64> {
    let mut extra = octaves(0.0, scale, EDGE);
    extra.extend(breakpoints.iter().map(|x| x / scale));
    between(EDGE, &DENSITY_CUTS, extra)
}

/// Cuts at |x| = ¼, ½, 1, 2, … around `centre` for x = s·(z − centre), as long as they are finer
/// than the density's own.
pub(super) fn octaves(centre: f64, scale: f64, edge: f64) -> Vec<f64> {
    let mut cuts = Vec::new();
    let mut x = 0.25;
    while x < 0.75 * scale {
        cuts.extend([centre - x / scale, centre + x / scale]);
        x *= 2.0;
    }
    if !cuts.is_empty() {
        cuts.push(centre);
    }
    cuts.retain(|z| z.abs() < edge);
    cuts
}

/// Panel edges from −`edge` to `edge` with few cuts of the density and those of `extra`.
pub(super) fn coarse(edge: f64, extra: Vec<f64>) -> Vec<f64> {
    between(edge, &COARSE_CUTS, extra)
}

fn between(edge: f64, density_cuts: &[f64], extra: Vec<f64>) -> Vec<f64> {
    let mut edges = extra;
    edges.extend([0.0, -edge, edge]);
    for &cut in density_cuts {
        edges.extend([-cut, cut]);
    }
    edges.retain(|z| z.abs() <= edge);
    edges.sort_by(f64::total_cmp);
    // −0 and 0 are equal but not the same to total_cmp; dedup compares with ==.
    edges.dedup();
    edges
}
