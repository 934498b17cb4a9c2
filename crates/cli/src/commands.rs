//! One command a file.

mod activation;
pub(crate) mod data;
pub(crate) mod gain;
pub(crate) mod init;
pub(crate) mod lab;
mod output;
pub(crate) mod sample;
pub(crate) mod theory;
pub(crate) mod train;
pub(crate) mod verify;
mod weights;
