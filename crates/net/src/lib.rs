//! Networks for studying depth: a graph of operators, a planned arena, statistics that ride
//! along, and optimisers.
//!
//! - [`GraphBuilder`] makes a [`Graph`] of operators over named values with static shapes, and
//!   refuses what does not chain; [`zoo`] makes whole networks.
//! - [`Plan`] lays every activation and gradient out in one arena ahead of time: memory is known
//!   before the run, and a step allocates nothing.
//! - [`Network`] runs it, forward and backward, on [`Threads`] that never change a bit of the
//!   result; [`Sgd`], [`Adam`] or [`AdamW`] trains it.
//! - [`Tap`] sees each activation and gradient while it is warm; [`Recorder`] keeps their
//!   [`Moments`] and [`Histogram`]s.
//! - [`checkpoint`] saves a run, so that it goes on bit for bit.
//! - [`chain`] multiplies matrices without any network.
//!
//! Depth costs nothing but depth: no recursion over layers, in building, planning, running or
//! dropping.
//!
//! # Example
//!
//! Two classes, told apart by the sign of their one feature:
//!
//! ```
//! use evenkeel_net::{Activation, Mode, Network, NoTap, Sgd, Targets, Threads, zoo};
//!
//! let graph = zoo::mlp(&zoo::MlpSpec::new(1, 8, 2, 2, Activation::tanh()))?;
//! let mut network = Network::new(graph, 4, Mode::Training, Threads(1))?;
//! // Real networks are initialised with `evenkeel-init`; any spread-out values do here.
//! network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w = (i as f32).sin()));
//!
//! let (x, labels) = ([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1]);
//! let mut sgd = Sgd::new(0.5)?;
//! let before = network.forward(&[&x], Targets::Classes(&labels), &NoTap)?;
//! for _ in 0..100 {
//!     network.forward(&[&x], Targets::Classes(&labels), &NoTap)?;
//!     network.backward(&NoTap)?;
//!     sgd.step(&mut network);
//! }
//! let after = network.forward(&[&x], Targets::Classes(&labels), &NoTap)?;
//! assert!(after < 0.05 && after < before);
//! assert_eq!(network.correct(&labels), 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blocks;
pub mod chain;
pub mod checkpoint;
mod graph;
mod loss;
mod matrix;
mod network;
mod operator;
mod optimizer;
mod plan;
mod recipe;
mod simd;
mod statistics;
mod sums;
mod tap;
#[cfg(test)]
mod testing;
pub mod zoo;

pub use evenkeel_theory::Activation;
pub use graph::{
    BatchNorm, Bias, BufferSpec, Convolution, Extent, Graph, GraphBuilder, GraphError, PaddingMode,
    ParameterSpec, Pool, Producer, Role, Shape, Value, ValueId,
};
pub use loss::{Loss, Targets};
pub use matrix::Orientation;
pub use network::{Buffer, Network, Parameter, RunError, Threads};
pub use optimizer::{
    Adam, AdamW, LearningRate, Multipliers, MupRule, Nesterov, Optimizer, OptimizerError,
    OptimizerState, Schedule, Sgd, StateBuffer, clip_gradients, gradient_norm,
};
pub use plan::{Mode, Plan, PlanError, Recompute};
pub use recipe::{
    NamedScheme, Needs, Recipe, RecipeError, fixup_branch_scale, near_critical_point,
    near_critical_variance,
};
pub use statistics::{Histogram, HistogramError, Moments};
pub use tap::{DeadUnits, NoTap, Quantity, Record, Recorder, Site, Tap, Update};
