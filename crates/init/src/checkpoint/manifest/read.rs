//! Reading a manifest piece by piece: all of its text would take many times the memory of what is
//! wanted of it.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::{FileEntry, LONGEST, MANIFEST_SCHEMA};
use crate::checkpoint::{ManifestError, ReadError, read as files};

/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

/// What a manifest says, and what was made of its tensors.
pub(super) struct Said<T> {
    pub(super) schema: String,
    pub(super) version: String,
    pub(super) seed: u64,
    pub(super) digest_method: String,
    pub(super) tensor_bytes: u64,
    pub(super) files: Vec<FileEntry>,
    pub(super) tensors: T,
}

/// Reads a manifest, and its tensors as `tensors` does. Its text is checked to be one; what it says
/// is not believed yet.
pub(super) fn read<T>(
    path: &Path,
    tensors: impl for<'de> DeserializeSeed<'de, Value = T>,
) -> Result<Said<T>, ManifestError> {
    let (file, bytes) = open(path)?;
    // Not past what was measured, however fast it grows.
    let text = BufReader::with_capacity(BUFFER, file.take(bytes));
    let mut text = serde_json::Deserializer::from_reader(text);
    let said = Reader(tensors)
        .deserialize(&mut text)
        .and_then(|said| text.end().map(|()| said))
        .map_err(|source| refused(path, source))?;
    if said.schema != MANIFEST_SCHEMA {
        return Err(ManifestError::Schema {
            path: path.to_path_buf(),
            found: said.schema,
        });
    }
    Ok(said)
}

/// A manifest's file, which is not too long for one, and its length.
fn open(path: &Path) -> Result<(File, u64), ManifestError> {
    let (file, bytes) = files::open(path)?;
    if bytes > LONGEST {
        let path = path.to_path_buf();
        return Err(ManifestError::TooLong { path, bytes });
    }
    Ok((file, bytes))
}

fn refused(path: &Path, source: serde_json::Error) -> ManifestError {
    let path = path.to_path_buf();
    if source.is_io() {
        let source = source.into();
        return ReadError::Io { path, source }.into();
    }
    ManifestError::Json { path, source }
}

/// Reads a manifest, its tensors by what this holds.
struct Reader<S>(S);

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Schema,
    Version,
    Seed,
    DigestMethod,
    TensorBytes,
    Files,
    Tensors,
    #[serde(other)]
    Other,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Reader<S> {
    type Value = Said<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Reader<S> {
    type Value = Said<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a manifest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut schema, mut version, mut seed) = (None, None, None);
        let (mut digest_method, mut tensor_bytes) = (None, None);
        let (mut files, mut tensors, mut reader) = (None, None, Some(self.0));
        while let Some(field) = map.next_key()? {
            match field {
                Field::Schema => once(&mut schema, "schema", map.next_value()?)?,
                Field::Version => once(&mut version, "version", map.next_value()?)?,
                Field::Seed => once(&mut seed, "seed", map.next_value()?)?,
                Field::DigestMethod => {
                    once(&mut digest_method, "digest_method", map.next_value()?)?;
                }
                Field::TensorBytes => once(&mut tensor_bytes, "tensor_bytes", map.next_value()?)?,
                Field::Files => once(&mut files, "files", map.next_value()?)?,
                Field::Tensors => {
                    let twice = || A::Error::duplicate_field("tensors");
                    let reader = reader.take().ok_or_else(twice)?;
                    tensors = Some(map.next_value_seed(reader)?);
                }
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let missing = A::Error::missing_field;
        Ok(Said {
            schema: schema.ok_or_else(|| missing("schema"))?,
            version: version.ok_or_else(|| missing("version"))?,
            seed: seed.ok_or_else(|| missing("seed"))?,
            digest_method: digest_method.ok_or_else(|| missing("digest_method"))?,
            tensor_bytes: tensor_bytes.ok_or_else(|| missing("tensor_bytes"))?,
            files: files.ok_or_else(|| missing("files"))?,
            tensors: tensors.ok_or_else(|| missing("tensors"))?,
        })
    }
}

fn once<T, E: serde::de::Error>(
    place: &mut Option<T>,
    field: &'static str,
    value: T,
) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(field)),
    }
}
