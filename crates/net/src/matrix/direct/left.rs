//! The left factor of a product, which is stored row after row or column after column.

/// The left factor.
pub(super) trait Left: Copy {
    type Band<const R: usize>: Band<R>;

    /// Rows `first..first + R`, of `inner` values each.
    fn band<const R: usize>(self, first: usize, inner: usize) -> Self::Band<R>;

    /// Without the inner indices before `index`.
    fn after(self, index: usize) -> Self;
}

/// Some neighbouring rows of the left factor.
pub(super) trait Band<const R: usize>: Copy {
    /// What row `row` holds at an inner index.
    fn at(self, row: usize, index: usize) -> f32;
}

/// Stored row after row.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) values: &'a [f32],
    pub(super) stride: usize,
}

impl<'a> Left for Rows<'a> {
    type Band<const R: usize> = [&'a [f32]; R];

    #[inline(always)]
    fn band<const R: usize>(self, first: usize, inner: usize) -> [&'a [f32]; R] {
        // Not by `from_fn`: the compiler would lose sight of all having one length, and check
        // every read.
        let mut rows = [&self.values[..0]; R];
        for (row, values) in rows.iter_mut().enumerate() {
            *values = &self.values[(first + row) * self.stride..][..inner];
        }
        rows
    }

    #[inline(always)]
    fn after(self, index: usize) -> Self {
        Self {
            values: &self.values[index..],
            ..self
        }
    }
}

impl<const R: usize> Band<R> for [&[f32]; R] {
    #[inline(always)]
    fn at(self, row: usize, index: usize) -> f32 {
        self[row][index]
    }
}

/// Stored column after column.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) values: &'a [f32],
    pub(super) stride: usize,
}

impl<'a> Left for Columns<'a> {
    type Band<const R: usize> = Self;

    #[inline(always)]
    fn band<const R: usize>(self, first: usize, _inner: usize) -> Self {
        Self {
            values: &self.values[first..],
            ..self
        }
    }

    #[inline(always)]
    fn after(self, index: usize) -> Self {
        Self {
            values: &self.values[index * self.stride..],
            ..self
        }
    }
}

impl<const R: usize> Band<R> for Columns<'_> {
    #[inline(always)]
    fn at(self, row: usize, index: usize) -> f32 {
        self.values[index * self.stride..][..R][row]
    }
}
