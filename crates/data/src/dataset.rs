//! A data set and its three parts.

use std::fmt;
use std::marker::PhantomData;

use thiserror::Error;

use crate::{Images, ImagesError, PixelStatistics};

/// The classes are the ten digits.
pub(crate) const CLASSES: u8 = 10;

mod sealed {
    /// Keeps the roles to the three of this crate.
    pub trait Sealed {}
}

/// What a part is for: [`Training`], [`Validation`] or [`Testing`].
pub trait Role: sealed::Sealed + Clone + Send + Sync + 'static {
    /// `train`, `valid` or `test`.
    const NAME: &'static str;
}

macro_rules! role {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl Role for $name {
            const NAME: &'static str = $text;
        }
    };
}

role!(
    /// Marks the part that weights and normalisers are fitted on.
    Training,
    "train"
);
role!(
    /// Marks the part that choices are made on.
    Validation,
    "valid"
);
role!(
    /// Marks the part that is looked at last.
    Testing,
    "test"
);

/// Images with their labels, for one purpose.
///
/// There is at least one image, as many labels as images, and every label is within `0..=9`.
#[derive(Clone, PartialEq)]
pub struct Part<R: Role> {
    images: Images,
    labels: Vec<u8>,
    role: PhantomData<R>,
}

/// Without the labels, of which there may be thousands.
impl<R: Role> fmt::Debug for Part<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut part = f.debug_struct("Part");
        part.field("role", &R::NAME)
            .field("images", &self.images)
            .finish_non_exhaustive()
    }
}

impl<R: Role> Part<R> {
    pub(crate) fn new(images: Images, labels: Vec<u8>) -> Result<Self, DatasetError> {
        check_labels(R::NAME, &images, &labels)?;
        Ok(Self {
            images,
            labels,
            role: PhantomData,
        })
    }

    /// The images.
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// The labels, one an image, each a digit `0..=9`.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// How many examples.
    pub fn count(&self) -> usize {
        self.images.count()
    }

    /// Mean and standard deviation over every pixel of every image, a byte *b* being *b*/256
    /// ([`PIXEL_LEVELS`](crate::PIXEL_LEVELS)).
    pub fn statistics(&self) -> PixelStatistics {
        PixelStatistics::of_bytes(self.images.pixels())
    }

    /// The first `count` examples (all of them if there are fewer, one if `count` is 0), for a
    /// shorter run. The role stays what it was.
    pub fn first(&self, count: usize) -> Self {
        let count = count.clamp(1, self.count());
        Self {
            images: self.images.first(count),
            labels: self.labels[..count].to_vec(),
            role: PhantomData,
        }
    }
}

/// A data set cut into its three parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// `mnist` or `strokes`.
    pub name: String,
    /// What weights and normalisers are fitted on.
    pub train: Part<Training>,
    /// What choices are made on.
    pub valid: Part<Validation>,
    /// What is looked at last.
    pub test: Part<Testing>,
}

/// Why images and labels cannot be a data set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DatasetError {
    /// Not one label an image.
    #[error("{part}: {images} images but {labels} labels; each image needs exactly one label")]
    Counts {
        /// Which part: `train` (before the validation part is cut off), `valid` or `test`.
        part: &'static str,
        /// Images there are.
        images: usize,
        /// Labels there are.
        labels: usize,
    },
    /// A label is not a digit.
    #[error("{part}: label {label} of image {index} is past 9; labels are the digits 0 to 9")]
    Label {
        /// Which part.
        part: &'static str,
        /// The first image with such a label.
        index: usize,
        /// Its label.
        label: u8,
    },
    /// The validation part would take every image, or none.
    #[error("cannot cut {valid} validation images off {images}: both parts need at least one")]
    Split {
        /// Images there are to split.
        images: usize,
        /// Images asked for the validation part.
        valid: usize,
    },
    /// The test images have another size than the training images.
    #[error(
        "training images are {}×{} but test images {}×{}; they must have one size",
        train.0, train.1, test.0, test.1
    )]
    Size {
        /// Rows and columns of the training images.
        train: (usize, usize),
        /// Rows and columns of the test images.
        test: (usize, usize),
    },
    /// The images themselves are not whole.
    #[error("{part}: {source}")]
    Images {
        /// Which part.
        part: &'static str,
        /// What is wrong with them.
        source: ImagesError,
    },
}

