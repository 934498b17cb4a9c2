//! Files that appear under their name only when they are whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::read::folder_of;

const SUFFIX: &str = ".part";

/// A file being written beside its final place. Dropped, it is gone; [`commit`](Self::commit)
/// puts it in place in one step, over whatever is there.
///
/// It is locked while it is written, so that what a killed process left can be told from what a
/// live one is writing.
pub(super) struct WholeFile {
    part: NamedTempFile,
    target: PathBuf,
}

impl WholeFile {
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let prefix = prefix(target);
        builder.prefix(&prefix).suffix(SUFFIX);
        #[cfg(unix)]
        {
            // As any new file, less the umask; a temporary file is private unless told otherwise.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let part = builder.tempfile_in(folder_of(target))?;
        match part.as_file().try_lock() {
            // Where the file system has no locks, leftovers are told by nothing and swept.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::ResourceBusy.into()),
        }
        let target = target.to_path_buf();
        Ok(Self { part, target })
    }

    pub(super) fn file(&self) -> &File {
        self.part.as_file()
    }

    /// Puts the file in its place, once every byte of it is on the disk.
    pub(super) fn commit(self) -> io::Result<()> {
        self.part.as_file().sync_all()?;
        self.part
            .persist(&self.target)
            .map_err(|error| error.error)?;
        sync_folder(folder_of(&self.target))
    }
}

/// Writes a small file whole: under its name there is what was there before, or all of `bytes`.
///
/// # Errors
///
/// Those of creating, writing and syncing a file beside `target` and putting it in place;
/// [`io::ErrorKind::ResourceBusy`] where that file is locked.
pub fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    write_by(target, |out| out.write_all(bytes))
}

/// Writes a file whole, as [`write`] does, of what `make` writes into it bit by bit.
pub(super) fn write_by(
    target: &Path,
    make: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let file = WholeFile::create(target)?;
    let mut out = BufWriter::new(file.file());
    make(&mut out)?;
    out.flush()?;
    drop(out);
    file.commit()
}

/// Whether a file begins with what `make` writes, which is compared as it comes.
pub(super) fn begins_with(
    file: &File,
    make: impl FnOnce(&mut BufWriter<Comparison<'_>>) -> io::Result<()>,
) -> io::Result<bool> {
    let mut out = BufWriter::new(Comparison {
        file,
        at: 0,
        there: Vec::new(),
        equal: true,
    });
    make(&mut out)?;
    out.flush()?;
    Ok(out.get_ref().equal)
}

/// A writer that compares what is written with what a file holds.
pub(super) struct Comparison<'a> {
    file: &'a File,
    at: u64,
    there: Vec<u8>,
    equal: bool,
}

impl Write for Comparison<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.equal {
            self.there.resize(bytes.len(), 0);
            read_exact_at(self.file, &mut self.there, self.at)?;
            self.equal = self.there == bytes;
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes what killed processes left of `target`.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] when a live process is writing it.
pub(super) fn sweep(target: &Path) -> io::Result<()> {
    let prefix = prefix(target);
    for entry in fs::read_dir(folder_of(target))?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(&prefix) && name.ends_with(SUFFIX)) {
            continue;
        }
        // Gone meanwhile, or not ours to open: not ours to remove either.
        let Ok(left) = File::options().read(true).write(true).open(entry.path()) else {
            continue;
        };
        match left.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::ResourceBusy.into()),
            _ => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

fn prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

/// Makes the new name itself survive a power cut.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened for this here; the file system's journal keeps the name.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes all of `bytes` at `offset`, wherever other threads are writing.
#[cfg(unix)]
pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Reads all of `bytes` from `offset`, wherever other threads are reading.
#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Writes all of `bytes` at `offset`, wherever other threads are writing.
#[cfg(windows)]
pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
        }
    }
    Ok(())
}

/// Reads all of `bytes` from `offset`, wherever other threads are reading.
#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        match file.seek_read(bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_is_seen_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let file = WholeFile::create(&target).unwrap();
        write_all_at(file.file(), b"half", 0).unwrap();
        assert!(!target.exists());
        drop(file);
        assert!(names(folder.path()).is_empty());
        write(&target, b"old").unwrap();
        write(&target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn leftovers_are_swept_and_live_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        fs::write(folder.path().join(".a.x.part"), "left").unwrap();
        fs::write(folder.path().join(".b.x.part"), "another's").unwrap();
        sweep(&target).unwrap();
        assert_eq!(names(folder.path()), [".b.x.part"]);
        let live = WholeFile::create(&target).unwrap();
        let error = sweep(&target).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        live.commit().unwrap();
        assert!(target.exists());
    }
}
