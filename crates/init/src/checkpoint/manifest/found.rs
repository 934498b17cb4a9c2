//! A manifest that is there, compared with a plan while it is read.

use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::read::{Said, read};
use super::{FileEntry, TensorEntry, VERSION};
use crate::checkpoint::ManifestError;
use crate::checkpoint::hash::{self, TensorDigest};
use crate::checkpoint::plan::Plan;

/// What a manifest says that is there.
pub(in crate::checkpoint) struct Found {
    pub(in crate::checkpoint) files: Vec<FileEntry>,
    /// The digests that it has, in the order of its tensors: of no use where it differs.
    pub(in crate::checkpoint) digests: Vec<Option<TensorDigest>>,
    /// In what it differs from the plan, digests apart, in words.
    pub(in crate::checkpoint) difference: Option<String>,
}

impl Found {
    pub(in crate::checkpoint) fn read(path: &Path, plan: &Plan) -> Result<Self, ManifestError> {
        let said = read(path, TensorsBeside(plan))?;
        Ok(Self {
            difference: difference(&said, plan),
            files: said.files,
            digests: said.tensors.digests,
        })
    }
}

/// A manifest's tensors beside those of a plan.
struct Compared {
    digests: Vec<Option<TensorDigest>>,
    count: usize,
    difference: Option<String>,
}

/// In what a manifest differs from that of a plan.
fn difference(said: &Said<Compared>, plan: &Plan) -> Option<String> {
    if said.version != VERSION {
        return Some(format!("evenkeel {} against {VERSION}", said.version));
    }
    if said.seed != plan.seed.0 {
        return Some(format!("seed {} against {}", said.seed, plan.seed));
    }
    let (there, planned) = (said.files.len(), plan.file_count());
    if there != planned {
        return Some(format!("{there} files against {planned}"));
    }
    if said.tensors.difference.is_some() {
        return said.tensors.difference.clone();
    }
    let (there, planned) = (said.tensors.count, plan.tensor_count());
    if there != planned {
        return Some(format!("{there} tensors against {planned}"));
    }
    let same = said.digest_method == hash::METHOD
        && said.tensor_bytes == plan.tensor_bytes()
        && plan.file_entries().eq(said.files.iter().cloned());
    (!same).then(|| "the sizes of its files, or how its digests are made".to_owned())
}

/// Reads a manifest's tensors beside those of this plan.
struct TensorsBeside<'a>(&'a Plan);

impl<'de> DeserializeSeed<'de> for TensorsBeside<'_> {
    type Value = Compared;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Compared, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for TensorsBeside<'_> {
    type Value = Compared;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tensors")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Compared, A::Error> {
        let mut planned = self.0.tensor_entries();
        let mut compared = Compared {
            digests: Vec::new(),
            count: 0,
            difference: None,
        };
        while let Some(mut tensor) = seq.next_element::<TensorEntry>()? {
            compared.count += 1;
            let Some(planned) = planned.next() else {
                continue;
            };
            compared.digests.push(tensor.digest.take());
            if compared.difference.is_none() && tensor != planned {
                compared.difference = Some(difference_of(&tensor, &planned));
            }
        }
        Ok(compared)
    }
}

/// In what a tensor that is there differs from the one that is planned in its place.
fn difference_of(there: &TensorEntry, planned: &TensorEntry) -> String {
    if there.name == planned.name {
        return format!("what tensor {:?} is or how it is made", there.name);
    }
    format!("tensor {:?} in the place of {:?}", there.name, planned.name)
}
