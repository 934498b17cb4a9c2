//! Tensors to and from safetensors.

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::error::Difference;
use crate::graph::Shape;

/// A tensor to be written.
pub(super) struct Tensor<'a> {
    pub(super) shape: &'a [usize],
    pub(super) values: &'a [f32],
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let bytes = self.values.iter().flat_map(|value| value.to_le_bytes());
        Cow::Owned(bytes.collect())
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
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

/// The values of little-endian bytes.
pub(super) fn values(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let (values, _) = bytes.as_chunks::<4>();
    values.iter().map(|&bytes| f32::from_le_bytes(bytes))
}
