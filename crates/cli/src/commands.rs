//! One command a file.

mod activation;
pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod gain;
pub(crate) mod init;
pub(crate) mod lab;
pub(crate) mod man;
mod output;
pub(crate) mod report;
pub(crate) mod sample;
pub(crate) mod theory;
pub(crate) mod train;
pub(crate) mod verify;
pub(crate) mod weights;
