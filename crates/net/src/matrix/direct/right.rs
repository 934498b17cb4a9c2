//! The right factor of a product, which lies row after row or in panels.

use crate::matrix::panels::Cut;

/// The right factor, or some of its rows and columns.
#[derive(Clone, Copy)]
pub(super) struct Right<'a> {
    pub(super) values: &'a [f32],
    pub(super) lie: Lie,
    /// From row to row.
    pub(super) stride: usize,
    /// The column that a row's values begin with.
    pub(super) first: usize,
    pub(super) inner: usize,
    /// Columns of the destination.
    pub(super) columns: usize,
}

/// How the right factor lies.
#[derive(Clone, Copy)]
pub(super) enum Lie {
    /// Row after row.
    Rows,
    /// Panel after panel, each row after row.
    Panels(Cut),
}

impl Right<'_> {
    /// What lies row after row from column `column` on, and the column after it.
    #[inline(always)]
    pub(super) fn part(self, column: usize) -> (Self, usize) {
        match self.lie {
            Lie::Rows => (self, self.columns),
            Lie::Panels(cut) => {
                let width = cut.width(self.columns - column);
                let part = Self {
                    values: &self.values[column * self.inner..][..width * self.inner],
                    stride: width,
                    first: column,
                    ..self
                };
                (part, column + width)
            }
        }
    }
}
