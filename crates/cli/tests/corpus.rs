//! Every file of the corpus, through the way in that it was made for: no panic, and no more memory and
//! time than its size may cost.

mod counting;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use evenkeel_fuzz::TARGETS;

/// What a file of up to this size may not exceed.
const SMALL: u64 = 2048;
const MOST_BYTES: usize = 8 << 20;
const MOST_TIME: Duration = Duration::from_secs(1);

/// One test, so that nothing else allocates meanwhile.
#[test]
fn no_file_of_the_corpus_costs_more_than_it_may() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut findings = Vec::new();
    let mut count = 0;
    for (name, target) in TARGETS {
        let files = files_of(&corpus.join(name));
        assert!(!files.is_empty(), "no file for {name}");
        for path in files {
            let data = fs::read(&path).unwrap();
            let small = data.len() as u64 <= SMALL;
            let began = Instant::now();
            let (ended, bytes) = counting::peak(|| catch_unwind(|| target(&data)));
            let time = began.elapsed();
            count += 1;
            let file = || format!("{name}/{}", path.file_name().unwrap().display());
            if ended.is_err() {
                findings.push(format!("{}: panicked", file()));
            }
            if small && (time > MOST_TIME || bytes > MOST_BYTES) {
                findings.push(format!("{}: {bytes} bytes, {time:?}", file()));
            }
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(count > 100, "only {count} files");
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
