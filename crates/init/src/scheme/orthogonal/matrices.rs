use std::sync::OnceLock;

use rayon::prelude::*;

use super::certificate::{self, Certificate};
use super::matrix::{Fastest, Matrix};
use super::product::Real;
use super::{Kernel, Orthogonal};
use crate::geometry::{Moves, Run};
use crate::scheme::moments::Moments;
use crate::scheme::prepared::on_threads;
use crate::{Block, Dtype, Element, Geometry, Stream, Threads};

/// The orthogonal matrices of a tensor's blocks, made when first needed.
#[derive(Debug)]
pub(in crate::scheme) struct Matrices {
    what: Orthogonal,
    geometry: Geometry,
    stream: Stream,
    single: OnceLock<Vec<Matrix<f32>>>,
    double: OnceLock<Vec<Matrix<f64>>>,
}

impl Matrices {
    pub(super) fn new(what: Orthogonal, geometry: &Geometry, stream: &Stream) -> Self {
        let (geometry, stream) = (geometry.clone(), *stream);
        Self {
            what,
            geometry,
            stream,
            single: OnceLock::new(),
            double: OnceLock::new(),
        }
    }

    pub(in crate::scheme) fn gain(&self) -> f64 {
        self.what.gain
    }

    /// Bytes that drawing takes, twice the matrices'; none once they are drawn.
    pub(in crate::scheme) fn bytes_to_draw<T: Element>(&self) -> u64 {
        let (drawn, size) = match T::DTYPE {
            Dtype::F64 => (self.double.get().is_some(), size_of::<f64>()),
            Dtype::F32 | Dtype::Bf16 | Dtype::F16 => {
                (self.single.get().is_some(), size_of::<f32>())
            }
        };
        if drawn {
            return 0;
        }
        let elements = |block: &Block| {
            let (rows, columns) = self.size(block);
            rows as u64 * columns as u64
        };
        let of_all: u64 = self.geometry.blocks().iter().map(elements).sum();
        let copies = self.geometry.batch() as u64;
        of_all
            .saturating_mul(copies)
            .saturating_mul(2 * size as u64)
    }

    /// Mean 0 by symmetry; each of a block's `short` vectors has the length `gain`.
    pub(in crate::scheme) fn moments(&self) -> Moments {
        let of = |block: &Block| {
            let (rows, columns) = self.size(block);
            let std = self.what.gain * (rows.min(columns) as f64 / block.len() as f64).sqrt();
            (block.len(), Moments { mean: 0.0, std })
        };
        Moments::pooled(self.geometry.blocks().iter().map(of))
    }

