use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;

use super::RulesError;

/// What a rule's tensors are named.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Any name.
    Any,
    /// Names that match from end to end.
    Glob(GlobMatcher),
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
        let refused = |error: globset::Error| RulesError::Pattern {
            pattern: text.into(),
            problem: error.kind().to_string(),
        };
        Ok(Self::Glob(glob.map_err(refused)?.compile_matcher()))
    }

    pub(super) fn regex(text: &str) -> Result<Self, RulesError> {
        let refused = |error: regex::Error| RulesError::Pattern {
            pattern: text.into(),
            problem: error.to_string(),
        };
        Ok(Self::Regex(Regex::new(text).map_err(refused)?))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Glob(glob) => glob.is_match(name),
            Self::Regex(regex) => regex.is_match(name),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Glob(glob) => glob.glob().glob(),
            Self::Regex(regex) => regex.as_str(),
        }
    }
}
