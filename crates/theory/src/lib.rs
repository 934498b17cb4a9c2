//! What should happen in a deep network, before anything is run: which gain an activation asks
//! for, how far a signal and its gradient travel, and how far a real network of finite width may
//! stray from that.
//!
//! No tensors live here. Everything follows from an [`Activation`] and from expectations over a
//! Gaussian variable ([`gaussian`]). Transcendental functions come from `libm`, so that all results
//! have the same bits on every machine.

pub mod finite_width;
pub mod gaussian;
pub mod mean_field;
pub mod special;

mod activation;
mod elementary;
mod expression;
mod gain;
mod moments;
mod scalar;
mod verdict;

pub use activation::{Activation, ActivationError, Jump, Kind, Kink};
pub use expression::Expression;
pub use finite_width::{
    Direction, Exactness, FiniteWidth, FiniteWidthError, LogBand, LogMoment, Site,
    dead_layer_probability, dead_network_probability, layer_log_moment, log_gradient_rms_band,
    log_rms_band, ratio_second_moment, zero_probability,
};
pub use gain::{Gain, GainError};
pub use mean_field::{
    Analysis, CorrelationMap, CriticalApproach, CriticalPoint, FixedPoint, FixedPoints,
    JacobianMoments, MeanField, MeanFieldError, Phase, PhaseDiagram, PhasePoint, ResidualMeanField,
    Stability, WeightLaw, critical_line, critical_point, phase_diagram,
};
pub use moments::{FourthMoments, Moments};
pub use verdict::{GradientFlow, VarianceStability, Verdict};
