use std::collections::HashMap;

use evenkeel_init::{Connections, Dtype, Role};
use statrs::distribution::{ContinuousCDF, Normal, Uniform};

use crate::layers::{Fans, Sample};
use crate::rows::{Drawn, Expected, Place, Row, Taps};

/// Deviations are allowed up to this many of their own standard deviations: each test of some
/// thousands passes by mistake, or fails by bad luck, with a probability below 10⁻⁶; with a fixed
/// seed, luck is had once.
const SIGMAS: f64 = 5.0;

/// Whether the values are what the row expects on this layer; if not, why not.
pub(crate) fn judge(
    row: &Row,
    sample: &Sample,
    values: &[f64],
    dtype: Dtype,
) -> Result<(), String> {
    if let Some(bad) = values.iter().position(|x| !x.is_finite()) {
        return Err(format!("value {bad} is {}", values[bad]));
    }
    let places = places(sample);
    match &row.expected {
        Expected::Drawn(drawn, std) => by_part(sample, &places, values, |fans, values| {
            moments(*drawn, std(fans), &values)?;
            // Rounding to 8 or 11 bits makes ties, of which the statistic knows nothing.
            let fine = matches!(dtype, Dtype::F64 | Dtype::F32);
            if fine {
                distribution(*drawn, std(fans), values)
            } else {
                Ok(())
            }
        }),
        Expected::Constant(value) => all_placed(sample, &places, values, dtype, |_, _| *value),
        Expected::Placed(value) => all_placed(sample, &places, values, dtype, *value),
        Expected::Orthogonal(gain, taps) => {
            orthogonal(*gain, *taps, sample, &places, values, dtype)
        }
        Expected::Sparse(share, std, connections) => {
            sparse(*share, *std, *connections, sample, &places, values)
        }
    }
}

/// Place, part and tap of every element, from the axes alone.
pub(crate) struct Located {
    pub(crate) place: Place,
    pub(crate) part: usize,
    pub(crate) tap: usize,
}

pub(crate) fn places(sample: &Sample) -> Vec<Located> {
    let geometry = &sample.geometry;
    let axes = geometry.axes();
    (0..geometry.len())
        .map(|position| {
            let mut rest = position;
            let mut digits: Vec<usize> = axes
                .iter()
                .rev()
                .map(|axis| {
                    let digit = rest % axis.length;
                    rest /= axis.length;
                    digit
                })
                .collect();
            digits.reverse();
            locate(sample, &digits)
        })
        .collect()
}

fn locate(sample: &Sample, digits: &[usize]) -> Located {
    let mut place = Place {
        row: 0,
        column: 0,
        at_centre: true,
        batch: 0,
        triangle: 1.0,
    };
    let (mut part, mut tap) = (0, 0);
    for (axis, digit) in sample.geometry.axes().iter().zip(digits) {
        let append = |index: usize| index * axis.length + digit;
        match axis.role {
            Role::Out => place.row = append(place.row),
            Role::In | Role::Lookup => place.column = append(place.column),
            Role::Batch => place.batch = append(place.batch),
            Role::Receptive => {
                tap = append(tap);
                place.at_centre &= *digit == axis.length / 2;
                let (middle, half) = ((axis.length as f64 - 1.0) / 2.0, axis.length.div_ceil(2));
                place.triangle *= 1.0 - (*digit as f64 - middle).abs() / half as f64;
            }
            Role::Parts => {
                let rows = || sample.fans.iter().map(|fans| fans.rows);
                let mut within = *digit;
                for (index, share) in rows().enumerate() {
                    let length = axis.length * share / rows().sum::<usize>();
                    if within < length {
                        part = index;
                        place.row = place.row * length + within;
                        break;
                    }
                    within -= length;
                }
            }
        }
    }
    Located { place, part, tap }
}

