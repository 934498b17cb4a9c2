use std::ops::Range;

use rayon::prelude::*;

use super::Scheme;
use super::moments::Moments;
use super::orthogonal::{Certificate, Matrices};
use super::pattern::{self, Pattern};
use super::sparse::Masked;
use crate::element::vanishes;
use crate::{Distribution, DistributionError, Element, Geometry, InitError, Stream, Threads};

/// A tensor ready to be filled: a scheme, a layer and a stream that fit each other.
///
/// Any range of elements can be filled, in any order, on any machine; it has the bits that it has
/// in the whole tensor.
///
/// # Example
/// ```
/// use evenkeel_init::{Geometry, Scheme, Seed};
/// let layer = Geometry::linear(256, 784)?;
/// let prepared = Scheme::xavier_uniform(1.0).prepare(&layer, &Seed(3).stream("fc0.weight"))?;
/// let mut whole = vec![0.0_f32; layer.len()];
/// prepared.fill(0..layer.len() as u64, &mut whole)?;
/// let mut shard = vec![0.0_f32; 1000];
/// prepared.fill(5000..6000, &mut shard)?;
/// assert_eq!(shard, whole[5000..6000]);
/// # Ok::<(), evenkeel_init::InitError>(())
/// ```
#[derive(Debug)]
pub struct Prepared {
    scheme: Scheme,
    geometry: Geometry,
    stream: Stream,
    source: Source,
}

/// Where a tensor's values come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Every element drawn alike.
    Distribution(Distribution),
    /// Each part's elements drawn from its own distribution.
    Parts(Vec<Distribution>),
    /// Nothing drawn: values follow from the place.
    Pattern(Box<dyn Pattern>),
    /// Orthogonal matrices, made whole.
    Matrices(Box<Matrices>),
    /// Drawn alike, some then masked out.
    Masked(Box<Masked>),
}

impl Prepared {
    pub(super) fn new(
        scheme: &Scheme,
        geometry: &Geometry,
        stream: &Stream,
    ) -> Result<Self, InitError> {
        let source = scheme.family.source(scheme, geometry, stream)?;
        Ok(Self {
            scheme: scheme.clone(),
            geometry: geometry.clone(),
            stream: *stream,
            source,
        })
    }

    /// The layer.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The scheme.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The standard deviation that the scheme intends, over all elements of the tensor.
    pub fn std(&self) -> f64 {
        self.moments().std
    }

    /// The mean that the scheme intends, over all elements of the tensor.
    pub fn mean(&self) -> f64 {
        self.moments().mean
    }

    fn moments(&self) -> Moments {
        let of = |distribution: &Distribution| Moments {
            mean: distribution.mean(),
            std: distribution.std(),
        };
        match &self.source {
            Source::Distribution(distribution) => of(distribution),
            Source::Parts(parts) => {
                let counts = self.geometry.blocks().iter().map(|block| block.len());
                Moments::pooled(counts.zip(parts.iter().map(of)))
            }
            Source::Pattern(pattern) => pattern.moments(),
            Source::Matrices(matrices) => matrices.moments(),
            Source::Masked(masked) => masked.moments(),
        }
    }

    /// Fills `out` with the elements `range` of the tensor, counted in storage order.
    ///
    /// # Errors
    /// [`InitError::Range`] for a range outside the tensor, [`InitError::SliceLength`] for a slice
    /// of another length, [`InitError::Distribution`] for a format too narrow for the values,
    /// [`InitError::Memory`] for a tensor that must be made whole and is too large for that.
    pub fn fill<T: Element>(&self, range: Range<u64>, out: &mut [T]) -> Result<(), InitError> {
        self.fill_parallel(range, out, Threads::ONE)
    }

