//! A whole chain in one call.

use super::{Chain, ChainError};
use crate::matrix::Orientation;
use crate::statistics::Moments;

/// When a chain ends before its depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Never: all products are taken.
    Never,
    /// After the first product with a NaN or an infinity in it.
    NonFinite,
    /// After the first product whose values are all exactly zero.
    AllZero,
    /// After the first product that is not finite or is all zero.
    Either,
}

/// What became of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainReport {
    /// Moments after each product that was taken.
    pub moments: Vec<Moments>,
    /// 0-based index of the first product with a NaN or an infinity in it.
    pub first_nonfinite: Option<usize>,
    /// 0-based index of the first product whose values were all exactly zero.
    pub first_all_zero: Option<usize>,
}

impl Chain {
    /// Takes up to `depth` products with square matrices.
    ///
    /// Before product `i` (counted from this call), `matrix(i, w)` may write the matrix into
    /// `w`, a buffer of `width²` values, row-major, zero at first, that is kept from product to
    /// product: to use one matrix throughout, write it when `i` is 0.
    ///
    /// # Errors
    ///
    /// None beyond those of [`Chain::multiply`], which a square matrix cannot cause; a width
    /// whose square does not fit in memory's address range is refused as
    /// [`ChainError::Matrix`].
    ///
    /// # Example
    ///
    /// ```
    /// use evenkeel_net::chain::{Chain, Stop};
    /// use evenkeel_net::Orientation;
    ///
    /// // Doubling from 1 passes the largest f32, 2^128 − 2^104, at product 127 (2^128).
    /// let mut chain = Chain::vector(vec![1.0])?;
    /// let report = chain.run(200, Orientation::Plain, Stop::NonFinite, |_, w| w[0] = 2.0)?;
    /// assert_eq!(report.first_nonfinite, Some(127));
    /// assert_eq!(report.moments.len(), 128);
    /// # Ok::<(), evenkeel_net::chain::ChainError>(())
    /// ```
    pub fn run(
        &mut self,
        depth: usize,
        orientation: Orientation,
        stop: Stop,
        mut matrix: impl FnMut(usize, &mut [f32]),
    ) -> Result<ChainReport, ChainError> {
        let width = self.width();
        let Some(size) = width.checked_mul(width) else {
            let product = self.products();
            return Err(ChainError::Matrix {
                product,
                width,
                got: usize::MAX,
            });
        };
        let mut weight = vec![0.0; size];
        let mut moments = Vec::with_capacity(depth.min(1 << 12));
        for index in 0..depth {
            matrix(index, &mut weight);
            let latest = self.multiply(&weight, orientation)?;
            moments.push(latest);
            if stop.applies(&latest) {
                break;
            }
        }
        Ok(ChainReport {
            moments,
            first_nonfinite: self.first_nonfinite(),
            first_all_zero: self.first_all_zero(),
        })
    }
}

impl Stop {
    /// Whether a chain that has just given `moments` ends here.
    pub fn applies(self, moments: &Moments) -> bool {
        let nonfinite = !moments.is_all_finite();
        let zero = moments.is_all_zero();
        match self {
            Self::Never => false,
            Self::NonFinite => nonfinite,
            Self::AllZero => zero,
            Self::Either => nonfinite || zero,
        }
    }
}
