//! `model.safetensors.index.json`: which file of a sharded checkpoint holds which tensor.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::path::{Component, Path};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use thiserror::Error;

/// How the names of index files end.
pub(super) const SUFFIX: &str = ".safetensors.index.json";
/// The index that Hugging Face's loaders look for.
pub(super) const NAME: &str = "model.safetensors.index.json";
/// Longest index read: twice what a million tensors with long names take.
pub(super) const LONGEST: u64 = 256_000_000;

/// An index that is none, or that must not be followed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A file too long for an index.
    #[error("it has {bytes} bytes; an index has at most {LONGEST}")]
    TooLong {
        /// Its length.
        bytes: u64,
    },
    /// Text that is no index.
    #[error("it does not read as the JSON of an index: {0}")]
    Json(#[from] serde_json::Error),
    /// One name for two tensors.
    #[error("it lists tensor {name:?} twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// No tensor at all.
    #[error("its weight_map is empty")]
    Empty,
    /// A file name that could lead anywhere.
    #[error("it names the file {file:?}; only a path within the index's own folder is followed")]
    Escapes {
        /// The name.
        file: String,
    },
}

/// Which file holds which tensor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) weight_map: BTreeMap<String, String>,
}

impl Index {
    pub(super) fn parse(text: &[u8]) -> Result<Self, IndexError> {
        let Parsed { weight_map } = serde_json::from_slice(text)?;
        let mut map = BTreeMap::new();
        for (name, file) in weight_map.0 {
            check_file_name(&file)?;
            if let Some((name, _)) = map.remove_entry(&name) {
                return Err(IndexError::DuplicateName { name });
            }
            map.insert(name, file);
        }
        if map.is_empty() {
            return Err(IndexError::Empty);
        }
        Ok(Self { weight_map: map })
    }

    /// The files, each once, in the order of their names: that of their numbers.
    pub(super) fn files(&self) -> BTreeSet<&str> {
        self.weight_map.values().map(String::as_str).collect()
    }
}

/// Writes an index of these tensors and their files, as Hugging Face's tools write it; it is in the
/// order of the tensors' names.
pub(super) fn write<'a>(
    total_bytes: u64,
    weight_map: impl Iterator<Item = (&'a str, &'a str)>,
    mut out: impl Write,
) -> io::Result<()> {
    let mut sorted: Vec<_> = weight_map.collect();
    sorted.sort_unstable();
    let written = Written {
        metadata: Metadata {
            total_size: total_bytes,
        },
        weight_map: WeightMap(sorted),
    };
    serde_json::to_writer_pretty(&mut out, &written)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Written<'a> {
    metadata: Metadata,
    weight_map: WeightMap<'a>,
}

#[derive(Serialize)]
struct Metadata {
    total_size: u64,
}

/// Tensors and their files.
struct WeightMap<'a>(Vec<(&'a str, &'a str)>);

impl Serialize for WeightMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// Only plain names within the folder: no root, no drive, no `..`, no backslash, which is a
/// separator on some systems and a plain character on others.
fn check_file_name(file: &str) -> Result<(), IndexError> {
    let mut components = Path::new(file).components().peekable();
    let plain = components.peek().is_some()
        && components.all(|part| matches!(part, Component::Normal(_)))
        && !file.contains(['\\', '\0']);
    if plain {
        return Ok(());
    }
    Err(IndexError::Escapes {
        file: file.to_owned(),
    })
}

#[derive(serde::Deserialize)]
struct Parsed {
    weight_map: Pairs,
}

/// A map's entries as they come, duplicates kept so that they can be refused.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that names each tensor's file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text = br#"{"metadata":{"total_size":"ignored"},"weight_map":{"b":"m-2.st","a":"m-1.st","c":"m-1.st"}}"#;
        let index = Index::parse(text).unwrap();
        assert_eq!(Vec::from_iter(index.files()), ["m-1.st", "m-2.st"]);
        let pairs = index.weight_map.iter().rev();
        let pairs = pairs.map(|(name, file)| (name.as_str(), file.as_str()));
        let mut written = Vec::new();
        write(12, pairs, &mut written).unwrap();
        assert_eq!(Index::parse(&written).unwrap(), index);
        // In the order of the names.
        let again = serde_json::to_string_pretty(&index.weight_map).unwrap();
        let again = again.replace('\n', "\n  ");
        assert!(str::from_utf8(&written).unwrap().contains(&again));
        let value: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(value["metadata"]["total_size"], 12);
    }

    #[test]
    fn names_that_leave_the_folder_are_not_followed() {
        for file in [
            "../x.safetensors",
            "/etc/passwd",
            "a/../../x",
            "",
            ".",
            "..",
            "a\\\\..\\\\x",
            "a\\u0000",
        ] {
            let text = format!(r#"{{"weight_map":{{"w":"{file}"}}}}"#);
            let error = Index::parse(text.as_bytes()).unwrap_err();
            assert!(
                matches!(error, IndexError::Escapes { .. }),
                "{file}: {error:?}"
            );
        }
        assert!(Index::parse(br#"{"weight_map":{"w":"sub/x.safetensors"}}"#).is_ok());
    }

    #[test]
    fn other_faults_have_their_errors() {
        let fault = |text: &str| Index::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(
            fault(r#"{"weight_map":{"w":"a","w":"a"}}"#),
            IndexError::DuplicateName { .. }
        ));
        assert!(matches!(fault(r#"{"weight_map":{}}"#), IndexError::Empty));
        assert!(matches!(
            fault(r#"{"weight_map":{"w":1}}"#),
            IndexError::Json(_)
        ));
        assert!(matches!(fault("{}"), IndexError::Json(_)));
    }
}
