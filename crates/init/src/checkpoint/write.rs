//! A run: which files are there, which are to be made, and what makes the checkpoint complete.

use std::io;
use std::path::PathBuf;
use std::thread::{self, ScopedJoinHandle};

use super::folder::Folder;
use super::hash::TensorDigest;
use super::make::{Maker, Stop};
use super::plan::{Plan, PlannedFile};
use super::whole::{self, WholeFile};
use super::{Destination, Part, Progress, WriteError, read};
use crate::Threads;

/// What becomes of a checkpoint that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Existing {
    /// Nothing: the run is refused.
    #[default]
    Refuse,
    /// If it is of the same plan, what is whole is kept and the rest is made.
    Resume,
    /// It is replaced.
    Replace,
}

/// How a checkpoint is written.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// What becomes of what is there.
    pub existing: Existing,
    /// Which part is made.
    pub part: Part,
    /// On how many threads; the bytes do not depend on it.
    pub threads: Threads,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Files made.
    pub files_made: usize,
    /// Files that were there, whole.
    pub files_kept: usize,
    /// Bytes of the files made.
    pub bytes_made: u64,
    /// Whether the checkpoint is complete.
    pub completion: Completion,
}

/// Whether a checkpoint is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// It is, and this is its manifest.
    Complete(PathBuf),
    /// The other machines' parts are not in the folder yet: this many are missing.
    PartsMissing(usize),
}

impl Plan {
    /// Makes the checkpoint, or a part of it.
    ///
    /// Memory does not grow with the model: each thread has a MiB or two. A scheme that must make a
    /// whole tensor at once (the orthogonal ones) holds that tensor in f32 or f64, twice over while
    /// it works; two neighbouring ones may overlap.
    ///
    /// A file appears under its name when every byte of it is on the disk. Until all are there,
    /// `manifest.unfinished.json` says what will be; `manifest.json` appears last. A run that was
    /// killed leaves nothing else but hidden files, which the next run removes.
    ///
    /// # Errors
    /// [`WriteError`]; files that were finished before the error stay, for a run with
    /// [`Existing::Resume`].
    pub fn write(
        &self,
        destination: &Destination,
        options: &WriteOptions,
        progress: &dyn Progress,
    ) -> Result<Written, WriteError> {
        let folder = Folder::new(self, destination, options.part);
        folder.open(options.existing)?;
        let mut run = Run {
            plan: self,
            folder: &folder,
            options,
            progress,
            digests: vec![None; self.tensor_count()],
            files_kept: 0,
        };
        let missing = run.keep_whole()?;
        run.make(&missing)?;
        let bytes_made = missing.iter().map(|file| file.total_bytes()).sum();
        Ok(Written {
            files_made: missing.len(),
            files_kept: run.files_kept,
            bytes_made,
            completion: folder.complete(run.digests)?,
        })
    }

    /// The files that this part makes.
    pub(super) fn files_of(&self, part: Part) -> impl Iterator<Item = &PlannedFile> {
        let numbered = self.files.iter().enumerate();
        numbered.filter_map(move |(number, file)| part.has(number).then_some(file))
    }
}

struct Run<'a> {
    plan: &'a Plan,
    folder: &'a Folder<'a>,
    options: &'a WriteOptions,
    progress: &'a dyn Progress,
    /// Digests of the tensors, in the manifest's order, of files that are whole.
    digests: Vec<Option<TensorDigest>>,
    files_kept: usize,
}

impl<'a> Run<'a> {
    /// Compares what is there with what would be made; returns the files that must be made.
    fn keep_whole(&mut self) -> Result<Vec<&'a PlannedFile>, WriteError> {
        let (plan, part) = (self.plan, self.options.part);
        let files: Vec<_> = plan.files_of(part).collect();
        if self.options.existing != Existing::Resume {
            return Ok(files);
        }
        let there: u64 = files
            .iter()
            .filter(|file| self.folder.path(&file.name).is_file())
            .map(|file| file.data_bytes)
            .sum();
        if there == 0 {
            return Ok(files);
        }
        self.progress.begin("checking what is there", there);
        let mut missing = Vec::new();
        for file in files {
            match self.compare(file)? {
                Some(digests) => {
                    self.remember(file, digests);
                    self.files_kept += 1;
                }
                None => missing.push(file),
            }
        }
        self.progress.end();
        Ok(missing)
    }

    /// The digests of a file that is whole; nothing for one that is missing or damaged.
    fn compare(&self, file: &PlannedFile) -> Result<Option<Vec<TensorDigest>>, WriteError> {
        let path = self.folder.path(&file.name);
        let Ok((there, _)) = read::open(&path) else {
            // Missing, or unreadable: made again, or refused when it is written.
            return Ok(None);
        };
        let maker = Maker::new(self.plan, file, self.options.threads, self.progress);
        match maker.compare(&there) {
            Ok(digests) => Ok(Some(digests)),
            // A sector that cannot be read is damage too.
            Err(Stop::Differs | Stop::Io(_)) => Ok(None),
            Err(Stop::Init { tensor, source }) => Err(WriteError::Init { tensor, source }),
        }
    }

    /// Makes the files one after the other. While one is being made, the one before is brought to
    /// the disk, so that neither the processor nor the disk waits for the other.
    fn make(&mut self, files: &[&'a PlannedFile]) -> Result<(), WriteError> {
        let total = files.iter().map(|file| file.data_bytes).sum();
        self.progress.begin("writing", total);
        thread::scope(|scope| {
            let mut committing: Option<ScopedJoinHandle<'_, Result<(), WriteError>>> = None;
            for file in files {
                let (whole, digests) = self.make_one(file)?;
                self.remember(file, digests);
                finish(committing.take())?;
                let path = self.folder.path(&file.name);
                let commit = move || whole.commit().map_err(|error| WriteError::io(&path, error));
                committing = Some(scope.spawn(commit));
            }
            finish(committing)
        })?;
        self.progress.end();
        Ok(())
    }

    fn make_one(&self, file: &PlannedFile) -> Result<(WholeFile, Vec<TensorDigest>), WriteError> {
        let path = self.folder.path(&file.name);
        let failed = |error| WriteError::io(&path, error);
        whole::sweep(&path).map_err(failed)?;
        let whole = WholeFile::create(&path).map_err(failed)?;
        let maker = Maker::new(self.plan, file, self.options.threads, self.progress);
        match maker.write(whole.file()) {
            Ok(digests) => Ok((whole, digests)),
            Err(Stop::Io(error)) => Err(failed(error)),
            Err(Stop::Init { tensor, source }) => Err(WriteError::Init { tensor, source }),
            Err(Stop::Differs) => Err(failed(io::ErrorKind::InvalidData.into())),
        }
    }

    fn remember(&mut self, file: &PlannedFile, digests: Vec<TensorDigest>) {
        let places = self.digests[file.places.clone()].iter_mut();
        places
            .zip(digests)
            .for_each(|(place, digest)| *place = Some(digest));
    }
}

fn finish(
    committing: Option<ScopedJoinHandle<'_, Result<(), WriteError>>>,
) -> Result<(), WriteError> {
    match committing.map(ScopedJoinHandle::join) {
        None => Ok(()),
        Some(Ok(result)) => result,
        Some(Err(panic)) => std::panic::resume_unwind(panic),
    }
}
