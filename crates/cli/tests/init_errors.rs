//! Bad input to `evenkeel init`: one clear message, exit status 2, nothing lost, nothing half-written.

mod common;
mod trees;

use std::fs;
use std::process::Command;

use common::{evenkeel, run};
use safetensors::SafeTensors;
use trees::{example, init, reference, refused, tiny, tiny_with, tree};

#[test]
fn nothing_is_overwritten_without_force() {
    let (home, made) = reference();
    let arguments = tiny("m");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    refused(
        home.path(),
        &arguments,
        &["exists already", "--resume", "--force"],
    );
    let other_seed = [&arguments[..], &["--seed", "7", "--resume"]].concat();
    refused(
        home.path(),
        &other_seed,
        &["of another run", "seed 42 against 7"],
    );
    assert_eq!(tree(&home.path().join("m")), made);
    let files = home.path().join("foreign");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("model.safetensors"), "mine").unwrap();
    let into = |more: &[&'static str]| {
        let arguments = tiny("foreign");
        let arguments: Vec<String> = arguments
            .into_iter()
            .chain(more.iter().map(|m| (*m).to_owned()))
            .collect();
        run(evenkeel(home.path()).arg("init").args(arguments))
    };
    let said = into(&[]);
    assert!(
        said.status == 2 && said.err.contains("exists already"),
        "{}",
        said.err
    );
    let said = into(&["--resume"]);
    assert!(
        said.status == 2 && said.err.contains("nothing to resume"),
        "{}",
        said.err
    );
    assert_eq!(fs::read(files.join("model.safetensors")).unwrap(), b"mine");
}

#[test]
fn integers_and_scalars_of_a_checkpoint_are_made_as_zeros_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let spec = "tensor = [\n\
        { name = \"bn.weight\", shape = [8], dtype = \"f16\" },\n\
        { name = \"bn.running_var\", shape = [8], dtype = \"f16\" },\n\
        { name = \"bn.num_batches_tracked\", shape = [], dtype = \"i64\" }]\n";
    fs::write(home.path().join("bn.toml"), spec).unwrap();
    init(
        home.path(),
        &[
            "--spec",
            "bn.toml",
            "--preset",
            "pytorch",
            "--out",
            "bn.safetensors",
        ],
    );
    let bytes = fs::read(home.path().join("bn.safetensors")).unwrap();
    let loaded = SafeTensors::deserialize(&bytes).unwrap();
    let steps = loaded.tensor("bn.num_batches_tracked").unwrap();
    assert_eq!((steps.shape(), steps.data()), (&[][..], &[0; 8][..]));
    // 1 in binary16 is 0x3c00.
    assert_eq!(
        loaded.tensor("bn.running_var").unwrap().data(),
        [0, 0x3c].repeat(8)
    );
    fs::write(
        home.path().join("rules.toml"),
        "[[rule]]\nmatch = \"*\"\nscheme = \"ones\"\n",
    )
    .unwrap();
    let ones = [
        "--spec",
        "bn.toml",
        "--rules",
        "rules.toml",
        "--out",
        "ones.safetensors",
    ];
    refused(
        home.path(),
        &ones,
        &["bn.num_batches_tracked", "I64", "zeros by a rule"],
    );
    assert!(!home.path().join("ones.safetensors").exists());
}

