//! Which slot of a histogram a value falls into.

use pulp::Simd;

use crate::simd::{Kernel, vectorized};

/// Values of which, if one is in doubt, all are looked at again.
pub(super) const BLOCK: usize = 64;
/// Doubts gathered side by side.
const LANES: usize = 16;
/// Bits of an f32 behind its exponent.
const MANTISSA: u32 = 23;
/// Doubt, in bins, above which f64 would be asked for too many of the values.
const MOST_DOUBT: f64 = 1e-3;
const TWO_TO_52: f64 = (1u64 << 52) as f64;

/// Finds the slot of each value: 0 for what lies below the range, then one for each bin, then those for
/// what lies above it and for what is not finite.
#[derive(Clone, Copy)]
pub(super) struct FindSlots {
    low: f64,
    high: f64,
    per_unit: f64,
    bins: f64,
    fixed_point: Option<FixedPoint>,
}

impl FindSlots {
    pub(super) fn new(low: f64, high: f64, bins: usize) -> Self {
        let find = Self {
            low,
            high,
            per_unit: bins as f64 / (high - low),
            bins: bins as f64,
            fixed_point: None,
        };
        Self {
            fixed_point: FixedPoint::new(find),
            ..find
        }
    }

    pub(super) fn bins(self) -> u32 {
        self.bins as u32
    }

    /// What finds the slots in f32, where it is near enough to f64.
    pub(super) fn fixed_point(self) -> Option<FixedPoint> {
        self.fixed_point
    }

    pub(super) fn run(self, values: &[f32], slots: &mut [u32]) {
        vectorized(Find {
            by: self,
            values,
            slots,
        });
    }

    /// In f64, without a branch.
    #[inline(always)]
    pub(super) fn exact(self, values: &[f32], slots: &mut [u32]) {
        let Self {
            low,
            high,
            per_unit,
            bins,
            ..
        } = self;
        for (slot, &value) in slots.iter_mut().zip(values) {
            let x = f64::from(value);
            let position = (x - low) * per_unit;
            // Rounding may carry a value just below `high` to `bins`.
            let capped = if position < bins - 1.0 {
                position
            } else {
                bins - 1.0
            };
            let inside = 1.0 + if position > 0.0 { capped } else { 0.0 };
            let above = if x > high { bins + 1.0 } else { inside };
            let found = if x < low { 0.0 } else { above };
            let found = if value.abs() <= f32::MAX {
                found
            } else {
                bins + 2.0
            };
            // Added to 2⁵², a whole number lies in the low bits: a cast would not vectorise.
            *slot = (found.floor() + TWO_TO_52).to_bits() as u32;
        }
    }
}

/// In f32 where that leaves no doubt, and else in f64: f32 alone would carry a value across an edge
/// now and then.
struct Find<'a> {
    by: FindSlots,
    values: &'a [f32],
    slots: &'a mut [u32],
}

impl Kernel for Find<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Some(fixed_point) = self.by.fixed_point else {
            return self.by.exact(self.values, self.slots);
        };
        let (blocks, rest) = self.values.as_chunks::<BLOCK>();
        let (slots, rest_slots) = self.slots.as_chunks_mut::<BLOCK>();
        for (block, slots) in blocks.iter().zip(slots) {
            if fixed_point.find(block, slots) {
                self.by.exact(block, slots);
            }
        }
        self.by.exact(rest, rest_slots);
    }
}

/// A value's place in fixed point.
///
/// With the least 2ᵏ ≥ bins + 2, `place = 2ᵏ + 1 + (x − low) · bins / (high − low)`, computed as
/// `x · scale + offset`, is for every x in the range an f32 of exponent k: the k bits behind the exponent
/// are the slot, and those that are left say where in the slot.
#[derive(Clone, Copy)]
pub(super) struct FixedPoint {
    scale: f32,
    offset: f32,
    /// The middle of the slot below the range, and of the one above it.
    lowest: f32,
    highest: f32,
    /// The middle of the slot of 0, which is often on an edge and is half of what a ReLU makes.
    zero: f32,
    /// Bits of a place within its slot.
    fraction: u32,
    /// What the bits of a place in slot 0 begin with.
    base: u32,
    /// Further than this past an edge, or short of it, a place is in no doubt: a power of two, in units of
    /// the last bit.
    near: u32,
    /// The bits of a place that are all 0, once `near` is added, where it is in doubt.
    doubt_mask: u32,
}

