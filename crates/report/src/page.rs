//! The report page: the whole lesson in one file.

mod chapter;
mod comparison;
mod data;
mod judgement;
mod missing;
mod names;
mod picture;
mod quantities;
mod shell;
mod summary;
mod table;
mod value;

use askama::Template;
use evenkeel_lab::results::Results;

use self::chapter::Chapter;
pub use self::comparison::{Run, comparison};
use self::judgement::Judgement;
use self::shell::{Shell, inert};
use self::summary::Summary;
use crate::figure::anchors;
use crate::{ReportError, check};

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    shell: Shell,
    summary: Summary,
    chapters: Vec<Chapter>,
}

/// The report as one self-contained HTML file.
///
/// It makes no request, and reads in full with scripts off; one script links a chapter's figures and
/// saves them, and a content security policy in the page lets nothing else run. Every text from the
/// results is escaped. The same results give the same bytes.
///
/// # Errors
///
/// What [`check`] finds wrong with the results.
pub fn page(results: &Results) -> Result<String, ReportError> {
    check(results)?;
    let chapters: Vec<Chapter> = results
        .experiments
        .iter()
        .zip(anchors(results))
        .enumerate()
        .map(|(i, (experiment, anchor))| Chapter::new(i + 1, experiment, anchor))
        .collect();
    let page = Page {
        shell: Shell::new(),
        summary: Summary::new(results),
        chapters,
    };
    Ok(inert(&page.render()?))
}
