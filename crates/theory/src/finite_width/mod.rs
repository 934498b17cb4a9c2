//! How far a network of finite width may stray from the infinite one.
//!
//! In a wide network the mean square of layer l follows the variance map. In a real one, each layer
//! multiplies it by a random ratio r_l about one, and the logarithms of these ratios add up over
//! depth: a deep product of them is nearly log-normal, with a spread of √(depth/width).

mod band;
mod chain;
mod coupled;
mod dead;
mod error;
mod log_moment;
mod mixture;
mod transform;

pub use band::{FiniteWidth, Site, log_gradient_rms_band, log_rms_band};
pub use dead::{dead_layer_probability, dead_network_probability, zero_probability};
pub use error::FiniteWidthError;
pub use log_moment::{
    Direction, Exactness, LogBand, LogMoment, layer_log_moment, ratio_second_moment,
};
