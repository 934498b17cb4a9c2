//! Losses: one file each, with its value and its gradient in one pass.

mod hinge;
mod mean_squared_error;
mod softmax_cross_entropy;

/// What a network is trained to make small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// The mean over the batch and over all values of `(prediction − target)²`.
    MeanSquaredError,
    /// The mean over the batch of `−log softmax(logits)[class]`.
    SoftmaxCrossEntropy,
    /// The mean over the batch of `Σ_{j ≠ class} max(0, 1 − x_class + x_j) / classes`.
    Hinge,
}

/// What a batch's examples should come out as.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Targets<'a> {
    /// Values, example after example, as many as the network's output has.
    Values(&'a [f32]),
    /// A class for each example.
    Classes(&'a [u8]),
}

impl<'a> Targets<'a> {
    /// The targets of the examples `start..start + count`, with `features` values each.
    pub(crate) fn rows(self, start: usize, count: usize, features: usize) -> Self {
        match self {
            Self::Values(values) => {
                Self::Values(&values[start * features..(start + count) * features])
            }
            Self::Classes(classes) => Self::Classes(&classes[start..start + count]),
        }
    }
}

/// Where the gradient of a loss goes, if anywhere.
pub(crate) enum GradientOut<'a> {
    None,
    /// Here, times `1 / examples`.
    Into {
        gradient: &'a mut [f32],
        examples: usize,
    },
}

impl Loss {
    /// Sums the loss over a lane's examples in f64; the mean over the batch is the sum over all
    /// lanes divided by the number of examples.
    pub(crate) fn run(
        self,
        output: &[f32],
        features: usize,
        targets: Targets<'_>,
        gradient: GradientOut<'_>,
    ) -> f64 {
        match (self, targets) {
            (Self::MeanSquaredError, Targets::Values(targets)) => {
                mean_squared_error::run(output, features, targets, gradient)
            }
            (Self::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                softmax_cross_entropy::run(output, features, classes, gradient)
            }
            (Self::Hinge, Targets::Classes(classes)) => {
                hinge::run(output, features, classes, gradient)
            }
            _ => unreachable!("targets are checked against the loss before a pass begins"),
        }
    }
}
