//! The experiments, one a file, in the lesson's order.

pub(crate) mod data;
pub(crate) mod first_layer;

pub(crate) mod explode;
pub(crate) mod vanish;

pub(crate) mod xavier;
pub(crate) mod xavier_figures;

pub(crate) mod kaiming;
pub(crate) mod relu;

pub(crate) mod correlation;
pub(crate) mod depth_scale;
pub(crate) mod gains;
pub(crate) mod jacobian;

pub(crate) mod training;

// Parts that several experiments measure.
mod bent;
mod firsts;
mod one_image;
mod one_layer;
mod shifted_relu;
mod tapered;
