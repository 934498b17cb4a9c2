//! Chains against the classic experiment and against f64.

use evenkeel_net::Orientation;
use evenkeel_net::chain::{Chain, ChainError, Stop};

/// Standard normals: splitmix64 through Box and Muller. Test data only.
struct Normals(u64);

impl Normals {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn fill(&mut self, std: f32, out: &mut [f32]) {
        for pair in out.chunks_mut(2) {
            let radius = (-2.0 * self.uniform().ln()).sqrt();
            let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
            pair[0] = std * (radius * cos) as f32;
            if let Some(second) = pair.get_mut(1) {
                *second = std * (radius * sin) as f32;
            }
        }
    }

    fn vec(&mut self, count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        self.fill(1.0, &mut values);
        values
    }
}

const WIDTH: usize = 512;

#[test]
fn unit_normal_matrices_explode_at_product_27_or_28() {
    // log₂ rms after k products is 4.5·k up to a spread of √k·0.045/ln 2; the largest of 512
    // values is about 3.1 rms, so 2^128 is passed at product 28 (0-based) in 80% of draws and
    // at 27 in 20%: 3,000 draws gave no other.
    for seed in 0..4 {
        let mut normals = Normals(seed);
        let mut chain = Chain::vector(normals.vec(WIDTH)).unwrap();
        let one = normals.vec(WIDTH * WIDTH);
        let report = chain
            .run(100, Orientation::Plain, Stop::NonFinite, |i, w| {
                if i == 0 {
                    w.copy_from_slice(&one);
                }
            })
            .unwrap();
        let first = report.first_nonfinite.unwrap();
        assert!(first == 27 || first == 28, "seed {seed}: {first}");
        assert_eq!(report.moments.len(), first + 1);
        // E[second moment] grows 512-fold a product: one product from N(0, 1) has second moment
        // 512 with relative spread √(2/512 + 2/512) = 0.088.
        let second = report.moments[0].second_moment() / 512.0;
        assert!((second - 1.0).abs() < 5.0 * 0.088, "{second}");
    }
}

#[test]
fn a_hundredth_vanishes_through_the_denormals_at_product_68_to_72() {
    for seed in 0..4 {
        let mut normals = Normals(100 + seed);
        let mut chain = Chain::vector(normals.vec(WIDTH)).unwrap();
        let mut one = normals.vec(WIDTH * WIDTH);
        one.iter_mut().for_each(|w| *w *= 0.01);
        let report = chain
            .run(100, Orientation::Plain, Stop::AllZero, |i, w| {
                if i == 0 {
                    w.copy_from_slice(&one);
                }
            })
            .unwrap();
        // Of 60 draws none fell outside 68..=72. Flushing denormals would end six or more
        // products sooner: 2⁻¹²⁶ and 2⁻¹⁴⁹ are 23/2.14 ≈ 10 products apart.
        let first = report.first_all_zero.unwrap();
        assert!((68..=72).contains(&first), "seed {seed}: {first}");
        assert_eq!(report.first_nonfinite, None);
    }
}

fn reference(matrix: &[f32], state: &[f32], rows: usize, orientation: Orientation) -> Vec<f64> {
    let width = state.len();
    let entry = |row: usize, column: usize| match orientation {
        Orientation::Plain => matrix[row * width + column],
        Orientation::Transposed => matrix[column * rows + row],
    };
    (0..rows)
        .map(|row| {
            (0..width)
                .map(|c| f64::from(entry(row, c)) * f64::from(state[c]))
                .sum()
        })
        .collect()
}

#[test]
fn products_match_f64_for_every_shape_and_orientation() {
    let mut normals = Normals(3);
    for (width, rows, columns) in [
        (1, 1, 1),
        (3, 5, 1),
        (17, 6, 1),
        (64, 33, 1),
        (100, 70, 1),
        (5, 3, 2),
        (40, 70, 9),
        (64, 16, 130),
    ] {
        for orientation in [Orientation::Plain, Orientation::Transposed] {
            let state = normals.vec(width * columns);
            let matrix = normals.vec(rows * width);
            let mut chain = Chain::columns(width, columns, state.clone()).unwrap();
            chain.multiply(&matrix, orientation).unwrap();
            for (got, column) in chain.state().chunks(rows).zip(state.chunks(width)) {
                for (&g, e) in got
                    .iter()
                    .zip(reference(&matrix, column, rows, orientation))
                {
                    // width roundings of terms of size ≲ 10: width·2⁻²⁴·10.
                    assert!((f64::from(g) - e).abs() <= width as f64 * 6e-7, "{g} {e}");
                }
            }
        }
    }
}

#[test]
fn infinity_and_nan_go_where_ieee_sends_them() {
    let mut chain = Chain::columns(2, 2, vec![f32::INFINITY, 1.0, 1.0, 1.0]).unwrap();
    let moments = chain
        .multiply(&[0.0, 1.0, 1.0, 1.0], Orientation::Plain)
        .unwrap();
    assert!(chain.state()[0].is_nan(), "0 · ∞ is NaN");
    assert_eq!(chain.state()[1..], [f32::INFINITY, 1.0, 2.0]);
    assert_eq!(moments.nonfinite_count(), 2);
    assert_eq!(chain.first_nonfinite(), Some(0));
}

#[test]
fn denormal_products_are_kept_for_vectors_and_batches() {
    let tiny = f32::from_bits(3);
    for columns in [1, 40] {
        let mut chain = Chain::columns(40, columns, vec![tiny; 40 * columns]).unwrap();
        let identity: Vec<f32> = (0..1600)
            .map(|i| if i / 40 == i % 40 { 1.0 } else { 0.0 })
            .collect();
        for orientation in [Orientation::Plain, Orientation::Transposed] {
            chain.multiply(&identity, orientation).unwrap();
            assert!(chain.state().iter().all(|&x| x == tiny));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(
        Chain::vector(vec![]).unwrap_err(),
        ChainError::Empty {
            width: 0,
            columns: 1
        }
    );
    assert!(matches!(
        Chain::columns(3, 2, vec![0.0; 5]),
        Err(ChainError::State {
            expected: 6,
            got: 5,
            ..
        })
    ));
    let mut chain = Chain::vector(vec![1.0; 3]).unwrap();
    let error = chain.multiply(&[1.0; 7], Orientation::Plain).unwrap_err();
    assert_eq!(
        error,
        ChainError::Matrix {
            product: 0,
            width: 3,
            got: 7
        }
    );
    assert!(error.to_string().contains("product 0") && error.to_string().contains("multiple of 3"));
    assert!(chain.multiply(&[], Orientation::Plain).is_err());
}

#[test]
fn an_activation_may_stand_between_products() {
    let mut chain = Chain::vector(vec![-1.0, 2.0]).unwrap();
    let moments = chain.apply(|x| x.iter_mut().for_each(|x| *x = x.max(0.0)));
    assert_eq!(moments.mean(), 1.0);
    assert_eq!(chain.products(), 0);
}
