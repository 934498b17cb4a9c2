//! Dropout.

use evenkeel_init::philox_4x32_10;

use super::{Backward, Behaviour, Context, Writes};
use crate::blocks::{BLOCK, Layout, vectors, vectors_mut};
use crate::matrix::Accumulate;
use crate::simd::{Kernel, vectorized};

/// In training, `y = x / (1 − p)` for a value that is kept and `y = 0 · x` for one that is
/// dropped, each independently with probability p; else `y = x`. The gradient takes the same
/// factors.
///
/// Whether a value is dropped is a pure function of the network's seed, the name of the value,
/// the step, the example's row in the batch and the value's place in the row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    pub(crate) features: usize,
    pub(crate) layout: Layout,
    pub(crate) probability: f64,
    /// Index of its key among the network's.
    pub(crate) key: usize,
}

/// Values whose masked gradients are made before they are added.
const PART: usize = 1024;
/// Blocks of four words that are made side by side.
const BLOCKS: usize = 16;

impl Dropout {
    pub(crate) fn backward(&self, reads: &Backward<'_>, writes: Writes<'_>) {
        match (writes.accumulate, self.layout) {
            (Accumulate::Overwrite, _) => {
                writes.out.copy_from_slice(reads.gradient);
                self.apply(reads.context, writes.out);
            }
            (Accumulate::Add, Layout::Rows) => self.add(reads, writes.out),
            (Accumulate::Add, Layout::Blocks) => {
                let (gradient, out) = (vectors(reads.gradient), vectors_mut(writes.out));
                self.for_each_part(reads.context, |part, at, example| {
                    let gradient = &gradient[at..at + part.len()];
                    for (part, gradient) in part.iter_mut().zip(gradient) {
                        *part *= gradient[example];
                    }
                    for (out, &part) in out[at..].iter_mut().zip(&*part) {
                        out[example] += part;
                    }
                });
            }
        }
    }

    /// Gives `work` the factors of some of an example's values, with where those begin among the
    /// vectors of its blocks and which of a vector's it has.
    fn for_each_part(&self, context: &Context<'_>, mut work: impl FnMut(&mut [f32], usize, usize)) {
        for row in 0..context.rows {
            for start in (0..self.features).step_by(PART) {
                let mut part = [1.0; PART];
                let part = &mut part[..PART.min(self.features - start)];
                self.apply_from(context, row * self.features + start, part);
                work(part, row / BLOCK * self.features + start, row % BLOCK);
            }
        }
    }

    /// Adds the gradient times the mask, a few values at a time.
    fn add(&self, reads: &Backward<'_>, out: &mut [f32]) {
        let mut part = [0.0; PART];
        let parts = out.chunks_mut(PART).zip(reads.gradient.chunks(PART));
        for (index, (out, gradient)) in parts.enumerate() {
            let part = &mut part[..out.len()];
            part.copy_from_slice(gradient);
            self.apply_from(reads.context, index * PART, part);
            for (out, &part) in out.iter_mut().zip(&*part) {
                *out += part;
            }
        }
    }

    /// Multiplies by the mask: the output from the input, or the gradients alike.
    pub(crate) fn apply(&self, context: &Context<'_>, values: &mut [f32]) {
        match self.layout {
            _ if self.passes_all_on(context) => {}
            Layout::Rows => self.apply_from(context, 0, values),
            Layout::Blocks => {
                let values = vectors_mut(values);
                self.for_each_part(context, |part, at, example| {
                    for (value, &factor) in values[at..].iter_mut().zip(&*part) {
                        value[example] *= factor;
                    }
                });
            }
        }
    }

    fn passes_all_on(&self, context: &Context<'_>) -> bool {
        context.behaviour == Behaviour::Evaluation || self.probability == 0.0
    }

    /// [`apply`](Self::apply) to the rows' values from number `start` on.
    fn apply_from(&self, context: &Context<'_>, start: usize, values: &mut [f32]) {
        if self.passes_all_on(context) {
            return;
        }
        // A word below the threshold drops its value.
        let threshold = (self.probability * f64::from(u32::MAX)).round() as u32;
        vectorized(Mask {
            key: context.keys[self.key],
            step: context.step,
            first: context.first_row as u64 * self.features as u64 + start as u64,
            threshold,
            factor: (1.0 / (1.0 - self.probability)) as f32,
            values,
        });
    }
}

