//! How a caller watches work that takes a while.

/// Is told how far a piece of work has come: a progress bar, or nothing ([`Silent`]).
///
/// The methods take `&self` and the trait is [`Sync`], because work may advance on any thread.
pub trait Progress: Sync {
    /// A piece of work begins: what it is, and how many units it has where that is known.
    fn begin(&self, what: &str, total: Option<u64>);
    /// `n` more units are done.
    fn advance(&self, n: u64);
    /// The piece of work that began last is over, done or failed.
    fn end(&self);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _total: Option<u64>) {}
    fn advance(&self, _n: u64) {}
    fn end(&self) {}
}

/// Ends the piece of work when it is dropped, so that an early return cannot leave a bar standing.
pub(crate) struct Task<'a>(&'a dyn Progress);

impl<'a> Task<'a> {
    pub(crate) fn begin(progress: &'a dyn Progress, what: &str, total: Option<u64>) -> Self {
        progress.begin(what, total);
        Self(progress)
    }

    pub(crate) fn advance(&self, n: u64) {
        self.0.advance(n);
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
