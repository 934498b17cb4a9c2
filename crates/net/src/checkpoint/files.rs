//! The files and folders of a checkpoint: written, told from others, swept.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Writes a file and syncs it, within a folder that has not appeared yet.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// How the names of what is still being written end.
pub(super) const PART: &str = ".part";

/// SHA-256, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Removes the subfolders of earlier checkpoints, and what killed saves left, but for `current`.
/// Failing to is no reason to fail: nothing points to them.
pub(super) fn sweep(folder: &Path, current: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| *name != current) else {
            continue;
        };
        let left = name.strip_prefix('.').and_then(|n| n.strip_suffix(PART));
        if is_ours(name) || left.is_some_and(is_ours) {
            let _ = fs::remove_dir_all(entry.path());
        } else if name.starts_with(".checkpoint.") && name.ends_with(PART) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether this is the name of a checkpoint's subfolder: `checkpoint-STEP` or
/// `checkpoint-STEP.NUMBER`, and so never a path.
pub(super) fn is_ours(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    name.strip_prefix("checkpoint-")
        .is_some_and(|rest| match rest.split_once('.') {
            Some((step, number)) => digits(step) && digits(number),
            None => digits(rest),
        })
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_plain_names_are_ours() {
        for good in ["checkpoint-0", "checkpoint-600", "checkpoint-600.1"] {
            assert!(is_ours(good), "{good}");
        }
        for bad in [
            "",
            "checkpoint-",
            "checkpoint-best",
            "checkpoint-6.",
            "checkpoint-../x",
            "checkpoint-6/..",
            "checkpoint-6.1.2",
            "..",
        ] {
            assert!(!is_ours(bad), "{bad}");
        }
    }
}
