//! `evenkeel sample`: one tensor, and what came out.

mod show;

use std::ops::Range;

use anyhow::{Context, ensure};
use evenkeel_init::checkpoint::{Existing, TensorFile};
use evenkeel_init::{
    Certificate, Dtype, Element, Fan, Geometry, InitError, Layout, Packing, Parameters, Prepared,
    Reading, Scheme, Seed, Threads, bf16, f16,
};
use evenkeel_net::{Histogram, Moments};

use super::weights;
use crate::Outcome;
use crate::arguments::{LayerChoice, Mode, SampleArguments};
use crate::terminal::progress::ElementsProgress;

/// Elements made at a time: memory stays bounded whatever the tensor.
const CHUNK: u64 = 1 << 20;
/// Bins of the histogram, enough to see a shape in as many lines.
const BINS: usize = 15;

pub(crate) fn run(arguments: &SampleArguments) -> anyhow::Result<Outcome> {
    let prepared = prepared(arguments)?;
    let sampled = match Dtype::from(arguments.dtype) {
        Dtype::F64 => sample::<f64>(arguments, &prepared),
        Dtype::F32 => sample::<f32>(arguments, &prepared),
        Dtype::Bf16 => sample::<bf16>(arguments, &prepared),
        Dtype::F16 => sample::<f16>(arguments, &prepared),
    }?;
    if arguments.json {
        show::json(arguments, &prepared, &sampled)?;
    } else {
        show::text(arguments, &prepared, &sampled)?;
    }
    Ok(Outcome::Fine)
}

/// The tensor, all of it but its values.
fn prepared(arguments: &SampleArguments) -> anyhow::Result<Prepared> {
    let scheme = Scheme::named(&arguments.scheme, &parameters(arguments)?).map_err(with_remedy)?;
    let shape = &arguments.shape.0;
    let geometry = reading(arguments)?.geometry(shape, arguments.layout.into())?;
    let stream = Seed(arguments.seed).stream(&arguments.name);
    Ok(scheme.prepare(&geometry, &stream)?)
}

/// The elements that are asked for.
fn range(arguments: &SampleArguments, geometry: &Geometry) -> anyhow::Result<Range<u64>> {
    let length = geometry.len() as u64;
    let range = arguments
        .range
        .as_ref()
        .map_or(0..length, |range| range.0.clone());
    ensure!(
        range.end <= length,
        "--range ends at {}, but the tensor has {length} elements",
        range.end
    );
    Ok(range)
}

/// What is refused before a value is made.
pub(crate) fn check(arguments: &SampleArguments) -> anyhow::Result<()> {
    let prepared = prepared(arguments)?;
    let geometry = prepared.geometry();
    shape_of(geometry, &range(arguments, geometry)?);
    Ok(())
}

/// Says where a parameter goes that is no option of its own.
fn with_remedy(error: InitError) -> anyhow::Error {
    match error {
        InitError::SchemeParameter { .. } => {
            anyhow::anyhow!("{error}; give them with --with, as --with std=0.02")
        }
        other => other.into(),
    }
}

/// What came out.
struct Sampled {
    range: Range<u64>,
    /// The shape of the tensor in the file.
    shape: Vec<usize>,
    moments: Moments,
    /// None where all values are equal.
    histogram: Option<Histogram>,
    certificate: Option<Certificate>,
}

fn parameters(arguments: &SampleArguments) -> anyhow::Result<Parameters> {
    let mut parameters: Parameters = match &arguments.with {
        None => Parameters::default(),
        Some(text) => {
            #[derive(serde::Deserialize)]
            struct With {
                with: Parameters,
            }
            let file: With = toml::from_str(&format!("with = {{ {text} }}"))
                .context("--with is not of the form KEY=VALUE,…, as std=0.02")?;
            file.with
        }
    };
    parameters.gain = arguments.gain.or(parameters.gain);
    parameters.activation = arguments.activation.clone().or(parameters.activation);
    parameters.fan = arguments.mode.map(fan).or(parameters.fan);
    Ok(parameters)
}

fn fan(mode: Mode) -> Fan {
    match mode {
        Mode::In => Fan::In,
        Mode::Out => Fan::Out,
        Mode::Average => Fan::Average,
        Mode::GeometricMean => Fan::GeometricMean,
    }
}

fn reading(arguments: &SampleArguments) -> anyhow::Result<Reading> {
    use LayerChoice::{
        Conv, ConvTranspose, Depthwise, Embedding, GateBias, Linear, Packed, Recurrent, Vector,
    };
    let SampleArguments {
        layer,
        groups,
        parts,
        gates,
        ..
    } = arguments;
    let grouped = matches!(layer, Some(Conv | ConvTranspose | Depthwise));
    ensure!(
        groups.is_none() || grouped,
        "--groups belongs to --layer conv, conv_transpose or depthwise"
    );
    ensure!(
        parts.is_none() || *layer == Some(Packed),
        "--parts belongs to --layer packed"
    );
    let gated = matches!(layer, Some(Recurrent | GateBias));
    ensure!(
        gates.is_none() || gated,
        "--gates belongs to --layer recurrent or gate_bias"
    );
    let groups = groups.unwrap_or(1);
    let gates = || gates.context("a recurrent cell needs --gates: 4 for an LSTM, 3 for a GRU");
    Ok(match layer {
        None => Reading::plain(&arguments.shape.0)?,
        Some(Linear) => Reading::Linear,
        Some(Conv) => Reading::Convolution { groups },
        Some(ConvTranspose) => Reading::TransposedConvolution { groups },
        Some(Depthwise) => Reading::Depthwise {
            multiplier: multiplier(arguments)?,
        },
        Some(Embedding) => Reading::Embedding,
        Some(Packed) => packed(parts.as_deref())?,
        Some(Recurrent) => Reading::Recurrent { gates: gates()? },
        Some(GateBias) => Reading::GateBias { gates: gates()? },
        Some(Vector) => Reading::Vector,
    })
}

