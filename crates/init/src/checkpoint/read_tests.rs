use safetensors::Dtype;

use super::*;

/// A file with tensors of these names, each of 2 bytes.
fn write_file(path: &Path, names: &[&str]) {
    let tensors: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| TensorHeader {
            name: (*name).to_owned(),
            dtype: Dtype::BF16,
            shape: vec![1],
            bytes: 2 * i as u64..2 * i as u64 + 2,
        })
        .collect();
    let mut bytes = header::tests::encode(&tensors).unwrap();
    bytes.resize(bytes.len() + 2 * names.len(), 0);
    fs::write(path, bytes).unwrap();
}

fn write_index(folder: &Path, entries: &[(&str, &str)]) -> PathBuf {
    let path = folder.join(index::NAME);
    let map: BTreeMap<_, _> = entries.iter().copied().collect();
    fs::write(&path, serde_json::json!({ "weight_map": map }).to_string()).unwrap();
    path
}

fn names(path: &Path) -> Vec<String> {
    let tensors = read_tensors(path).unwrap();
    tensors.into_iter().map(|tensor| tensor.name).collect()
}

#[test]
fn a_file_a_folder_and_an_index_are_all_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_file(
        &folder.join("model-00001-of-00002.safetensors"),
        &["b", "a"],
    );
    write_file(&folder.join("model-00002-of-00002.safetensors"), &["c"]);
    assert_eq!(
        names(&folder.join("model-00001-of-00002.safetensors")),
        ["b", "a"]
    );
    let index = write_index(
        folder,
        &[
            ("a", "model-00001-of-00002.safetensors"),
            ("b", "model-00001-of-00002.safetensors"),
            ("c", "model-00002-of-00002.safetensors"),
        ],
    );
    assert_eq!(names(folder), ["b", "a", "c"]);
    assert_eq!(names(&index), ["b", "a", "c"]);
}

#[test]
fn the_only_safetensors_file_of_a_folder_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(matches!(
        read_tensors(folder),
        Err(ReadError::NoCheckpoint { .. })
    ));
    write_file(&folder.join("x.safetensors"), &["x"]);
    assert_eq!(names(folder), ["x"]);
    write_file(&folder.join("y.safetensors"), &["y"]);
    assert!(matches!(
        read_tensors(folder),
        Err(ReadError::Ambiguous { count: 2, .. })
    ));
    write_file(&folder.join("model.safetensors"), &["m"]);
    assert_eq!(names(folder), ["m"]);
}

#[test]
fn an_index_and_its_files_must_agree() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_file(&folder.join("one.safetensors"), &["a", "b"]);
    let said = |entries: &[(&str, &str)]| {
        write_index(folder, entries);
        read_tensors(folder).unwrap_err()
    };
    let error = said(&[("a", "one.safetensors"), ("b", "two.safetensors")]);
    assert!(matches!(error, ReadError::NotInIndex { .. }), "{error:?}");
    let error = said(&[
        ("a", "one.safetensors"),
        ("b", "one.safetensors"),
        ("c", "one.safetensors"),
    ]);
    assert!(
        matches!(&error, ReadError::NotInFile { name, .. } if name == "c"),
        "{error:?}"
    );
    let error = said(&[
        ("a", "one.safetensors"),
        ("b", "one.safetensors"),
        ("c", "two.safetensors"),
    ]);
    assert!(
        matches!(&error, ReadError::Absent { file, .. } if file == "two.safetensors"),
        "{error:?}"
    );
    assert!(error.to_string().contains("not there"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_followed_but_for_the_caches_own() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let (snapshot, blobs) = (root.path().join("snapshots/abc"), root.path().join("blobs"));
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir(&blobs).unwrap();
    write_file(&blobs.join("0123"), &["a"]);
    write_file(&root.path().join("secret"), &["a"]);
    write_index(&snapshot, &[("a", "m.safetensors")]);
    let link = snapshot.join("m.safetensors");
    symlink("../../blobs/0123", &link).unwrap();
    assert_eq!(names(&snapshot), ["a"]);
    fs::remove_file(&link).unwrap();
    symlink("../../secret", &link).unwrap();
    let error = read_tensors(&snapshot).unwrap_err();
    assert!(matches!(error, ReadError::LeavesFolder { .. }), "{error:?}");
}

#[test]
fn files_shorter_than_they_say_are_refused_before_memory_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    for (bytes, words) in [
        (b"abc".to_vec(), "it has 3 bytes"),
        (50_000_000_u64.to_le_bytes().to_vec(), "only 0 follow"),
        (u64::MAX.to_le_bytes().to_vec(), "more than the 100000000"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = read_tensors(&path).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("x.safetensors"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let error = read_tensors(Path::new("/dev/null")).unwrap_err();
    assert!(matches!(error, ReadError::NotAFile { .. }), "{error:?}");
}