/// Judges the values of each part by itself.
fn by_part(
    sample: &Sample,
    places: &[Located],
    values: &[f64],
    verdict: impl Fn(&Fans, Vec<f64>) -> Result<(), String>,
) -> Result<(), String> {
    for (part, fans) in sample.fans.iter().enumerate() {
        let of_part = places
            .iter()
            .zip(values)
            .filter(|(located, _)| located.part == part);
        let values: Vec<f64> = of_part.map(|(_, value)| *value).collect();
        if values.len() != fans.elements {
            return Err(format!(
                "part {part} has {} elements, not {}",
                values.len(),
                fans.elements
            ));
        }
        verdict(fans, values).map_err(|why| format!("part {part}: {why}"))?;
    }
    Ok(())
}

/// E[x⁴]/E[x²]² of the distribution.
fn kurtosis(drawn: Drawn) -> f64 {
    match drawn {
        Drawn::Normal => 3.0,
        Drawn::Uniform => 1.8,
        // From the moments of a normal cut at ±c, m₂ = 1 − 2cφ(c)/Z and m₄ = 3m₂ − 2c³φ(c)/Z.
        Drawn::Truncated(cut) => {
            let density = libm::exp(-cut * cut / 2.0) / std::f64::consts::TAU.sqrt();
            let mass = 2.0 * standard_normal(cut) - 1.0;
            let second = 1.0 - 2.0 * cut * density / mass;
            let fourth = 3.0 * second - 2.0 * cut * cut * cut * density / mass;
            fourth / (second * second)
        }
    }
}

/// Mean and second moment. Over n values their standard deviations are std/√n and, relative,
/// √((kurtosis − 1)/n).
fn moments(drawn: Drawn, std: f64, values: &[f64]) -> Result<(), String> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let second = values.iter().map(|x| x * x).sum::<f64>() / n;
    if mean.abs() > SIGMAS * std / n.sqrt() {
        return Err(format!("the mean is {mean}, of {n} values with std {std}"));
    }
    let ratio = second / (std * std);
    if (ratio - 1.0).abs() > SIGMAS * ((kurtosis(drawn) - 1.0) / n).sqrt() {
        return Err(format!(
            "the second moment is {ratio} times what it should be, n = {n}"
        ));
    }
    Ok(())
}

fn standard_normal(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// Kolmogorov and Smirnov's test against statrs's distribution functions.
fn distribution(drawn: Drawn, std: f64, mut values: Vec<f64>) -> Result<(), String> {
    values.sort_by(f64::total_cmp);
    let cdf = |x: f64| match drawn {
        Drawn::Normal => standard_normal(x / std),
        Drawn::Uniform => {
            let bound = 3.0_f64.sqrt() * std;
            Uniform::new(-bound, bound).map_or(f64::NAN, |uniform| uniform.cdf(x))
        }
        Drawn::Truncated(cut) => {
            let density = libm::exp(-cut * cut / 2.0) / std::f64::consts::TAU.sqrt();
            let mass = 2.0 * standard_normal(cut) - 1.0;
            let parent = std / (1.0 - 2.0 * cut * density / mass).sqrt();
            ((standard_normal(x / parent) - standard_normal(-cut)) / mass).clamp(0.0, 1.0)
        }
    };
    let n = values.len() as f64;
    let gap = values.iter().enumerate().fold(0.0_f64, |gap, (i, x)| {
        let expected = cdf(*x);
        gap.max(expected - i as f64 / n)
            .max((i + 1) as f64 / n - expected)
    });
    // P(√n·D > t) → 2·exp(−2t²): 2.7·10⁻⁶ at t = 2.6.
    if gap.is_nan() || gap * n.sqrt() > 2.6 {
        return Err(format!("√n·D is {}, n = {n}", gap * n.sqrt()));
    }
    Ok(())
}

/// The largest relative error of rounding to the format, by way of f32 for the narrow ones.
fn rounding(dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F64 => libm::ldexp(1.0, -53),
        Dtype::F32 => libm::ldexp(1.0, -24),
        Dtype::Bf16 => libm::ldexp(1.0, -8) + libm::ldexp(1.0, -24),
        Dtype::F16 => libm::ldexp(1.0, -11) + libm::ldexp(1.0, -24),
    }
}

