//! Draws one parameter by one scheme.

use evenkeel_init::{Geometry, GeometryError, InitError, Scheme, Seed, Threads};

use crate::graph::{ParameterSpec, Role};

/// Fills `values` with the tensor that `scheme` makes of the parameter's name and shape.
pub(super) fn draw(
    scheme: &Scheme,
    parameter: &ParameterSpec,
    seed: Seed,
    values: &mut [f32],
) -> Result<(), InitError> {
    let prepared = scheme.prepare(&geometry(parameter)?, &seed.stream(parameter.name()))?;
    // One thread: most layers of a deep network are too small to share.
    prepared.fill_parallel(0..values.len() as u64, values, Threads::ONE)
}

/// Mean and standard deviation of a tensor's values, as its scheme intends them.
pub(super) struct Size {
    pub(super) mean: f64,
    std: f64,
}

impl Size {
    /// Of the tensor that `scheme` makes of the parameter's shape.
    pub(super) fn of(scheme: &Scheme, parameter: &ParameterSpec) -> Result<Self, InitError> {
        // Whichever values are drawn.
        let stream = Seed(0).stream(parameter.name());
        let prepared = scheme.prepare(&geometry(parameter)?, &stream)?;
        Ok(Self {
            mean: prepared.mean(),
            std: prepared.std(),
        })
    }

    pub(super) fn root_mean_square(&self) -> f64 {
        self.mean.hypot(self.std)
    }
}

/// The layer that a parameter belongs to, as `evenkeel-init` sees it.
fn geometry(parameter: &ParameterSpec) -> Result<Geometry, GeometryError> {
    match (parameter.role(), parameter.shape().axes()) {
        (Role::Weight { .. }, &[outputs, inputs]) => Geometry::linear(outputs, inputs),
        (Role::Weight { fan_out, .. }, &[outputs, inputs, ref kernel @ ..]) => {
            // fan_out counts the outputs of one group.
            let receptive: usize = kernel.iter().product();
            let groups = outputs * receptive / fan_out;
            Geometry::convolution(outputs, inputs * groups, kernel)?.with_groups(groups)
        }
        _ => Geometry::vector(parameter.shape().len()),
    }
}
