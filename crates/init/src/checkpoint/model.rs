//! A model's tensors before anything is decided about their values.

use safetensors::Dtype as StoredDtype;

use super::{PlannedTensor, TensorHeader};
use crate::{Layout, Reading, Rules, RulesError, TensorShape};

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

    /// What rules see of it: a scalar counts as a vector of one element.
    fn seen(&self) -> TensorShape {
        let one = [1];
        let shape = if self.shape.is_empty() {
            &one
        } else {
            self.shape.as_slice()
        };
        let seen = TensorShape::new(&self.name, shape);
        match &self.reading {
            Some((reading, layout)) => seen.read_as(reading.clone(), *layout),
            None => seen,
        }
    }

    /// All of them as [`Rules`] and [`Preset`](crate::Preset) take them.
    pub fn shapes(tensors: &[Self]) -> Vec<TensorShape> {
        tensors.iter().map(Self::seen).collect()
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

/// Decides by rules how each tensor is made.
///
/// # Errors
/// As [`Rules::assign`].
pub fn assign(tensors: Vec<ModelTensor>, rules: &Rules) -> Result<Vec<PlannedTensor>, RulesError> {
    let assigned = rules.assign(&ModelTensor::shapes(&tensors))?;
    let planned = tensors
        .into_iter()
        .zip(assigned)
        .map(|(tensor, decided)| PlannedTensor {
            name: tensor.name,
            dtype: tensor.dtype,
            shape: tensor.shape,
            rule: rules.rules()[decided.rule].pattern().to_owned(),
            geometry: decided.geometry,
            scheme: decided.scheme,
        });
    Ok(planned.collect())
}

/// A number format by its name, in upper or lower case: `bf16`, `F32`, `i64`.
pub fn parse_dtype(text: &str) -> Option<StoredDtype> {
    let name = serde_json::Value::String(text.to_ascii_uppercase());
    serde_json::from_value(name).ok()
}
