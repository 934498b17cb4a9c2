//! Grey images in one block of bytes.

use std::fmt;

use thiserror::Error;

/// Images of one size, grey, one byte a pixel: 0 is background, 255 is full ink.
///
/// # Shapes
///
/// `pixels` is `[count, rows, columns]`, the last axis fastest: image `i` is the
/// `rows × columns` bytes from `i × rows × columns`. None of the three is 0.
#[derive(Clone, PartialEq, Eq)]
pub struct Images {
    count: usize,
    rows: usize,
    columns: usize,
    pixels: Vec<u8>,
}

/// Why bytes cannot be images.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImagesError {
    /// A count, a height or a width is 0.
    #[error("no pixels: {count} images of {rows}×{columns}; each of the three must be at least 1")]
    Empty {
        /// Images declared.
        count: usize,
        /// Rows declared.
        rows: usize,
        /// Columns declared.
        columns: usize,
    },
    /// The bytes are not as many as the shape says.
    #[error(
        "{count} images of {rows}×{columns} do not fit {got} pixels; \
         give exactly count × rows × columns"
    )]
    Length {
        /// Images declared.
        count: usize,
        /// Rows declared.
        rows: usize,
        /// Columns declared.
        columns: usize,
        /// Bytes given.
        got: usize,
    },
}

/// Without the pixels, of which there may be millions.
impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shape = f.debug_struct("Images");
        shape.field("count", &self.count).field("rows", &self.rows);
        shape
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl Images {
    /// Images from their bytes.
    ///
    /// # Errors
    ///
    /// [`ImagesError::Empty`] when there is no pixel; [`ImagesError::Length`] when the number of
    /// bytes is not `count × rows × columns`.
    pub fn new(
        count: usize,
        rows: usize,
        columns: usize,
        pixels: Vec<u8>,
    ) -> Result<Self, ImagesError> {
        if count == 0 || rows == 0 || columns == 0 {
            return Err(ImagesError::Empty {
                count,
                rows,
                columns,
            });
        }
        let expected = rows.checked_mul(columns).and_then(|n| n.checked_mul(count));
        if expected != Some(pixels.len()) {
            let got = pixels.len();
            return Err(ImagesError::Length {
                count,
                rows,
                columns,
                got,
            });
        }
        Ok(Self {
            count,
            rows,
            columns,
            pixels,
        })
    }

    /// How many images.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Height of each image in pixels.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Width of each image in pixels.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Pixels an image, `rows × columns`: the fan-in of a first layer.
    pub fn features(&self) -> usize {
        self.rows * self.columns
    }

    /// Every pixel, `[count, rows, columns]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of image `index`, `[rows, columns]`, or `None` past the last.
    pub fn image(&self, index: usize) -> Option<&[u8]> {
        self.pixels.chunks_exact(self.features()).nth(index)
    }

    /// The first `at` images and the rest; `at` is within `1..count`.
    pub(crate) fn split(mut self, at: usize) -> (Self, Self) {
        debug_assert!((1..self.count).contains(&at));
        let rest = Self {
            count: self.count - at,
            rows: self.rows,
            columns: self.columns,
            pixels: self.pixels.split_off(at * self.features()),
        };
        self.count = at;
        (self, rest)
    }

    /// A copy of the first `count` images; `count` is within `1..=self.count`.
    pub(crate) fn first(&self, count: usize) -> Self {
        debug_assert!((1..=self.count).contains(&count));
        Self {
            count,
            rows: self.rows,
            columns: self.columns,
            pixels: self.pixels[..count * self.features()].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_that_do_not_fit_are_named() {
        assert_eq!(
            Images::new(0, 28, 28, Vec::new()),
            Err(ImagesError::Empty {
                count: 0,
                rows: 28,
                columns: 28
            })
        );
        let error = Images::new(2, 2, 2, vec![0; 7]).unwrap_err();
        assert_eq!(
            error,
            ImagesError::Length {
                count: 2,
                rows: 2,
                columns: 2,
                got: 7
            }
        );
        assert!(
            error
                .to_string()
                .contains("2 images of 2×2 do not fit 7 pixels")
        );
        let absurd = Images::new(usize::MAX, 28, 28, vec![0; 8]).unwrap_err();
        assert!(matches!(absurd, ImagesError::Length { .. }));
    }

    #[test]
    fn an_image_is_its_own_rows() {
        let images = Images::new(2, 1, 3, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(images.image(1), Some(&[4, 5, 6][..]));
        assert_eq!(images.image(2), None);
        let (head, tail) = images.split(1);
        assert_eq!(
            (head.pixels(), tail.pixels()),
            (&[1, 2, 3][..], &[4, 5, 6][..])
        );
    }
}
