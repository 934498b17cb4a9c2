//! How fast the machine multiplies large matrices, to measure steps by.

#![expect(unsafe_code, reason = "calls the gemm crate, which takes pointers")]

use std::time::Instant;

/// Rows, columns and depth of the product: 16 MiB a matrix, more than the caches near a core.
const SIZE: usize = 2048;
/// Products, of which the fastest counts.
const REPEATS: usize = 5;

/// Floating-point operations a second of a product by the `gemm` crate, its rows cut over
/// `threads` threads.
pub(crate) fn rate(threads: usize) -> f64 {
    let a: Vec<f32> = (0..SIZE * SIZE).map(|i| (i % 7) as f32 - 3.0).collect();
    let b: Vec<f32> = (0..SIZE * SIZE).map(|i| (i % 5) as f32 - 2.0).collect();
    let mut c = vec![0.0; SIZE * SIZE];
    let fastest = (0..=REPEATS)
        .map(|_| seconds(&mut c, &a, &b, threads))
        .fold(f64::INFINITY, f64::min);
    2.0 * (SIZE as f64).powi(3) / fastest
}

fn seconds(c: &mut [f32], a: &[f32], b: &[f32], threads: usize) -> f64 {
    let rows = SIZE.div_ceil(threads.max(1));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for (c, a) in c.chunks_mut(rows * SIZE).zip(a.chunks(rows * SIZE)) {
            scope.spawn(move || product(c, a, b));
        }
    });
    start.elapsed().as_secs_f64()
}

/// c = a b, with as many rows of a as of c.
fn product(c: &mut [f32], a: &[f32], b: &[f32]) {
    let rows = c.len() / SIZE;
    assert!(c.len() == rows * SIZE && a.len() == c.len() && b.len() == SIZE * SIZE);
    // SAFETY: all are row-major with rows of SIZE values, and hold `rows`, `rows` and SIZE rows.
    unsafe {
        gemm::gemm(
            rows,
            SIZE,
            SIZE,
            c.as_mut_ptr(),
            1,
            SIZE as isize,
            false,
            a.as_ptr(),
            1,
            SIZE as isize,
            b.as_ptr(),
            1,
            SIZE as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
