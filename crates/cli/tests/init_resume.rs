//! `evenkeel init` in parts, and after damage and kills: the same bytes as one unbroken run.

mod common;
mod trees;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use common::evenkeel;
use trees::{Tree, init, reference, refused, tiny, tiny_with, tree};

#[test]
fn parts_made_on_several_machines_are_what_one_makes() {
    let (home, made) = reference();
    // One folder that all share, in any order.
    for part in ["2/3", "3/3", "1/3"] {
        assert!(!home.path().join("shared/manifest.json").exists(), "{part}");
        tiny_with(home.path(), "shared", &["--shard", part]);
    }
    assert_eq!(tree(&home.path().join("shared")), made);
    // A folder each, put together by hand.
    let joined = home.path().join("joined");
    fs::create_dir(&joined).unwrap();
    for part in ["1/2", "2/2"] {
        let own = part.replace('/', "-");
        let said = tiny_with(home.path(), &own, &["--shard", part]);
        assert!(said.out.contains("1 part is not here yet"), "{}", said.out);
        for (name, bytes) in tree(&home.path().join(&own)) {
            fs::write(joined.join(name), bytes).unwrap();
        }
    }
    let said = tiny_with(home.path(), "joined", &["--resume"]);
    assert!(said.out.contains("0 files made, 6 kept"), "{}", said.out);
    assert_eq!(tree(&joined), made);
}

#[test]
fn a_part_does_not_join_another_run() {
    let home = tempfile::tempdir().unwrap();
    tiny_with(home.path(), "m", &["--shard", "1/2"]);
    let mut other = tiny("m");
    other.extend(["--shard", "2/2", "--seed", "7"].map(str::to_owned));
    let other: Vec<&str> = other.iter().map(String::as_str).collect();
    refused(home.path(), &other, &["another run", "seed 42 against 7"]);
}

#[test]
fn more_parts_than_files_is_said() {
    let home = tempfile::tempdir().unwrap();
    let said = tiny_with(home.path(), "m", &["--shard", "8/9"]);
    assert!(
        said.err.contains("some of the 9 parts are empty"),
        "{}",
        said.err
    );
}

#[test]
fn what_is_missing_or_damaged_is_made_again_and_the_rest_is_kept() {
    let (home, made) = reference();
    let folder = home.path().join("m");
    let file = |number: u32| folder.join(format!("model-{number:05}-of-00006.safetensors"));
    fs::remove_file(file(1)).unwrap();
    let mut bytes = fs::read(file(2)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(file(2), &bytes).unwrap();
    fs::write(file(3), &bytes[..100]).unwrap();
    fs::remove_file(folder.join("model.safetensors.index.json")).unwrap();
    let kept = fs::metadata(file(4)).unwrap().modified().unwrap();
    let said = tiny_with(home.path(), "m", &["--resume", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&report["files_made"], &report["files_kept"]),
        (&3.into(), &3.into())
    );
    assert_eq!(tree(&folder), made);
    assert_eq!(fs::metadata(file(4)).unwrap().modified().unwrap(), kept);
}

/// A model of 48 MB in 12 files, so that there is time to be killed in.
const SLOW: &str = r#"
    dtype = "f32"
    repeat = { layer = 12 }
    tensor = [{ name = "{layer}.weight", shape = [1000, 1000] }]
    [[rule]]
    match = "*"
    scheme = "truncated_normal"
    with = { std = 0.02 }
"#;

/// Its arguments; the sixth is the folder.
fn slow(out: &str) -> [&str; 6] {
    [
        "--spec",
        "slow.toml",
        "--max-shard-size",
        "4MB",
        "--out",
        out,
    ]
}

#[cfg(unix)]
#[test]
fn a_run_killed_at_any_moment_goes_on_to_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("slow.toml"), SLOW).unwrap();
    let began = Instant::now();
    init(home, &slow("whole"));
    let a_file_takes = began.elapsed() / 12;
    let whole = tree(&home.join("whole"));
    assert_eq!(whole.len(), 12 + 2);
    let mut killed_midway = 0;
    // After so many whole files, and so many fifths of the time that one takes.
    for (files, fifths) in [(0, 0), (0, 2), (1, 1), (3, 3), (6, 4), (11, 0), (12, 1)] {
        let out = format!("killed-{files}-{fifths}");
        let folder = home.join(&out);
        kill_after(home, &slow(&out), files, a_file_takes * fifths / 5);
        let left = if folder.exists() {
            tree(&folder)
        } else {
            Tree::new()
        };
        let unfinished = left.contains_key("manifest.unfinished.json");
        killed_midway += u32::from(unfinished);
        assert!(
            unfinished || left.is_empty() || left == whole,
            "{:?}",
            left.keys()
        );
        for (name, bytes) in left.iter().filter(|(name, _)| whole.contains_key(*name)) {
            assert_eq!(bytes, &whole[name], "{name} appeared before it was whole");
        }
        // A second kill, now of the run that goes on.
        let resumed = [&slow(&out)[..], &["--resume"]].concat();
        kill_after(home, &resumed, files + 2, a_file_takes * fifths / 5);
        init(home, &resumed);
        assert_eq!(tree(&folder), whole, "killed after {files} files");
        let all = fs::read_dir(&folder).unwrap().count();
        assert_eq!(all, whole.len(), "hidden files are left");
        fs::remove_dir_all(folder).unwrap();
    }
    assert!(
        killed_midway >= 3,
        "only {killed_midway} of 7 runs were killed midway"
    );
}

/// Runs `init` and kills it, as SIGKILL does, so long after so many whole files are there.
#[cfg(unix)]
fn kill_after(home: &Path, arguments: &[&str], files: usize, pause: Duration) {
    let folder = home.join(arguments[5]);
    let mut child = evenkeel(home).arg("init").args(arguments).spawn().unwrap();
    let there = || {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names
            .filter(|name| !name.starts_with('.') && name.ends_with(".safetensors"))
            .count()
    };
    while child.try_wait().unwrap().is_none() && there() < files {
        thread::sleep(Duration::from_micros(200));
    }
    thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
}