/// Outputs of each channel. Stored last they can be read off the shape; stored first the groups
/// tell, one for each channel, and without them one output is meant.
fn multiplier(arguments: &SampleArguments) -> anyhow::Result<usize> {
    let shape = &arguments.shape.0;
    match (Layout::from(arguments.layout), arguments.groups) {
        (Layout::OutIn, None) => Ok(1),
        (Layout::OutIn, Some(groups)) => {
            let outputs = shape.first().copied().unwrap_or(0);
            ensure!(
                groups > 0 && outputs.is_multiple_of(groups),
                "{groups} groups do not divide the {outputs} outputs"
            );
            Ok(outputs / groups)
        }
        (Layout::InOut, _) => shape.last().copied().context("a shape has dimensions"),
    }
}

fn packed(parts: Option<&str>) -> anyhow::Result<Reading> {
    const NEEDED: &str = "a packed projection needs --parts: a number of equal ones, or the size of each, as 4096,1024,1024";
    let sizes: Option<Vec<usize>> = parts
        .map(|text| {
            text.split(',')
                .map(|part| part.trim().parse().ok())
                .collect()
        })
        .context(NEEDED)?;
    Ok(match sizes.context(NEEDED)?.as_slice() {
        [parts] => Reading::PackedEvenly { parts: *parts },
        sizes => Reading::Packed {
            parts: sizes.to_vec(),
            packing: Packing::Blocked,
        },
    })
}

/// Makes the tensor twice: to know its extremes, then to count and to write it.
fn sample<T: Element>(arguments: &SampleArguments, prepared: &Prepared) -> anyhow::Result<Sampled> {
    let geometry = prepared.geometry();
    let range = range(arguments, geometry)?;
    let shape = shape_of(geometry, &range);
    let mut out = match &arguments.out {
        None => None,
        Some(path) => Some(TensorFile::create(
            path,
            &arguments.name,
            T::DTYPE,
            &shape,
            existing(arguments),
        )?),
    };
    let threads = weights::threads(arguments.threads);
    // Every element is made twice.
    let progress = ElementsProgress::new(2 * (range.end - range.start));
    let mut moments = Moments::new();
    in_chunks::<T>(prepared, &range, threads, |_, singles| {
        progress.advance(singles.len() as u64);
        moments.update(singles);
        Ok(())
    })?;
    let mut histogram = Histogram::new(moments.min(), moments.max(), BINS).ok();
    in_chunks::<T>(prepared, &range, threads, |values, singles| {
        progress.advance(singles.len() as u64);
        if let Some(histogram) = &mut histogram {
            histogram.update(singles);
        }
        match &mut out {
            Some(file) => Ok(file.append(values)?),
            None => Ok(()),
        }
    })?;
    progress.finish();
    if let Some(file) = out {
        file.commit()?;
    }
    Ok(Sampled {
        range,
        shape,
        moments,
        histogram,
        certificate: prepared.certificate::<T>(threads),
    })
}

fn existing(arguments: &SampleArguments) -> Existing {
    if arguments.force {
        Existing::Replace
    } else {
        Existing::Refuse
    }
}

/// Gives the range's values chunk by chunk, as they are and in f32 for the statistics.
fn in_chunks<T: Element>(
    prepared: &Prepared,
    range: &Range<u64>,
    threads: Threads,
    mut each: impl FnMut(&[T], &[f32]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let capacity = (range.end - range.start).min(CHUNK) as usize;
    let mut values = vec![T::default(); capacity];
    let mut singles = vec![0.0_f32; capacity];
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min(start + CHUNK);
        let length = (end - start) as usize;
        let (values, singles) = (&mut values[..length], &mut singles[..length]);
        prepared.fill_parallel(start..end, values, threads)?;
        for (single, value) in singles.iter_mut().zip(values.iter()) {
            *single = value.to_f64() as f32;
        }
        each(values, singles)?;
        start = end;
    }
    Ok(())
}

/// Whole slices along the first dimension keep their shape; any other range is a vector.
fn shape_of(geometry: &Geometry, range: &Range<u64>) -> Vec<usize> {
    let shape = geometry.shape();
    let row = (geometry.len() / shape[0]) as u64;
    let length = range.end - range.start;
    if range.start.is_multiple_of(row) && length.is_multiple_of(row) {
        let rows = (length / row) as usize;
        return std::iter::once(rows)
            .chain(shape[1..].iter().copied())
            .collect();
    }
    vec![length as usize]
}
