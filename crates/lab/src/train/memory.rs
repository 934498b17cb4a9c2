//! How much memory a run takes, and how much there is.

use std::fmt;
use std::fs;

use evenkeel_net::{Graph, Mode, Plan, Recompute};

use super::{TrainError, TrainSpec};

/// The memory of a run besides the data, in bytes, known before any of it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Parameters.
    pub parameters: u64,
    /// Activations, gradients, transposed weights, buffers.
    pub arena: u64,
    /// What the optimiser keeps.
    pub optimizer: u64,
}

impl Memory {
    pub(super) fn of(graph: &Graph, spec: &TrainSpec) -> Result<Self, TrainError> {
        let recompute = Recompute::advised(graph, spec.batch);
        let plan = Plan::recomputing(graph, spec.batch, Mode::Training, recompute)?;
        let parameters = (graph.parameter_count() * size_of::<f32>()) as u64;
        Ok(Self {
            parameters,
            arena: (plan.memory_bytes() as u64).saturating_sub(parameters),
            optimizer: parameters * spec.optimizer_copies() as u64,
        })
    }

    /// All of it.
    pub fn total(self) -> u64 {
        self.parameters
            .saturating_add(self.arena)
            .saturating_add(self.optimizer)
    }

    /// That it is available.
    pub(super) fn check(self, available: Option<u64>) -> Result<(), TrainError> {
        match available {
            Some(available) if self.total() > available => Err(TrainError::Memory {
                needed: self,
                available: show_bytes(available),
            }),
            _ => Ok(()),
        }
    }

    /// The option whose smaller value helps most: of what does not belong to parameters, the batch
    /// has the most.
    pub(super) fn remedy(self) -> &'static str {
        // The arena holds the gradients and the transposes of the parameters too.
        let of_parameters = 3 * self.parameters + self.optimizer;
        if self.total() > 2 * of_parameters {
            "--batch, or a smaller --depth or --width"
        } else {
            "--width or --depth"
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the run needs {} of memory ({} of parameters, {} of activations and gradients, {} of the optimiser's)",
            show_bytes(self.total()),
            show_bytes(self.parameters),
            show_bytes(self.arena),
            show_bytes(self.optimizer),
        )
    }
}

/// A number of bytes for a reader.
pub fn show_bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{count} bytes"),
        _ if value < 10.0 => format!("{value:.1} {}", UNITS[unit]),
        _ => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// Bytes that can be taken without swapping, where the system says: Linux's `MemAvailable`, within
/// the limit of the control group if there is one.
pub fn available_bytes() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let available = mem_available(&meminfo)?;
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|text| text.trim().parse().ok());
    Some(limit.map_or(available, |limit: u64| limit.min(available)))
}

fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find(|l| l.starts_with("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_read_from_meminfo() {
        let text = "MemTotal:       32 kB\nMemFree: 1 kB\nMemAvailable:   24000 kB\n";
        assert_eq!(mem_available(text), Some(24_000 * 1024));
        assert_eq!(mem_available("MemTotal: 32 kB"), None);
        assert_eq!(mem_available("MemAvailable: many kB"), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_option_that_helps() {
        let large_batch = Memory {
            parameters: 1 << 20,
            arena: 8 << 30,
            optimizer: 1 << 20,
        };
        let error = large_batch.check(Some(1 << 30)).unwrap_err().to_string();
        assert!(error.contains("needs 8.0 GiB of memory"), "{error}");
        assert!(error.contains("1.0 GiB are available"), "{error}");
        assert!(error.contains("smaller --batch"), "{error}");
        let wide = Memory {
            parameters: 4 << 30,
            arena: 9 << 30,
            optimizer: 4 << 30,
        };
        let error = wide.check(Some(1 << 30)).unwrap_err().to_string();
        assert!(error.contains("smaller --width"), "{error}");
        assert!(wide.check(Some(17 << 30)).is_ok());
        assert!(wide.check(None).is_ok());
    }
}
