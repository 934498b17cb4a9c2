//! Figures and one self-contained report page, drawn from a lab's results.
//!
//! Everything here is a function of [`evenkeel_lab::results::Results`] alone: nothing is measured,
//! no clock is read and no random number is drawn, so the same results give the same bytes.
//!
//! * [`figures`] draws every figure as a stand-alone SVG that follows the reader's light or dark
//!   setting; [`Figure::themed`] fixes one of the two.
//! * [`page`] tells the whole lesson in one HTML file: no network request, no script.
//! * [`write()`] puts both in a folder, each file whole or not at all.
//! * [`theory`] draws what should happen before anything is run: maps and phase diagrams, from the
//!   plain values of `evenkeel_theory`.
//!
//! # Example
//!
//! ```
//! use evenkeel_lab::results::{
//!     DataSummary, Experiment, NormalizedSummary, Number, PartSummary, Results, Scale, Timing, SCHEMA,
//! };
//! # use std::collections::BTreeMap;
//! let part = PartSummary { count: 50_000, mean: Number(0.1304), std: Number(0.3073) };
//! let unit = PartSummary { count: 50_000, mean: Number(0.0), std: Number(1.0) };
//! let results = Results {
//!     schema: SCHEMA,
//!     version: "0.1.0".into(),
//!     seed: 42,
//!     scale: Scale::Full,
//!     data: DataSummary {
//!         name: "mnist".into(),
//!         source: "the user's cache".into(),
//!         fallback: None,
//!         train: part,
//!         valid: part,
//!         test: part,
//!         normalized: NormalizedSummary { train: unit, valid: unit, test: unit },
//!     },
//!     experiments: vec![Experiment {
//!         id: "data".into(),
//!         title: "The data".into(),
//!         question: "What does normalising change?".into(),
//!         verdict: "Mean 0, std 1 on the training part.".into(),
//!         agrees: true,
//!         not_judged: None,
//!         measured: BTreeMap::new(),
//!         predicted: BTreeMap::new(),
//!         formulas: vec![],
//!         reading: vec![],
//!         command: "evenkeel lab --only data".into(),
//!         profiles: vec![],
//!         ridgelines: vec![],
//!         curves: vec![],
//!         grids: vec![],
//!         images: vec![],
//!         tables: vec![],
//!     }],
//!     timing: Timing::default(),
//! };
//! let html = evenkeel_report::page(&results)?;
//! assert!(html.starts_with("<!doctype html>"));
//! assert_eq!(html, evenkeel_report::page(&results)?);
//! # Ok::<(), evenkeel_report::ReportError>(())
//! ```

mod check;
mod error;
mod figure;
mod number;
mod page;
mod palette;
mod style;
mod svg;
pub mod theory;
mod write;

pub use check::check;
pub use error::ReportError;
pub use figure::{Figure, figures};
pub use page::page;
pub use style::Theme;
pub use write::{Written, write};
