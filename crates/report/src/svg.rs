//! A small drawing layer: nodes that cannot be malformed, scales, ticks, text widths, labels.

mod decimate;
mod labels;
mod node;
mod path;
mod scale;
mod text;
mod ticks;

pub(crate) use decimate::decimate;
pub(crate) use labels::dodge;
pub(crate) use node::Node;
pub(crate) use path::Path;
pub(crate) use scale::Scale;
pub(crate) use text::{fit, turns_direction, width, wrap};
pub(crate) use ticks::{Label, Tick};
