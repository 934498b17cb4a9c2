//! Plain chains of matrix products, without data: `x ← W x`, again and again.
//!
//! The oldest question about depth needs no network: multiply a vector by random matrices and
//! watch its size. A [`Chain`] holds one vector, or a batch of columns, takes each matrix from
//! the caller, and gives the [`Moments`] after each product. It remembers the first product
//! that was not finite and the first that was exactly zero.

mod run;

pub use run::{ChainReport, Stop};

use crate::matrix::{Factor, Orientation, Start, matrix_vector, product, vector_matrix};
use crate::statistics::Moments;

/// Why a chain cannot be made or go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The state has no values.
    #[error("a chain needs a state of at least one value: {columns} column(s) of {width} given")]
    Empty {
        /// Length of a column.
        width: usize,
        /// Number of columns.
        columns: usize,
    },
    /// The values do not fill the state's columns.
    #[error(
        "{got} values given for {columns} column(s) of {width}: give {expected}, column after column"
    )]
    State {
        /// Length of a column.
        width: usize,
        /// Number of columns.
        columns: usize,
        /// `width · columns`.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// The matrix does not fit the state.
    #[error(
        "product {product}: the matrix has {got} values, and a state of width {width} needs a \
         multiple of {width}, at least {width}: give one row (or, transposed, one column) of \
         {width} for each new value"
    )]
    Matrix {
        /// 0-based product.
        product: usize,
        /// Width of the state.
        width: usize,
        /// Values of the matrix.
        got: usize,
    },
}

/// A vector, or a batch of columns, on its way through a chain of matrix products.
///
/// # Shapes
///
/// The state is `columns` columns of `width` values, column after column (a batch stored
/// example after example). A matrix is row-major: [`Orientation::Plain`] takes `W` as
/// `new width × width` and computes `W x` for each column `x`, the forward signal of a linear
/// layer whose weight is stored output first; [`Orientation::Transposed`] takes `W` as
/// `width × new width` and computes `Wᵀ x`, the backward signal.
///
/// # Example
///
/// ```
/// use evenkeel_net::chain::Chain;
/// use evenkeel_net::Orientation;
///
/// let mut chain = Chain::vector(vec![3.0, 4.0])?;
/// let moments = chain.multiply(&[0.0, 1.0, 1.0, 0.0], Orientation::Plain)?;
/// assert_eq!(moments.second_moment(), 12.5);
/// assert_eq!(chain.state(), [4.0, 3.0]);
/// chain.multiply(&[f32::MAX, f32::MAX, 0.0, 0.0], Orientation::Plain)?;
/// assert_eq!(chain.first_nonfinite(), Some(1));
/// # Ok::<(), evenkeel_net::chain::ChainError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chain {
    width: usize,
    columns: usize,
    state: Vec<f32>,
    next: Vec<f32>,
    products: usize,
    first_nonfinite: Option<usize>,
    first_all_zero: Option<usize>,
}

impl Chain {
    /// A chain that starts from one vector.
    pub fn vector(state: Vec<f32>) -> Result<Self, ChainError> {
        Self::columns(state.len(), 1, state)
    }

    /// A chain that starts from `columns` columns of `width` values, column after column.
    pub fn columns(width: usize, columns: usize, state: Vec<f32>) -> Result<Self, ChainError> {
        if width == 0 || columns == 0 {
            return Err(ChainError::Empty { width, columns });
        }
        if width.checked_mul(columns) != Some(state.len()) {
            let expected = width.saturating_mul(columns);
            return Err(ChainError::State {
                width,
                columns,
                expected,
                got: state.len(),
            });
        }
        Ok(Self {
            width,
            columns,
            next: vec![0.0; state.len()],
            state,
            products: 0,
            first_nonfinite: None,
            first_all_zero: None,
        })
    }

    /// Multiplies the state by `matrix` and gives the moments of the result.
    ///
    /// Nothing is allocated while the width stays what it was (a batch of columns apart: there
    /// the `gemm` crate packs its factors).
    pub fn multiply(
        &mut self,
        matrix: &[f32],
        orientation: Orientation,
    ) -> Result<Moments, ChainError> {
        if matrix.is_empty() || !matrix.len().is_multiple_of(self.width) {
            return Err(ChainError::Matrix {
                product: self.products,
                width: self.width,
                got: matrix.len(),
            });
        }
        let new_width = matrix.len() / self.width;
        self.next.resize(new_width * self.columns, 0.0);
        match (self.columns, orientation) {
            (1, Orientation::Plain) => matrix_vector(matrix, &self.state, &mut self.next),
            (1, Orientation::Transposed) => vector_matrix(matrix, &self.state, &mut self.next),
            (columns, _) => {
                // Columns are stored one after another, so the state is Xᵀ row-major, and
                // (W X)ᵀ = Xᵀ Wᵀ.
                let weight = match orientation {
                    Orientation::Plain => Factor::new(matrix, new_width, self.width).transposed(),
                    Orientation::Transposed => Factor::new(matrix, self.width, new_width),
                };
                let state = Factor::new(&self.state, columns, self.width);
                product(&mut self.next, Start::Zero, state, weight);
            }
        }
        self.width = new_width;
        std::mem::swap(&mut self.state, &mut self.next);
        Ok(self.record())
    }

    /// Applies `function` to the whole state in place, as an activation between two products,
    /// and gives the moments of the result. It is not counted as a product.
    pub fn apply(&mut self, function: impl FnOnce(&mut [f32])) -> Moments {
        function(&mut self.state);
        Moments::of(&self.state)
    }

    /// The state, column after column.
    pub fn state(&self) -> &[f32] {
        &self.state
    }

    /// Length of a column.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many products were taken.
    pub fn products(&self) -> usize {
        self.products
    }

    /// 0-based index of the first product with a NaN or an infinity in it.
    pub fn first_nonfinite(&self) -> Option<usize> {
        self.first_nonfinite
    }

    /// 0-based index of the first product whose values were all exactly zero.
    pub fn first_all_zero(&self) -> Option<usize> {
        self.first_all_zero
    }

    fn record(&mut self) -> Moments {
        let moments = Moments::of(&self.state);
        if !moments.is_all_finite() {
            self.first_nonfinite.get_or_insert(self.products);
        }
        if moments.is_all_zero() {
            self.first_all_zero.get_or_insert(self.products);
        }
        self.products += 1;
        moments
    }
}
