//! A file with one tensor, written as its values come.

use std::io;
use std::path::{Path, PathBuf};

use safetensors::Dtype as StoredDtype;

use super::header::{self, Listed};
use super::make::to_little_endian;
use super::whole::{self, WholeFile, write_all_at};
use super::{Existing, WriteError};
use crate::{Dtype, Element};

/// A safetensors file with one tensor, written part by part, seen only when it is whole.
pub struct TensorFile {
    whole: WholeFile,
    path: PathBuf,
    offset: u64,
}

impl TensorFile {
    /// Begins the file; it appears when [`commit`](Self::commit) is called after as many values as
    /// the shape has.
    ///
    /// # Errors
    /// [`WriteError::ReservedName`] for the name `__metadata__`;
    /// [`WriteError::FileExists`] for a file that is there, unless it is to be replaced;
    /// [`WriteError::Io`] when the system refuses.
    pub fn create(
        path: &Path,
        name: &str,
        dtype: Dtype,
        shape: &[usize],
        existing: Existing,
    ) -> Result<Self, WriteError> {
        if name == header::METADATA {
            return Err(WriteError::ReservedName);
        }
        let owned = path.to_path_buf();
        if path.is_dir() {
            let expected = "file";
            return Err(WriteError::WrongKind {
                path: owned,
                expected,
            });
        }
        if existing != Existing::Replace && path.symlink_metadata().is_ok() {
            return Err(WriteError::FileExists { path: owned });
        }
        let bytes = shape.iter().product::<usize>() as u64 * dtype.size() as u64;
        let listed = || {
            std::iter::once(Listed {
                name,
                dtype: stored(dtype),
                shape,
                bytes: 0..bytes,
            })
        };
        let failed = |error| WriteError::io(path, error);
        let header_bytes =
            header::size(listed()).map_err(|error| failed(io::Error::other(error)))?;
        let mut header = Vec::new();
        header::write(listed(), header_bytes, &mut header).map_err(failed)?;
        whole::sweep(path).map_err(failed)?;
        let whole = WholeFile::create(path).map_err(failed)?;
        write_all_at(whole.file(), &header, 0).map_err(failed)?;
        Ok(Self {
            whole,
            path: owned,
            offset: header_bytes,
        })
    }

    /// Adds the tensor's next values, which must be of the format that the file was begun with.
    ///
    /// # Errors
    /// [`WriteError::Io`] when the system refuses.
    pub fn append<T: Element>(&mut self, values: &[T]) -> Result<(), WriteError> {
        let mut swapped;
        let mut bytes: &[u8] = bytemuck::cast_slice(values);
        if cfg!(target_endian = "big") {
            swapped = bytes.to_vec();
            to_little_endian(&mut swapped, size_of::<T>());
            bytes = &swapped;
        }
        write_all_at(self.whole.file(), bytes, self.offset)
            .map_err(|error| WriteError::io(&self.path, error))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`WriteError::Io`] when the system refuses.
    pub fn commit(self) -> Result<(), WriteError> {
        let path = self.path;
        self.whole
            .commit()
            .map_err(|error| WriteError::io(&path, error))
    }
}

fn stored(dtype: Dtype) -> StoredDtype {
    match dtype {
        Dtype::F64 => StoredDtype::F64,
        Dtype::F32 => StoredDtype::F32,
        Dtype::Bf16 => StoredDtype::BF16,
        Dtype::F16 => StoredDtype::F16,
    }
}
