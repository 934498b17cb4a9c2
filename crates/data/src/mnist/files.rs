//! The four files of MNIST: names, lengths and digests.

use std::fmt;

use crate::{Digest, PublishedFile};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Images of 28×28 pixels.
    Images,
    /// One digit an image.
    Labels,
}

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Compressed, as published: `NAME.gz`.
    Gzip,
    /// The IDX file itself: `NAME`.
    Plain,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Gzip => "gzip",
            Encoding::Plain => "plain",
        })
    }
}

/// One of the four files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MnistFile {
    /// What it holds.
    pub content: Content,
    /// How many images, or labels.
    pub count: usize,
    /// The compressed file, as the mirrors have it.
    pub gzip: PublishedFile,
    /// What it decompresses to.
    pub plain: PublishedFile,
}

impl MnistFile {
    /// The file in the given encoding.
    pub const fn published(&self, encoding: Encoding) -> &PublishedFile {
        match encoding {
            Encoding::Gzip => &self.gzip,
            Encoding::Plain => &self.plain,
        }
    }
}

/// Training images, training labels, test images, test labels.
///
/// The digests of the compressed files are those that the mirrors' users publish; the digests of
/// the plain files were computed from files that match them. A plain length is the header
/// (16 bytes for images, 8 for labels) and one byte a pixel or label.
pub const FILES: [MnistFile; 4] = [
    MnistFile {
        content: Content::Images,
        count: 60_000,
        gzip: PublishedFile {
            name: "train-images-idx3-ubyte.gz",
            bytes: 9_912_422,
            sha256: Digest::from_hex(
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
        },
        plain: PublishedFile {
            name: "train-images-idx3-ubyte",
            bytes: 16 + 60_000 * 28 * 28,
            sha256: Digest::from_hex(
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
        },
    },
    MnistFile {
        content: Content::Labels,
        count: 60_000,
        gzip: PublishedFile {
            name: "train-labels-idx1-ubyte.gz",
            bytes: 28_881,
            sha256: Digest::from_hex(
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
        },
        plain: PublishedFile {
            name: "train-labels-idx1-ubyte",
            bytes: 8 + 60_000,
            sha256: Digest::from_hex(
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
        },
    },
    MnistFile {
        content: Content::Images,
        count: 10_000,
        gzip: PublishedFile {
            name: "t10k-images-idx3-ubyte.gz",
            bytes: 1_648_877,
            sha256: Digest::from_hex(
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
        },
        plain: PublishedFile {
            name: "t10k-images-idx3-ubyte",
            bytes: 16 + 10_000 * 28 * 28,
            sha256: Digest::from_hex(
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
        },
    },
    MnistFile {
        content: Content::Labels,
        count: 10_000,
        gzip: PublishedFile {
            name: "t10k-labels-idx1-ubyte.gz",
            bytes: 4_542,
            sha256: Digest::from_hex(
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        },
        plain: PublishedFile {
            name: "t10k-labels-idx1-ubyte",
            bytes: 8 + 10_000,
            sha256: Digest::from_hex(
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        },
    },
];
