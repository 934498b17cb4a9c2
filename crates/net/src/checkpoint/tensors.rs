//! Tensors to and from safetensors.

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::tensor::{TensorView, View};
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::error::Difference;
use crate::graph::Shape;

/// A tensor to be written.
pub(super) struct Tensor<'a> {
    pub(super) shape: &'a [usize],
    pub(super) values: Values<'a>,
}

/// Its values.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        match self.values {
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
        }
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(match self.values {
            Values::F32(values) => little_endian(values, f32::to_le_bytes),
            Values::F64(values) => little_endian(values, f64::to_le_bytes),
        })
    }

    fn data_len(&self) -> usize {
        match self.values {
            Values::F32(values) => size_of_val(values),
            Values::F64(values) => size_of_val(values),
        }
    }
}

fn little_endian<T: Copy, const N: usize>(values: &[T], bytes_of: fn(T) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; N * values.len()];
    let (places, _) = bytes.as_chunks_mut::<N>();
    for (place, &value) in places.iter_mut().zip(values) {
        *place = bytes_of(value);
    }
    bytes
}

/// The bytes of a safetensors file. Its metadata say `format: pt`, without which some loaders
/// refuse a file.
pub(super) fn encode<'a>(
    tensors: impl Iterator<Item = (Cow<'a, str>, Tensor<'a>)>,
) -> Result<Vec<u8>, SafeTensorError> {
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(tensors, Some(format))
}

/// The little-endian bytes of a tensor of this shape, if the file has it so.
pub(super) fn find<'a>(
    file: &SafeTensors<'a>,
    name: &str,
    shape: &Shape,
) -> Result<&'a [u8], Difference> {
    let tensor = || name.to_owned();
    let view = file
        .tensor(name)
        .map_err(|_| Difference::Lacks { tensor: tensor() })?;
    if view.dtype() != Dtype::F32 {
        return Err(Difference::Format {
            tensor: tensor(),
            got: view.dtype().to_string(),
        });
    }
    if view.shape() != shape.axes() {
        return Err(Difference::Shape {
            tensor: tensor(),
            network: shape.clone(),
            checkpoint: view.shape().to_vec(),
        });
    }
    Ok(view.data())
}

/// The values of a list, if it is one of f64.
pub(super) fn list(view: &TensorView<'_>) -> Option<Vec<f64>> {
    let (values, _) = view.data().as_chunks::<8>();
    let is_list = view.dtype() == Dtype::F64 && view.shape().len() == 1;
    is_list.then(|| values.iter().map(|&v| f64::from_le_bytes(v)).collect())
}

/// The values of little-endian bytes.
pub(super) fn values(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let (values, _) = bytes.as_chunks::<4>();
    values.iter().map(|&bytes| f32::from_le_bytes(bytes))
}
