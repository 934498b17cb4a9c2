//! Seeds: one number for a whole model.

use crate::Stream;

/// The seed of a whole model; every tensor draws from its own [`Stream`].
///
/// # Example
/// ```
/// use evenkeel_init::Seed;
/// assert_eq!(Seed(1).stream("a"), Seed(1).stream("a"));
/// assert_ne!(Seed(1).stream("a"), Seed(1).stream("b"));
/// assert_ne!(Seed(1).stream("a"), Seed(2).stream("a"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of the tensor named `tensor_name`, compared byte by byte in UTF-8.
    ///
    /// It depends on nothing but the seed and the name; [`Stream`] says how.
    pub fn stream(self, tensor_name: &str) -> Stream {
        Stream::named(self, tensor_name)
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
