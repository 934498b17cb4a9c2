//! Streams: the random words of one tensor, reachable in any order.

use sha2::{Digest, Sha256};

use crate::Seed;
use crate::philox::philox_4x32_10;

/// First bytes of what is hashed for a tensor's stream; a change of the scheme changes the number.
const STREAM_TAG: &[u8] = b"evenkeel/stream/v1\0";
/// First bytes of what is hashed for a stream derived from another.
const DERIVE_TAG: &[u8] = b"evenkeel/derive/v1\0";
/// Set in counter word 1 for the words that resolve the tails.
pub(crate) const TAIL_BIT: u32 = 1 << 31;

/// The random words of one tensor: 2⁶⁵ words, each reachable on its own.
///
/// A stream is a Philox4x32-10 key and the high half of its counter, both from SHA-256:
/// with *d* = SHA-256(`"evenkeel/stream/v1\0"` ‖ seed as 8 bytes, little-endian ‖ name in UTF-8)
/// read as little-endian 32-bit words, the key is (*d*₀, *d*₁), and block *b* has the counter
/// (*b* mod 2³², *b* div 2³², *d*₂, *d*₃). Two of 2⁴⁸ streams coincide with a probability of about
/// 2⁻³³.
///
/// # Example
/// ```
/// use evenkeel_init::Seed;
/// let stream = Seed(0).stream("weight");
/// let mut words = [0; 8];
/// stream.words(4, &mut words);
/// assert_eq!(words[..4], stream.block(1));
/// assert_eq!(words[4..], stream.block(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    key: [u32; 2],
    nonce: [u32; 2],
}

impl Stream {
    pub(crate) fn named(seed: Seed, tensor_name: &str) -> Self {
        Self::from_digest(&[STREAM_TAG, &seed.0.to_le_bytes(), tensor_name.as_bytes()])
    }

    /// A stream of its own for a scheme that needs more than one: `purpose` tells them apart.
    ///
    /// It is made as a tensor's is, from SHA-256(`"evenkeel/derive/v1\0"` ‖ key ‖ counter half ‖
    /// purpose in UTF-8).
    pub fn derive(&self, purpose: &str) -> Self {
        let words = [self.key[0], self.key[1], self.nonce[0], self.nonce[1]];
        let parent: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Self::from_digest(&[DERIVE_TAG, &parent, purpose.as_bytes()])
    }

    fn from_digest(parts: &[&[u8]]) -> Self {
        let digest = parts
            .iter()
            .fold(Sha256::new(), |hash, part| hash.chain_update(part))
            .finalize();
        let word = |i: usize| u32::from_le_bytes(std::array::from_fn(|j| digest[4 * i + j]));
        Self {
            key: [word(0), word(1)],
            nonce: [word(2), word(3)],
        }
    }

    /// Four words, those numbered 4·`index` to 4·`index` + 3. Bit 63 of `index` is ignored.
    #[inline(always)]
    pub fn block(&self, index: u64) -> [u32; 4] {
        self.block_with(index, 0)
    }

    /// Word `i`, word `i` mod 4 of block `i` div 4.
    #[inline(always)]
    pub fn word(&self, i: u64) -> u32 {
        self.block(i / 4)[(i % 4) as usize]
    }

    /// Words `start`, `start` + 1, … into `out`; the numbers wrap at 2⁶⁴.
    pub fn words(&self, start: u64, out: &mut [u32]) {
        let mut index = start;
        let mut rest = out;
        while !rest.is_empty() {
            let block = self.block(index / 4);
            let skip = (index % 4) as usize;
            let count = rest.len().min(4 - skip);
            let (now, later) = rest.split_at_mut(count);
            now.copy_from_slice(&block[skip..skip + count]);
            index = index.wrapping_add(count as u64);
            rest = later;
        }
    }

    /// The word that lengthens word `i` where a value falls into a tail.
    #[inline(always)]
    pub(crate) fn tail_word(&self, i: u64) -> u32 {
        self.block_with(i / 4, TAIL_BIT)[(i % 4) as usize]
    }

    pub(crate) fn key(&self) -> [u32; 2] {
        self.key
    }

    pub(crate) fn nonce(&self) -> [u32; 2] {
        self.nonce
    }

    #[inline(always)]
    fn block_with(&self, index: u64, domain: u32) -> [u32; 4] {
        let high = ((index >> 32) as u32 & !TAIL_BIT) | domain;
        philox_4x32_10([index as u32, high, self.nonce[0], self.nonce[1]], self.key)
    }
}
