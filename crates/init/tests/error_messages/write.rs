//! Places that a checkpoint cannot be written to.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use evenkeel_init::checkpoint::{
    ByteSize, Cut, Destination, Existing, ManifestError, Plan, Progress, Silent, StoredDtype,
    TensorFile, WriteError, Written,
};
use evenkeel_init::{Dtype, InitError, Scheme, Seed};

use super::{options, small, tensor};

fn write(plan: &Plan, path: &Path, existing: Existing) -> Result<Written, WriteError> {
    plan.write(&Destination::new(path), &options(existing), &Silent)
}

/// Removes a file when the writing is done, before the checkpoint is complete.
struct Remover(PathBuf);

impl Progress for Remover {
    fn begin(&self, _what: &str, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn end(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}

#[test]
fn a_file_that_is_gone_when_the_checkpoint_is_to_be_complete() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, destination) = (small(1), Destination::new(folder.path()));
    let file = folder.path().join("model-00001-of-00002.safetensors");
    refused!(
        plan.write(&destination, &options(Existing::Refuse), &Remover(file)),
        WriteError::Gone { .. },
        "model-00001-of-00002.safetensors is gone: this run made it",
        "go on with --resume",
    );
    assert!(!folder.path().join("manifest.json").exists());
    let again = write(&plan, folder.path(), Existing::Resume).unwrap();
    assert_eq!((again.files_made, again.files_kept), (1, 1));
}

#[test]
fn places_that_are_taken() {
    use WriteError as E;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (made, other) = (at("made"), at("other"));
    write(&small(1), &made, Existing::Refuse).unwrap();
    refused!(
        write(&small(1), &made, Existing::Refuse),
        E::Exists { .. },
        "model-00001-of-00002.safetensors exists already",
        "--resume",
        "--force",
    );
    refused!(
        write(&small(2), &made, Existing::Resume),
        E::OtherRun { .. },
        "manifest.json is of another run",
        "seed 1 against 2",
        "replace it with --force",
    );
    fs::create_dir(&other).unwrap();
    fs::write(other.join("x.safetensors"), "").unwrap();
    refused!(
        write(&small(1), &other, Existing::Resume),
        E::NothingToResume { .. },
        "x.safetensors exists, but neither a manifest nor an unfinished run beside it",
        "choose another place",
    );
    fs::write(other.join("manifest.unfinished.json"), "{").unwrap();
    refused!(
        write(&small(1), &other, Existing::Resume),
        E::Manifest(ManifestError::Json { .. }),
        "manifest.unfinished.json does not read as a manifest",
        "replace what is there with --force",
    );
    fs::write(at("file"), "").unwrap();
    refused!(
        write(&small(1), &at("file"), Existing::Replace),
        E::WrongKind {
            expected: "folder",
            ..
        },
        "file is there, but is no folder; choose another place",
    );
    refused!(
        write(&small(1), &at("file/within"), Existing::Refuse),
        E::Io { .. },
        "cannot write",
        "file/within",
        "Not a directory",
    );
    assert_eq!(
        fs::read(at("file")).unwrap(),
        b"",
        "what was there is as it was"
    );
}

#[test]
fn files_of_one_tensor() {
    use WriteError as E;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let create =
        |path: &Path, name| TensorFile::create(path, name, Dtype::F32, &[2], Existing::Refuse);
    refused!(
        create(&path, "__metadata__"),
        E::ReservedName,
        "no tensor can be named \"__metadata__\"",
        "choose another --name",
    );
    refused!(
        create(folder.path(), "w"),
        E::WrongKind {
            expected: "file",
            ..
        },
        "is there, but is no file",
    );
    let mut first = create(&path, "w").unwrap();
    refused!(
        create(&path, "w"),
        E::Busy { .. },
        "another process is writing",
        "w.safetensors; wait for it, or end it",
    );
    first.append(&[1.0_f32, 2.0]).unwrap();
    first.commit().unwrap();
    refused!(
        create(&path, "w"),
        E::FileExists { .. },
        "w.safetensors exists already",
        "replace it with --force",
    );
}

/// One tensor that no disk has room for.
fn vast(scheme: Scheme) -> Plan {
    let tensors = vec![tensor("w", &[1 << 21, 1 << 21], StoredDtype::BF16, scheme)];
    Plan::new(Seed(1), tensors, &Cut::AtMost(ByteSize(1000))).unwrap()
}

#[test]
fn no_room_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("vast");
    refused!(
        write(&vast(Scheme::normal(0.0, 1.0)), &place, Existing::Refuse),
        WriteError::Space { .. },
        "vast has room for",
        "but 8.8 TB are to be written; nothing was written",
    );
    assert!(!place.exists());
}

/// A run that is gone on with asks whether what is there is whole, for which an orthogonal tensor
/// must be made, for which there is no memory.
#[test]
#[expect(clippy::print_stderr, reason = "says that it was skipped")]
fn no_room_in_memory() {
    // Where memory is promised without a limit, the machine would try.
    let promised = fs::read_to_string("/proc/sys/vm/overcommit_memory").unwrap_or_default();
    if promised.trim() != "0" {
        eprintln!("skipped: this system does not refuse memory that it has not");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plan = vast(Scheme::orthogonal(1.0));
    let manifest = plan.manifest();
    let file = File::create(folder.path().join(&manifest.files[0].name)).unwrap();
    if let Err(refused) = file.set_len(manifest.files[0].bytes) {
        eprintln!("skipped: no sparse file of this length here: {refused}");
        return;
    }
    let unfinished = serde_json::to_vec(&manifest).unwrap();
    fs::write(folder.path().join("manifest.unfinished.json"), unfinished).unwrap();
    refused!(
        write(&plan, folder.path(), Existing::Resume),
        WriteError::Init {
            source: InitError::Memory { .. },
            ..
        },
        "tensor \"w\": orthogonal(gain=1) on linear",
        "must be made whole, which takes",
        "or a machine with more memory",
    );
}
