//! Statistics of a tensor, accumulated in f64 while its values are in cache.
//!
//! [`Moments`] and [`Histogram`] take `f32` values in any number of calls, merge in a fixed
//! order, and keep what is not finite apart: a NaN or an infinity is a finding, and never spoils
//! the statistics of the values beside it.

mod histogram;
mod moments;

pub use histogram::{Histogram, HistogramError};
pub use moments::Moments;
