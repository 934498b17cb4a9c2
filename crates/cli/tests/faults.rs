//! Killed at any moment, out of space, on a folder that may not be written, two at once: nothing stands
//! half-written under its final name, and going on ends in the bytes of an unbroken run.
//!
//! `EVENKEEL_MOMENTS` says at how many moments each command is killed; `bench/reliability` asks for 200.

#![cfg(target_os = "linux")]

mod common;
mod outputs;
mod trees;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{evenkeel, run};
use outputs::{json, tensors, without_times};
use serde_json::Value;
use trees::{Tree, tree};

const FEW_MOMENTS: u32 = 4;

fn moments() -> u32 {
    let asked = std::env::var("EVENKEEL_MOMENTS").ok();
    asked.map_or(FEW_MOMENTS, |text| {
        text.parse().expect("EVENKEEL_MOMENTS is a number")
    })
}

/// Even steps of the golden ratio: as scattered as random moments, and the same in every run.
fn moment(index: u32, whole: Duration) -> Duration {
    whole.mul_f64((f64::from(index) * 0.618_033_988_749_895).fract() * 1.1)
}

fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs a command and kills it, as SIGKILL does, after so long.
fn killed(command: &mut Command, after: Duration) {
    let mut child = start(command);
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How long a command takes that must succeed.
fn timed(command: &mut Command) -> Duration {
    let began = Instant::now();
    let said = run(command);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    began.elapsed()
}

/// Every file below a folder, hidden ones left out.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// That whatever has its final name is whole.
fn assert_whole(folder: &Path) {
    for path in files(folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let ends_with = |end: &str| {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.trim_end().ends_with(end), "{name} is cut off");
        };
        match path.extension().and_then(|end| end.to_str()) {
            Some("json") => drop(json(&path)),
            Some("html") => ends_with("</html>"),
            Some("svg") => ends_with("</svg>"),
            Some("safetensors") => {
                let bytes = fs::read(&path).unwrap();
                let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
                let header: Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
                let tensors = header.as_object().unwrap().values();
                let ends = tensors.filter_map(|t| t["data_offsets"][1].as_u64());
                let data = ends.max().unwrap() as usize;
                let whole = bytes.len() - data;
                assert!(whole > 8, "{name} is cut off");
            }
            Some("png") => assert!(fs::read(&path).unwrap().ends_with(b"IEND\xaeB`\x82")),
            other => panic!("{name} is no file of ours ({other:?})"),
        }
    }
}

/// A model of 16 MB in four files.
const MODEL: &str = r#"
    dtype = "f32"
    repeat = { layer = 4 }
    tensor = [{ name = "{layer}.weight", shape = [1000, 1000] }]
    [[rule]]
    match = "*"
    scheme = "truncated_normal"
    with = { std = 0.02 }
"#;

fn init(home: &Path, out: &Path) -> Command {
    let spec = home.join("model.toml");
    fs::write(&spec, MODEL).unwrap();
    let mut command = evenkeel(home);
    command
        .args(["init", "--max-shard-size", "4MB", "--spec"])
        .arg(spec)
        .arg("--out")
        .arg(out);
    command
}

fn train(home: &Path) -> Command {
    let mut command = evenkeel(home);
    command.args([
        "train", "--data", "strokes", "--width", "24", "--batch", "64",
    ]);
    command
}

const STEPS: [&str; 4] = ["--steps", "60", "--checkpoint-every", "20"];

fn lab(home: &Path, out: &str) -> Command {
    let mut command = evenkeel(home);
    command.args([
        "lab",
        "--quick",
        "--data",
        "strokes",
        "--only",
        "explode,vanish",
        "--out",
        out,
    ]);
    command
}

#[test]
fn init_killed_at_any_moment_goes_on_to_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let takes = timed(&mut init(home, &home.join("whole")));
    let whole = tree(&home.join("whole"));
    for index in 0..moments() {
        let out = home.join(format!("killed-{index}"));
        killed(&mut init(home, &out), moment(index, takes));
        assert_whole(&out);
        timed(init(home, &out).arg("--resume"));
        assert_eq!(tree(&out), whole, "killed at moment {index}");
        fs::remove_dir_all(out).unwrap();
    }
}

