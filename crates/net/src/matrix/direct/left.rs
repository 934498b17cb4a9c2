//! The left factor of a product, which is stored row after row or column after column.

/// Inner indices that a loop goes through at a time: its own instructions cost as much as a third of
/// the arithmetic's where a core's other half is busy.
pub(super) const STEP: usize = 4;

/// Rows of the next band, of so many that are left: `R`, 4, 2 or 1.
#[inline(always)]
pub(super) fn band_rows<const R: usize>(left: usize) -> usize {
    match left {
        _ if left >= R => R,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

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

    /// The same at index `k` of whole step `step`.
    fn in_step(self, row: usize, step: usize, k: usize) -> f32;
}

/// Stored row after row.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) values: &'a [f32],
    pub(super) stride: usize,
}

impl<'a> Left for Rows<'a> {
    type Band<const R: usize> = RowBand<'a, R>;

    #[inline(always)]
    fn band<const R: usize>(self, first: usize, inner: usize) -> RowBand<'a, R> {
        // Not by `from_fn`: the compiler would lose sight of all having one length, and check
        // every read.
        let mut rows = [&self.values[..0]; R];
        let mut steps = [&[][..]; R];
        for (row, (values, steps)) in rows.iter_mut().zip(&mut steps).enumerate() {
            *values = &self.values[(first + row) * self.stride..][..inner];
            *steps = &values.as_chunks().0[..inner / STEP];
        }
        RowBand { rows, steps }
    }

    #[inline(always)]
    fn after(self, index: usize) -> Self {
        Self {
            values: &self.values[index..],
            ..self
        }
    }
}

/// Rows, and their whole steps.
#[derive(Clone, Copy)]
pub(super) struct RowBand<'a, const R: usize> {
    rows: [&'a [f32]; R],
    steps: [&'a [[f32; STEP]]; R],
}

impl<const R: usize> Band<R> for RowBand<'_, R> {
    #[inline(always)]
    fn at(self, row: usize, index: usize) -> f32 {
        self.rows[row][index]
    }

    #[inline(always)]
    fn in_step(self, row: usize, step: usize, k: usize) -> f32 {
        self.steps[row][step][k]
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

    #[inline(always)]
    fn in_step(self, row: usize, step: usize, k: usize) -> f32 {
        Band::<R>::at(self, row, step * STEP + k)
    }
}

impl Columns<'_> {
    /// Rows `first..first + rows` of `inner` values in bands of [`band_rows`], each column after column.
    #[inline(always)]
    pub(super) fn in_bands<const R: usize>(
        self,
        first: usize,
        rows: usize,
        inner: usize,
        memory: &mut [f32],
    ) -> Bands<'_> {
        let mut row = 0;
        while row < rows {
            let band = &mut memory[row * inner..];
            let taken = band_rows::<R>(rows - row);
            match taken {
                _ if taken == R => self.lay_band::<R>(first + row, inner, band),
                4 => self.lay_band::<4>(first + row, inner, band),
                2 => self.lay_band::<2>(first + row, inner, band),
                _ => self.lay_band::<1>(first + row, inner, band),
            }
            row += taken;
        }
        Bands {
            values: memory,
            inner,
            skipped: 0,
        }
    }

    #[inline(always)]
    fn lay_band<const R: usize>(self, row: usize, inner: usize, band: &mut [f32]) {
        let columns = self.values.chunks(self.stride).take(inner);
        for (values, band) in columns.zip(band.chunks_exact_mut(R)) {
            band.copy_from_slice(&values[row..row + R]);
        }
    }
}

/// In bands of neighbouring rows, each column after column.
#[derive(Clone, Copy)]
pub(super) struct Bands<'a> {
    values: &'a [f32],
    /// Values of a row.
    inner: usize,
    /// Inner indices that are left out at the beginning.
    skipped: usize,
}

impl<'a> Left for Bands<'a> {
    type Band<const R: usize> = LaidBand<'a, R>;

    #[inline(always)]
    fn band<const R: usize>(self, first: usize, inner: usize) -> LaidBand<'a, R> {
        let values = &self.values[first * self.inner + self.skipped * R..][..inner * R];
        let columns = &values.as_chunks().0[..inner];
        LaidBand {
            columns,
            steps: &columns.as_chunks().0[..inner / STEP],
        }
    }

    #[inline(always)]
    fn after(self, index: usize) -> Self {
        Self {
            skipped: self.skipped + index,
            ..self
        }
    }
}

/// A band column after column, and its whole steps.
#[derive(Clone, Copy)]
pub(super) struct LaidBand<'a, const R: usize> {
    columns: &'a [[f32; R]],
    steps: &'a [[[f32; R]; STEP]],
}

impl<const R: usize> Band<R> for LaidBand<'_, R> {
    #[inline(always)]
    fn at(self, row: usize, index: usize) -> f32 {
        self.columns[index][row]
    }

    #[inline(always)]
    fn in_step(self, row: usize, step: usize, k: usize) -> f32 {
        self.steps[step][k][row]
    }
}
