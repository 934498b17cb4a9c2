//! Samples of a part at a glance.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::atomic::write_whole;
use crate::dataset::CLASSES;
use crate::{Part, Role};

/// Pixels of paper between two images, and around them all.
const GAP: usize = 2;

/// What the gaps are filled with: a grey apart from the images' black.
const PAPER: u8 = 48;

/// A grey picture, one byte a pixel, 0 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreyRaster {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// Why a picture could not be written.
#[derive(Debug, Error)]
pub enum RasterError {
    /// The PNG encoder refused: the picture has no pixel or too many.
    #[error("a picture of {width}×{height} pixels cannot be written as PNG: {source}")]
    Encode {
        /// Width of the picture.
        width: usize,
        /// Height of the picture.
        height: usize,
        /// What the encoder says.
        source: png::EncodingError,
    },
    /// The file cannot be written.
    #[error(
        "cannot write {}: {source}; choose a file in a folder that exists and can be written",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl GreyRaster {
    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels, `[height, width]`, row by row from the top.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The picture as the bytes of a PNG file.
    ///
    /// # Errors
    ///
    /// [`RasterError::Encode`] when it has no pixel, or a side past 2³¹.
    pub fn to_png(&self) -> Result<Vec<u8>, RasterError> {
        let encode = || -> Result<Vec<u8>, png::EncodingError> {
            let mut bytes = Vec::new();
            // A side that does not fit becomes one that the encoder refuses.
            let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
            let mut encoder = png::Encoder::new(&mut bytes, side(self.width), side(self.height));
            encoder.set_color(png::ColorType::Grayscale);
            encoder.set_depth(png::BitDepth::Eight);
            encoder.write_header()?.write_image_data(&self.pixels)?;
            Ok(bytes)
        };
        let (width, height) = (self.width, self.height);
        encode().map_err(|source| RasterError::Encode {
            width,
            height,
            source,
        })
    }

    /// Writes the picture as a PNG file, whole or not at all.
    ///
    /// # Errors
    ///
    /// As [`to_png`](Self::to_png), and [`RasterError::Write`] when the file cannot be written.
    pub fn write_png(&self, path: &Path) -> Result<(), RasterError> {
        let bytes = self.to_png()?;
        write_whole(path, &bytes).map_err(|source| RasterError::Write {
            path: path.to_path_buf(),
            source,
        })
    }
}

/// A sheet of the first `n` examples dealt into ten columns by their label, 0 on the left to 9 on
/// the right: the column says what each image should show.
///
/// There are ⌈n/10⌉ rows: row *r* has each digit's *r*-th example, and a digit with fewer examples
/// leaves its places empty. So `n = 100` is ten of each digit.
///
/// # Shapes
///
/// Width 10·(columns + 2) + 2, height ⌈n/10⌉·(rows + 2) + 2 pixels.
///
/// # Example
///
/// ```
/// # use evenkeel_data::{contact_sheet, strokes};
/// let sizes = strokes::Sizes { train: 500, valid: 100, test: 100 };
/// let sheet = contact_sheet(&strokes::generate_sized(42, sizes)?.train, 100);
/// assert_eq!((sheet.width(), sheet.height()), (302, 302));
/// assert!(sheet.to_png().unwrap().starts_with(b"\x89PNG"));
/// # Ok::<(), evenkeel_data::DatasetError>(())
/// ```
pub fn contact_sheet<R: Role>(part: &Part<R>, n: usize) -> GreyRaster {
    let images = part.images();
    let (pitch_x, pitch_y) = (images.columns() + GAP, images.rows() + GAP);
    // More rows than examples would only be paper.
    let rows = n.div_ceil(CLASSES.into()).clamp(1, part.count());
    let (width, height) = (usize::from(CLASSES) * pitch_x + GAP, rows * pitch_y + GAP);
    let mut sheet = GreyRaster {
        width,
        height,
        pixels: vec![PAPER; width * height],
    };
    let mut filled = [0; CLASSES as usize];
    for (image, &label) in images
        .pixels()
        .chunks_exact(images.features())
        .zip(part.labels())
    {
        let row = &mut filled[usize::from(label)];
        if *row < rows {
            let corner = (usize::from(label) * pitch_x + GAP, *row * pitch_y + GAP);
            paste(&mut sheet, corner, image, images.columns());
            *row += 1;
        }
    }
    sheet
}

fn paste(sheet: &mut GreyRaster, (x, y): (usize, usize), image: &[u8], columns: usize) {
    for (row, pixels) in image.chunks_exact(columns).enumerate() {
        let start = (y + row) * sheet.width + x;
        sheet.pixels[start..start + columns].copy_from_slice(pixels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Images, Testing};

    fn sheet() -> GreyRaster {
        let images = Images::new(3, 1, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        contact_sheet(&Part::<Testing>::new(images, vec![1, 0, 1]).unwrap(), 20)
    }

    #[test]
    fn columns_are_digits() {
        let sheet = sheet();
        assert_eq!((sheet.width(), sheet.height()), (42, 8));
        let at = |x: usize, y: usize| &sheet.pixels()[y * 42 + x..][..2];
        assert_eq!(at(2, 2), [3, 4]);
        assert_eq!(at(6, 2), [1, 2]);
        assert_eq!(at(6, 5), [5, 6]);
        assert_eq!(at(2, 5), [PAPER; 2]);
    }

    #[test]
    fn a_png_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.png");
        sheet().write_png(&path).unwrap();
        let file = io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, sheet().pixels());
    }

    #[test]
    fn a_side_that_no_png_has_is_refused() {
        for (width, height) in [(0, 1), (1 << 31, 1), (1, usize::MAX)] {
            let pixels = Vec::new();
            let raster = GreyRaster {
                width,
                height,
                pixels,
            };
            let error = raster.to_png().unwrap_err();
            assert!(matches!(error, RasterError::Encode { .. }), "{error:?}");
            let text = format!("a picture of {width}×{height} pixels cannot be written as PNG: ");
            assert!(error.to_string().contains(&text), "{error}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = sheet()
            .write_png(&folder.path().join("no/sheet.png"))
            .unwrap_err();
        assert!(matches!(error, RasterError::Write { .. }));
        assert!(error.to_string().contains("no/sheet.png") && error.to_string().contains("folder"));
    }
}
