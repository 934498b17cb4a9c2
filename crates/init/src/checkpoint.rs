//! Whole checkpoints: reading what tensors there are, planning them, writing and verifying them.
//!
//! [`read_tensors`] reads headers. A [`Plan`] says what every byte of a checkpoint will be, before
//! any is made; [`Plan::write`] makes it, in memory that does not grow with the model, and so that
//! a killed run can be gone on with; [`verify`] compares a checkpoint with its [`Manifest`].
//!
//! # Example
//! ```
//! use evenkeel_init::checkpoint::{
//!     ByteSize, Destination, Existing, Part, Plan, PlannedTensor, Silent, WriteOptions, read_tensors, verify,
//! };
//! use evenkeel_init::{Fan, Geometry, Scheme, Seed, Threads};
//!
//! let tensor = PlannedTensor {
//!     name: "fc.weight".into(),
//!     dtype: safetensors::Dtype::BF16,
//!     shape: vec![256, 784],
//!     rule: "fc.*".into(),
//!     geometry: Geometry::linear(256, 784)?,
//!     scheme: Scheme::kaiming_normal(2.0_f64.sqrt(), Fan::In),
//! };
//! let folder = tempfile::tempdir()?;
//! let destination = Destination::new(folder.path());
//! let plan = Plan::new(Seed(7), vec![tensor], &destination.cut(ByteSize(5_000_000_000)))?;
//! let options = WriteOptions { existing: Existing::Refuse, part: Part::WHOLE, threads: Threads::ONE };
//! plan.write(&destination, &options, &Silent)?;
//!
//! assert_eq!(read_tensors(folder.path())?[0].shape, [256, 784]);
//! assert!(verify(folder.path(), Threads::ONE, &Silent)?.findings.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod destination;
mod error;
mod folder;
mod hash;
mod header;
mod index;
mod make;
mod manifest;
mod model;
mod names;
mod pieces;
mod plan;
mod planned;
mod progress;
mod read;
mod single;
mod size;
mod spec;
mod verify;
mod whole;
mod write;

pub use destination::{Destination, Part, PartError};
pub use error::{
    HeaderError, Inconsistency, ManifestError, PlanError, ReadError, SpecError, WriteError,
};
pub use hash::TensorDigest;
pub use header::TensorHeader;
pub use index::IndexError;
pub use manifest::{FileEntry, MANIFEST_SCHEMA, Manifest, TensorEntry};
pub use model::{ModelTensor, ModelTensors, assign, parse_dtype};
pub use plan::{Cut, Plan};
pub use planned::{PlannedTensor, PlannedTensors};
pub use progress::{Progress, Silent};
pub use read::read_tensors;
pub use safetensors::Dtype as StoredDtype;
pub use single::TensorFile;
pub use size::{ByteSize, ByteSizeError};
pub use spec::{NameFault, Spec, SpecTensors};
pub use verify::{Fault, Finding, Verification, verify};
pub use whole::{sync_folder, write as write_whole};
pub use write::{Completion, Existing, WriteOptions, Written};
