//! Files that appear under their name only when they are whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

const SUFFIX: &str = ".part";

/// A part file this old belongs to a process that was killed: a live download stalls for at most
/// some seconds before it gives up.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A file being written beside its final place. Dropped, it is gone; [`commit`](Self::commit)
/// puts it in place in one step, over whatever is there.
///
/// Two processes that write the same file each have a part of their own: the last to commit wins,
/// and no reader ever sees a mixture.
pub struct WholeFile {
    part: NamedTempFile,
    target: PathBuf,
}

impl WholeFile {
    /// A file that will be `target`, or nothing.
    ///
    /// # Errors
    ///
    /// When no file can be made in the target's folder.
    pub fn create(target: &Path) -> io::Result<Self> {
        let (folder, prefix) = part_name(target);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(SUFFIX);
        #[cfg(unix)]
        {
            // As any new file, less the umask; a temporary file is private unless told otherwise.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Self {
            part: builder.tempfile_in(folder)?,
            target: target.to_path_buf(),
        })
    }

    /// Syncs what was written and gives it its name.
    ///
    /// # Errors
    ///
    /// When the disk refuses; nothing of the file stays then.
    pub fn commit(self) -> io::Result<()> {
        self.part.as_file().sync_all()?;
        let (folder, _) = part_name(&self.target);
        self.part
            .persist(&self.target)
            .map_err(|error| error.error)?;
        sync_folder(folder)
    }
}

/// Writes a whole file in one call: `target` is either what it was or all of `bytes`.
///
/// # Errors
///
/// As [`WholeFile::create`] and [`WholeFile::commit`].
pub fn write_whole(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::create(target)?;
    file.write_all(bytes)?;
    file.commit()
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.part.flush()
    }
}

/// Removes what killed processes left of `target`. Failing to is no reason to fail.
pub(crate) fn sweep(target: &Path) {
    let (folder, prefix) = part_name(target);
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|n| n.starts_with(&prefix) && n.ends_with(SUFFIX));
        let age = entry
            .metadata()
            .and_then(|data| data.modified())
            .ok()
            .map(|time| time.elapsed());
        if ours && matches!(age, Some(Ok(age)) if age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The folder of `target`, and how the names of its parts begin.
fn part_name(target: &Path) -> (&Path, String) {
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    (folder.unwrap_or(Path::new(".")), format!(".{name}."))
}

/// Makes the new name itself survive a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Folders cannot be opened for this here; the file system's journal keeps the name.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
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
    fn nothing_stays_of_a_dropped_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = WholeFile::create(&folder.path().join("a")).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        drop(file);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_committed_file_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        fs::write(&target, "old").unwrap();
        let mut file = WholeFile::create(&target).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn only_abandoned_parts_of_the_same_file_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let old = std::time::SystemTime::now() - 2 * ABANDONED;
        for (name, time) in [
            (".a.x.part", Some(old)),
            (".a.y.part", None),
            (".b.z.part", Some(old)),
        ] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            time.map_or(Ok(()), |time| file.set_modified(time)).unwrap();
        }
        sweep(&folder.path().join("a"));
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, [".a.y.part", ".b.z.part"]);
    }

    /// A clock that jumps back makes a part that was just begun one from the future: it is kept, as
    /// a live download's. One that jumps ahead by more than an hour makes it look abandoned.
    #[test]
    fn a_clock_that_jumps_keeps_parts_of_the_future_and_sweeps_those_of_long_ago() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let now = std::time::SystemTime::now();
        let year = Duration::from_secs(365 * 24 * 3600);
        for (name, time) in [
            (".a.next-year.part", now + year),
            (".a.next-hour.part", now + ABANDONED),
            (".a.within-the-hour.part", now - ABANDONED / 2),
            (".a.past-the-hour.part", now - 2 * ABANDONED),
            (".a.last-year.part", now - year),
            (".a.1970.part", std::time::SystemTime::UNIX_EPOCH),
        ] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(time).unwrap();
        }
        sweep(&target);
        let mut left = names(folder.path());
        left.sort();
        let kept = [
            ".a.next-hour.part",
            ".a.next-year.part",
            ".a.within-the-hour.part",
        ];
        assert_eq!(left, kept);
        // What the sweep keeps does not stand in the way.
        write_whole(&target, b"whole").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
    }

    /// A live part that a jump of the clock let another process sweep: an error, and no file.
    #[cfg(unix)]
    #[test]
    fn a_part_that_was_swept_alive_is_an_error_and_gets_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let mut file = WholeFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        let long_ago = std::time::SystemTime::now() - 2 * ABANDONED;
        file.part.as_file().set_modified(long_ago).unwrap();
        sweep(&target);
        assert!(names(folder.path()).is_empty());
        file.write_all(b" and half").unwrap();
        let error = file.commit().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(names(folder.path()).is_empty());
    }
}
