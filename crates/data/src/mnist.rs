//! MNIST: its four files as published, where they are found, and the data set they make.
//!
//! Each file may be gzip-compressed or plain, and its SHA-256 is checked wherever it comes from.
//! For each file the first of these is taken:
//!
//! 1. in the folder that the caller names, or its `mnist` subfolder. A folder named so holds all
//!    four files or it is an error: nothing else silently takes their place;
//! 2. in the folder that `EVENKEEL_DATA` names, or its `mnist` subfolder;
//! 3. in the user's cache;
//! 4. downloaded into the cache.
//!
//! In a folder `NAME.gz` goes before `NAME`. A file that is there but damaged is an error; the
//! search does not go on past it.
//!
//! Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".

mod files;
mod find;
mod read;

use std::collections::BTreeSet;

pub use files::{Content, Encoding, FILES, MnistFile};
pub use find::{Located, Origin, find_in, search};
pub use read::{FileError, FileFault, verify};

use crate::progress::Task;
use crate::{DataError, Dataset, Images, Progress};

/// Of the 60,000 published training images the last 10,000 validate.
const VALIDATION_COUNT: usize = 10_000;

/// Reads the four files, in the order of [`FILES`], and makes the data set: the first 50,000
/// training images train, the last 10,000 validate, the 10,000 test images test.
///
/// # Errors
///
/// [`DataError::File`] for a file that cannot be read or is not the one published.
pub fn read_dataset(located: &[Located; 4], progress: &dyn Progress) -> Result<Dataset, DataError> {
    let task = Task::begin(progress, "reading MNIST", Some(located.len() as u64));
    let images = |located: &Located| -> Result<Images, DataError> {
        let images = read::read_with(located, |array| array.into_images())?;
        task.advance(1);
        Ok(images)
    };
    let labels = |located: &Located| -> Result<Vec<u8>, DataError> {
        let labels = read::read_with(located, |array| array.into_labels())?;
        task.advance(1);
        Ok(labels)
    };
    let [train_images, train_labels, test_images, test_labels] = located;
    let train = (images(train_images)?, labels(train_labels)?);
    let test = (images(test_images)?, labels(test_labels)?);
    Ok(Dataset::split("mnist", train, VALIDATION_COUNT, test)?)
}

/// Where the files came from, in words fit for a reader.
pub(crate) fn describe(located: &[Located; 4]) -> String {
    let origins: BTreeSet<Origin> = located.iter().map(|located| located.origin).collect();
    let words: Vec<String> = origins.iter().map(ToString::to_string).collect();
    words.join(" and ")
}
