//! Where a family of networks lies in a gutter.

use evenkeel_lab::results::Direction;

/// Where a family lies in a lane; first and last as the signal travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) direction: Direction,
    /// Layer where the first seed enters.
    pub(super) first: usize,
    /// Layer where the last seed to enter does.
    pub(super) last: usize,
    /// Last layer that any seed has there.
    pub(super) end: usize,
}

impl Span {
    /// The span of two seeds or more.
    pub(super) fn joined(self, other: Self) -> Self {
        let forward = self.direction == Direction::Forward;
        let earlier = |a: usize, b: usize| if forward { a.min(b) } else { a.max(b) };
        let later = |a: usize, b: usize| if forward { a.max(b) } else { a.min(b) };
        Self {
            direction: self.direction,
            first: earlier(self.first, other.first),
            last: later(self.last, other.last),
            end: later(self.end, other.end),
        }
    }

    /// `from layer 28`, `from layer 27 or 28, by seed`, or going back, `from layer 30 down`.
    pub(super) fn words(&self) -> String {
        let by_seed = if self.first == self.last {
            ""
        } else {
            ", by seed"
        };
        self.short_words() + by_seed
    }

    /// As [`Self::words`], where there is less room.
    pub(super) fn short_words(&self) -> String {
        let (first, last) = (self.first, self.last);
        let down = match self.direction {
            Direction::Forward => "",
            Direction::Backward => " down",
        };
        match first.abs_diff(last) {
            0 => format!("from layer {first}{down}"),
            1 => format!("from layer {first} or {last}{down}"),
            _ => format!("from layer {first} to {last}{down}"),
        }
    }
}
