//! Digests of tensors, made in pieces so that every thread can hash what it has just made.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of a piece: what a thread makes, hashes and writes at a time. Large against the cost of a
/// call, small enough to stay in a core's cache in between.
pub(super) const PIECE: usize = 1 << 20;

/// What a manifest says of its digests.
pub(super) const METHOD: &str =
    "sha256 of the joined sha256 digests of each successive 1 MiB of the tensor's bytes";

/// The digest of a tensor's bytes: SHA-256 of the joined SHA-256 digests of each successive MiB
/// (the last piece may be shorter).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TensorDigest([u8; 32]);

/// The digest of one piece.
pub(super) type PieceDigest = [u8; 32];

/// The digest of one piece's bytes.
pub(super) fn piece(bytes: &[u8]) -> PieceDigest {
    Sha256::digest(bytes).into()
}

impl TensorDigest {
    /// From the digests of all pieces, in order.
    pub(super) fn join(pieces: &[PieceDigest]) -> Self {
        let joined = pieces
            .iter()
            .fold(Sha256::new(), |hash, piece| hash.chain_update(piece));
        Self(joined.finalize().into())
    }

    /// The digest of these bytes.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::checkpoint::TensorDigest;
    /// // sha256(sha256("abc")), as two calls of any SHA-256 tool say.
    /// let hex = "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358";
    /// assert_eq!(TensorDigest::of(b"abc").to_string(), hex);
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        let pieces: Vec<_> = bytes.chunks(PIECE).map(piece).collect();
        Self::join(&pieces)
    }
}

impl fmt::Display for TensorDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A manifest has one for each of up to a hundred thousand tensors: not by `{:02x}`.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |byte: u8| char::from(DIGITS[usize::from(byte)]);
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        f.write_str(&digits.map(digit).collect::<String>())
    }
}

impl fmt::Debug for TensorDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<TensorDigest> for String {
    fn from(digest: TensorDigest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for TensorDigest {
    type Error = &'static str;

    fn try_from(hex: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "a digest is 64 hexadecimal digits";
        if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(EXPECTED);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let digits = str::from_utf8(digits).map_err(|_| EXPECTED)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| EXPECTED)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_read_back_from_their_digits() {
        let digest = TensorDigest::of(&[7; 3 * PIECE / 2]);
        assert_eq!(TensorDigest::try_from(digest.to_string()), Ok(digest));
        for bad in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert!(TensorDigest::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn pieces_of_a_mebibyte_are_joined() {
        let bytes: Vec<u8> = (0..PIECE + 5).map(|i| (i % 251) as u8).collect();
        let by_hand = TensorDigest::join(&[piece(&bytes[..PIECE]), piece(&bytes[PIECE..])]);
        assert_eq!(TensorDigest::of(&bytes), by_hand);
        assert_ne!(TensorDigest::of(&bytes[..PIECE]), by_hand);
    }
}
