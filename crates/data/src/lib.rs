//! Data sets for initialisation experiments: fetch, verify, read, split, normalise, batch.
//!
//! [`load`] answers a [`Request`] with a [`Dataset`]: MNIST from a folder, the cache or a mirror,
//! or [`strokes`], digits in MNIST's shapes drawn by this crate for machines with no network.
//! The three parts of a data set have different types, and a [`Normalizer`] can be fitted on the
//! training part only:
//!
//! ```
//! use evenkeel_data::{Normalizer, near_zero, strokes};
//!
//! let sizes = strokes::Sizes { train: 500, valid: 100, test: 100 };
//! let dataset = strokes::generate_sized(42, sizes)?;
//! let normalizer = Normalizer::fit(&dataset.train);
//!
//! let train = normalizer.apply(&dataset.train);
//! assert!(near_zero(train.statistics().mean, 1e-3));
//! let valid = normalizer.apply(&dataset.valid);
//! assert!(!near_zero(valid.statistics().mean, 1e-6)); // close, but not by its own statistics
//! # Ok::<(), evenkeel_data::DatasetError>(())
//! ```
//!
//! Files from outside are hostile until their SHA-256 is right: [`idx`] reads any bytes without
//! panic and without an allocation that the bytes do not back.

mod atomic;
mod batches;
pub mod cache;
mod contact_sheet;
mod dataset;
mod digest;
mod download;
pub mod idx;
mod images;
mod load;
pub mod mnist;
mod normalizer;
mod places;
mod progress;
mod random;
mod statistics;
pub mod strokes;

pub use atomic::{WholeFile, write_whole};
pub use batches::{BatchError, Batches, Epoch, Remainder};
pub use contact_sheet::{GreyRaster, RasterError, contact_sheet};
pub use dataset::{Dataset, DatasetError, Part, Role, Testing, Training, Validation};
pub use digest::Digest;
pub use download::{FetchError, MirrorFault, PublishedFile, fetch_file};
pub use images::{Images, ImagesError};
pub use load::{Choice, DataError, Download, Loaded, Request, load, load_from};
pub use normalizer::{NormalizedPart, Normalizer, near_zero};
pub use places::{DATA_VARIABLE, MIRRORS, Places};
pub use progress::{Progress, Silent};
pub use statistics::{PIXEL_LEVELS, PixelStatistics};
