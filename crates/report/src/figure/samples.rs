//! Samples of the data as a contact sheet, in ink on paper in either theme.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evenkeel_lab::results::{Experiment, Images};

use super::{Canvas, Draft, Drawing, Size, sentence_case};
use crate::svg::{Node, fit};

const GAP: f64 = 8.0;
const LABEL_HEIGHT: f64 = 18.0;
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
            draw: Box::new(move |canvas| draw(images, &samples, canvas)),
        })
        .collect()
}

/// A sample's label and the file of its picture.
struct Sample<'a> {
    label: &'a str,
    png: Vec<u8>,
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

/// The samples whose pixels are as many as they should be; `None` if there is none.
fn decode(images: &Images) -> Option<Vec<Sample<'_>>> {
    let (width, height) = (
        u32::try_from(images.columns).ok()?,
        u32::try_from(images.rows).ok()?,
    );
    let samples: Vec<Sample> = images
        .tiles
        .iter()
        .filter_map(|tile| {
            let pixels = grey_values(&tile.pixels)?;
            let png = encode(width, height, &pixels)?;
            Some(Sample {
                label: &tile.label,
                png,
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

fn encode(width: u32, height: u32, pixels: &[u8]) -> Option<Vec<u8>> {
    let expected = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
    if pixels.len() != expected || expected == 0 {
        return None;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// Grey is ink: the pictures are a mask over a rectangle of the theme's ink.
fn draw(images: &Images, samples: &[Sample], canvas: &Canvas) -> Drawing {
    let smallest = if canvas.size == Size::Wide {
        56.0
    } else {
        49.0
    };
    let fitting = ((canvas.width + GAP) / (smallest + GAP)).floor() as usize;
    let columns = best_columns(samples.len(), fitting.max(1));
    let side = ((canvas.width + GAP) / columns as f64 - GAP).min(LARGEST);
    let tall = side * images.rows as f64 / images.columns as f64;
    let place = |i: usize| {
        let (row, column) = ((i / columns) as f64, (i % columns) as f64);
        (column * (side + GAP), row * (tall + LABEL_HEIGHT + GAP))
    };
    let mask_id = format!("{}-mask", canvas.id);
    let mut mask = Node::new("mask").attr("id", &*mask_id);
    let mut tiles = Node::group("tiles");
    let mut labels = Node::group("labels");
    for (i, sample) in samples.iter().enumerate() {
        let (x, y) = place(i);
        let data = format!("data:image/png;base64,{}", STANDARD.encode(&sample.png));
        let image = Node::new("image")
            .num("x", x)
            .num("y", y)
            .num("width", side)
            .num("height", tall);
        mask = mask.child(image.attr("href", data));
        tiles = tiles.child(Node::rect("tile", (x, y), (side, tall)));
        let label = fit(sample.label, 12.0, side + GAP);
        labels = labels.child(Node::text_at(
            "tick mid",
            (x + side / 2.0, y + tall + 14.0),
            &label,
        ));
    }
    let height = place(samples.len() - 1).1 + tall + LABEL_HEIGHT;
    let ink = Node::rect("dots", (0.0, 0.0), (canvas.width, height))
        .attr("mask", format!("url(#{mask_id})"));
    let body = vec![Node::new("defs").child(mask), tiles, ink, labels];
    Drawing {
        width: canvas.width,
        height,
        body,
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
    use super::{best_columns, encode, grey_values};

    #[test]
    fn a_sample_becomes_a_png_that_reads_back() {
        let pixels = grey_values("00ff80a0").unwrap();
        let file = encode(2, 2, &pixels).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut back = vec![0; 4];
        reader.next_frame(&mut back).unwrap();
        assert_eq!(back, [0, 255, 128, 160]);
    }

    #[test]
    fn damaged_pixels_are_no_picture() {
        assert_eq!(grey_values("0g"), None);
        assert_eq!(grey_values("0"), None);
        assert_eq!(encode(2, 2, &[1, 2, 3]), None);
        assert_eq!(encode(0, 0, &[]), None);
    }

    #[test]
    fn digits_stay_in_tens() {
        assert_eq!(best_columns(40, 11), 10);
        assert_eq!(best_columns(20, 6), 5);
        assert_eq!(best_columns(3, 11), 3);
    }
}
