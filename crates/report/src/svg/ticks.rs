//! Round values along an axis.

use crate::number;

/// A labelled place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: Label,
}

/// What stands at a tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// Plain text.
    Plain(String),
    /// Ten to a power.
    Power(i32),
}

/// Multiples of 1, 2 or 5 times a power of ten.
pub(super) fn linear(domain: (f64, f64), most: usize) -> Vec<Tick> {
    let step = nice_step((domain.1 - domain.0) / most.max(1) as f64);
    multiples(domain, step)
        .map(|value| Tick {
            value,
            label: Label::Plain(decimal(value, step)),
        })
        .collect()
}

/// As [`linear`], never finer than 1.
pub(super) fn whole(domain: (f64, f64), most: usize) -> Vec<Tick> {
    let step = nice_step((domain.1 - domain.0) / most.max(1) as f64).max(1.0);
    multiples(domain, step)
        .map(|value| Tick {
            value,
            label: Label::Plain(number::count(value.abs() as u64)),
        })
        .collect()
}

/// Decades, thinned to fit; below two decades finer steps; where those are too few, linear.
pub(super) fn log(exponents: (f64, f64), most: usize) -> Vec<Tick> {
    let span = exponents.1 - exponents.0;
    if span >= 2.0 {
        return decades(exponents, most);
    }
    let ends = (power_of_ten(exponents.0), power_of_ten(exponents.1));
    [&[1.0, 2.0, 5.0][..], &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0][..]]
        .into_iter()
        .map(|steps| mantissas(exponents, steps))
        .find(|ticks| ticks.len() >= 3)
        .unwrap_or_else(|| linear(ends, most.min(4)))
}

fn decades(exponents: (f64, f64), most: usize) -> Vec<Tick> {
    const STEPS: [i32; 9] = [1, 2, 3, 5, 10, 20, 50, 100, 200];
    let span = exponents.1 - exponents.0;
    let step = STEPS
        .into_iter()
        .find(|&s| span / f64::from(s) <= most as f64)
        .unwrap_or(500);
    let first = (exponents.0 / f64::from(step) - 1e-9).ceil() as i32;
    let last = (exponents.1 / f64::from(step) + 1e-9).floor() as i32;
    // From a thousandth to a thousand a plain number is read faster than a power.
    let is_plain = (-3..=3).contains(&(first * step)) && (-3..=3).contains(&(last * step));
    (first..=last)
        .map(|k| (k * step, power_of_ten(f64::from(k * step))))
        .map(|(exponent, value)| {
            let plain = is_plain || exponent == 0;
            let label = if plain {
                Label::Plain(number::number(value))
            } else {
                Label::Power(exponent)
            };
            Tick { value, label }
        })
        .collect()
}

fn mantissas(exponents: (f64, f64), mantissas: &[f64]) -> Vec<Tick> {
    let (first, last) = (exponents.0.floor() as i32, exponents.1.ceil() as i32);
    (first..=last)
        .flat_map(|k| {
            mantissas
                .iter()
                .map(move |m| m * power_of_ten(f64::from(k)))
        })
        .filter(|v| (exponents.0 - 1e-9..=exponents.1 + 1e-9).contains(&libm::log10(*v)))
        .map(|value| Tick {
            value,
            label: Label::Plain(number::number(value)),
        })
        .collect()
}

fn multiples(domain: (f64, f64), step: f64) -> impl Iterator<Item = f64> {
    let first = (domain.0 / step - 1e-9).ceil();
    let last = (domain.1 / step + 1e-9).floor();
    // A domain far from zero and narrow for f64 would never end otherwise.
    let many = if (last - first).is_finite() {
        (last - first).clamp(-1.0, 100.0)
    } else {
        -1.0
    };
    (0..=many as i64)
        .take(if many < 0.0 { 0 } else { usize::MAX })
        .map(move |k| (first + k as f64) * step)
}

/// The smallest of 1, 2, 5 × 10ᵏ that is at least `raw`.
fn nice_step(raw: f64) -> f64 {
    if !(raw.is_finite() && raw > 0.0) {
        return 1.0;
    }
    let base = power_of_ten(libm::log10(raw).floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * base)
        .find(|&step| step >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * base)
}

fn decimal(value: f64, step: f64) -> String {
    let size = value.abs().max(step);
    if !(1e-4..1e6).contains(&size) {
        return number::number(value);
    }
    let decimals = (-libm::log10(step).floor()).max(0.0) as usize;
    number::fixed(value, decimals)
}

fn power_of_ten(exponent: f64) -> f64 {
    libm::pow(10.0, exponent)
}

#[cfg(test)]
mod tests {
    use super::{Label, linear, log, whole};

    fn labels(ticks: &[super::Tick]) -> Vec<String> {
        ticks
            .iter()
            .map(|t| match &t.label {
                Label::Plain(text) => text.clone(),
                Label::Power(k) => format!("10^{k}"),
            })
            .collect()
    }

    #[test]
    fn linear_ticks_are_round_and_few() {
        assert_eq!(
            labels(&linear((0.0, 1.0), 5)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(&linear((-1.0, 1.0), 4)),
            ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
        );
        assert_eq!(
            labels(&whole((0.0, 9_999.0), 5)),
            ["0", "2000", "4000", "6000", "8000"]
        );
        assert_eq!(labels(&whole((0.0, 3.0), 6)), ["0", "1", "2", "3"]);
    }

    #[test]
    fn many_decades_are_thinned() {
        assert_eq!(
            labels(&log((-45.0, 1.0), 6)),
            ["10^-40", "10^-30", "10^-20", "10^-10", "1"]
        );
        assert_eq!(labels(&log((-1.0, 2.0), 6)), ["0.1", "1", "10", "100"]);
        assert_eq!(
            labels(&log((-2.0, 4.0), 6)),
            ["10^-2", "10^-1", "1", "10^1", "10^2", "10^3", "10^4"]
        );
    }

    #[test]
    fn few_decades_have_finer_ticks() {
        assert_eq!(labels(&log((-0.35, 0.35), 6)), ["0.5", "1", "2"]);
        assert_eq!(labels(&log((-0.05, 0.05), 6)), ["0.9", "1.0", "1.1"]);
    }
}
