//! The tensors that a spec's lines stand for, made one at a time.

use std::ops::Range;
use std::slice;

use super::counters::Counters;
use super::template::Template;
use crate::checkpoint::ModelTensor;

/// A line of a spec, which may stand for many tensors.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) template: Template,
    /// What each of them is, under the template's text.
    pub(super) tensor: ModelTensor,
}

/// The tensors of a spec, in order.
///
/// It holds what the lines say, and makes each tensor when it is asked for: its memory grows with
/// the lines, not with the tensors that they stand for.
#[derive(Clone, Debug)]
pub struct SpecTensors {
    blocks: Vec<Block>,
    count: usize,
    /// How many counters there are.
    counters: usize,
}

#[derive(Clone, Debug)]
enum Block {
    /// A line whose counters all are at a number by then.
    Line(Line),
    /// Lines that are laid out together, number by number.
    Repeat(Repeat),
}

#[derive(Clone, Debug)]
struct Repeat {
    counter: usize,
    count: u64,
    body: Vec<Block>,
}

impl SpecTensors {
    /// Lines whose tensors were found to be few enough.
    pub(super) fn new(lines: Vec<Line>, counters: &Counters) -> Self {
        let counts = lines.iter().map(|line| line.template.count(counters));
        let count = counts.fold(0, u64::saturating_add) as usize;
        Self {
            blocks: blocks(lines, counters, 0),
            count,
            counters: counters.len(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The tensors, in order, each made as it comes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ModelTensor> {
        Iter {
            levels: vec![Level {
                blocks: self.blocks.iter(),
                turn: None,
            }],
            numbers: vec![0; self.counters],
            line: None,
            left: self.count,
        }
    }
}

/// Joins neighbours that share the first counter not counted further out; as deep as there are
/// counters.
///
/// The lines share their first `outer` counters, which are those counted further out.
fn blocks(lines: Vec<Line>, counters: &Counters, outer: usize) -> Vec<Block> {
    let next = |line: &Line| line.template.counters().get(outer).copied();
    let mut blocks = Vec::new();
    let mut rest = lines.into_iter().peekable();
    while let Some(line) = rest.next() {
        let Some(counter) = next(&line) else {
            blocks.push(Block::Line(line));
            continue;
        };
        let mut together = vec![line];
        while let Some(line) = rest.next_if(|line| next(line) == Some(counter)) {
            together.push(line);
        }
        let body = self::blocks(together, counters, outer + 1);
        match counters.count(counter) {
            // Once, at 0, where every counter begins.
            1 => blocks.extend(body),
            count => blocks.push(Block::Repeat(Repeat {
                counter,
                count,
                body,
            })),
        }
    }
    blocks
}

/// A walk over the tensors.
struct Iter<'a> {
    /// The blocks that the walk is within, outermost first.
    levels: Vec<Level<'a>>,
    /// Where each counter is; at 0 outside of what it counts.
    numbers: Vec<u64>,
    /// The line that the walk is at, and which of its choices are left.
    line: Option<(&'a Line, Range<u64>)>,
    /// How many tensors are left.
    left: usize,
}

struct Level<'a> {
    /// The blocks that are left.
    blocks: slice::Iter<'a, Block>,
    /// What is counted here, and the number that it is at.
    turn: Option<(&'a Repeat, u64)>,
}

impl<'a> Iter<'a> {
    /// Begins what is repeated at this number, or ends it after the last.
    fn turn(&mut self, repeat: &'a Repeat, number: u64) {
        if number == repeat.count {
            self.numbers[repeat.counter] = 0;
            return;
        }
        self.numbers[repeat.counter] = number;
        self.levels.push(Level {
            blocks: repeat.body.iter(),
            turn: Some((repeat, number)),
        });
    }
}

impl Iterator for Iter<'_> {
    type Item = ModelTensor;

    fn next(&mut self) -> Option<ModelTensor> {
        loop {
            if let Some((line, choices)) = &mut self.line
                && let Some(choice) = choices.next()
            {
                self.left -= 1;
                return Some(ModelTensor {
                    name: line.template.name(&self.numbers, choice),
                    dtype: line.tensor.dtype,
                    shape: line.tensor.shape.clone(),
                    reading: line.tensor.reading.clone(),
                });
            }
            match self.levels.last_mut()?.blocks.next() {
                Some(Block::Line(line)) => {
                    self.line = Some((line, 0..line.template.choices()));
                }
                Some(Block::Repeat(repeat)) => self.turn(repeat, 0),
                None => {
                    if let Some((repeat, number)) = self.levels.pop()?.turn {
                        self.turn(repeat, number + 1);
                    }
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}
