//! The norm of all gradients together, and keeping it within bounds.

use super::OptimizerError;
use super::blocks::{BLOCK, for_each_block, middle};
use crate::network::{Network, Team};
use crate::simd::{Kernel, vectorized};

/// Added to the norm that is divided by, as PyTorch does, so that a norm of 0 divides nothing.
const NORM_EPSILON: f64 = 1e-6;

/// The Euclidean norm of the gradients of all parameters together, from the latest backward pass:
/// `√(Σ g²)`, in f64. It is 0 where there are no gradients.
///
/// The order of summation depends on the number of values only, so the bits do not depend on
/// threads. It is finite exactly when every gradient is: squares of f32 values cannot leave f64.
pub fn gradient_norm(network: &Network) -> f64 {
    let (gradients, workers) = network.gradients();
    workers.enter(|team| sum_of_squares(team, gradients)).sqrt()
}

/// Scales the gradients of the latest backward pass so that their [`gradient_norm`] is at most
/// `max_norm`, and gives the norm that they had. Where that is not finite nothing changes: there
/// is no direction left to keep.
///
/// Each gradient is multiplied by `max_norm / (norm + 10⁻⁶)` where that is below 1.
///
/// # Errors
///
/// [`OptimizerError::MaxNorm`] when `max_norm` is not a finite number above 0.
///
/// # Example
///
/// ```
/// use evenkeel_net::{
///     Bias, GraphBuilder, Mode, Network, NoTap, Targets, Threads, clip_gradients,
/// };
///
/// let mut builder = GraphBuilder::new();
/// let x = builder.input("x", &[1])?;
/// let y = builder.linear(x, "fc", 1, Bias::No)?;
/// builder.mean_squared_error(y, "loss")?;
/// let mut network = Network::new(builder.finish()?, 1, Mode::Training, Threads(1))?;
/// network.parameter_mut("fc.weight")?.fill(2.0);
/// network.forward(&[&[1.0]], Targets::Values(&[0.0]), &NoTap)?;
/// network.backward(&NoTap)?;
/// assert_eq!(clip_gradients(&mut network, 1.0)?, 4.0);
/// assert!((network.gradient("fc.weight")?[0] - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
///
/// `torch.nn.utils.clip_grad_norm_`. R. Pascanu, T. Mikolov, Y. Bengio (2013), "On the difficulty
/// of training recurrent neural networks", algorithm 1.
pub fn clip_gradients(network: &mut Network, max_norm: f64) -> Result<f64, OptimizerError> {
    if !(max_norm > 0.0 && max_norm.is_finite()) {
        return Err(OptimizerError::MaxNorm { got: max_norm });
    }
    let norm = gradient_norm(network);
    let factor = max_norm / (norm + NORM_EPSILON);
    if norm.is_finite() && factor < 1.0 {
        let factor = factor as f32;
        let (gradients, workers) = network.gradients_mut();
        workers.enter(|team| {
            for_each_block(team, gradients, (), &|_, gradients: &mut [f32], ()| {
                vectorized(Scale { gradients, factor });
            });
        });
    }
    Ok(norm)
}

/// By halves of halves of whole blocks, whoever adds them.
fn sum_of_squares(team: Team, values: &[f32]) -> f64 {
    let Some(at) = middle(values.len()) else {
        return vectorized(SumOfSquares(values));
    };
    let (left, right) = values.split_at(at);
    let (left, right) = match team {
        Team::Alone => (sum_of_squares(team, left), sum_of_squares(team, right)),
        Team::Pool => rayon::join(
            || sum_of_squares(team, left),
            || sum_of_squares(team, right),
        ),
    };
    left + right
}

/// Independent accumulators, enough to hide the latency of an add.
const LANES: usize = 32;
const _: () = assert!(BLOCK.is_multiple_of(LANES));

struct SumOfSquares<'a>(&'a [f32]);

impl Kernel for SumOfSquares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let mut sums = [0.0; LANES];
        let (blocks, rest) = self.0.as_chunks::<LANES>();
        for block in blocks {
            for (sum, &value) in sums.iter_mut().zip(block) {
                let value = f64::from(value);
                *sum += value * value;
            }
        }
        for (sum, &value) in sums.iter_mut().zip(rest) {
            let value = f64::from(value);
            *sum += value * value;
        }
        sums.iter().sum()
    }
}

struct Scale<'a> {
    gradients: &'a mut [f32],
    factor: f32,
}

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for gradient in self.gradients {
            *gradient *= self.factor;
        }
    }
}
