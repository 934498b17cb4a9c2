use std::ops::Range;

use super::{Geometry, Role};

/// Which of a run's coordinates grows by one from element to element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moves {
    Row,
    Column,
    Tap,
    Batch,
}

/// Neighbouring elements of a tensor whose place within the layer differs in one coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where the run starts, counted from the start of the range walked over.
    pub(crate) offset: usize,
    pub(crate) length: usize,
    /// Which independent copy the first element belongs to, and which of its parts.
    pub(crate) batch: usize,
    pub(crate) part: usize,
    /// Output, input and kernel tap of the first element.
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) tap: usize,
    pub(crate) moves: Moves,
}

impl Geometry {
    /// Walks over the elements `range` of the tensor, in storage order, run by run.
    pub(crate) fn for_each_run(&self, range: Range<usize>, mut visit: impl FnMut(Run)) {
        let mut digits = self.digits(range.start);
        let mut position = range.start;
        while position < range.end {
            let mut run = self.locate(&digits);
            run.offset = position - range.start;
            run.length = run.length.min(range.end - position);
            position += run.length;
            self.advance(&mut digits, run.length);
            visit(run);
        }
    }

    /// The index along each axis of `walk` of the element at `position`.
    fn digits(&self, position: usize) -> Vec<usize> {
        let mut rest = position;
        let mut digits = vec![0; self.walk.len()];
        for (digit, axis) in digits.iter_mut().zip(&self.walk).rev() {
            *digit = rest % axis.length;
            rest /= axis.length;
        }
        digits
    }

    fn advance(&self, digits: &mut [usize], by: usize) {
        let mut carry = by;
        for (digit, axis) in digits.iter_mut().zip(&self.walk).rev() {
            *digit += carry;
            if *digit < axis.length {
                return;
            }
            *digit -= axis.length;
            carry = 1;
        }
    }

    /// The run that starts at `digits` and goes to the end of the last axis, or of the part.
    fn locate(&self, digits: &[usize]) -> Run {
        let mut run = Run {
            offset: 0,
            length: 1,
            batch: 0,
            part: 0,
            row: 0,
            column: 0,
            tap: 0,
            moves: Moves::Row,
        };
        for (digit, axis) in digits.iter().zip(&self.walk) {
            run.length = axis.length - digit;
            let (index, moves) = match axis.role {
                Role::Out => (&mut run.row, Moves::Row),
                Role::In | Role::Lookup => (&mut run.column, Moves::Column),
                Role::Receptive => (&mut run.tap, Moves::Tap),
                Role::Batch => (&mut run.batch, Moves::Batch),
                Role::Parts => {
                    self.locate_part(*digit, &mut run);
                    continue;
                }
            };
            *index = *index * axis.length + digit;
            run.moves = moves;
        }
        run
    }

    /// Counts `digit` along the joined parts as a row of the part that it falls in.
    fn locate_part(&self, digit: usize, run: &mut Run) {
        run.moves = Moves::Row;
        let mut within = digit;
        for (part, length) in self.parts.iter().enumerate() {
            if within < *length {
                run.part = part;
                run.row = run.row * length + within;
                run.length = length - within;
                break;
            }
            within -= length;
        }
    }

    /// Which coordinate moves from one element to the next.
    pub(crate) fn fastest(&self) -> Moves {
        self.locate(&vec![0; self.walk.len()]).moves
    }

    /// How many elements lie before the blocks of `part`, were the tensor laid out part by part
    /// and block by block.
    pub(crate) fn block_start(&self, batch: usize, part: usize) -> usize {
        let before: usize = self.blocks[..part].iter().map(|block| block.len()).sum();
        self.batch * before + batch * self.blocks[part].len()
    }
}
