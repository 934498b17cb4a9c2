//! Orthogonal matrices follow Haar's measure, not just any with orthonormal columns.

use evenkeel_init::{Geometry, InitError, Scheme, Seed};
use statrs::distribution::{Beta, ContinuousCDF};

use crate::judge::gram_deviation;

const DRAWS: usize = 4000;

/// `DRAWS` orthogonal matrices of n×n, row after row.
fn matrices(n: usize) -> Result<Vec<Vec<f64>>, InitError> {
    let layer = Geometry::linear(n, n)?;
    let draw = |i| Scheme::orthogonal(1.0).tensor::<f64>(&layer, Seed(i), "haar");
    (0..DRAWS as u64).map(draw).collect()
}

fn trace(matrix: &[f64], n: usize) -> f64 {
    (0..n).map(|i| matrix[i * n + i]).sum()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.sum::<f64>() / DRAWS as f64
}

/// Under Haar's measure on O(n), n ≥ 3: E[tr] = 0, E[tr²] = 1, E[tr(Q²)] = 1 and E[tr⁴] = 3
/// (Diaconis and Shahshahani, 1994), so the estimates' standard deviations are 1/√N, √(2/N), and
/// with Var[tr(Q²)] = 2, √(2/N).
fn traces(matrices: &[Vec<f64>], n: usize) -> Result<(), String> {
    let draws = DRAWS as f64;
    let first = mean(matrices.iter().map(|q| trace(q, n)));
    let second = mean(matrices.iter().map(|q| libm::pow(trace(q, n), 2.0)));
    let of_square = mean(matrices.iter().map(|q| {
        (0..n)
            .flat_map(|i| (0..n).map(move |j| q[i * n + j] * q[j * n + i]))
            .sum()
    }));
    let holds = first.abs() < 5.0 / draws.sqrt()
        && (second - 1.0).abs() < 5.0 * (2.0 / draws).sqrt()
        && (of_square - 1.0).abs() < 5.0 * (2.0 / draws).sqrt();
    if holds {
        Ok(())
    } else {
        Err(format!("tr {first}, tr² {second}, tr(Q²) {of_square}"))
    }
}

#[test]
fn traces_have_the_moments_of_haars_measure() -> Result<(), InitError> {
    for n in [5, 9] {
        assert_eq!(traces(&matrices(n)?, n), Ok(()), "n = {n}");
    }
    Ok(())
}

#[test]
fn without_the_signs_the_traces_give_it_away() -> Result<(), InitError> {
    // A Householder QR leaves R's diagonal negative more often than not: Q's diagonal with it.
    // Columns flipped so that each diagonal element of Q is negative are orthonormal still.
    let n = 5;
    let mut biased = matrices(n)?;
    for matrix in &mut biased {
        for column in (0..n)
            .filter(|j| matrix[j * n + j] > 0.0)
            .collect::<Vec<_>>()
        {
            (0..n).for_each(|row| matrix[row * n + column] *= -1.0);
        }
        assert!(gram_deviation(matrix, n, n) < 1e-14);
    }
    assert!(traces(&biased, n).is_err());
    Ok(())
}

#[test]
fn every_entrys_square_has_its_beta_distribution() -> Result<(), InitError> {
    // q² ~ Beta(1/2, (n − 1)/2) for each entry, first or last, since Q·P is Haar's again.
    let n = 6;
    let beta = Beta::new(0.5, (n as f64 - 1.0) / 2.0).expect("positive shapes");
    let matrices = matrices(n)?;
    for entry in [0, n - 1, n + 2, n * n - 1] {
        let mut squares: Vec<f64> = matrices.iter().map(|q| q[entry] * q[entry]).collect();
        squares.sort_by(f64::total_cmp);
        let gap = squares.iter().enumerate().fold(0.0_f64, |gap, (i, x)| {
            let (expected, draws) = (beta.cdf(*x), DRAWS as f64);
            gap.max(expected - i as f64 / draws)
                .max((i + 1) as f64 / draws - expected)
        });
        // As in `judge`: 2·exp(−2·2.6²) = 2.7·10⁻⁶.
        assert!(gap * (DRAWS as f64).sqrt() < 2.6, "entry {entry}: {gap}");
    }
    Ok(())
}

#[test]
fn reflections_are_as_frequent_as_rotations() -> Result<(), InitError> {
    let n = 3;
    let determinant = |q: &Vec<f64>| {
        q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6])
            + q[2] * (q[3] * q[7] - q[4] * q[6])
    };
    let sum = mean(matrices(n)?.iter().map(determinant));
    // ±1 with equal probability: the mean's standard deviation is 1/√N.
    assert!(sum.abs() < 5.0 / (DRAWS as f64).sqrt(), "{sum}");
    Ok(())
}

#[test]
fn large_matrices_of_every_shape_are_orthogonal_and_say_so() -> Result<(), InitError> {
    use evenkeel_init::{Threads, bf16};
    // About the limits of reflector blocks (64) and panels (256), tall, wide and square.
    for (rows, columns) in [
        (1, 1),
        (1, 70),
        (70, 1),
        (64, 64),
        (65, 300),
        (300, 257),
        (520, 400),
    ] {
        let layer = Geometry::linear(rows, columns)?;
        let prepared = Scheme::orthogonal(3.0).prepare(&layer, &Seed(1).stream("w"))?;
        let mut values = vec![0.0_f32; layer.len()];
        prepared.fill(0..layer.len() as u64, &mut values)?;
        let block: Vec<f64> = values.iter().map(|x| f64::from(*x) / 3.0).collect();
        let measured = gram_deviation(&block, rows, columns);
        assert!(measured < 1e-6, "{rows}×{columns}: {measured}");

        let told = prepared
            .certificate::<f32>(Threads::ONE)
            .expect("an orthogonal scheme");
        // What is told is of Q before its gain; the gain's own rounding is in what is measured.
        assert!(
            (told.deviation - measured).abs() < 3e-7,
            "{told:?}, {measured}"
        );
        assert_eq!(told.blocks, 1);
        let double = prepared
            .certificate::<f64>(Threads::ONE)
            .expect("an orthogonal scheme");
        assert!(double.deviation < 1e-14, "{double:?}");
        let brain = prepared
            .certificate::<bf16>(Threads::ONE)
            .expect("an orthogonal scheme");
        // Each element is off by up to 2⁻⁸ of itself: inner products by up to 2·2⁻⁸ + 2⁻¹⁶.
        assert!(
            brain.deviation < libm::ldexp(1.0, -7) + libm::ldexp(1.0, -15),
            "{brain:?}"
        );
        assert!(
            rows * columns == 1 || brain.deviation > told.deviation,
            "{brain:?}"
        );
    }
    Ok(())
}

#[test]
fn other_schemes_have_no_certificate() -> Result<(), InitError> {
    let prepared = Scheme::ones().prepare(&Geometry::linear(2, 2)?, &Seed(1).stream("w"))?;
    assert_eq!(
        prepared.certificate::<f32>(evenkeel_init::Threads::ONE),
        None
    );
    Ok(())
}
