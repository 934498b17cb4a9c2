//! A model's tensors before anything is decided about their values.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use safetensors::Dtype as StoredDtype;

use super::names::Names;
use super::planned::Making;
use super::{PlannedTensors, TensorHeader};
use crate::rules::{Decisions, Form, Listing, Seen};
use crate::{Layout, Reading, Rules, RulesError};

/// One tensor of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelTensor {
    /// Its name.
    pub name: String,
    /// The number format that it is to be stored in.
    pub dtype: StoredDtype,
    /// Its shape as stored; empty for a scalar.
    pub shape: Vec<usize>,
    /// The layer that it is known to be.
    pub reading: Option<(Reading, Layout)>,
}

impl ModelTensor {
    /// The same tensor in another number format, if it holds real numbers at all: integers and
    /// truth values stay what they are.
    pub fn stored_as(self, dtype: StoredDtype) -> Self {
        use StoredDtype::{BOOL, C64, I8, I16, I32, I64, U8, U16, U32, U64};
        match self.dtype {
            BOOL | I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64 | C64 => self,
            _ => Self { dtype, ..self },
        }
    }
}

impl From<TensorHeader> for ModelTensor {
    fn from(header: TensorHeader) -> Self {
        Self {
            name: header.name,
            dtype: header.dtype,
            shape: header.shape,
            reading: None,
        }
    }
}

/// The tensors of a model, in order.
///
/// They are collected from an iterator over [`ModelTensor`]s. What many of them have in common is
/// held once, so that each takes little more memory than its name.
#[derive(Clone, Debug, Default)]
pub struct ModelTensors {
    names: Names,
    /// What there is besides names, in the order in which it first comes.
    kinds: Vec<Kind>,
    /// The kind of each.
    each: Vec<usize>,
}

/// What a tensor is apart from its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kind {
    dtype: StoredDtype,
    shape: Vec<usize>,
    reading: Option<(Reading, Layout)>,
}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The formats themselves cannot be hashed.
        (self.dtype.bitsize(), &self.shape, &self.reading).hash(state);
    }
}

impl ModelTensors {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter()
    }
}

impl FromIterator<ModelTensor> for ModelTensors {
    fn from_iter<T: IntoIterator<Item = ModelTensor>>(tensors: T) -> Self {
        let (mut names, mut each) = (Names::default(), Vec::new());
        let mut known: HashMap<Kind, usize> = HashMap::new();
        for tensor in tensors {
            let kind = Kind {
                dtype: tensor.dtype,
                shape: tensor.shape,
                reading: tensor.reading,
            };
            let next = known.len();
            names.push(&tensor.name);
            each.push(*known.entry(kind).or_insert(next));
        }
        let mut kinds: Vec<(Kind, usize)> = known.into_iter().collect();
        kinds.sort_unstable_by_key(|(_, number)| *number);
        Self {
            names,
            kinds: kinds.into_iter().map(|(kind, _)| kind).collect(),
            each,
        }
    }
}

impl Listing for ModelTensors {
    fn count(&self) -> usize {
        self.len()
    }

    fn seen(&self, number: usize) -> Seen<'_> {
        let kind = &self.kinds[self.each[number]];
        // A scalar counts as a vector of one element.
        let shape: &[usize] = if kind.shape.is_empty() {
            &[1]
        } else {
            &kind.shape
        };
        Seen {
            name: self.names.get(number),
            form: Form {
                shape,
                reading: kind.reading.as_ref(),
            },
        }
    }
}

/// Decides by rules how each tensor is made.
///
/// # Errors
/// As [`Rules::assign`].
pub fn assign(tensors: ModelTensors, rules: &Rules) -> Result<PlannedTensors, RulesError> {
    let Decisions { distinct, each } = rules.decisions(&tensors)?;
    let mut known: HashMap<(usize, usize), usize> = HashMap::new();
    let mut makings = Vec::new();
    let pairs = tensors.each.into_iter().zip(each);
    let each = pairs.map(|(kind, decided)| {
        *known.entry((kind, decided)).or_insert_with(|| {
            let (kind, decision) = (&tensors.kinds[kind], distinct[decided].clone());
            makings.push(Making {
                dtype: kind.dtype,
                shape: kind.shape.clone(),
                rule: rules.rules()[decision.rule].pattern().to_owned(),
                geometry: decision.geometry,
                scheme: decision.scheme,
            });
            makings.len() - 1
        })
    });
    Ok(PlannedTensors {
        each: each.collect(),
        names: tensors.names,
        makings,
    })
}

/// A number format by its name, in upper or lower case: `bf16`, `F32`, `i64`.
pub fn parse_dtype(text: &str) -> Option<StoredDtype> {
    let name = serde_json::Value::String(text.to_ascii_uppercase());
    serde_json::from_value(name).ok()
}
