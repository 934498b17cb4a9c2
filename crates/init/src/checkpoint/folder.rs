//! The state of the place that a checkpoint goes to: nothing, an unfinished run, a finished one.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::hash::TensorDigest;
use super::index;
use super::manifest::Found;
use super::plan::{Plan, PlannedFile};
use super::whole;
use super::write::{Completion, Existing};
use super::{ByteSize, Destination, Part};
use super::{ManifestError, ReadError, WriteError};

/// Where a plan's files go, and what must not be trodden on there.
pub(super) struct Folder<'a> {
    plan: &'a Plan,
    destination: &'a Destination,
    part: Part,
}

impl<'a> Folder<'a> {
    pub(super) fn new(plan: &'a Plan, destination: &'a Destination, part: Part) -> Self {
        Self {
            plan,
            destination,
            part,
        }
    }

    /// Where the file of this name lies.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.destination.folder().join(name)
    }

    /// Makes the folder, decides about what is there, and leaves word of what will be.
    ///
    /// A folder made here goes again when the run is refused.
    pub(super) fn open(&self, existing: Existing) -> Result<(), WriteError> {
        self.check_kind()?;
        let made = make_folder(self.destination.folder())?;
        let opened = self.prepare(existing);
        if opened.is_err() {
            for folder in &made {
                // Refused where something is in it, and that is as it should be.
                let _ = fs::remove_dir(folder);
            }
        }
        opened
    }

    fn prepare(&self, existing: Existing) -> Result<(), WriteError> {
        match existing {
            Existing::Refuse => self.refuse_existing()?,
            Existing::Resume => self.refuse_others()?,
            Existing::Replace => {}
        }
        self.check_space(existing)?;
        if existing == Existing::Replace {
            self.clear()?;
        }
        let unfinished = self.destination.unfinished();
        if self.found(&unfinished)?.is_some() {
            return Ok(());
        }
        self.write_manifest(&unfinished, &[])
    }

    fn check_kind(&self) -> Result<(), WriteError> {
        let (path, expected, wrong) = match self.destination {
            Destination::Folder(path) => (path, "folder", path.exists() && !path.is_dir()),
            Destination::File(path) => (path, "file", path.is_dir()),
        };
        if wrong {
            let path = path.clone();
            return Err(WriteError::WrongKind { path, expected });
        }
        Ok(())
    }

    /// Nothing of a checkpoint may be there, but for the other machines' parts of this one.
    fn refuse_existing(&self) -> Result<(), WriteError> {
        let joins = self.part != Part::WHOLE && self.same_run(&self.destination.unfinished())?;
        let own = self
            .plan
            .files_of(self.part)
            .map(|file| self.path(&file.name));
        let mut forbidden: Vec<PathBuf> = own.collect();
        forbidden.push(self.destination.manifest());
        if !joins {
            forbidden.push(self.destination.unfinished());
            forbidden.extend(self.checkpoint_files()?);
        }
        match forbidden
            .into_iter()
            .find(|path| path.symlink_metadata().is_ok())
        {
            Some(path) => Err(WriteError::Exists { path }),
            None => Ok(()),
        }
    }

    /// What is there must be of this plan.
    fn refuse_others(&self) -> Result<(), WriteError> {
        let manifest = self.same_run(&self.destination.manifest())?;
        let unfinished = self.same_run(&self.destination.unfinished())?;
        if manifest || unfinished {
            return Ok(());
        }
        match self.checkpoint_files()?.into_iter().next() {
            Some(path) => Err(WriteError::NothingToResume { path }),
            None => Ok(()),
        }
    }

    /// Whether a manifest is there; it must then be of this plan.
    fn same_run(&self, path: &Path) -> Result<bool, WriteError> {
        let Some(there) = self.found(path)? else {
            return Ok(false);
        };
        match there.difference {
            None => Ok(true),
            Some(difference) => Err(WriteError::OtherRun {
                path: path.to_path_buf(),
                difference,
            }),
        }
    }

    /// What a loader would take for a checkpoint's files.
    fn checkpoint_files(&self) -> Result<Vec<PathBuf>, WriteError> {
        if let Destination::File(path) = self.destination {
            return Ok(path.exists().then(|| path.clone()).into_iter().collect());
        }
        let folder = self.destination.folder();
        let entries = fs::read_dir(folder).map_err(|error| WriteError::io(folder, error))?;
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                !name.starts_with('.')
                    && (name.ends_with(".safetensors") || name.ends_with(index::SUFFIX))
            })
            .map(|entry| entry.path())
            .collect();
        found.sort();
        Ok(found)
    }

    /// Takes away what an earlier checkpoint left and this one will not write over. What no
    /// manifest lists was not ours, and stays. Another machine that makes a part of this very
    /// checkpoint is left alone.
    fn clear(&self) -> Result<(), WriteError> {
        let unfinished = self.destination.unfinished();
        let manifest = self.destination.manifest();
        let same = |there: &Option<Found>| {
            there
                .as_ref()
                .is_some_and(|there| there.difference.is_none())
        };
        // An unreadable manifest is replaced like any other.
        let running = self.found(&unfinished).unwrap_or(None);
        let finished = self.found(&manifest).unwrap_or(None);
        if self.part != Part::WHOLE && finished.is_none() && same(&running) {
            return Ok(());
        }
        for old in [running, finished].into_iter().flatten() {
            self.remove_stale(&old)?;
        }
        if !self.plan.has_index() && matches!(self.destination, Destination::Folder(_)) {
            remove_if_there(&self.path(index::NAME))?;
        }
        self.remove_part_manifests()?;
        remove_if_there(&manifest)?;
        remove_if_there(&unfinished)
    }

    /// Removes the files of an old manifest that the plan does not have.
    fn remove_stale(&self, old: &Found) -> Result<(), WriteError> {
        let plain = |name: &str| {
            name.ends_with(".safetensors") && !name.contains(['/', '\\']) && !name.starts_with('.')
        };
        let planned = |name: &str| self.plan.files.iter().any(|file| file.name == name);
        let stale = |name: &str| plain(name) && !planned(name);
        for file in old.files.iter().filter(|file| stale(&file.name)) {
            let path = self.path(&file.name);
            whole::sweep(&path).map_err(|error| WriteError::io(&path, error))?;
            remove_if_there(&path)?;
        }
        Ok(())
    }

    /// Refuses a disk that cannot hold what is to be written. What is there in its full length
    /// counts as whole when a run goes on; what is replaced makes room file by file.
    fn check_space(&self, existing: Existing) -> Result<(), WriteError> {
        let (mut total, mut replaced, mut largest) = (0_u64, 0_u64, 0_u64);
        for file in self.plan.files_of(self.part) {
            let bytes = file.total_bytes();
            let there = fs::metadata(self.path(&file.name)).map_or(0, |metadata| metadata.len());
            if existing == Existing::Resume && there == bytes {
                continue;
            }
            total += bytes;
            replaced += there;
            largest = largest.max(bytes);
        }
        let needed = total.min(total.saturating_sub(replaced) + largest);
        let folder = self.destination.folder();
        match free_bytes(folder) {
            Some(free) if free < needed => Err(WriteError::Space {
                folder: folder.to_path_buf(),
                free: ByteSize(free),
                needed: ByteSize(needed),
            }),
            _ => Ok(()),
        }
    }

    /// Writes what makes the checkpoint complete, once all of it is there: the index, then the
    /// manifest. `made` has the digests of this machine's part.
    pub(super) fn complete(
        &self,
        made: Vec<Option<TensorDigest>>,
    ) -> Result<Completion, WriteError> {
        self.refuse_gone()?;
        let whole = match self.joined(made)? {
            Joined::Whole(whole) => whole,
            Joined::Missing(parts) => return Ok(Completion::PartsMissing(parts)),
        };
        if self.plan.has_index() {
            self.write_index()?;
        }
        let manifest = self.destination.manifest();
        self.write_manifest(&manifest, &whole)?;
        remove_if_there(&self.destination.unfinished())?;
        self.remove_part_manifests()?;
        Ok(Completion::Complete(manifest))
    }

    /// No manifest is written of files that were removed, or cut, after this machine made them.
    fn refuse_gone(&self) -> Result<(), WriteError> {
        let mut own = self.plan.files_of(self.part);
        let is_gone = |file: &&PlannedFile| {
            let there = fs::metadata(self.path(&file.name));
            !there.is_ok_and(|there| there.is_file() && there.len() == file.total_bytes())
        };
        match own.find(is_gone) {
            Some(file) => Err(WriteError::Gone {
                path: self.path(&file.name),
            }),
            None => Ok(()),
        }
    }

    /// Adds what this machine made to what the others made.
    fn joined(&self, made: Vec<Option<TensorDigest>>) -> Result<Joined, WriteError> {
        if self.part == Part::WHOLE {
            return Ok(Joined::Whole(made));
        }
        self.write_manifest(&self.destination.part_manifest(self.part), &made)?;
        let mut whole = made;
        let mut missing = 0;
        for part in self.part.all() {
            let path = self.destination.part_manifest(part);
            let Some(other) = self.found(&path)? else {
                missing += 1;
                continue;
            };
            if let Some(difference) = other.difference {
                return Err(WriteError::OtherRun { path, difference });
            }
            for (digest, other) in whole.iter_mut().zip(other.digests) {
                *digest = digest.or(other);
            }
        }
        if missing == 0 {
            return Ok(Joined::Whole(whole));
        }
        // Another machine that ended at the same time may have joined the parts already.
        let joined = self.found(&self.destination.manifest())?;
        Ok(match joined {
            Some(joined) if joined.difference.is_none() => Joined::Whole(joined.digests),
            _ => Joined::Missing(missing),
        })
    }

    /// The manifest at this place, if there is one.
    fn found(&self, path: &Path) -> Result<Option<Found>, ManifestError> {
        match Found::read(path, self.plan) {
            Ok(found) => Ok(Some(found)),
            Err(ManifestError::Read(ReadError::Io { source, .. }))
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn remove_part_manifests(&self) -> Result<(), WriteError> {
        let folder = self.destination.folder();
        let unfinished = self.destination.unfinished();
        let name = unfinished.file_name().unwrap_or_default().to_string_lossy();
        let prefix = name.replace("unfinished.json", "part-");
        let entries = fs::read_dir(folder).map_err(|error| WriteError::io(folder, error))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(".json") {
                remove_if_there(&entry.path())?;
            }
        }
        Ok(())
    }

    fn write_manifest(
        &self,
        path: &Path,
        digests: &[Option<TensorDigest>],
    ) -> Result<(), WriteError> {
        write_whole(path, |out| self.plan.write_manifest_with(digests, out))
    }

    fn write_index(&self) -> Result<(), WriteError> {
        let files = self.plan.files.iter();
        let weight_map = files.flat_map(|file| {
            let places = file.places.clone();
            places.map(|place| (self.plan.placed(place).name, file.name.as_str()))
        });
        write_whole(&self.path(index::NAME), |out| {
            index::write(self.plan.tensor_bytes(), weight_map, out)
        })
    }
}

/// What the parts in a folder come to.
enum Joined {
    /// The digests of all of it.
    Whole(Vec<Option<TensorDigest>>),
    /// So many parts are not there.
    Missing(usize),
}

/// Makes a folder and those above it; returns what it made, innermost first.
fn make_folder(folder: &Path) -> Result<Vec<PathBuf>, WriteError> {
    let above = folder.ancestors();
    let missing = above.take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    let made = missing.map(Path::to_path_buf).collect();
    fs::create_dir_all(folder).map_err(|error| WriteError::io(folder, error))?;
    Ok(made)
}

fn write_whole(
    path: &Path,
    make: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    whole::sweep(path)
        .and_then(|()| whole::write_by(path, make))
        .map_err(|error| WriteError::io(path, error))
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), WriteError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WriteError::io(path, error)),
        _ => Ok(()),
    }
}

/// Free bytes for this user on the disk that holds the folder, where the system tells.
#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    // Some network file systems do not know, and say 0 of 0.
    (about.f_blocks > 0).then(|| about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}
