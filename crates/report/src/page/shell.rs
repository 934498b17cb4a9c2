//! What every page is wrapped in: style, script, and the policy that lets nothing else run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::style::{self, Theme};
use crate::svg::turns_direction;

/// The layout of the page; the colours and the figures' rules come before it.
const CSS: &str = include_str!("../../templates/page.css");

/// What links a chapter's figures and saves them.
const SCRIPT: &str = include_str!("../../templates/page.js");

/// The parts of a page that do not depend on the results.
pub(super) struct Shell {
    /// The rules of a figure, apart because the script puts them into the files that it saves.
    pub(super) figure_css: String,
    pub(super) css: String,
    pub(super) script: String,
    /// The content security policy: no request, and no script but this one, by its hash.
    pub(super) policy: String,
}

impl Shell {
    pub(super) fn new() -> Self {
        // A browser hashes the script as it reads it, with the line ends that HTML prescribes.
        let script = SCRIPT.replace("\r\n", "\n");
        let hash = STANDARD.encode(Sha256::digest(&script));
        Self {
            figure_css: style::rules(Theme::Reader),
            css: style::properties() + CSS,
            policy: format!(
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                 script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
            ),
            script,
        }
    }
}

/// The page as it may leave: every character that a page must not hold, and every one that turns the
/// direction of what follows it, becomes U+FFFD, wherever in the results it came from.
///
/// What HTML forbids in its text: controls but tab and line feed, and noncharacters.
pub(super) fn inert(html: &str) -> String {
    let is_noncharacter = |c: char| {
        matches!(u32::from(c) & 0xffff, 0xfffe | 0xffff) || ('\u{fdd0}'..='\u{fdef}').contains(&c)
    };
    html.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() || is_noncharacter(c) || turns_direction(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Shell, inert};

    #[test]
    fn what_a_page_must_not_hold_is_replaced_and_the_rest_is_kept() {
        assert_eq!(
            inert("a\u{0}b\u{202e}c\u{fffe}d\u{1fffe}e\u{7f}f\r"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}"
        );
        let plain = "שלום √½ ∞\n\t<b>&</b>";
        assert_eq!(inert(plain), plain);
    }

    #[test]
    fn the_script_cannot_end_early_and_is_left_as_it_is() {
        let shell = Shell::new();
        assert!(!shell.script.contains("</") && !shell.script.contains("<!--"));
        assert_eq!(inert(&shell.script), shell.script);
        assert!(!shell.css.contains("</") && !shell.figure_css.contains("</"));
    }
}
