use globset::{Glob, GlobBuilder};
use regex::{Regex, RegexBuilder, bytes};

use super::RulesError;

/// What an expression may take when it is compiled, and for what it remembers while it is matched:
/// hundreds of times what one for names needs, and little for what a stranger may hand in.
const MOST_REGEX_BYTES: usize = 1 << 20;

/// Groups within groups of an expression.
const MOST_NESTING: u32 = 48;

/// What a rule's tensors are named.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Any name.
    Any,
    /// Names that match from end to end, by the expression that the glob stands for.
    Glob(Glob, bytes::Regex),
    /// Names in which the expression is found.
    Regex(Regex),
}

impl Pattern {
    pub(super) fn any() -> Self {
        Self::Any
    }

    pub(super) fn glob(text: &str) -> Result<Self, RulesError> {
        // A tensor's name is no path: `*` stands for `/` too, and `\` escapes everywhere.
        let glob = GlobBuilder::new(text)
            .literal_separator(false)
            .backslash_escape(true)
            .build();
        let refused = |problem: String| RulesError::Pattern {
            pattern: text.into(),
            problem,
        };
        let glob = glob.map_err(|error| refused(error.kind().to_string()))?;
        // Not by the glob's own matcher, which has no bounds, and panics where braces lie too deep.
        let regex = bytes::RegexBuilder::new(glob.regex())
            .dot_matches_new_line(true)
            .size_limit(MOST_REGEX_BYTES)
            .dfa_size_limit(MOST_REGEX_BYTES)
            .nest_limit(MOST_NESTING)
            .build();
        let too_much =
            |_| refused("its braces lie too deep, or it takes too much to compile".into());
        Ok(Self::Glob(glob, regex.map_err(too_much)?))
    }

    pub(super) fn regex(text: &str) -> Result<Self, RulesError> {
        let refused = |error: regex::Error| RulesError::Pattern {
            pattern: text.into(),
            problem: error.to_string(),
        };
        let regex = RegexBuilder::new(text)
            .size_limit(MOST_REGEX_BYTES)
            .dfa_size_limit(MOST_REGEX_BYTES)
            .nest_limit(MOST_NESTING)
            .build();
        Ok(Self::Regex(regex.map_err(refused)?))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Glob(_, regex) => regex.is_match(name.as_bytes()),
            Self::Regex(regex) => regex.is_match(name),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Glob(glob, _) => glob.glob(),
            Self::Regex(regex) => regex.as_str(),
        }
    }
}
