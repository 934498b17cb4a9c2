//! How far a long run is.

/// Hears how far a run is; called from several threads.
pub trait Progress: Sync {
    /// A step begins that works through this many bytes.
    fn begin(&self, what: &str, bytes: u64);

    /// So many more bytes are done.
    fn advance(&self, bytes: u64);

    /// The step is done.
    fn end(&self);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn end(&self) {}
}
