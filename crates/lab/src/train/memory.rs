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
    /// Activations, gradients, weights as the passes read them, buffers.
    pub arena: u64,
    /// What the optimiser keeps.
    pub optimizer: u64,
    /// Whether the backward pass computes activations again.
    pub recompute: Recompute,
}

impl Memory {
    pub(super) fn of(
        graph: &Graph,
        spec: &TrainSpec,
        recompute: Recompute,
    ) -> Result<Self, TrainError> {
        let plan = Plan::recomputing(graph, spec.batch, Mode::Training, recompute)?;
        let parameters = (graph.parameter_count() * size_of::<f32>()) as u64;
        Ok(Self {
            parameters,
            arena: (plan.memory_bytes() as u64).saturating_sub(parameters),
            optimizer: parameters * spec.optimizer_copies() as u64,
            recompute,
        })
    }

    /// All of it.
    pub fn total(self) -> u64 {
        self.parameters
            .saturating_add(self.arena)
            .saturating_add(self.optimizer)
    }

    /// That it is available. `recomputing` is what the run needs where activations are computed
    /// again, asked only where it may be the way out.
    pub(super) fn check(
        self,
        available: Option<u64>,
        recomputing: impl FnOnce() -> Result<Self, TrainError>,
    ) -> Result<(), TrainError> {
        let Some(available) = available.filter(|&available| self.total() > available) else {
            return Ok(());
        };
        let smaller = format!("a smaller {}", self.smaller());
        let remedy = match self.recompute {
            Recompute::Sqrt => smaller,
            Recompute::Nothing => match recomputing()?.total() {
                total if total <= available => {
                    format!("--recompute on, which needs {}", show_bytes(total))
                }
                total => format!(
                    "{smaller} (--recompute on alone does not help: {})",
                    show_bytes(total)
                ),
            },
        };
        Err(TrainError::Memory {
            needed: self,
            available: show_bytes(available),
            remedy,
        })
    }

    /// The option whose smaller value helps most: of what does not belong to parameters, the batch
    /// has the most.
    fn smaller(self) -> &'static str {
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
        let way = match self.recompute {
            Recompute::Nothing => "every activation kept",
            Recompute::Sqrt => "activations computed again in the backward pass",
        };
        write!(
            f,
            "the run needs {} of memory ({} of parameters, {} of activations and gradients, {} of the optimiser's), \
             {way}",
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
        let said = |memory: Memory, again: u64| {
            let recomputing = || {
                Ok(Memory {
                    arena: again,
                    recompute: Recompute::Sqrt,
                    ..memory
                })
            };
            let error = memory.check(Some(1 << 30), recomputing).unwrap_err();
            error.to_string()
        };
        let large_batch = Memory {
            parameters: 1 << 20,
            arena: 8 << 30,
            optimizer: 1 << 20,
            recompute: Recompute::Nothing,
        };
        let error = said(large_batch, 2 << 30);
        assert!(error.contains("needs 8.0 GiB of memory"), "{error}");
        assert!(error.contains("every activation kept"), "{error}");
        assert!(error.contains("1.0 GiB are available"), "{error}");
        assert!(error.contains("choose a smaller --batch"), "{error}");
        assert!(error.contains("does not help: 2.0 GiB"), "{error}");
        // Where it is the way out, nothing need be smaller.
        let error = said(large_batch, 510 << 20);
        assert!(
            error.contains("choose --recompute on, which needs 512 MiB"),
            "{error}"
        );
        let already = Memory {
            recompute: Recompute::Sqrt,
            ..large_batch
        };
        let error = said(already, 0);
        assert!(
            error.contains("computed again in the backward pass"),
            "{error}"
        );
        assert!(!error.contains("--recompute"), "{error}");
        let wide = Memory {
            parameters: 4 << 30,
            arena: 9 << 30,
            optimizer: 4 << 30,
            recompute: Recompute::Nothing,
        };
        let error = said(wide, 9 << 30);
        assert!(error.contains("smaller --width"), "{error}");
        let never = || unreachable!("it fits");
        assert!(wide.check(Some(17 << 30), never).is_ok());
        assert!(wide.check(None, never).is_ok());
    }
}