#[test]
fn train_killed_at_any_moment_goes_on_to_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let takes = timed(train(home).args(STEPS).args(["--out", "whole"]));
    let whole = tensors(&home.join("whole"));
    for index in 0..moments() {
        let out = format!("killed-{index}");
        let folder = home.join(&out);
        killed(
            train(home).args(STEPS).args(["--out", &out]),
            moment(index, takes),
        );
        assert_whole(&folder);
        if folder.join("checkpoint.json").exists() {
            timed(evenkeel(home).args(["train", "--resume", &out]));
        } else {
            timed(train(home).args(STEPS).args(["--out", &out, "--force"]));
        }
        assert!(tensors(&folder) == whole, "killed at moment {index}");
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn lab_killed_at_any_moment_leaves_whole_files_and_can_run_again() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let takes = timed(&mut lab(home, "whole"));
    let whole = without_times(&home.join("whole"));
    for index in 0..moments() {
        let out = format!("killed-{index}");
        killed(&mut lab(home, &out), moment(index, takes));
        assert_whole(&home.join(&out));
        timed(&mut lab(home, &out));
        assert!(
            without_times(&home.join(&out)) == whole,
            "killed at moment {index}"
        );
        fs::remove_dir_all(home.join(&out)).unwrap();
    }
}

#[test]
fn a_contact_sheet_is_there_whole_or_not_at_all() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let samples = |out: &str| {
        let mut command = evenkeel(home);
        command.args(["data", "samples", "--data", "strokes", "--out", out]);
        command
    };
    let takes = timed(&mut samples("whole.png"));
    let whole = fs::read(home.join("whole.png")).unwrap();
    for index in 0..moments() {
        let path = home.join("killed.png");
        killed(&mut samples("killed.png"), moment(index, takes));
        assert!(!path.exists() || fs::read(&path).unwrap() == whole);
        timed(&mut samples("killed.png"));
        assert!(fs::read(&path).unwrap() == whole);
        fs::remove_file(path).unwrap();
    }
}

/// A file system of its own, where the test may mount one.
struct Mounted(PathBuf);

impl Mounted {
    fn new(at: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&at)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        let _ = writeln!(
            std::io::stderr(),
            "skipped: this user may not mount a file system"
        );
        None
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The files that a run that failed left in `folder`, those of unfinished runs apart.
fn left(folder: &Path) -> Tree {
    let mut left = if folder.exists() {
        tree(folder)
    } else {
        Tree::new()
    };
    left.remove("manifest.unfinished.json");
    left
}

#[test]
fn a_file_that_cannot_grow_is_said_and_does_not_get_its_name() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    timed(&mut init(home, &home.join("whole")));
    let whole = tree(&home.join("whole"));
    let out = home.join("cut");
    // A limit on the length of a file is an error in the middle of a write, as a disk that fills is.
    let limited = init(home, &out);
    let mut shell = Command::new("sh");
    shell
        .current_dir(home)
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$@\"", "sh"])
        .arg(limited.get_program())
        .args(limited.get_args());
    let said = run(&mut shell);
    assert_eq!(said.status, 2, "{}{}", said.out, said.err);
    for word in ["File too large", "safetensors"] {
        assert!(said.err.contains(word), "no {word:?} in {}", said.err);
    }
    for (name, bytes) in left(&out) {
        assert!(
            bytes == whole[&name],
            "{name} has its name before it is whole"
        );
    }
    timed(init(home, &out).arg("--resume"));
    assert!(tree(&out) == whole);
    let all = fs::read_dir(&out).unwrap().count();
    assert_eq!(all, whole.len(), "hidden files are left");
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing_half_written() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let Some(disk) = Mounted::new(home.join("disk"), "size=1m") else {
        return;
    };
    let out = disk.0.join("model");
    let said = run(&mut init(home, &out));
    assert_eq!(said.status, 2, "{}{}", said.out, said.err);
    assert!(said.err.contains("nothing was written"), "{}", said.err);
    assert!(left(&out).is_empty());
    // Some files find room, and others do not.
    fs::write(disk.0.join(".taken"), vec![0; 1_000_000]).unwrap();
    for mut command in [lab(home, "disk/lab"), {
        let mut command = train(home);
        command.args(STEPS).args(["--out", "disk/train"]);
        command
    }] {
        let said = run(&mut command);
        assert_eq!(said.status, 2, "{}{}", said.out, said.err);
        assert!(said.err.contains("No space left"), "{}", said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
    assert_whole(&disk.0.join("lab"));
    assert_whole(&disk.0.join("train"));
}

#[test]
fn a_folder_that_may_not_be_written_is_said() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let Some(disk) = Mounted::new(home.join("disk"), "size=1m,ro") else {
        return;
    };
    let out = disk.0.join("out");
    let commands = [init(home, &out), lab(home, "disk/out"), {
        let mut command = train(home);
        command.args(STEPS).args(["--out", "disk/out"]);
        command
    }];
    for mut command in commands {
        let began = Instant::now();
        let said = run(&mut command);
        assert_eq!(said.status, 2, "{}{}", said.out, said.err);
        assert!(said.err.contains("Read-only"), "{}", said.err);
        assert!(
            said.err.contains("disk/out"),
            "names the place: {}",
            said.err
        );
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "found before the work"
        );
    }
}

