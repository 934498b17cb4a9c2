//! What became of an experiment beside its known answer.

use evenkeel_lab::results::Experiment;

/// Whether an experiment agrees with its known answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Agrees,
    DoesNotAgree,
    /// There is no known answer for its settings.
    NotJudged,
}

impl Judgement {
    pub(super) fn of(experiment: &Experiment) -> Self {
        match (&experiment.not_judged, experiment.agrees) {
            (Some(_), _) => Self::NotJudged,
            (None, true) => Self::Agrees,
            (None, false) => Self::DoesNotAgree,
        }
    }

    /// In two words, for those who do not see its mark.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::DoesNotAgree => "does not agree",
            Self::NotJudged => "not judged",
        }
    }

    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Agrees => "✓",
            Self::DoesNotAgree => "✗",
            Self::NotJudged => "·",
        }
    }

    /// The class that colours its mark.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Agrees => "yes",
            Self::DoesNotAgree => "no",
            Self::NotJudged => "open",
        }
    }
}
