//! Figures and one self-contained report page, drawn from a lab's results.
//!
//! Everything here is a function of [`evenkeel_lab::results::Results`] alone: nothing is measured,
//! no clock is read and no random number is drawn, so the same results give the same bytes.
//!
//! * [`figures`] draws every figure as a stand-alone SVG that follows the reader's light or dark
//!   setting; [`Figure::themed`] fixes one of the two, [`Figure::png`] makes a picture of it and
//!   [`Figure::csv`] writes its numbers.
//! * [`page`] tells the whole lesson in one HTML file that makes no request and reads in full with
//!   scripts off; one script of its own links a chapter's figures and saves them.
//! * [`comparison`] sets several results beside each other, chapter by chapter.
//! * [`write()`] puts page and figures in a folder, [`write_page`] and [`write_figures`] each on its
//!   own: every file whole or not at all.
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
//!         heatmaps: vec![],
//!         distributions: vec![],
//!         phases: vec![],
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
pub use figure::{Figure, Rows, figures};
pub use page::{Run, comparison, page};
pub use style::Theme;
pub use write::{Format, Written, write, write_figures, write_page};
