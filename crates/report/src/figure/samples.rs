//! Samples of the data as a contact sheet, in ink on paper in either theme.

use evenkeel_lab::results::{Experiment, Images};

use super::pixels::{encode, image};
use super::{Canvas, Draft, Drawing, Sheet, Size, sentence_case};
use crate::svg::{Node, fit};

const GAP: f64 = 8.0;
const LABEL_HEIGHT: f64 = 18.0;
/// Room above a second part of the figure for its name.
const HEADING: f64 = 34.0;
/// A few samples are not blown up beyond this.
const LARGEST: f64 = 80.0;

/// A figure for each set of samples.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    experiment
        .images
        .iter()
        .filter_map(|images| Some((images, decode(images)?)))
        .map(|(images, samples)| Draft {
            kind: "samples",
            title: sentence_case(&images.name),
            subtitle: format!(
                "{} samples of {} × {} pixels, each with its label.",
                samples.len(),
                images.rows,
                images.columns
            ),
            description: describe(images),
            sheet: sheet(images),
            draw: Box::new(move |canvas| draw(images, &samples, canvas)),
        })
        .collect()
}

/// A sample's label and its grey values.
struct Sample<'a> {
    label: &'a str,
    pixels: Vec<u8>,
}

fn describe(images: &Images) -> String {
    const NAMED: usize = 40;
    let labels: Vec<&str> = images
        .tiles
        .iter()
        .take(NAMED)
        .map(|t| t.label.as_str())
        .collect();
    format!("Samples labelled {}.", labels.join(", "))
}

/// A row a sample: its label, and its pixels' mean and standard deviation on the scale from 0 to 1.
fn sheet(images: &Images) -> Sheet {
    let columns = ["sample", "label", "mean", "std"].map(str::to_owned);
    let rows = images.tiles.iter().enumerate().filter_map(|(i, tile)| {
        let pixels: Vec<f64> = grey_values(&tile.pixels)?
            .into_iter()
            .map(|grey| f64::from(grey) / 255.0)
            .collect();
        let count = pixels.len().max(1) as f64;
        let mean = pixels.iter().sum::<f64>() / count;
        let squares: f64 = pixels.iter().map(|p| (p - mean) * (p - mean)).sum();
        let std = (squares / count).sqrt();
        Some(vec![
            i.into(),
            tile.label.as_str().into(),
            mean.into(),
            std.into(),
        ])
    });
    Sheet::new(columns.to_vec(), rows.collect())
}

/// The samples whose pixels are as many as they should be; `None` if there is none.
fn decode(images: &Images) -> Option<Vec<Sample<'_>>> {
    let samples: Vec<Sample> = images
        .tiles
        .iter()
        .filter_map(|tile| {
            let pixels = grey_values(&tile.pixels)?;
            let whole = encode(
                u32::try_from(images.columns).ok()?,
                u32::try_from(images.rows).ok()?,
                &pixels,
            );
            whole.map(|_| Sample {
                label: &tile.label,
                pixels,
            })
        })
        .collect();
    (!samples.is_empty()).then_some(samples)
}

fn grey_values(hexadecimal: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16);
    hexadecimal
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}

/// Where tiles go, row after row.
struct Tiles {
    columns: usize,
    side: f64,
    tall: f64,
}

impl Tiles {
    fn new(images: &Images, count: usize, canvas: &Canvas) -> Self {
        let smallest = if canvas.size == Size::Wide {
            56.0
        } else {
            49.0
        };
        let fitting = ((canvas.width + GAP) / (smallest + GAP)).floor() as usize;
        let columns = best_columns(count, fitting.max(1));
        let side = ((canvas.width + GAP) / columns as f64 - GAP).min(LARGEST);
        Self {
            columns,
            side,
            tall: side * images.rows as f64 / images.columns as f64,
        }
    }

    fn place(&self, i: usize) -> (f64, f64) {
        let (row, column) = ((i / self.columns) as f64, (i % self.columns) as f64);
        (
            column * (self.side + GAP),
            row * (self.tall + LABEL_HEIGHT + GAP),
        )
    }

    /// Height of so many tiles with their labels.
    fn height(&self, count: usize) -> f64 {
        self.place(count.saturating_sub(1)).1 + self.tall + LABEL_HEIGHT
    }
}