#[test]
fn what_cannot_be_is_refused_with_its_reason_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    let one = "dtype = \"f32\"\ntensor = [{ name = \"fc.weight\", shape = [4, 4] }, { name = \"fc.bias\", shape = [4] }]\n";
    write("one.toml", one);
    write(
        "few.toml",
        "[[rule]]\nmatch = \"*.weight\"\nscheme = \"zeros\"\n",
    );
    write(
        "idle.toml",
        "[[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\n[[rule]]\nmatch = \"conv*\"\nscheme = \"ones\"\n",
    );
    write(
        "unsuited.toml",
        "[[rule]]\nmatch = \"*\"\nscheme = \"orthogonal\"\n",
    );
    write(
        "unknown.toml",
        "[[rule]]\nmatch = \"*\"\nscheme = \"kaimin\"\n",
    );
    write(
        "twice.toml",
        "dtype = \"f32\"\ntensor = [{ name = \"{a,a}\", shape = [1] }]\n[[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\n",
    );
    write(
        "zero.toml",
        "dtype = \"f32\"\ntensor = [{ name = \"w\", shape = [0, 3] }]\n[[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\n",
    );
    write(
        "huge.toml",
        "dtype = \"f32\"\ntensor = [{ name = \"{a,b,c}\", shape = [1073741824, 1073741824] }]\n[[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\n",
    );
    let out = ["--out", "m"];
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["--spec", "one.toml"],
            &["nothing says how", "--rules", "pytorch", "[[rule]]"],
        ),
        (
            &["--spec", "absent.toml", "--preset", "pytorch"],
            &["absent.toml", "No such file"],
        ),
        (
            &["--spec", "one.toml", "--rules", "few.toml"],
            &["no rule matches", "fc.bias"],
        ),
        (&["--spec", "one.toml", "--rules", "idle.toml"], &["conv*"]),
        (
            &["--spec", "one.toml", "--rules", "unsuited.toml"],
            &["fc.bias", "orthogonal"],
        ),
        (
            &["--spec", "one.toml", "--rules", "unknown.toml"],
            &["kaimin", "did you mean `kaiming_normal`"],
        ),
        (
            &["--spec", "one.toml", "--preset", "torch"],
            &["torch", "pytorch"],
        ),
        (
            &["--spec", "one.toml", "--like", "x", "--preset", "pytorch"],
            &["cannot be used with"],
        ),
        (&["--preset", "pytorch"], &["--like", "--spec"]),
        (&["--spec", "twice.toml"], &["two tensors are named \"a\""]),
        (&["--spec", "zero.toml"], &["\"w\"", "at least 1"]),
        (&["--spec", "huge.toml"], &["overflow"]),
        (
            &[
                "--spec", "one.toml", "--preset", "pytorch", "--shard", "3/2",
            ],
            &["3/2", "I from 1 to N"],
        ),
        (
            &[
                "--spec",
                "one.toml",
                "--preset",
                "pytorch",
                "--max-shard-size",
                "0GB",
            ],
            &["0GB", "positive"],
        ),
        (
            &[
                "--spec",
                "one.toml",
                "--preset",
                "pytorch",
                "--threads",
                "0",
            ],
            &["--threads is 0"],
        ),
        (
            &[
                "--spec", "one.toml", "--preset", "pytorch", "--resume", "--force",
            ],
            &["cannot be used with"],
        ),
    ];
    let before = tree(home.path());
    for (arguments, words) in cases {
        refused(home.path(), &[arguments, &out[..]].concat(), words);
        assert_eq!(tree(home.path()).len(), before.len(), "{arguments:?}");
    }
    write("m", "a file where a folder should be");
    refused(
        home.path(),
        &["--spec", "one.toml", "--preset", "pytorch", "--out", "m"],
        &["is no folder"],
    );
}

#[test]
fn hostile_checkpoints_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = |header: &str, data: usize| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    };
    let entry = |name: &str, shape: &str, start: u64, end: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let pair = |one: String, two: String| format!("{{{one},{two}}}");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"PK".to_vec(), "2 bytes"),
        (vec![0xff; 64], "more than the 100000000"),
        (file(&"x".repeat(9), 0)[..12].to_vec(), "cut off"),
        (file("{", 0), "JSON"),
        (
            file(
                &format!("{{{}}}", entry("w", "[9223372036854775808,4]", 0, 4)),
                4,
            ),
            "overflows",
        ),
        (
            file(&format!("{{{}}}", entry("w", "[1000000]", 0, 4_000_000)), 4),
            "cut off",
        ),
        (
            file(&pair(entry("a", "[2]", 0, 8), entry("b", "[2]", 4, 12)), 12),
            "within the one before",
        ),
        (
            file(&pair(entry("a", "[1]", 0, 4), entry("a", "[1]", 4, 8)), 8),
            "two tensors are named",
        ),
        (
            file(&pair(entry("a", "[1]", 0, 4), entry("b", "[1]", 8, 12)), 12),
            "belong to no tensor",
        ),
    ];
    for (bytes, words) in cases {
        fs::write(home.path().join("x.safetensors"), bytes).unwrap();
        refused(
            home.path(),
            &[
                "--like",
                "x.safetensors",
                "--preset",
                "pytorch",
                "--out",
                "m",
            ],
            &["x.safetensors", words],
        );
        assert!(!home.path().join("m").exists(), "{words}");
    }
    let index = home.path().join("model.safetensors.index.json");
    for (text, words) in [
        (
            r#"{"weight_map":{"w":"model-00001-of-00001.safetensors"}}"#,
            "not there",
        ),
        (
            r#"{"weight_map":{"w":"../../etc/passwd"}}"#,
            "within the index's own folder",
        ),
        (
            r#"{"weight_map":{"w":"/etc/passwd"}}"#,
            "within the index's own folder",
        ),
        (r#"{"weight_map":[]}"#, "JSON"),
    ] {
        fs::write(&index, text).unwrap();
        refused(
            home.path(),
            &["--like", ".", "--preset", "pytorch", "--out", "m"],
            &[words],
        );
    }
}