    /// [`fill`](Self::fill) on `threads` threads, with the same bits.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub fn fill_parallel<T: Element>(
        &self,
        range: Range<u64>,
        out: &mut [T],
        threads: Threads,
    ) -> Result<(), InitError> {
        let start = self.checked(&range, out.len())?;
        self.check_format::<T>()?;
        let stream = &self.stream;
        match &self.source {
            Source::Distribution(distribution) => distribution
                .fill_parallel(stream, range.start, out, threads)
                .map_err(|source| self.refused(source)),
            Source::Parts(parts) => chunked(out, threads, |offset, chunk| {
                self.fill_parts(parts, start + offset, chunk)
            }),
            Source::Pattern(pattern) => chunked(out, threads, |offset, chunk| {
                pattern::fill(pattern.as_ref(), &self.geometry, start + offset, chunk);
                Ok(())
            }),
            Source::Matrices(matrices) => {
                self.require_memory(matrices.bytes_to_draw::<T>())?;
                let ready = matrices.ready::<T>(threads);
                chunked(out, threads, |offset, chunk| {
                    matrices.fill(ready, start + offset, chunk);
                    Ok(())
                })
            }
            Source::Masked(masked) => {
                self.require_memory(masked.bytes_to_draw())?;
                let mask = masked.mask();
                chunked(out, threads, |offset, chunk| {
                    let filled = masked.fill(mask, start + offset, chunk);
                    filled.map_err(|source| self.refused(source))
                })
            }
        }
    }

    /// How far an orthogonal tensor of this format is from orthogonal; `None` for other schemes.
    ///
    /// Measured on `threads` threads. It takes about as long as making the tensor in f64.
    pub fn certificate<T: Element>(&self, threads: Threads) -> Option<Certificate> {
        match &self.source {
            Source::Matrices(matrices) => Some(matrices.certificate::<T>(threads)),
            _ => None,
        }
    }

    /// Refuses a number format that cannot hold the values: none of them becomes infinite, and no
    /// spread becomes none. Makes no value.
    pub(crate) fn check_format<T: Element>(&self) -> Result<(), InitError> {
        let check = |distribution: &Distribution| distribution.check_format::<T>();
        match &self.source {
            Source::Distribution(distribution) => check(distribution),
            Source::Parts(parts) => parts.iter().try_for_each(check),
            Source::Pattern(pattern) => {
                let largest = pattern.largest();
                self.require_holds::<T>(-largest, largest)
            }
            Source::Matrices(matrices) if vanishes::<T>(matrices.moments().std) => {
                Err(self.not_representable::<T>(-matrices.gain(), matrices.gain()))
            }
            // No element of an orthogonal matrix is larger than the length of its row or column.
            Source::Matrices(matrices) => {
                self.require_holds::<T>(-matrices.gain(), matrices.gain())
            }
            Source::Masked(masked) => check(masked.distribution()),
        }
        .map_err(|source| self.refused(source))
    }

    /// Refuses what the system would not give the memory for, where it says so beforehand; a failed
    /// allocation would end the program.
    fn require_memory(&self, bytes: u64) -> Result<(), InitError> {
        let given = usize::try_from(bytes)
            .is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
        if given {
            return Ok(());
        }
        let (scheme, geometry) = (self.scheme.to_string(), self.geometry.to_string());
        Err(InitError::Memory {
            scheme,
            geometry,
            bytes,
        })
    }

    fn require_holds<T: Element>(&self, low: f64, high: f64) -> Result<(), DistributionError> {
        let fits = |value: f64| T::from_f64(value).to_f64().abs() <= T::LARGEST;
        if fits(low) && fits(high) {
            return Ok(());
        }
        Err(self.not_representable::<T>(low, high))
    }

    fn not_representable<T: Element>(&self, low: f64, high: f64) -> DistributionError {
        DistributionError::NotRepresentable {
            distribution: self.scheme.name(),
            dtype: T::DTYPE,
            low,
            high,
        }
    }

    /// The range's start, when the range lies within the tensor and `got` is its length.
    fn checked(&self, range: &Range<u64>, got: usize) -> Result<usize, InitError> {
        let length = self.geometry.len() as u64;
        if range.start > range.end || range.end > length {
            return Err(InitError::Range {
                start: range.start,
                end: range.end,
                length,
            });
        }
        let (expected, got) = (range.end - range.start, got as u64);
        if expected != got {
            return Err(InitError::SliceLength { expected, got });
        }
        // Not past the tensor's length, which is a usize.
        Ok(range.start as usize)
    }

    fn fill_parts<T: Element>(
        &self,
        parts: &[Distribution],
        start: usize,
        out: &mut [T],
    ) -> Result<(), InitError> {
        let mut result = Ok(());
        self.geometry.for_each_run(start..start + out.len(), |run| {
            let values = &mut out[run.offset..run.offset + run.length];
            let at = (start + run.offset) as u64;
            let filled = parts[run.part].fill(&self.stream, at, values);
            if let Err(source) = filled {
                result = Err(self.refused(source));
            }
        });
        result
    }

    fn refused(&self, source: DistributionError) -> InitError {
        let (scheme, geometry) = (self.scheme.to_string(), self.geometry.to_string());
        InitError::Distribution {
            scheme,
            geometry,
            source,
        }
    }
}

/// Elements that a thread takes at a time.
const CHUNK: usize = 1 << 16;

/// Runs `fill` on chunks of `out`, with each chunk's offset. Every element is a pure function of
/// its place, so the chunks leave no trace in the bits.
fn chunked<T: Element>(
    out: &mut [T],
    threads: Threads,
    fill: impl Fn(usize, &mut [T]) -> Result<(), InitError> + Sync,
) -> Result<(), InitError> {
    if out.len() <= CHUNK {
        return fill(0, out);
    }
    on_threads(threads, || {
        out.par_chunks_mut(CHUNK)
            .enumerate()
            .try_for_each(|(number, chunk)| fill(number * CHUNK, chunk))
    })
}

/// Runs `work` where rayon has this many threads.
pub(super) fn on_threads<R: Send>(threads: Threads, work: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .build()
    {
        Ok(pool) => pool.install(work),
        // No threads to be had: rayon's own pool gives the same bits.
        Err(_) => work(),
    }
}
