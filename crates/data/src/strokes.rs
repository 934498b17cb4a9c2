//! `strokes`: digits drawn by this crate in MNIST's shapes, for machines that cannot have MNIST.
//!
//! A digit is a few pen strokes through a handful of points (`glyphs`). Each image takes one
//! of its digit's forms, moves the points, and bends, leans, turns, widens and thickens the whole
//! (`hand`); the ink is then laid on a 28×28 grid as MNIST does it, the digit filling a 20×20 box
//! and its centre of mass in the middle (`ink`). How carefully the hand writes differs
//! from image to image, so that most digits are plain and a few are hard, as in life.
//!
//! Image *i* is a pure function of the seed and *i*: a counter-based stream each, arithmetic that
//! is exact or from `libm`. The same seed gives the same bytes on any machine and any number of
//! threads.

mod glyphs;
mod hand;
mod ink;

use rayon::prelude::*;

use crate::dataset::CLASSES;
use crate::progress::{Silent, Task};
use crate::random::{Domain, SplitMix64};
use crate::{Dataset, DatasetError, Images, Part, Progress, Role};

/// Pixels a side, as MNIST's.
pub const SIDE: usize = 28;

/// Images that one task draws: enough that handing them out costs nothing beside it.
const BLOCK: usize = 128;

/// How many images each part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Images to train on.
    pub train: usize,
    /// Images to validate on.
    pub valid: usize,
    /// Images to test on.
    pub test: usize,
}

impl Default for Sizes {
    /// MNIST's: 50,000, 10,000 and 10,000.
    fn default() -> Self {
        Self {
            train: 50_000,
            valid: 10_000,
            test: 10_000,
        }
    }
}

/// Draws the data set of a seed in MNIST's sizes.
///
/// Within each part every digit is drawn as often as any other (to within one), in shuffled order.
///
/// # Shapes
///
/// Images `[50_000 | 10_000 | 10_000, 28, 28]`, 0 background to 255 full ink.
pub fn generate(seed: u64) -> Dataset {
    match generate_sized(seed, Sizes::default()) {
        Ok(dataset) => dataset,
        Err(error) => unreachable!("MNIST's sizes are sizes of a data set: {error}"),
    }
}

/// Draws the data set of a seed in other sizes.
///
/// # Errors
///
/// [`DatasetError::Images`] when a part would have no image.
///
/// # Example
///
/// ```
/// use evenkeel_data::strokes::{Sizes, generate_sized};
///
/// let dataset = generate_sized(42, Sizes { train: 300, valid: 100, test: 100 })?;
/// assert_eq!(dataset.train.images().pixels().len(), 300 * 28 * 28);
/// assert_eq!(dataset.train.labels().iter().filter(|&&label| label == 7).count(), 30);
/// # Ok::<(), evenkeel_data::DatasetError>(())
/// ```
pub fn generate_sized(seed: u64, sizes: Sizes) -> Result<Dataset, DatasetError> {
    generate_with(seed, sizes, &Silent)
}

/// Draws the data set of a seed, telling `progress` each image.
///
/// # Errors
///
/// As [`generate_sized`].
pub fn generate_with(
    seed: u64,
    sizes: Sizes,
    progress: &dyn Progress,
) -> Result<Dataset, DatasetError> {
    let total = [sizes.train, sizes.valid, sizes.test]
        .map(|n| n as u64)
        .iter()
        .sum();
    let task = Task::begin(progress, "drawing strokes", Some(total));
    Ok(Dataset {
        name: "strokes".to_owned(),
        train: draw_part(seed, 0, sizes.train, &task)?,
        valid: draw_part(seed, 1, sizes.valid, &task)?,
        test: draw_part(seed, 2, sizes.test, &task)?,
    })
}

/// Part `number` has the image streams from `number`·2⁴⁰ on: a part's size changes no other's.
fn draw_part<R: Role>(
    seed: u64,
    number: u64,
    count: usize,
    task: &Task<'_>,
) -> Result<Part<R>, DatasetError> {
    let mut labels: Vec<u8> = (0..CLASSES).cycle().take(count).collect();
    SplitMix64::stream(seed, Domain::Labels, number).shuffle(&mut labels);
    let mut pixels = vec![0; count * SIDE * SIDE];
    let blocks = pixels
        .par_chunks_mut(BLOCK * SIDE * SIDE)
        .zip(labels.par_chunks(BLOCK));
    blocks.enumerate().for_each(|(block, (images, labels))| {
        let first = (number << 40) + (block * BLOCK) as u64;
        for (index, (image, &label)) in images.chunks_mut(SIDE * SIDE).zip(labels).enumerate() {
            let mut random = SplitMix64::stream(seed, Domain::Image, first + index as u64);
            draw_digit(label, &mut random, image);
        }
        task.advance(labels.len() as u64);
    });
    let images = Images::new(count, SIDE, SIDE, pixels).map_err(|source| DatasetError::Images {
        part: R::NAME,
        source,
    })?;
    Part::new(images, labels)
}

fn draw_digit(digit: u8, random: &mut SplitMix64, image: &mut [u8]) {
    let hand = hand::Hand::draw(random);
    let strokes = hand.write(glyphs::choose(digit, random), random);
    ink::lay(&strokes, &hand, random, image);
}