/// The samples, and below them, where a network sees them normalised, a row of them as it does.
fn draw(images: &Images, samples: &[Sample], canvas: &Canvas) -> Drawing {
    let tiles = Tiles::new(images, samples.len(), canvas);
    let ink = |sample: &Sample| sample.pixels.clone();
    let mut body = sheet_of(images, samples, &tiles, canvas, 0.0, ("dots", ink));
    let mut height = tiles.height(samples.len());
    if let Some(by) = normalizer(images) {
        let shown = &samples[..samples.len().min(tiles.columns)];
        let title = Node::text_at("panel", (0.0, height + HEADING - 12.0), "After normalising");
        let top = height + HEADING + 18.0;
        let key = "blue below the mean, ink above it; fuller is further";
        body.push(title);
        body.push(Node::text_at(
            "note",
            (0.0, top - 10.0),
            &fit(key, 12.0, canvas.width),
        ));
        // One tint's share of the furthest value, on either side of the mean.
        let side = |sign: f64| {
            move |sample: &Sample| {
                let shade = |grey: &u8| by.fullness(*grey, sign);
                sample.pixels.iter().map(shade).collect()
            }
        };
        body.extend(sheet_of(
            images,
            shown,
            &tiles,
            canvas,
            top,
            ("minus", side(-1.0)),
        ));
        body.extend(sheet_of(
            images,
            shown,
            &tiles,
            canvas,
            top,
            ("dots", side(1.0)),
        ));
        height = top + tiles.height(shown.len());
    }
    Drawing {
        width: canvas.width,
        height,
        body,
    }
}

/// Grey is colour: pictures are a mask over a rectangle of one of the theme's colours.
fn sheet_of(
    images: &Images,
    samples: &[Sample],
    tiles: &Tiles,
    canvas: &Canvas,
    top: f64,
    (class, shades): (&'static str, impl Fn(&Sample) -> Vec<u8>),
) -> Vec<Node> {
    let mask_id = format!("{}-mask-{class}-{}", canvas.id, top.round());
    let mut mask = Node::new("mask").attr("id", &*mask_id);
    let mut papers = Node::group("tiles");
    let mut labels = Node::group("labels");
    let size = (tiles.side, tiles.tall);
    for (i, sample) in samples.iter().enumerate() {
        let (x, y) = tiles.place(i);
        let y = y + top;
        if let Some(png) = encode(images.columns as u32, images.rows as u32, &shades(sample)) {
            mask = mask.child(image(&png, (x, y), size));
        }
        papers = papers.child(Node::rect("tile", (x, y), size));
        let label = fit(sample.label, 12.0, tiles.side + GAP);
        let at = (x + tiles.side / 2.0, y + tiles.tall + 14.0);
        labels = labels.child(Node::text_at("tick mid", at, &label));
    }
    let area = (canvas.width, tiles.height(samples.len()));
    let colour = Node::rect(class, (0.0, top), area).attr("mask", format!("url(#{mask_id})"));
    let defs = Node::new("defs").child(mask);
    if class == "minus" {
        // The labels and papers come with the other side.
        return vec![defs, colour];
    }
    vec![defs, papers, colour, labels]
}

/// How values are normalised, where they are and can be.
fn normalizer(images: &Images) -> Option<By> {
    let by = images.normalized_by?;
    let (mean, std) = (by.mean.0, by.std.0);
    (mean.is_finite() && std.is_finite() && std > 0.0).then_some(By { mean, std })
}

/// A mean and a standard deviation.
#[derive(Clone, Copy)]
struct By {
    mean: f64,
    std: f64,
}

impl By {
    fn normalized(self, grey: u8) -> f64 {
        (f64::from(grey) / 255.0 - self.mean) / self.std
    }

    /// How full the colour of a pixel is on one side of the mean, from 0 to 255, the furthest value
    /// that a grey can become being 255.
    fn fullness(self, grey: u8, sign: f64) -> u8 {
        let furthest = self.normalized(0).abs().max(self.normalized(255).abs());
        let share = sign * self.normalized(grey) / furthest;
        (255.0 * share.clamp(0.0, 1.0)).round() as u8
    }
}

/// As many columns as fit, or fewer if the last row is then full: ten digits stay in tens.
fn best_columns(count: usize, fitting: usize) -> usize {
    let fewest = fitting.div_ceil(2).max(1);
    (fewest..=fitting)
        .rev()
        .find(|columns| count.is_multiple_of(*columns))
        .unwrap_or(fitting)
        .min(count.max(1))
}

#[cfg(test)]
mod tests {
    use super::{By, best_columns, grey_values};

    #[test]
    fn damaged_pixels_are_no_picture() {
        assert_eq!(grey_values("00ff80a0"), Some(vec![0, 255, 128, 160]));
        assert_eq!(grey_values("0g"), None);
        assert_eq!(grey_values("0"), None);
    }

    /// Paper lies below the mean and ink above it, each on its own side alone.
    #[test]
    fn a_normalised_pixel_is_on_one_side_of_the_mean() {
        let by = By {
            mean: 0.1304,
            std: 0.3073,
        };
        assert_eq!(by.fullness(255, 1.0), 255);
        assert_eq!(by.fullness(0, 1.0), 0);
        // −0.424 of 2.830.
        assert_eq!(by.fullness(0, -1.0), 38);
        assert_eq!(by.fullness(255, -1.0), 0);
    }

    #[test]
    fn digits_stay_in_tens() {
        assert_eq!(best_columns(40, 11), 10);
        assert_eq!(best_columns(20, 6), 5);
        assert_eq!(best_columns(3, 11), 3);
    }
}