#[test]
fn a_name_from_outside_has_no_power_over_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let header = r#"{"w\u001b[2J\nx":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0; 4]);
    fs::write(home.path().join("w.safetensors"), bytes).unwrap();
    let said = run(evenkeel(home.path()).args([
        "init",
        "--like",
        "w.safetensors",
        "--preset",
        "pytorch",
        "--dry-run",
    ]));
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains(r"w\u{1b}[2J\nx  f32"), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'), "{}", said.out);
}

#[test]
fn values_that_a_format_cannot_hold_are_found_before_anything_is_written() {
    let home = tempfile::tempdir().unwrap();
    let parts = "layer = \"packed\", parts = [4, 8]";
    for (dtype, tensor, scheme) in [
        (
            "f32",
            "shape = [4, 4]",
            "\"normal\"\nwith = { std = 1e300 }",
        ),
        (
            "f32",
            "shape = [4, 4]",
            "\"orthogonal\"\nwith = { gain = 1e40 }",
        ),
        (
            "bf16",
            "shape = [4, 4]",
            "\"identity\"\nwith = { gain = 1e40 }",
        ),
        (
            "f16",
            "shape = [4, 4, 3]",
            "\"dirac\"\nwith = { gain = 70000 }",
        ),
        (
            "f16",
            &format!("shape = [12, 4], {parts}"),
            "\"xavier_normal\"\nwith = { gain = 1e6 }",
        ),
    ] {
        let text = format!(
            "dtype = \"{dtype}\"\ntensor = [{{ name = \"ok\", shape = [4] }}, {{ name = \"w\", {tensor} }}]\n\
             [[rule]]\nmatch = \"ok\"\nscheme = \"zeros\"\n[[rule]]\nmatch = \"*\"\nscheme = {scheme}\n"
        );
        fs::write(home.path().join("spec.toml"), text).unwrap();
        refused(
            home.path(),
            &["--spec", "spec.toml", "--out", "m"],
            &["tensor \"w\"", dtype, "cannot hold its values"],
        );
        assert!(!home.path().join("m").exists(), "{scheme}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_without_room_is_left_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    // 2⁵⁰ bytes: more than any disk that these tests run on.
    let spec = "dtype = \"f32\"\nrepeat = { n = 1048 }\ntensor = [{ name = \"w{n}\", shape = [524288, 524288] }]\n\
                [[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\n";
    fs::write(home.path().join("spec.toml"), spec).unwrap();
    refused(
        home.path(),
        &["--spec", "spec.toml", "--out", "made/for/it"],
        &["has room for", "nothing was written"],
    );
    assert!(!home.path().join("made").exists());
}

#[cfg(unix)]
#[test]
fn a_disk_that_refuses_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    // The system's limit on a file's size stands in for a full disk: at most 1 MB (1000 blocks).
    let arguments = tiny("m").join(" ");
    let limited = format!(
        "trap '' XFSZ; ulimit -f 1000 && exec {} init {arguments}",
        env!("CARGO_BIN_EXE_evenkeel")
    );
    let said = run(Command::new("bash")
        .current_dir(home.path())
        .args(["-c", &limited]));
    assert_eq!(said.status, 2, "{}", said.err);
    assert!(
        said.err.contains("cannot write") && said.err.contains("model-00001-of-00006"),
        "{}",
        said.err
    );
    let left: Vec<String> = tree(&home.path().join("m")).into_keys().collect();
    assert_eq!(left, ["manifest.unfinished.json"]);
    tiny_with(home.path(), "m", &["--resume"]);
    assert_eq!(tree(&home.path().join("m")), reference().1);
}

#[cfg(unix)]
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn a_folder_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let locked = home.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write anywhere");
        return;
    }
    let spec = example("llama-tiny.toml");
    refused(
        home.path(),
        &["--spec", &spec, "--out", "locked"],
        &["cannot write", "locked"],
    );
}
