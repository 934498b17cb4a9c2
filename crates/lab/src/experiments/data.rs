//! Normalise by the training part, and by nothing else.

use evenkeel_data::near_zero;

use crate::error::LabError;
use crate::results::{
    Distribution, Formula, Images, Map, NormalizedBy, PartSummary, Spacing, Table, Tile, Value,
    map, show,
};
use crate::study::{Bench, Findings, Study};

/// The `data` experiment.
pub(crate) struct Data;

/// Below this the lesson calls a mean zero.
const NEAR_ZERO: f64 = 1e-3;

/// What the lesson prints for MNIST: training mean and std before normalising, validation mean and
/// std after, each with how far from it the exact number may be.
const KNOWN_MNIST: [(&str, f64, f64); 4] = [
    ("train_mean", 0.1304, PRINTED_DIGITS),
    ("train_std", 0.3073, PRINTED_DIGITS),
    (
        "valid_normalized_mean",
        -0.0058,
        PRINTED_DIGITS + LEFT_IN_F32,
    ),
    ("valid_normalized_std", 0.9924, PRINTED_DIGITS),
];

/// Half a unit of the fourth decimal, and a hair for the decimal's own rounding.
const PRINTED_DIGITS: f64 = 0.5e-4 + 1e-12;

/// What the lesson's f32 sums leave in its own normalised training mean, as it prints it: it moves
/// its validation mean from the exact −0.005851 by as much.
const LEFT_IN_F32: f64 = 3.0614e-5;

impl Study for Data {
    fn id(&self) -> &'static str {
        "data"
    }

    fn title(&self) -> &'static str {
        "Normalise with the training part's mean and std"
    }

    fn question(&self) -> &'static str {
        "What are the data's mean and standard deviation, and what is left of them after normalising?"
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let summary = bench.summary;
        let normalized = &summary.normalized;
        let measured_numbers = [
            ("train_mean", summary.train.mean.0),
            ("train_std", summary.train.std.0),
            ("valid_normalized_mean", normalized.valid.mean.0),
            ("valid_normalized_std", normalized.valid.std.0),
        ];
        let is_near_zero = near_zero(normalized.train.mean.0, NEAR_ZERO);
        let unit_std = (normalized.train.std.0 - 1.0).abs() < NEAR_ZERO;
        let known: &[(&str, f64, f64)] = if summary.name == "mnist" {
            &KNOWN_MNIST
        } else {
            &[]
        };
        let digits_agree = known.iter().all(|&(name, expected, tolerance)| {
            measured_numbers
                .iter()
                .any(|&(n, x)| n == name && (x - expected).abs() <= tolerance)
        });

        let mut measured = map(measured_numbers);
        measured.extend(map([
            ("train_normalized_mean", normalized.train.mean.0),
            ("train_normalized_std", normalized.train.std.0),
            ("near_zero_threshold", NEAR_ZERO),
        ]));
        measured.insert("near_zero".to_owned(), yes_or_no(is_near_zero).into());
        let mut predicted: Map = map([
            ("train_normalized_mean", 0.0),
            ("train_normalized_std", 1.0),
        ]);
        predicted.insert("near_zero".to_owned(), "yes".into());
        predicted.extend(known.iter().map(|&(n, x, _)| (n.to_owned(), x.into())));

        Ok(Findings {
            verdict: format!(
                "The training pixels have mean {:.4} and std {:.4}. After normalising the training mean is {}, zero \
                 within {NEAR_ZERO}: {}; the validation part, normalised by the training part's numbers, has mean \
                 {:.5} and std {:.4}.",
                summary.train.mean.0,
                summary.train.std.0,
                show(normalized.train.mean.0),
                yes_or_no(is_near_zero),
                normalized.valid.mean.0,
                normalized.valid.std.0,
            ),
            agrees: is_near_zero && unit_std && digits_agree,
            measured,
            predicted,
            formulas: vec![Formula {
                text: "x ↦ (x − m)/s with m and s the mean and standard deviation of the training pixels"
                    .to_owned(),
                source: "LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, §4.3".to_owned(),
            }],
            reading: vec![
                "Normalising moves and stretches the axis and leaves the histogram's shape as it is: most pixels are \
                 paper, and become one negative number; ink reaches further above the mean than paper below it."
                    .to_owned(),
                "Validation and test keep a small mean and a std near 1: they are measured by the training \
                 part's ruler, as data met later will be."
                    .to_owned(),
            ],
            images: vec![samples(bench)],
            distributions: pixel_values(bench).to_vec(),
            tables: vec![table(bench)],
            ..Findings::default()
        })
    }
}

fn yes_or_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

fn table(bench: &Bench<'_>) -> Table {
    let summary = bench.summary;
    let row = |name: &str, raw: &PartSummary, after: &PartSummary| {
        vec![
            Value::from(name),
            raw.count.into(),
            raw.mean.0.into(),
            raw.std.0.into(),
            after.mean.0.into(),
            after.std.0.into(),
        ]
    };
    let normalized = &summary.normalized;
    Table {
        name: "Pixels before and after normalising".to_owned(),
        columns: ["part", "images", "mean", "std", "mean after", "std after"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row("train", &summary.train, &normalized.train),
            row("valid", &summary.valid, &normalized.valid),
            row("test", &summary.test, &normalized.test),
        ],
    }
}

/// The training pixels before and after normalising, a bin for every eight of their 256 greys. Paper
/// is many times as frequent as any other value.
fn pixel_values(bench: &Bench<'_>) -> [Distribution; 2] {
    const BINS: usize = 32;
    let bytes = bench.dataset.train.images().pixels();
    let mut counts = vec![0; BINS];
    for byte in bytes {
        counts[usize::from(*byte) * BINS / 256] += 1;
    }
    let train = &bench.summary.train;
    // The bins' edges in greys: 0, 8, …, 256, a grey being 1/255.
    let ends = (0.0, 256.0 / 255.0);
    let after = |x: f64| ((x - train.mean.0) / train.std.0).into();
    let raw = Distribution {
        name: "Training pixels as read".to_owned(),
        init: "data".to_owned(),
        x_label: "pixel, from paper 0 to ink 1".to_owned(),
        spacing: Spacing::Linear,
        low: ends.0.into(),
        high: ends.1.into(),
        counts,
        below: 0,
        above: 0,
        predicted: Vec::new(),
    };
    let normalized = Distribution {
        name: "The same after normalising".to_owned(),
        x_label: "normalised pixel, in standard deviations".to_owned(),
        low: after(ends.0),
        high: after(ends.1),
        ..raw.clone()
    };
    [raw, normalized]
}

/// The first three training images of each digit.
fn samples(bench: &Bench<'_>) -> Images {
    const PER_DIGIT: usize = 3;
    let part = &bench.dataset.train;
    let images = part.images();
    let tiles = (0..PER_DIGIT).flat_map(|nth| {
        (0..10_u8).filter_map(move |digit| {
            let mut of_digit = part
                .labels()
                .iter()
                .enumerate()
                .filter(|&(_, &l)| l == digit);
            let (index, _) = of_digit.nth(nth)?;
            let pixels = images.image(index)?.iter().map(|p| format!("{p:02x}"));
            Some(Tile {
                label: digit.to_string(),
                pixels: pixels.collect(),
            })
        })
    });
    Images {
        name: format!("Training images of {}", bench.summary.name),
        rows: images.rows(),
        columns: images.columns(),
        normalized_by: Some(NormalizedBy {
            mean: bench.summary.train.mean,
            std: bench.summary.train.std,
        }),
        tiles: tiles.collect(),
    }
}
