use super::{Scheme, Shape};
use crate::Fan;

/// The gain √(2/(1 + a²)) of a leaky ReLU whose slope a is √5: √(1/3).
const SCALE: f64 = 1.0 / 3.0;

impl Scheme {
    /// What PyTorch gives the weight of a linear layer or a convolution by default:
    /// U(−1/√fan_in, 1/√fan_in).
    ///
    /// PyTorch spells it `kaiming_uniform_(weight, a=math.sqrt(5))`: a gain of √(2/(1 + 5)) = √(1/3),
    /// so the bound √3·√(1/3)/√fan_in. The variance is a third of LeCun's: after each linear layer
    /// the second moment is a third of what it was, after each ReLU layer a sixth.
    ///
    /// # Shapes
    /// As [`Scheme::variance_scaling`]. Grouped convolutions have PyTorch's own fan_in; a
    /// transposed one has the layer's, where PyTorch takes outputs/groups·∏kernel.
    ///
    /// # Scale
    /// std = 1/√(3·fan_in).
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Geometry, Scheme, Seed};
    /// let scheme = Scheme::pytorch_linear_default_weight();
    /// let weights = scheme.tensor::<f32>(&Geometry::linear(10, 784)?, Seed(0), "fc.weight")?;
    /// assert!(weights.iter().all(|w| w.abs() <= 1.0 / 28.0)); // √784 = 28
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    ///
    /// # Source
    /// `torch.nn.Linear.reset_parameters`, PyTorch 1.0 to 2.x.
    pub fn pytorch_linear_default_weight() -> Self {
        Self::scaled(
            "pytorch_default_weight",
            SCALE.sqrt(),
            Fan::In,
            Shape::Uniform,
        )
    }

    /// What PyTorch gives the bias of a linear layer or a convolution by default:
    /// U(−1/√fan_in, 1/√fan_in), `fan_in` that of the layer's weight.
    ///
    /// # Shapes
    /// Any.
    ///
    /// # Scale
    /// std = 1/√(3·fan_in).
    ///
    /// # Errors
    /// On preparing: a fan_in of 0.
    ///
    /// # Source
    /// As [`Scheme::pytorch_linear_default_weight`].
    pub fn pytorch_linear_default_bias(fan_in: usize) -> Self {
        let bound = 1.0 / (fan_in as f64).sqrt();
        Self::uniform(-bound, bound)
    }
}
