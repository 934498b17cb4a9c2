//! Every file of the corpus, through the way in that it was made for: no panic, and no more memory and
//! time than its size may cost.

#![expect(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use evenkeel_fuzz::TARGETS;

/// What a file of up to this size may not exceed.
const SMALL: u64 = 2048;
const MOST_BYTES: usize = 8 << 20;
const MOST_TIME: Duration = Duration::from_secs(1);

/// The system's allocator, with a count of what is held and of the most that was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it came; the counts are atomics and
// allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(held, Relaxed);
        // SAFETY: as the caller of this function promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller of this function promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
            let before = HELD.load(Relaxed);
            PEAK.store(before, Relaxed);
            let began = Instant::now();
            let ended = catch_unwind(|| target(&data));
            let (time, bytes) = (began.elapsed(), PEAK.load(Relaxed) - before);
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
