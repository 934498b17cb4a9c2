//! What the vector kernels ask of an instruction set.

use half::{bf16, f16};

/// Vectors of one instruction set. A value of the type is the proof that the machine has it.
///
/// Every operation is exact, or rounds once as IEEE 754 says, so all sets give the same bits.
pub(crate) trait Lanes: Copy {
    /// Integers: 2·[`BLOCKS`](Self::BLOCKS) of 32 bits, or half as many of 64.
    type Words: Copy;
    /// 2·[`BLOCKS`](Self::BLOCKS) f32.
    type Singles: Copy;
    /// [`BLOCKS`](Self::BLOCKS) f64.
    type Doubles: Copy;
    /// 64-bit lanes in a vector, and so generator blocks that are made at a time.
    const BLOCKS: usize;
    /// Vector registers of the architecture.
    const REGISTERS: Registers;

    /// Runs `kernel` compiled for this instruction set.
    fn run<K: Kernel>(self, kernel: K);
    /// Runs `kernel` likewise, out of line: for what is seldom needed.
    fn run_seldom<K: Kernel>(self, kernel: K);

    // Integers, as 64-bit lanes.
    fn splat_64(self, x: u64) -> Self::Words;
    fn add_64(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The products of the low 32 bits of each lane.
    fn multiply_wide(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn shift_right_64<const N: u32>(self, a: Self::Words) -> Self::Words;
    fn shift_left_64<const N: u32>(self, a: Self::Words) -> Self::Words;
    /// All ones in lanes whose top bit is set, else zero.
    fn sign_64(self, a: Self::Words) -> Self::Words;

    // Integers, as 32-bit lanes.
    fn splat_32(self, x: u32) -> Self::Words;
    fn subtract_32(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn shift_left_32<const N: u32>(self, a: Self::Words) -> Self::Words;
    fn shift_right_32<const N: u32>(self, a: Self::Words) -> Self::Words;
    /// All ones in lanes whose top bit is set, else zero.
    fn sign_32(self, a: Self::Words) -> Self::Words;
    /// Shifts lane by lane; 32 and more give zero.
    fn shift_left_each_32(self, a: Self::Words, by: Self::Words) -> Self::Words;
    fn shift_right_each_32(self, a: Self::Words, by: Self::Words) -> Self::Words;
    /// Leading zeros; any value where a lane is 0.
    fn leading_zeros_32(self, a: Self::Words) -> Self::Words;
    /// A bit for each lane, lane 0 lowest: set where `a` < `limit`, both unsigned.
    fn below_32(self, a: Self::Words, limit: u32) -> u32;

    // Integers, bit by bit.
    fn and(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn or(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn xor(self, a: Self::Words, b: Self::Words) -> Self::Words;

    /// The block that each 64-bit lane makes, counted from the first: any order that
    /// [`interleave`](Self::interleave) undoes.
    fn block_offsets(self) -> Self::Words;
    /// Words 0 to 3 of every lane's block, in low halves (what is above them is left over), in the
    /// order of the blocks and their words.
    fn interleave(self, words: [Self::Words; 4]) -> [Self::Words; 2];

    // f32.
    fn splat_f32(self, x: f32) -> Self::Singles;
    /// Signed integers, rounded to nearest-even.
    fn to_f32(self, a: Self::Words) -> Self::Singles;
    fn f32_from_bits(self, a: Self::Words) -> Self::Singles;
    fn f32_to_bits(self, a: Self::Singles) -> Self::Words;
    fn multiply_f32(self, a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// a·b + c, rounded once.
    fn multiply_add_f32(
        self,
        a: Self::Singles,
        b: Self::Singles,
        c: Self::Singles,
    ) -> Self::Singles;
    /// The greater of two, `b` where they are equal.
    fn max_f32(self, a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// The lesser of two, `b` where they are equal.
    fn min_f32(self, a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// `table[index]` in each lane; `index` < 16.
    fn look_up(self, table: &[f32; 16], index: Self::Words) -> Self::Singles;
    /// Whether every `index` is below 8 and [`look_up_lower`](Self::look_up_lower) gains by it.
    #[inline(always)]
    fn is_lower(self, _index: Self::Words) -> bool {
        false
    }
    /// [`look_up`](Self::look_up) with `index` < 8.
    #[inline(always)]
    fn look_up_lower(self, table: &[f32; 16], index: Self::Words) -> Self::Singles {
        self.look_up(table, index)
    }
    /// The first lanes of `out`, which holds at least a vector.
    fn store_f32(self, a: Self::Singles, out: &mut [f32]);
    fn store_bf16(self, a: Self::Singles, out: &mut [bf16]);
    fn store_f16(self, a: Self::Singles, out: &mut [f16]);

    // f64.
    fn splat_f64(self, x: f64) -> Self::Doubles;
    fn f64_from_bits(self, a: Self::Words) -> Self::Doubles;
    fn f64_to_bits(self, a: Self::Doubles) -> Self::Words;
    fn add_f64(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn subtract_f64(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn multiply_f64(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn divide_f64(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn square_root_f64(self, a: Self::Doubles) -> Self::Doubles;
    fn multiply_add_f64(
        self,
        a: Self::Doubles,
        b: Self::Doubles,
        c: Self::Doubles,
    ) -> Self::Doubles;
    /// The greater of two, `b` where they are equal.
    fn max_f64(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    /// The lesser of two, `b` where they are equal.
    fn min_f64(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    /// A bit for each lane, lane 0 lowest: set where `a` > `b`.
    fn above_f64(self, a: Self::Doubles, b: Self::Doubles) -> u32;
    /// `yes` where a ≤ b, else `no`.
    fn where_at_most_f64(
        self,
        a: Self::Doubles,
        b: Self::Doubles,
        yes: Self::Doubles,
        no: Self::Doubles,
    ) -> Self::Doubles;
    fn store_f64(self, a: Self::Doubles, out: &mut [f64]);
}

/// How many vector registers an instruction set has.
#[allow(dead_code)] // Each architecture has one kind or both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registers {
    Sixteen,
    ThirtyTwo,
}

/// Work that is written once for all instruction sets.
///
/// `run` must be `#[inline(always)]`, so that it is compiled with the features of its caller.
pub(crate) trait Kernel {
    fn run<L: Lanes>(self, lanes: L);
}

/// Writes the methods of a [`Lanes`] whose bodies are intrinsics of its instruction set.
#[allow(unused_macros)] // On a machine with no vector path of ours.
macro_rules! intrinsics {
    ($($name:ident $(<const $n:ident>)? ($($argument:ident: $type:ty),*) -> $out:ty { $body:expr })*) => {$(
        #[inline(always)]
        fn $name $(<const $n: u32>)? (self, $($argument: $type),*) -> $out {
            // SAFETY: `self` is made only where the machine has the instruction set, and no
            // intrinsic here touches memory.
            unsafe { $body }
        }
    )*};
}
#[allow(unused_imports)]
pub(super) use intrinsics;