fn all_placed(
    sample: &Sample,
    places: &[Located],
    values: &[f64],
    dtype: Dtype,
    expected: impl Fn(&Fans, Place) -> f64,
) -> Result<(), String> {
    if places.len() != values.len() {
        return Err(format!(
            "{} values for {} places",
            values.len(),
            places.len()
        ));
    }
    for (i, (located, value)) in places.iter().zip(values).enumerate() {
        let wanted = expected(&sample.fans[located.part], located.place);
        // The formula itself may be rounded once or twice in f64.
        if (value - wanted).abs() > wanted.abs() * (rounding(dtype) + 1e-15) {
            return Err(format!("value {i} is {value}, not {wanted}"));
        }
    }
    Ok(())
}

/// Every block's Gram matrix, multiplied out here.
fn orthogonal(
    gain: f64,
    taps: Taps,
    sample: &Sample,
    places: &[Located],
    values: &[f64],
    dtype: Dtype,
) -> Result<(), String> {
    let mut blocks: HashMap<(usize, usize), Vec<f64>> = HashMap::new();
    for (located, value) in places.iter().zip(values) {
        let (fans, place) = (&sample.fans[located.part], located.place);
        let (width, column) = match taps {
            Taps::Flat => (fans.columns, place.column * fans.taps + located.tap),
            Taps::Centre if place.at_centre => (fans.columns / fans.taps, place.column),
            Taps::Centre if *value == 0.0 => continue,
            Taps::Centre => return Err(format!("{value} beside the centre tap")),
        };
        let key = (located.part, place.batch);
        let block = blocks
            .entry(key)
            .or_insert_with(|| vec![0.0; fans.rows * width]);
        block[place.row * width + column] = value / gain;
    }
    for ((part, batch), block) in &blocks {
        let rows = sample.fans[*part].rows;
        let deviation = gram_deviation(block, rows, block.len() / rows);
        // Elements off by a factor of up to 1 ± u change the inner product of two unit vectors by up
        // to 2u + u². What comes on top is the arithmetic before rounding, some 2·10⁻⁷ in f32 and
        // 4·10⁻¹⁵ in f64 by measurement.
        let u = rounding(dtype);
        let arithmetic = if dtype == Dtype::F64 { 1e-14 } else { 5e-7 };
        let allowed = 2.0 * u + u * u + arithmetic;
        if deviation.is_nan() || deviation > allowed {
            return Err(format!(
                "block {part}, {batch} deviates by {deviation} from orthogonal"
            ));
        }
    }
    Ok(())
}

pub(crate) fn gram_deviation(block: &[f64], rows: usize, columns: usize) -> f64 {
    let (short, long) = (rows.min(columns), rows.max(columns));
    let at = |vector: usize, i: usize| {
        if rows <= columns {
            block[vector * columns + i]
        } else {
            block[i * columns + vector]
        }
    };
    let mut most = 0.0_f64;
    for a in 0..short {
        for b in a..short {
            let dot: f64 = (0..long).map(|i| at(a, i) * at(b, i)).sum();
            let gap = (dot - if a == b { 1.0 } else { 0.0 }).abs();
            most = if gap <= most { most } else { gap };
        }
    }
    most
}

/// The number of zeros of each line is exact; what is not zero is normal.
fn sparse(
    share: f64,
    std: f64,
    connections: Connections,
    sample: &Sample,
    places: &[Located],
    values: &[f64],
) -> Result<(), String> {
    let mut zeros: HashMap<(usize, usize, usize), usize> = HashMap::new();
    for (located, value) in places.iter().zip(values) {
        let line = match connections {
            Connections::PerOutput => located.place.row,
            Connections::PerInput => located.place.column,
        };
        *zeros
            .entry((located.part, located.place.batch, line))
            .or_default() += usize::from(*value == 0.0);
    }
    for ((part, batch, line), count) in zeros {
        let length = match connections {
            Connections::PerOutput => sample.fans[part].columns,
            Connections::PerInput => sample.fans[part].rows,
        };
        let expected = (share * length as f64).ceil() as usize;
        if count != expected {
            return Err(format!(
                "line {line} of {part}, {batch} has {count} zeros, not {expected}"
            ));
        }
    }
    let kept: Vec<f64> = values.iter().copied().filter(|x| *x != 0.0).collect();
    moments(Drawn::Normal, std, &kept)
}
