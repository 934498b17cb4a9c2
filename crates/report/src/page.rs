//! The report page: the whole lesson in one file.

mod chapter;
mod summary;
mod value;

use askama::Template;
use evenkeel_lab::results::Results;

use self::chapter::Chapter;
use self::summary::Summary;
use crate::figure::anchors;
use crate::style::{self, Theme};
use crate::{ReportError, check};

/// The layout of the page; the colours and the figures' rules come before it.
const PAGE_CSS: &str = include_str!("../templates/page.css");

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    css: String,
    summary: Summary,
    chapters: Vec<Chapter>,
}

/// The report as one self-contained HTML file.
///
/// No script, no network request: a content security policy in the page forbids both. Every text
/// from the results is escaped. The same results give the same bytes.
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
        css: style::properties() + &style::rules(Theme::Reader) + PAGE_CSS,
        summary: Summary::new(results),
        chapters,
    };
    Ok(page.render()?)
}
