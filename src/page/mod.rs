//! Pages for people: a run's report, what a dry run found, and the history of an export, each one self-contained HTML file.
//!
//! A page loads nothing and runs nothing; its content security policy forbids both. It follows the reader's choice of a
//! light or a dark scheme. Its length is bounded, however many files, reasons or segments there are. It contains no
//! personal data: examples of rejected rows and of objects are masked.
//!
//! | page | function | where |
//! | --- | --- | --- |
//! | a run | [`run_report`] | `reports/<export>/<segment>/<run>/report.html` |
//! | a dry run | [`dry_run`] | returned to the caller: a dry run stores nothing |
//! | all runs of an export | [`history`] | `reports/<export>/history.html` |
//!
//! The templates (`askama`) are stored beside the modules that fill them; their texts are in `texts`, in English and Japanese.

mod bars;
mod chart;
mod dry_run;
mod frame;
mod history;
mod run_report;
mod sections;
mod settings;
pub mod text;

use thiserror::Error;

pub use self::dry_run::dry_run;
pub use self::frame::Reader;
pub use self::history::{PastRun, SegmentHistory, history};
pub use self::run_report::run_report;
use crate::message::codes;

/// The content type of a page.
pub const CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// Why a page could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PageError {
    /// The template of the page failed. The delivery is not affected.
    ///
    /// Fix: this is a bug, please report it.
    #[error("can't write the page: {0}")]
    Template(#[from] askama::Error),
}

codes!(PageError { Template = "ITB-P01" });