impl FixedPoint {
    /// None where f32 would be too coarse.
    fn new(find: FindSlots) -> Option<Self> {
        let exponent = (find.bins() + 2).next_power_of_two().ilog2();
        let fraction = MANTISSA - exponent;
        let start = f64::from(1u32 << exponent);
        let scale = find.per_unit as f32;
        let offset = start + 1.0 - find.low * find.per_unit;
        // Roundings, each of at most 2⁻²⁴: of the scale, times at most `reach`, of the offset, and of the
        // fused multiply-add, which is below twice `start`.
        let reach = find.low.abs().max(find.high.abs()) * find.per_unit;
        let doubt = (reach + offset.abs() + 2.0 * start) / f64::from(1u32 << 24);
        let near = (doubt * f64::from(1u32 << fraction)).ceil() as u32;
        let near = near.checked_next_power_of_two()?;
        if !(scale.is_normal() && doubt <= MOST_DOUBT && near < 1 << (fraction - 1)) {
            return None;
        }
        let mut zero = [0];
        find.exact(&[0.0], &mut zero);
        Some(Self {
            scale,
            offset: offset as f32,
            lowest: (start + 0.5) as f32,
            highest: (start + find.bins + 1.5) as f32,
            zero: (start + f64::from(zero[0]) + 0.5) as f32,
            fraction,
            base: (start as f32).to_bits() >> fraction,
            near,
            doubt_mask: (1 << fraction) - 2 * near,
        })
    }

    /// Finds the slots of a block, and tells whether any is in doubt; what is not finite always is.
    #[inline(always)]
    fn find(self, values: &[f32; BLOCK], slots: &mut [u32; BLOCK]) -> bool {
        let mut sure = [u32::MAX; LANES];
        for start in (0..BLOCK).step_by(LANES) {
            for lane in 0..LANES {
                let x = values[start + lane];
                let place = x.mul_add(self.scale, self.offset);
                let place = if place < self.highest {
                    place
                } else {
                    self.highest
                };
                let place = if place > self.lowest {
                    place
                } else {
                    self.lowest
                };
                let place = if x == 0.0 { self.zero } else { place };
                let bits = place.to_bits() + self.near;
                let here = bits & self.doubt_mask;
                let here = if x.abs() <= f32::MAX { here } else { 0 };
                sure[lane] = if here < sure[lane] { here } else { sure[lane] };
                slots[start + lane] = (bits >> self.fraction) - self.base;
            }
        }
        sure.into_iter().min() == Some(0)
    }

    #[inline(always)]
    pub(super) fn over_vectors<S: Simd>(self, simd: S) -> FindBins<S> {
        let first = self.near.wrapping_sub((self.base + 1) << self.fraction);
        FindBins {
            simd,
            scale: simd.splat_f32s(self.scale),
            offset: simd.splat_f32s(self.offset),
            end: simd.splat_f32s(self.highest - 0.5),
            zero: simd.splat_f32s(self.zero),
            first: simd.splat_u32s(first),
            fraction: simd.splat_u32s(self.fraction),
            doubt_mask: simd.splat_u32s(self.doubt_mask),
        }
    }
}

/// [`FixedPoint`] for bins alone, which are counted from 0.
#[derive(Clone, Copy)]
pub(super) struct FindBins<S: Simd> {
    simd: S,
    scale: S::f32s,
    offset: S::f32s,
    /// The end of the last bin.
    end: S::f32s,
    zero: S::f32s,
    /// Added to the bits of a place, it leaves those of its bin and of where it is in that.
    first: S::u32s,
    fraction: S::u32s,
    doubt_mask: S::u32s,
}

/// What is known of finite values.
pub(super) struct Found<S: Simd> {
    /// Their bins; some number beyond the last for those in none.
    pub(super) bins: S::u32s,
    /// Which of them lie above the range.
    pub(super) above: S::m32s,
    /// 0 for those of which neither is sure.
    pub(super) sure: S::u32s,
}

impl<S: Simd> FindBins<S> {
    #[inline(always)]
    pub(super) fn run(self, values: S::f32s) -> Found<S> {
        let simd = self.simd;
        let place = simd.mul_add_f32s(values, self.scale, self.offset);
        let is_zero = simd.equal_f32s(values, simd.splat_f32s(0.0));
        let place = simd.select_f32s(is_zero, self.zero, place);
        let bits = simd.add_u32s(simd.transmute_u32s_f32s(place), self.first);
        Found {
            bins: simd.wrapping_dyn_shr_u32s(bits, self.fraction),
            above: simd.greater_than_or_equal_f32s(place, self.end),
            sure: simd.and_u32s(bits, self.doubt_mask),
        }
    }
}
