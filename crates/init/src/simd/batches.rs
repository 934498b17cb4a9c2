//! Cuts a fill into batches and vectors, whatever its ends, and mends the rare values that the
//! vectors leave to the scalar code.

use super::generator::{BATCH_BLOCKS, GROUPS, Generator};
use super::lanes::{Kernel, Lanes, Registers};
use crate::distribution::Job;

/// Most elements in a batch: 4 from a block.
const LARGEST_BATCH: usize = 4 * BATCH_BLOCKS;

/// How the words of a stream become the elements of a tensor.
pub(super) trait Recipe: Copy {
    type Element: Copy + Default;
    /// Elements that come from a block.
    const PER_BLOCK: usize;

    /// Makes a vector of elements from a vector of words; returns a bit for each that is to be
    /// made again by [`one`](Self::one).
    fn vector<L: Lanes>(self, lanes: L, words: L::Words, out: &mut [Self::Element]) -> u32;

    /// Element `index`, by the scalar code.
    fn one(job: &Job, index: u64) -> Self::Element;
}

/// Fills `out` by batches; the ends that cover only part of one go through a buffer.
#[inline(always)]
pub(super) fn fill<L: Lanes, R: Recipe>(lanes: L, job: &Job, recipe: R, out: &mut [R::Element]) {
    let batch = R::PER_BLOCK * BATCH_BLOCKS;
    let mut buffer = [R::Element::default(); LARGEST_BATCH];
    let (mut index, mut rest) = (job.start, out);
    while !rest.is_empty() {
        let skip = (index % batch as u64) as usize;
        let whole = if skip == 0 {
            rest.len() / batch * batch
        } else {
            0
        };
        let count = if whole > 0 {
            whole
        } else {
            rest.len().min(batch - skip)
        };
        let (now, later) = rest.split_at_mut(count);
        let target = if whole > 0 {
            &mut *now
        } else {
            &mut buffer[..batch]
        };
        batches(lanes, job, recipe, index / batch as u64, target);
        if whole == 0 {
            now.copy_from_slice(&buffer[skip..skip + count]);
        }
        (index, rest) = (index.wrapping_add(count as u64), later);
    }
}

/// Fills `out` with whole batches from number `first`.
#[inline(always)]
fn batches<L: Lanes, R: Recipe>(
    lanes: L,
    job: &Job,
    recipe: R,
    first: u64,
    out: &mut [R::Element],
) {
    let batch_len = R::PER_BLOCK * BATCH_BLOCKS;
    let (mut batch, mut rest) = (first, out);
    while !rest.is_empty() {
        let count = Generator::<L>::reach(batch).min((rest.len() / batch_len) as u64);
        let (now, later) = rest.split_at_mut(count as usize * batch_len);
        segment(lanes, job, recipe, batch, now);
        (batch, rest) = (batch + count, later);
    }
}

/// Fills `out` with whole batches of one segment, [`GROUPS`] vectors of blocks at a time.
#[inline(always)]
fn segment<L: Lanes, R: Recipe>(
    lanes: L,
    job: &Job,
    recipe: R,
    first: u64,
    out: &mut [R::Element],
) {
    let vector = R::PER_BLOCK * L::BLOCKS / 2;
    let generator = Generator::new(lanes, &job.stream, first);
    let mut block = (first as u32).wrapping_mul(BATCH_BLOCKS as u32);
    let mut index = first * (R::PER_BLOCK * BATCH_BLOCKS) as u64;
    let mut words = generator.words(block);
    for out in out.chunks_exact_mut(2 * GROUPS * vector) {
        block = block.wrapping_add((GROUPS * L::BLOCKS) as u32);
        let mut seldom = 0_u128;
        let mut next = generator.start(block);
        // Written out: the compiler would keep a loop, and the rounds wait for one another in it.
        macro_rules! steps {
            ($($number:literal)*) => {$(
                if L::REGISTERS == Registers::ThirtyTwo {
                    generator.round(&mut next, $number);
                }
                let part = &mut out[$number * vector..][..vector];
                let again = recipe.vector(lanes, words[$number / 2][$number % 2], part);
                seldom |= u128::from(again) << ($number * vector);
            )*};
        }
        steps!(0 1 2 3 4 5 6 7);
        if L::REGISTERS == Registers::ThirtyTwo {
            generator.round(&mut next, 8);
            generator.round(&mut next, 9);
        }
        words = match L::REGISTERS {
            Registers::ThirtyTwo => generator.finish(next),
            Registers::Sixteen => generator.words(block),
        };
        if seldom != 0 {
            lanes.run_seldom(Mend::<R> {
                job,
                index,
                seldom,
                out,
            });
        }
        index = index.wrapping_add((2 * GROUPS * vector) as u64);
    }
}

/// Makes single elements again.
struct Mend<'a, R: Recipe> {
    job: &'a Job,
    /// The element of bit 0 of `seldom`, and of the first of `out`.
    index: u64,
    seldom: u128,
    out: &'a mut [R::Element],
}

impl<R: Recipe> Kernel for Mend<'_, R> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self {
            job,
            index,
            mut seldom,
            out,
        } = self;
        while seldom != 0 {
            let offset = seldom.trailing_zeros();
            out[offset as usize] = R::one(job, index + u64::from(offset));
            seldom &= seldom - 1;
        }
    }
}