struct Mask<'a> {
    key: [u32; 2],
    step: u64,
    /// Number, within the batch, of the first value.
    first: u64,
    threshold: u32,
    factor: f32,
    values: &'a mut [f32],
}

impl Kernel for Mask<'_> {
    type Output = ();

    /// Value n of the batch has word n mod 4 of the block whose counter is (n div 4, step).
    #[inline(always)]
    fn run(self) {
        let mut number = self.first;
        let Self {
            key,
            step,
            threshold,
            factor,
            ..
        } = self;
        let mut rest = self.values;
        while !rest.is_empty() {
            let words = words(key, step, number / 4);
            let skip = (number % 4) as usize;
            let count = rest.len().min(4 * BLOCKS - skip);
            let (now, later) = rest.split_at_mut(count);
            for (value, &word) in now.iter_mut().zip(&words[skip..]) {
                *value *= if word < threshold { 0.0 } else { factor };
            }
            number += count as u64;
            rest = later;
        }
    }
}

#[inline(always)]
fn words(key: [u32; 2], step: u64, first: u64) -> [u32; 4 * BLOCKS] {
    let mut words = [0; 4 * BLOCKS];
    for (index, words) in words.chunks_exact_mut(4).enumerate() {
        let block = first + index as u64;
        let counter = [
            block as u32,
            (block >> 32) as u32,
            step as u32,
            (step >> 32) as u32,
        ];
        words.copy_from_slice(&philox_4x32_10(counter, key));
    }
    words
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    const ROWS: usize = 20;
    const FEATURES: usize = PART + 3;

    /// The gradient by the input, as rows, written over or added to values of `before`.
    fn backward(gradient: &[f32], layout: Layout, accumulate: Accumulate, before: f32) -> Vec<f32> {
        let dropout = Dropout {
            features: FEATURES,
            layout,
            probability: 0.3,
            key: 0,
        };
        let context = Context {
            behaviour: Behaviour::Training,
            examples: ROWS,
            first_row: 0,
            rows: ROWS,
            step: 7,
            keys: &[[1, 2]],
            statistics: &[],
        };
        let length = layout.len(FEATURES, ROWS).unwrap();
        let mut laid = vec![0.0; length];
        layout.lay(gradient, FEATURES, &mut laid);
        let mut out = vec![before; length];
        let reads = Backward {
            gradient: &laid,
            retained: &[],
            parameters: &[],
            laid: &[],
            context: &context,
        };
        let writes = Writes {
            out: &mut out,
            accumulate,
            partial: &mut [],
        };
        dropout.backward(&reads, writes);
        layout.rows(Cow::Owned(out), FEATURES, ROWS).into_owned()
    }

    #[test]
    fn a_gradient_that_is_written_over_is_the_one_that_is_added() {
        let gradient: Vec<f32> = (0..ROWS * FEATURES).map(|i| (i % 11 + 1) as f32).collect();
        let added = backward(&gradient, Layout::Rows, Accumulate::Add, 0.0);
        let kept = 1.0 / 0.7;
        let factors = added.iter().zip(&gradient).map(|(got, g)| got / g);
        let is_kept = |factor: f32| (factor - kept).abs() < 1e-6;
        assert!(factors.clone().all(|f| f == 0.0 || is_kept(f)));
        assert!(factors.clone().any(is_kept) && factors.clone().any(|f| f == 0.0));
        for layout in [Layout::Rows, Layout::Blocks] {
            // What was there is not read: NaN would stay.
            let over = backward(&gradient, layout, Accumulate::Overwrite, f32::NAN);
            assert!(over == added, "{layout:?}");
            let onto = backward(&gradient, layout, Accumulate::Add, 3.0);
            let sums = added.iter().map(|value| value + 3.0);
            assert!(onto.iter().copied().eq(sums), "{layout:?}");
        }
    }
}
