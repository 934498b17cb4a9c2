//! Making a file's tensors, or comparing a file with what would be made.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex};

use super::hash::TensorDigest;
use super::header;
use super::pieces::{self, Buffer, Piece, lock};
use super::plan::{Kind, Placed, Plan, PlannedFile};
use super::progress::Progress;
use super::whole::{begins_with, read_exact_at, write_all_at};
use crate::{Element, InitError, Prepared, Seed, Threads, bf16, f16};

/// What stops the making of a file.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file has other bytes than would be made.
    Differs,
    /// The system refused.
    Io(io::Error),
    /// A tensor cannot be made after all.
    Init { tensor: String, source: InitError },
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// One file of a plan and what is needed to make it.
pub(super) struct Maker<'a> {
    plan: &'a Plan,
    file: &'a PlannedFile,
    slots: Vec<Slot>,
    sizes: Vec<u64>,
    threads: Threads,
    progress: &'a dyn Progress,
}

/// What a thread works in: a piece as made, and where it compares one as it is on the disk.
struct Memory {
    made: Buffer,
    there: Option<Buffer>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        file: &'a PlannedFile,
        threads: Threads,
        progress: &'a dyn Progress,
    ) -> Self {
        let places = file.places.clone();
        let sizes: Vec<u64> = places.map(|place| plan.placed(place).made.bytes).collect();
        Self {
            plan,
            file,
            slots: sizes.iter().map(|size| Slot::new(*size)).collect(),
            sizes,
            threads,
            progress,
        }
    }

    /// Writes the whole file, and returns the digests of its tensors.
    pub(super) fn write(&self, out: &File) -> Result<Vec<TensorDigest>, Stop> {
        let mut header = BufWriter::new(out);
        self.write_header(&mut header)?;
        header.flush()?;
        drop(header);
        let memory = || Memory {
            made: Buffer::new(),
            there: None,
        };
        pieces::digests(&self.sizes, self.threads, memory, |memory, piece| {
            let bytes = self.make(&mut memory.made, piece)?;
            write_all_at(out, bytes, self.offset(piece))?;
            self.progress.advance(bytes.len() as u64);
            Ok(bytes)
        })
    }

    /// Compares the whole file with what [`write`](Self::write) would write.
    pub(super) fn compare(&self, there: &File) -> Result<Vec<TensorDigest>, Stop> {
        if there.metadata()?.len() != self.file.total_bytes() {
            return Err(Stop::Differs);
        }
        if !begins_with(there, |out| self.write_header(out))? {
            return Err(Stop::Differs);
        }
        let memory = || Memory {
            made: Buffer::new(),
            there: Some(Buffer::new()),
        };
        pieces::digests(&self.sizes, self.threads, memory, |memory, piece| {
            let bytes = self.make(&mut memory.made, piece)?;
            let buffer = memory.there.get_or_insert_with(Buffer::new);
            let found = buffer.bytes(piece.len());
            read_exact_at(there, found, self.offset(piece))?;
            if found != bytes {
                return Err(Stop::Differs);
            }
            self.progress.advance(bytes.len() as u64);
            Ok(bytes)
        })
    }

    fn write_header(&self, out: impl Write) -> io::Result<()> {
        header::write(self.plan.listed(self.file), self.file.header_bytes, out)
    }

    fn tensor(&self, piece: &Piece) -> Placed<'a> {
        self.plan.placed(self.file.places.start + piece.tensor)
    }

    /// Where the piece lies in the file.
    fn offset(&self, piece: &Piece) -> u64 {
        self.file.header_bytes + self.tensor(piece).start + piece.bytes.start
    }

    fn make<'m>(&self, buffer: &'m mut Buffer, piece: &Piece) -> Result<&'m [u8], Stop> {
        let bytes = buffer.bytes(piece.len());
        let tensor = self.tensor(piece);
        let filling = Filling {
            slot: &self.slots[piece.tensor],
            tensor,
            seed: self.plan.seed,
            threads: self.threads,
        };
        filling
            .fill(piece.bytes.start, bytes)
            .map_err(|source| Stop::Init {
                tensor: tensor.name.to_owned(),
                source,
            })?;
        Ok(bytes)
    }
}

/// Files are little-endian, whatever the machine.
pub(super) fn to_little_endian(bytes: &mut [u8], element_size: usize) {
    if cfg!(target_endian = "big") {
        bytes
            .chunks_exact_mut(element_size)
            .for_each(<[u8]>::reverse);
    }
}

/// Where a tensor is kept that is prepared when its first piece is wanted and forgotten after its
/// last, so that schemes that must hold a whole tensor hold one or two at a time.
struct Slot(Mutex<State>);

struct State {
    prepared: Option<Arc<Prepared>>,
    bytes_left: u64,
}

impl Slot {
    fn new(size: u64) -> Self {
        Self(Mutex::new(State {
            prepared: None,
            bytes_left: size,
        }))
    }

    fn release(&self, bytes: u64) {
        let mut state = lock(&self.0);
        state.bytes_left -= bytes;
        if state.bytes_left == 0 {
            state.prepared = None;
        }
    }
}

/// The making of a piece of a tensor.
struct Filling<'a> {
    slot: &'a Slot,
    tensor: Placed<'a>,
    seed: Seed,
    threads: Threads,
}

impl Filling<'_> {
    fn fill(&self, start: u64, bytes: &mut [u8]) -> Result<(), InitError> {
        match self.tensor.made.kind {
            Kind::F64 => self.fill_as::<f64>(start, bytes),
            Kind::F32 => self.fill_as::<f32>(start, bytes),
            Kind::Bf16 => self.fill_as::<bf16>(start, bytes),
            Kind::F16 => self.fill_as::<f16>(start, bytes),
            Kind::Zeros => {
                bytes.fill(0);
                Ok(())
            }
        }
    }

    fn fill_as<T: Element>(&self, start: u64, bytes: &mut [u8]) -> Result<(), InitError> {
        let prepared = self.prepared::<T>()?;
        let values: &mut [T] = bytemuck::cast_slice_mut(bytes);
        let first = start / size_of::<T>() as u64;
        prepared.fill(first..first + values.len() as u64, values)?;
        to_little_endian(bytes, size_of::<T>());
        self.slot.release(bytes.len() as u64);
        Ok(())
    }

    fn prepared<T: Element>(&self) -> Result<Arc<Prepared>, InitError> {
        let mut state = lock(&self.slot.0);
        if let Some(prepared) = &state.prepared {
            return Ok(Arc::clone(prepared));
        }
        let making = &self.tensor.made.making;
        let stream = self.tensor.stream(self.seed);
        let prepared = Arc::new(making.scheme.prepare(&making.geometry, &stream)?);
        // A scheme that must make the whole tensor does so here, on all threads: the others wait
        // for this one tensor or make pieces of the one before.
        prepared.fill_parallel(0..1, &mut [T::default()], self.threads)?;
        state.prepared = Some(Arc::clone(&prepared));
        Ok(prepared)
    }
}