    /// The matrices for `T`, made on `threads` threads unless they are there.
    ///
    /// Not to be called from within a parallel fill of the same tensor: its workers would wait for
    /// each other.
    pub(in crate::scheme) fn ready<T: Element>(&self, threads: Threads) -> Ready<'_> {
        match T::DTYPE {
            Dtype::F64 => Ready(Made::Double(self.double.get_or_init(|| self.draw(threads)))),
            Dtype::F32 | Dtype::Bf16 | Dtype::F16 => {
                Ready(Made::Single(self.single.get_or_init(|| self.draw(threads))))
            }
        }
    }

    fn draw<R: Real>(&self, threads: Threads) -> Vec<Matrix<R>> {
        let all = || {
            let places = (0..self.geometry.block_count())
                .into_par_iter()
                .with_max_len(1);
            places.map(|place| self.draw_block(place)).collect()
        };
        // The caller may be a rayon worker that fills several tensors. If it waited within rayon,
        // it could be handed another fill of this one, and wait for itself; so it waits for a
        // plain thread.
        std::thread::scope(|scope| {
            let drawn = scope.spawn(|| on_threads(threads, all)).join();
            drawn.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn draw_block<R: Real>(&self, place: usize) -> Matrix<R> {
        let (part, batch) = (place / self.geometry.batch(), place % self.geometry.batch());
        let (rows, columns) = self.size(&self.geometry.blocks()[part]);
        let start = self.geometry.block_start(batch, part) as u64;
        Matrix::draw(rows, columns, self.fastest(), &self.stream, start)
    }

    /// Rows and columns of a block's matrix.
    fn size(&self, block: &Block) -> (usize, usize) {
        match self.what.kernel {
            Kernel::Flattened => (block.rows, block.columns * block.receptive),
            Kernel::Centre => (block.rows, block.columns),
        }
    }

    fn fastest(&self) -> Fastest {
        if self.geometry.fastest() == Moves::Row {
            Fastest::Row
        } else {
            Fastest::Column
        }
    }

    pub(in crate::scheme) fn fill<T: Element>(
        &self,
        ready: Ready<'_>,
        start: usize,
        out: &mut [T],
    ) {
        match ready.0 {
            Made::Single(matrices) => self.copy(matrices, start, out),
            Made::Double(matrices) => self.copy(matrices, start, out),
        }
    }

    fn copy<T: Element, R: Real>(&self, matrices: &[Matrix<R>], start: usize, out: &mut [T]) {
        let gain = self.what.gain;
        let scaled = |value: R| T::from_f64(gain * value.to_f64());
        self.geometry.for_each_run(start..start + out.len(), |run| {
            let values = &mut out[run.offset..][..run.length];
            match self.what.kernel {
                Kernel::Flattened => self.copy_flattened(matrices, &run, values, scaled),
                Kernel::Centre => self.copy_centre(matrices, &run, values, scaled),
            }
        });
    }

    fn copy_flattened<T: Element, R: Real>(
        &self,
        matrices: &[Matrix<R>],
        run: &Run,
        out: &mut [T],
        scaled: impl Fn(R) -> T,
    ) {
        let receptive = self.geometry.receptive();
        let column = run.column * receptive + run.tap;
        let matrix = &matrices[self.place(run)];
        let (line, from, step) = match run.moves {
            Moves::Row => (matrix.line(column), run.row, 1),
            Moves::Column => (matrix.line(run.row), column, receptive),
            Moves::Tap => (matrix.line(run.row), column, 1),
            Moves::Batch => {
                for (value, matrix) in out.iter_mut().zip(&matrices[self.place(run)..]) {
                    *value = scaled(matrix.at(run.row, column));
                }
                return;
            }
        };
        for (value, drawn) in out.iter_mut().zip(line[from..].iter().step_by(step)) {
            *value = scaled(*drawn);
        }
    }

    fn copy_centre<T: Element, R: Real>(
        &self,
        matrices: &[Matrix<R>],
        run: &Run,
        out: &mut [T],
        scaled: impl Fn(R) -> T,
    ) {
        let centre = self.geometry.centre();
        out.fill(T::default());
        for (i, value) in out.iter_mut().enumerate() {
            let by = |moves: Moves| if run.moves == moves { i } else { 0 };
            if run.tap + by(Moves::Tap) == centre {
                let matrix = &matrices[self.place(run) + by(Moves::Batch)];
                *value =
                    scaled(matrix.at(run.row + by(Moves::Row), run.column + by(Moves::Column)));
            }
        }
    }

    /// The matrix that the run's first element belongs to.
    fn place(&self, run: &Run) -> usize {
        run.part * self.geometry.batch() + run.batch
    }

    pub(in crate::scheme) fn certificate<T: Element>(&self, threads: Threads) -> Certificate {
        let ready = self.ready::<T>(threads);
        let deviation = on_threads(threads, || match ready.0 {
            Made::Single(matrices) => self.worst::<T, f32>(matrices),
            Made::Double(matrices) => self.worst::<T, f64>(matrices),
        });
        Certificate {
            deviation,
            blocks: self.geometry.block_count(),
        }
    }

    fn worst<T: Element, R: Real>(&self, matrices: &[Matrix<R>]) -> f64 {
        let batch = self.geometry.batch();
        let deviations = matrices.iter().enumerate().map(|(place, matrix)| {
            let (rows, columns) = self.size(&self.geometry.blocks()[place / batch]);
            certificate::deviation::<T, R>(matrix, rows, columns)
        });
        deviations.fold(0.0, certificate::worse)
    }
}

/// Matrices that were made.
#[derive(Clone, Copy)]
pub(in crate::scheme) struct Ready<'a>(Made<'a>);

#[derive(Clone, Copy)]
enum Made<'a> {
    Single(&'a [Matrix<f32>]),
    Double(&'a [Matrix<f64>]),
}
