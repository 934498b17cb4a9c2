//! Weights for deep networks: exact, fast, the same bits on every machine.
//!
//! A [`Seed`] and a tensor's name give a [`Stream`]; a [`Distribution`] turns it into values. Value
//! *i* is a pure function of (seed, name, *i*, distribution): it does not depend on threads, on
//! chunks, on the instruction set, or on which other tensors exist. `docs/reproducibility.md`
//! states the contract bit by bit.
//!
//! ```
//! use evenkeel_init::{Distribution, Seed};
//!
//! let stream = Seed(7).stream("encoder.0.weight");
//! let normal = Distribution::normal(0.0, 0.02)?;
//! let mut whole = vec![0.0_f32; 1000];
//! normal.fill(&stream, 0, &mut whole)?;
//!
//! // Any part can be made alone, here elements 700 to 800, and has the same bits.
//! let mut part = vec![0.0_f32; 100];
//! normal.fill(&stream, 700, &mut part)?;
//! assert_eq!(part, whole[700..800]);
//! # Ok::<(), evenkeel_init::DistributionError>(())
//! ```

pub mod checkpoint;
mod distribution;
mod element;
mod error;
mod geometry;
mod number;
mod parallel;
mod philox;
mod preset;
mod quantile;
mod rules;
mod scheme;
mod seed;
mod simd;
mod stream;

pub use distribution::{
    Bounds, Constant, Convention, Distribution, DistributionError, Normal, TruncatedNormal, Uniform,
};
pub use element::{Dtype, Element};
pub use error::InitError;
pub use geometry::{
    Axis, Block, Fan, Geometry, GeometryError, Layer, Layout, Packing, Reading, Role,
};
pub use half::{bf16, f16};
pub use parallel::Threads;
pub use philox::philox_4x32_10;
pub use preset::{Framework, LayerDefault, Preset};
pub use rules::{Assignment, Rule, Rules, RulesError, TensorShape};
pub use scheme::{
    BoundsUnit, Certificate, Connections, DepthScale, GateOrder, Parameters, Prepared, Scheme,
    Shape, StdOf,
};
pub use seed::Seed;
pub use simd::Path;
pub use stream::Stream;
