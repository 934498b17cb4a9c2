//! The experiments, one a file, in the lesson's order.

pub(crate) mod data;
pub(crate) mod first_layer;

pub(crate) mod explode;
pub(crate) mod vanish;

pub(crate) mod xavier;
pub(crate) mod xavier_figures;

pub(crate) mod kaiming;
pub(crate) mod relu;
pub(crate) mod side_by_side;

pub(crate) mod correlation;
pub(crate) mod depth_scale;
pub(crate) mod gains;
pub(crate) mod jacobian;

pub(crate) mod training;

pub(crate) mod fixup;
pub(crate) mod kaiming_depth;
pub(crate) mod lsuv;
pub(crate) mod ten_thousand;
pub(crate) mod update_ratio;
pub(crate) mod vanilla;

// Parts that several experiments measure.
mod bent;
mod firsts;
mod one_image;
mod one_layer;
mod shifted_relu;
mod tapered;
