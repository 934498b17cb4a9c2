//! Multiplication of two values.

use super::{Backward, Forward, Writes};
use crate::matrix::Accumulate;

/// `y = a · b`. By either input the gradient is `dy` times the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Multiply;

impl Multiply {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        for ((out, &a), &b) in out.iter_mut().zip(reads.first).zip(reads.second) {
            *out = a * b;
        }
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        let made = reads.gradient.iter().zip(reads.retained);
        for (out, (&gradient, &other)) in writes.out.iter_mut().zip(made) {
            match writes.accumulate {
                Accumulate::Overwrite => *out = gradient * other,
                Accumulate::Add => *out += gradient * other,
            }
        }
    }
}