impl Dataset {
    /// Cuts labelled images into a data set: the last `valid_count` of `train` validate, those
    /// before them train, `test` tests.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Counts`] when labels and images differ in number, [`DatasetError::Label`]
    /// for a label past 9, [`DatasetError::Split`] when `valid_count` is 0 or leaves nothing to
    /// train on, [`DatasetError::Size`] when the test images have another size.
    pub fn split(
        name: impl Into<String>,
        train: (Images, Vec<u8>),
        valid_count: usize,
        test: (Images, Vec<u8>),
    ) -> Result<Self, DatasetError> {
        let (images, mut labels) = train;
        check_labels(Training::NAME, &images, &labels)?;
        check_sizes(&images, &test.0)?;
        let train_count = match images.count().checked_sub(valid_count) {
            Some(count) if count > 0 && valid_count > 0 => count,
            _ => {
                return Err(DatasetError::Split {
                    images: images.count(),
                    valid: valid_count,
                });
            }
        };
        let valid_labels = labels.split_off(train_count);
        let (train_images, valid_images) = images.split(train_count);
        Ok(Self {
            name: name.into(),
            train: Part::new(train_images, labels)?,
            valid: Part::new(valid_images, valid_labels)?,
            test: Part::new(test.0, test.1)?,
        })
    }
}

fn check_sizes(train: &Images, test: &Images) -> Result<(), DatasetError> {
    let size = |images: &Images| (images.rows(), images.columns());
    if size(train) == size(test) {
        return Ok(());
    }
    Err(DatasetError::Size {
        train: size(train),
        test: size(test),
    })
}

fn check_labels(part: &'static str, images: &Images, labels: &[u8]) -> Result<(), DatasetError> {
    if images.count() != labels.len() {
        return Err(DatasetError::Counts {
            part,
            images: images.count(),
            labels: labels.len(),
        });
    }
    match first_label_past_9(labels) {
        Some((index, label)) => Err(DatasetError::Label { part, index, label }),
        None => Ok(()),
    }
}

pub(crate) fn first_label_past_9(labels: &[u8]) -> Option<(usize, u8)> {
    let index = labels.iter().position(|&label| label >= CLASSES)?;
    Some((index, labels[index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(count: usize) -> Images {
        Images::new(count, 1, 2, (0..2 * count).map(|i| i as u8).collect()).unwrap()
    }

    fn dataset(labels: Vec<u8>, valid: usize) -> Result<Dataset, DatasetError> {
        Dataset::split("t", (images(5), labels), valid, (images(2), vec![8, 9]))
    }

    #[test]
    fn the_last_images_validate() {
        let dataset = dataset(vec![0, 1, 2, 3, 4], 2).unwrap();
        assert_eq!(dataset.train.labels(), [0, 1, 2]);
        assert_eq!(dataset.valid.labels(), [3, 4]);
        assert_eq!(dataset.valid.images().pixels(), [6, 7, 8, 9]);
        assert_eq!(dataset.test.labels(), [8, 9]);
        assert_eq!(dataset.valid.first(1).labels(), [3]);
        assert_eq!(dataset.valid.first(99).count(), 2);
    }

    #[test]
    fn each_rule_has_its_error() {
        let error = dataset(vec![0, 1, 2, 3], 2).unwrap_err();
        assert_eq!(
            error,
            DatasetError::Counts {
                part: "train",
                images: 5,
                labels: 4
            }
        );
        assert!(error.to_string().contains("5 images but 4 labels"));

        let error = dataset(vec![0, 1, 10, 3, 255], 2).unwrap_err();
        assert_eq!(
            error,
            DatasetError::Label {
                part: "train",
                index: 2,
                label: 10
            }
        );
        assert!(error.to_string().contains("label 10 of image 2 is past 9"));

        for valid in [0, 5, 6, usize::MAX] {
            let error = dataset(vec![0; 5], valid).unwrap_err();
            assert_eq!(error, DatasetError::Split { images: 5, valid });
        }

        let wide = Images::new(1, 1, 3, vec![0; 3]).unwrap();
        let error = Dataset::split("t", (images(2), vec![0; 2]), 1, (wide, vec![0])).unwrap_err();
        assert_eq!(
            error,
            DatasetError::Size {
                train: (1, 2),
                test: (1, 3)
            }
        );
    }
}
