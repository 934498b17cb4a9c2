//! Shapes of one example.

use std::fmt;

/// Sizes of the axes, outermost first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    axes: Box<[usize]>,
    len: usize,
}

impl Shape {
    /// The shape with these axes; `None` when one is 0 or the product does not fit in memory's
    /// address range as f32.
    pub(crate) fn checked(axes: &[usize]) -> Option<Self> {
        let mut len = 1usize;
        for &axis in axes {
            len = len.checked_mul(axis)?;
        }
        let fits = len > 0 && len <= isize::MAX as usize / size_of::<f32>();
        fits.then(|| Self {
            axes: axes.into(),
            len,
        })
    }

    /// Sizes of the axes, outermost first.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// How many values it holds.
    #[expect(
        clippy::len_without_is_empty,
        reason = "no axis is 0, so a shape is never empty"
    )]
    pub fn len(&self) -> usize {
        self.len
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.axes)
    }
}
