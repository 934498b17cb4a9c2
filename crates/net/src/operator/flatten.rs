//! An image as one axis.

use super::{Backward, Writes, pass_on};
use crate::blocks::{self, Layout};

/// The same values as one axis, which is how a row of them lies: blocks become rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flatten {
    pub(crate) features: usize,
    /// How its input lies.
    pub(crate) layout: Layout,
}

impl Flatten {
    /// Whether nothing is to be moved.
    pub(crate) fn is_elementwise(self) -> bool {
        self.layout == Layout::Rows
    }

    pub(crate) fn forward(self, input: &[f32], out: &mut [f32]) {
        match self.layout {
            Layout::Rows => out.copy_from_slice(input),
            Layout::Blocks => blocks::to_rows(input, self.features, out),
        }
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        let Writes {
            out, accumulate, ..
        } = writes;
        match self.layout {
            Layout::Rows => pass_on(reads.gradient, accumulate, out),
            Layout::Blocks => blocks::from_rows(reads.gradient, self.features, accumulate, out),
        }
    }
}
