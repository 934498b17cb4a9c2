//! Schemes: from a layer's geometry to the values of its tensor. One file a family.
//!
//! A [`Scheme`] names a method and its parameters. [`Scheme::prepare`] joins it with a
//! [`Geometry`] and a [`Stream`], checks everything that can be wrong, and gives a [`Prepared`]
//! tensor, any range of which can be filled. Scales come from one formula, that of
//! [`Scheme::variance_scaling`].

mod elementwise;
mod family;
mod moments;
mod pattern;
mod prepared;

mod activation;
mod bilinear;
mod depth_scaled;
mod gates;
mod identity;
mod kaiming;
mod lecun;
mod mup;
mod named;
mod orthogonal;
mod parameters;
mod pytorch;
mod sparse;
mod variance_scaling;
mod xavier;
mod zero;

use std::fmt;

pub use depth_scaled::DepthScale;
pub use gates::GateOrder;
pub use orthogonal::Certificate;
pub use parameters::{BoundsUnit, Parameters, StdOf};
pub use prepared::Prepared;
pub use sparse::Connections;
pub use variance_scaling::Shape;

use crate::{Element, Geometry, InitError, Seed, Stream, Threads};
use family::Family;

/// A method of initialisation and its parameters.
///
/// # Example
/// ```
/// use evenkeel_init::{Fan, Geometry, Scheme, Seed};
/// let layer = Geometry::linear(256, 784)?;
/// let weights = Scheme::kaiming_normal(2.0_f64.sqrt(), Fan::In).tensor::<f32>(&layer, Seed(7), "fc0.weight")?;
/// let second_moment = weights.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>() / weights.len() as f64;
/// // 2/fan_in; the relative error of the estimate is √(2/n) = 0.3 %, five times that allowed.
/// assert!((second_moment * 784.0 / 2.0 - 1.0).abs() < 5.0 * (2.0 / weights.len() as f64).sqrt());
/// # Ok::<(), evenkeel_init::InitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scheme {
    name: &'static str,
    family: Family,
}

impl Scheme {
    fn new(name: &'static str, family: Family) -> Self {
        Self { name, family }
    }

    /// The scheme's name, as `evenkeel sample --scheme` and rules files spell it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Joins the scheme with a layer and a stream, and checks that they fit.
    ///
    /// Nothing is drawn yet, and nothing that a fill does can fail later on but for a range outside
    /// the tensor, or a format too narrow for the values.
    ///
    /// # Errors
    /// [`InitError`], for parameters outside their domain, for a scheme that needs fans on a
    /// vector, and for a scheme that does not suit the layer.
    pub fn prepare(&self, geometry: &Geometry, stream: &Stream) -> Result<Prepared, InitError> {
        Prepared::new(self, geometry, stream)
    }

    /// The whole tensor named `tensor_name`, made on every core.
    ///
    /// # Errors
    /// As [`Scheme::prepare`] and [`Prepared::fill`].
    pub fn tensor<T: Element>(
        &self,
        geometry: &Geometry,
        seed: Seed,
        tensor_name: &str,
    ) -> Result<Vec<T>, InitError> {
        let prepared = self.prepare(geometry, &seed.stream(tensor_name))?;
        let mut values = vec![T::default(); geometry.len()];
        prepared.fill_parallel(0..geometry.len() as u64, &mut values, Threads::available())?;
        Ok(values)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = self.family.parameters();
        if parameters.is_empty() {
            return f.write_str(self.name);
        }
        write!(f, "{}({})", self.name, parameters.join(", "))
    }
}