/// Runs a command and removes the folder that it makes, so long after it is there. Whether the
/// command was still at work then, and how it ended.
fn without_its_folder(command: &mut Command, folder: &Path, after: Duration) -> (bool, Output) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !folder.exists() && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(after);
    // What the command writes meanwhile can make the removal fail: it is tried until it does not.
    let began = Instant::now();
    while folder.exists() && fs::remove_dir_all(folder).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "cannot remove");
    }
    let at_work = child.try_wait().unwrap().is_none();
    (at_work, child.wait_with_output().unwrap())
}

/// That what a command says it made is there: removed before, it was made again.
fn assert_complete(command: &str, folder: &Path, at: &str) {
    // Removed when the command had ended, or was past its last look.
    if !folder.exists() {
        return;
    }
    let mut expected = match command {
        "init" => vec!["manifest.json"],
        "train" => vec!["checkpoint.json", "report.html", "results.json"],
        _ => vec!["report.html", "results.json"],
    };
    expected.retain(|name| !folder.join(name).is_file());
    assert!(expected.is_empty(), "without {expected:?}: {at}");
}

#[test]
fn an_output_folder_removed_meanwhile_is_said_or_does_not_matter() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let command = |name: &str, out: &str| match name {
        "init" => init(home, &home.join(out)),
        "lab" => lab(home, out),
        _ => {
            let mut command = train(home);
            command.args(STEPS).args(["--out", out]);
            command
        }
    };
    for name in ["init", "train", "lab"] {
        let takes = timed(&mut command(name, &format!("{name}-whole")));
        let mut struck = 0;
        for index in 0..moments() {
            let out = format!("{name}-removed-{index}");
            let folder = home.join(&out);
            let after = moment(index, takes);
            let (at_work, output) = without_its_folder(&mut command(name, &out), &folder, after);
            struck += u32::from(at_work);
            let said = String::from_utf8_lossy(&output.stderr);
            let at = format!("{out} after {after:?}: {said}");
            assert!(!said.contains("panicked"), "{at}");
            match output.status.code() {
                Some(0) => assert_complete(name, &folder, &at),
                Some(2) => assert!(said.contains(&out), "does not name the place: {at}"),
                other => panic!("ended with {other:?}: {at}"),
            }
            assert_whole(&folder);
        }
        assert!(struck > 0, "no run of {name} was at work");
    }
}

/// Runs a command, and removes a file or a folder as soon as `when` names one. Gives the command's
/// end, and whether `last`, which it writes before it looks whether all is there, was not there yet
/// when the removal was done.
fn bereft(
    command: &mut Command,
    last: &Path,
    when: impl Fn() -> Option<PathBuf>,
) -> (bool, Output) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut in_time = false;
    while child.try_wait().unwrap().is_none() {
        if let Some(path) = when() {
            let early = !last.exists();
            let removed = match path.is_dir() {
                true => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            // A folder that is written into meanwhile can refuse; then it is not gone.
            in_time = early && removed.is_ok() && !last.exists();
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    (in_time, child.wait_with_output().unwrap())
}

/// Tries until a run says these words. Each whose removal was in time must end in an error; one that
/// was just writing there says what it could not write instead.
fn assert_missed(words: &[&str], run: impl Fn(u32) -> (bool, Output)) {
    let mut all = String::new();
    for attempt in 0..10 {
        let (in_time, output) = run(attempt);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        if in_time {
            assert_eq!(output.status.code(), Some(2), "{said}");
            if words.iter().all(|word| said.contains(word)) {
                return;
            }
        }
        all.push_str(&said);
    }
    panic!("no run of ten said {words:?}: {all}");
}

#[test]
fn a_checkpoint_that_is_gone_when_a_training_ends_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // The last checkpoint stands while the accuracy on the test images is measured.
    let manifest = |folder: &Path| {
        let path = folder.join("checkpoint.json");
        let text = fs::read_to_string(&path).ok()?;
        text.contains("\"checkpoint-60\"").then_some(path)
    };
    let training = |out: &str| {
        let mut command = train(home);
        command.args(STEPS).args(["--out", out]);
        command
    };
    let end = "is gone: this run wrote it, and something removed it before the run ended";
    assert_missed(&["checkpoint.json", end, "run it again"], |attempt| {
        let out = format!("folder-{attempt}");
        let folder = home.join(&out);
        let last = folder.join("results.json");
        bereft(&mut training(&out), &last, || {
            manifest(&folder).map(|_| folder.clone())
        })
    });
    assert_missed(&["model.safetensors", end], |attempt| {
        let out = format!("model-{attempt}");
        let folder = home.join(&out);
        let model = folder.join("checkpoint-60/model.safetensors");
        let last = folder.join("results.json");
        bereft(&mut training(&out), &last, || {
            manifest(&folder).map(|_| model.clone())
        })
    });
}

#[test]
fn a_figure_that_is_gone_when_lab_ends_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let figure = |folder: &Path| {
        let figures = files(&folder.join("figures"));
        figures.into_iter().next()
    };
    let end = "is gone: this run wrote it, and something removed it before the run ended";
    assert_missed(&[".svg", end, "run it again"], |attempt| {
        let out = format!("figure-{attempt}");
        let folder = home.join(&out);
        let last = folder.join("results.json");
        bereft(&mut lab(home, &out), &last, || figure(&folder))
    });
}

