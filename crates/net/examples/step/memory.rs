//! Resident memory of this process, where Linux tells it.

use std::fs;

/// Bytes that are resident now; [`peak`] is counted anew from here.
pub(crate) fn resident_from_now() -> Option<usize> {
    // 5 sets the high-water mark to what is resident (proc(5)).
    fs::write("/proc/self/clear_refs", "5").ok()?;
    field("VmRSS:")
}

/// The most bytes that were resident.
pub(crate) fn peak() -> Option<usize> {
    field("VmHWM:")
}

fn field(name: &str) -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
