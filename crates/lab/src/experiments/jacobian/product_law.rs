//! The singular values of a product of Gaussian matrices, in the limit of infinite width.
//!
//! The squared singular values x of L square matrices with entries of variance 1/n follow the
//! Fuss–Catalan law. With 0 < t < π/(L + 1),
//!
//!   x(t) = sin^{L+1}((L+1)t) / (sin t · sin^L(Lt)),
//!   density(x(t)) = sin²t · sin^{L−1}(Lt) / (π sin^L((L+1)t)),
//!
//! and x falls as t rises. For L = 1 it is x = 4cos²t, the quarter circle (Haagerup & Möller 2013,
//! theorem 6; Penson & Życzkowski 2011 for the law itself).

use std::f64::consts::PI;

/// Steps of the integral over t, by the midpoint rule: its error is below 10⁻⁵ of the whole.
const STEPS: usize = 4_096;

/// The singular value that a share of all exceed.
pub(super) fn quantile(layers: usize, share: f64) -> f64 {
    let l = layers as f64;
    let step = PI / (l + 1.0) / STEPS as f64;
    let mut above = 0.0;
    for i in 0..STEPS {
        let t = (i as f64 + 0.5) * step;
        let mass = mass(l, t) * step;
        if above + mass >= share {
            // Within the step the mass is even enough.
            let t = t + ((share - above) / mass - 0.5) * step;
            return square(l, t).sqrt();
        }
        above += mass;
    }
    0.0
}

/// The share of singular values above one.
pub(super) fn share_above(layers: usize, singular_value: f64) -> f64 {
    let l = layers as f64;
    let end = PI / (l + 1.0);
    let wanted = 2.0 * singular_value.ln();
    // x(t) falls from its largest to 0: the t at which it is the value asked for, by bisection.
    let (mut low, mut high) = (0.0, end);
    if square(l, 0.0).ln() <= wanted {
        return 0.0;
    }
    while high - low > 1e-12 * end {
        let middle = 0.5 * (low + high);
        if square(l, middle).ln() > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    let step = low / STEPS as f64;
    (0..STEPS)
        .map(|i| mass(l, (i as f64 + 0.5) * step) * step)
        .sum()
}

/// x(t), with the limit (L+1)^{L+1}/L^L at 0.
fn square(l: f64, t: f64) -> f64 {
    if t <= 0.0 {
        return ((l + 1.0) * (l + 1.0).ln() - l * l.ln()).exp();
    }
    let logs = (l + 1.0) * ((l + 1.0) * t).sin().ln() - t.sin().ln() - l * (l * t).sin().ln();
    logs.exp()
}

/// density(x(t)) · |dx/dt|.
fn mass(l: f64, t: f64) -> f64 {
    let cot = |x: f64| 1.0 / x.tan();
    let density_times_x = t.sin() * ((l + 1.0) * t).sin() / ((l * t).sin() * PI);
    let log_slope = cot(t) + l * l * cot(l * t) - (l + 1.0) * (l + 1.0) * cot((l + 1.0) * t);
    density_times_x * log_slope
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ∫ x^k over the law.
    fn moment(layers: usize, k: i32) -> f64 {
        let l = layers as f64;
        let step = PI / (l + 1.0) / STEPS as f64;
        let at = |i: usize| (i as f64 + 0.5) * step;
        (0..STEPS)
            .map(|i| mass(l, at(i)) * square(l, at(i)).powi(k) * step)
            .sum()
    }

    /// The share above a quantile is the share that it was asked for.
    #[test]
    fn shares_and_quantiles_are_each_others_inverse() {
        for layers in [1, 8, 32] {
            for share in [0.01, 0.3, 0.5, 0.9] {
                let back = share_above(layers, quantile(layers, share));
                assert!((back - share).abs() < 2e-5, "{layers} {share}: {back}");
            }
            assert_eq!(share_above(layers, 1e3), 0.0);
            assert!((share_above(layers, 1e-30) - 1.0).abs() < 0.1);
        }
        // The quarter circle: P(s > 1) = 2/3 − √3/2π.
        let known = 2.0 / 3.0 - 3f64.sqrt() / (2.0 * PI);
        assert!((share_above(1, 1.0) - known).abs() < 1e-5);
    }

    #[test]
    fn moments_are_the_fuss_catalan_numbers() {
        // Binomial((L+1)k, k)/(Lk + 1): 1, 1, L + 1, (3L + 2)(3L + 3)/6.
        for layers in [1, 2, 5, 32] {
            let l = layers as f64;
            let known = [1.0, 1.0, l + 1.0, (3.0 * l + 2.0) * (3.0 * l + 3.0) / 6.0];
            for (k, known) in known.into_iter().enumerate() {
                let ours = moment(layers, k as i32);
                assert!(
                    (ours / known - 1.0).abs() < 1e-5,
                    "{layers} {k}: {ours} {known}"
                );
            }
        }
    }

    #[test]
    fn one_layer_is_the_quarter_circle() {
        assert!((quantile(1, 0.0) - 2.0).abs() < 1e-6);
        // Share above s: 1 − (s√(4 − s²)/2 + 2 arcsin(s/2))/π.
        for s in [0.3_f64, 1.0, 1.7] {
            let below = (s * (4.0 - s * s).sqrt() / 2.0 + 2.0 * (s / 2.0).asin()) / PI;
            assert!((quantile(1, 1.0 - below) - s).abs() < 1e-5, "{s}");
        }
    }
}
