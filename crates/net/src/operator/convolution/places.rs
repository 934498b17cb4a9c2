//! Which places of two images meet, by which taps of a kernel.
//!
//! Places that meet theirs by the same taps at the same distances are a class: all but those near
//! the border are one. Padding, strides and dilation are told apart here, once, and what is left for
//! the loops is one list of distances a class. Along an axis there are a few classes, and a class of
//! the plane is one of its rows with one of its columns.

use crate::graph::PaddingMode;

/// One axis of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) size: usize,
    /// Places of the output.
    pub(super) steps: usize,
    /// Places of the kernel.
    pub(super) taps: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
    pub(super) dilation: usize,
    pub(super) mode: PaddingMode,
}

/// A tap, and how far what it meets is from a place's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tap {
    pub(super) tap: u32,
    pub(super) distance: i32,
}

/// A place of the target, and the place of the source that distances are counted from. It may lie
/// outside the image: what is a distance from it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) target: u32,
    pub(super) base: i32,
}

/// Places that follow one another in both images: a place, and how many there are from it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: Place,
    pub(super) count: u32,
}

/// Places of the target that meet the source in the same way.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) taps: Box<[Tap]>,
    pub(super) places: Box<[Place]>,
}

impl Class {
    /// Whether its taps are those of a kernel of so many, each once, in order.
    pub(super) fn meets_all(&self, taps: usize) -> bool {
        let all = 0..taps as u32;
        self.taps.iter().map(|tap| tap.tap).eq(all)
    }

    /// Its places as the longest runs.
    pub(super) fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for &place in &self.places {
            match runs.last_mut() {
                Some(run) if run.at(run.count) == place => run.count += 1,
                _ => runs.push(Run {
                    first: place,
                    count: 1,
                }),
            }
        }
        runs
    }
}

impl Run {
    /// The place `index` places after the first.
    #[inline(always)]
    pub(super) fn at(self, index: u32) -> Place {
        Place {
            target: self.first.target + index,
            base: self.first.base + index as i32,
        }
    }
}

/// For every place of the target, what it is gathered from.
pub(super) type Gather = Box<[Class]>;

/// Products of a pair of channels that it takes.
pub(super) fn met(gather: &Gather) -> usize {
    let each = gather
        .iter()
        .map(|class| class.taps.len() * class.places.len());
    each.sum()
}

/// Classes along one axis.
pub(super) struct AxisClasses {
    classes: Vec<(Vec<Tap>, Vec<Place>)>,
    /// Places of the target, of the source and of the kernel.
    target: u32,
    source: i32,
    taps: u32,
}

impl Axis {
    /// Which place of the input the tap meets at a step, if any.
    fn source(&self, step: usize, tap: usize) -> Option<usize> {
        let padded = step * self.stride + tap * self.dilation;
        self.place(padded as isize - self.padding as isize, self.size)
    }

    /// Which of `size` places lies `at` places behind the first, if any.
    pub(super) fn place(&self, at: isize, size: usize) -> Option<usize> {
        match self.mode {
            PaddingMode::Zero => usize::try_from(at).ok().filter(|&place| place < size),
            PaddingMode::Circular => Some(at.rem_euclid(size as isize) as usize),
        }
    }

    /// What each step meets in the input.
    pub(super) fn forward(&self) -> AxisClasses {
        let mut made = AxisClasses::new(self.steps, self.size, self.taps);
        for step in 0..self.steps {
            let taps = (0..self.taps).filter_map(|tap| Some((tap, self.source(step, tap)?)));
            made.add(step, step * self.stride, taps);
        }
        made
    }

    /// Which steps meet each place of the input.
    pub(super) fn backward(&self) -> AxisClasses {
        let mut met = vec![Vec::new(); self.size];
        for tap in 0..self.taps {
            for step in 0..self.steps {
                if let Some(place) = self.source(step, tap) {
                    met[place].push((tap, step));
                }
            }
        }
        let mut made = AxisClasses::new(self.size, self.steps, self.taps);
        for (place, met) in met.into_iter().enumerate() {
            made.add(place, place / self.stride, met.into_iter());
        }
        made
    }
}

impl AxisClasses {
    fn new(target: usize, source: usize, taps: usize) -> Self {
        Self {
            classes: Vec::new(),
            target: target as u32,
            source: source as i32,
            taps: taps as u32,
        }
    }

    /// Adds a place of the target to the class of those that meet the same.
    fn add(&mut self, target: usize, base: usize, met: impl Iterator<Item = (usize, usize)>) {
        let distance = |place: usize| (place as isize - base as isize) as i32;
        let taps = met.map(|(tap, place)| Tap {
            tap: tap as u32,
            distance: distance(place),
        });
        let taps: Vec<Tap> = taps.collect();
        let place = Place {
            target: target as u32,
            base: base as i32,
        };
        match self.classes.iter_mut().find(|(known, _)| *known == taps) {
            Some((_, places)) => places.push(place),
            None => self.classes.push((taps, vec![place])),
        }
    }
}

/// Each class of rows with each class of columns.
pub(super) fn gather(rows: &AxisClasses, columns: &AxisClasses) -> Gather {
    let each = rows.classes.iter().flat_map(|(row_taps, row_places)| {
        columns.classes.iter().map(move |(taps, places)| Class {
            taps: pairs(row_taps, taps, |row, column| Tap {
                tap: row.tap * columns.taps + column.tap,
                distance: row.distance * columns.source + column.distance,
            }),
            places: pairs(row_places, places, |row, column| Place {
                target: row.target * columns.target + column.target,
                base: row.base * columns.source + column.base,
            }),
        })
    });
    each.collect()
}

fn pairs<T, P>(rows: &[T], columns: &[T], pair: impl Fn(&T, &T) -> P) -> Box<[P]> {
    let each = rows
        .iter()
        .flat_map(|row| columns.iter().map(move |column| (row, column)));
    each.map(|(row, column)| pair(row, column)).collect()
}
