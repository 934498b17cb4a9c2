//! Addition of two values.

use super::Forward;
use crate::sums::sum;

/// `y = a + b`. Its gradient by either input is the gradient of its output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Add;

impl Add {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        sum(out, reads.first, reads.second);
    }
}
