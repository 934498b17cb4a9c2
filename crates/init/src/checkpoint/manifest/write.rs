//! A plan's manifest, made as it is written: that of many tensors takes many times the memory of the
//! plan.

use std::io::{self, Write};

use safetensors::Dtype as StoredDtype;
use serde::{Serialize, Serializer};

use super::{FileEntry, MANIFEST_SCHEMA, Manifest, TensorEntry, VERSION};
use crate::checkpoint::hash::{self, TensorDigest};
use crate::checkpoint::plan::{Placed, Plan};
use crate::{Fan, Layout};

impl Plan {
    /// The manifest that the checkpoint will have, digests missing.
    pub fn manifest(&self) -> Manifest {
        Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            version: VERSION.to_owned(),
            seed: self.seed.0,
            digest_method: hash::METHOD.to_owned(),
            tensor_bytes: self.tensor_bytes(),
            files: self.file_entries().collect(),
            tensors: self.tensor_entries().collect(),
        }
    }

    /// What the manifest says of each file, in order.
    pub fn file_entries(&self) -> impl ExactSizeIterator<Item = FileEntry> {
        self.files.iter().map(|file| FileEntry {
            name: file.name.clone(),
            bytes: file.total_bytes(),
        })
    }

    /// What the manifest says of each tensor, in order, digests missing; made as they come.
    pub fn tensor_entries(&self) -> impl Iterator<Item = TensorEntry> {
        self.lines(&[]).map(TensorEntry::from)
    }

    /// Writes the text of the manifest, digests missing, as it is made: that of many tensors takes
    /// many times the memory of the plan.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_manifest(&self, out: impl Write) -> io::Result<()> {
        self.write_manifest_with(&[], out)
    }

    /// The same with the digests of the tensors, in the manifest's order, that there are.
    pub(in crate::checkpoint) fn write_manifest_with(
        &self,
        digests: &[Option<TensorDigest>],
        mut out: impl Write,
    ) -> io::Result<()> {
        let text = Text {
            schema: MANIFEST_SCHEMA,
            version: VERSION,
            seed: self.seed.0,
            digest_method: hash::METHOD,
            tensor_bytes: self.tensor_bytes(),
            files: Sequence(|| self.file_entries()),
            tensors: Sequence(|| self.lines(digests)),
        };
        serde_json::to_writer_pretty(&mut out, &text)?;
        out.write_all(b"\n")
    }

    fn lines<'a>(&'a self, digests: &'a [Option<TensorDigest>]) -> impl Iterator<Item = Line<'a>> {
        self.files.iter().flat_map(move |file| {
            let places = file.places.clone();
            places.map(move |place| {
                let digest = digests.get(place).copied().flatten();
                Line::new(self.placed(place), &file.name, digest)
            })
        })
    }
}

/// A [`Manifest`] as it is written.
#[derive(Serialize)]
struct Text<F, T> {
    schema: &'static str,
    version: &'static str,
    seed: u64,
    digest_method: &'static str,
    tensor_bytes: u64,
    files: F,
    tensors: T,
}

/// Items that are made as they are written.
struct Sequence<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Sequence<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// A [`TensorEntry`] as it is written.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    file: &'a str,
    dtype: StoredDtype,
    shape: &'a [usize],
    rule: &'a str,
    scheme: &'a str,
    layer: &'a str,
    layout: Layout,
    fan_in: Option<usize>,
    fan_out: Option<usize>,
    gain: Option<f64>,
    mean: f64,
    std: f64,
    digest: Option<TensorDigest>,
}

impl<'a> Line<'a> {
    fn new(tensor: Placed<'a>, file: &'a str, digest: Option<TensorDigest>) -> Self {
        let (made, making) = (tensor.made, &tensor.made.making);
        let geometry = &making.geometry;
        let with_fans = geometry.has_fans();
        let fan_in = geometry.fan(Fan::In);
        Self {
            name: tensor.name,
            file,
            dtype: making.dtype,
            shape: &making.shape,
            rule: &making.rule,
            scheme: &made.scheme,
            layer: &made.layer,
            layout: geometry.layout(),
            fan_in: with_fans.then(|| geometry.fan_in()),
            fan_out: with_fans.then(|| geometry.fan_out()),
            gain: with_fans.then(|| made.std * fan_in.sqrt()),
            mean: made.mean,
            std: made.std,
            digest,
        }
    }
}

impl From<Line<'_>> for TensorEntry {
    fn from(line: Line<'_>) -> Self {
        Self {
            name: line.name.to_owned(),
            file: line.file.to_owned(),
            dtype: line.dtype,
            shape: line.shape.to_vec(),
            rule: line.rule.to_owned(),
            scheme: line.scheme.to_owned(),
            layer: line.layer.to_owned(),
            layout: line.layout,
            fan_in: line.fan_in,
            fan_out: line.fan_out,
            gain: line.gain,
            mean: line.mean,
            std: line.std,
            digest: line.digest,
        }
    }
}