#[test]
fn a_file_that_is_gone_when_init_ends_is_an_error_and_can_be_made_again() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    timed(&mut init(home, &home.join("whole")));
    let whole = tree(&home.join("whole"));
    let words = [
        "safetensors is gone: this run made it",
        "go on with --resume",
    ];
    assert_missed(&words, |attempt| {
        let out = home.join(format!("gone-{attempt}"));
        let last = out.join("model-00004-of-00004.safetensors");
        let shard = || {
            files(&out)
                .into_iter()
                .find(|path| path.extension().is_some_and(|end| end == "safetensors"))
        };
        let (in_time, output) = bereft(&mut init(home, &out), &last, shard);
        if in_time {
            assert!(!out.join("manifest.json").exists());
            timed(init(home, &out).arg("--resume"));
            assert!(tree(&out) == whole);
        }
        (in_time, output)
    });
}

#[test]
fn standard_output_that_takes_nothing_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [
        &["gain", "--all"][..],
        &["lab", "--list"],
        &["theory", "tanh"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = evenkeel(home.path())
            .args(arguments)
            .stdout(full)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("No space left"), "{arguments:?}: {said}");
    }
}

#[test]
fn two_runs_into_one_folder_end_in_one_of_them() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    timed(&mut init(home, &home.join("whole")));
    let whole = tree(&home.join("whole"));
    for index in 0..moments() {
        let out = home.join(format!("both-{index}"));
        let mut first = start(&mut init(home, &out));
        thread::sleep(Duration::from_millis(u64::from(index) * 7));
        let second = run(&mut init(home, &out));
        let first = first.wait().unwrap().code().unwrap();
        assert!(
            [0, 2].contains(&first) && [0, 2].contains(&second.status),
            "{first} {}: {}",
            second.status,
            second.err
        );
        assert!(!second.err.contains("panicked"), "{}", second.err);
        // Whatever either left is whole; going on makes the rest.
        assert_whole(&out);
        timed(init(home, &out).arg("--resume"));
        assert!(tree(&out) == whole, "run {index}");
    }
}

#[test]
fn a_signal_stops_every_command_without_a_half_written_file() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    for signal in ["-INT", "-TERM"] {
        let out = home.join(format!("init{signal}"));
        let commands = [
            (init(home, &out), out.clone()),
            (
                lab(home, &format!("lab{signal}")),
                home.join(format!("lab{signal}")),
            ),
            {
                let name = format!("train{signal}");
                let mut command = train(home);
                command.args(["--steps", "100000", "--out", &name]);
                (command, home.join(name))
            },
        ];
        for (mut command, folder) in commands {
            let mut child = start(&mut command);
            thread::sleep(Duration::from_millis(60));
            let sent = Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status();
            assert!(sent.unwrap().success());
            let began = Instant::now();
            while child.try_wait().unwrap().is_none() {
                assert!(
                    began.elapsed() < Duration::from_secs(60),
                    "{signal} is not heard"
                );
                thread::sleep(Duration::from_millis(5));
            }
            assert_whole(&folder);
        }
    }
}
