"""docs/reproducibility.md, executable: streams and values from the contract alone.

Needs mpmath. Checks itself against the golden values of crates/init/tests/golden.rs: the words
exactly, the f32 and f64 normals and uniforms to their rounding.
"""

import hashlib
import struct

import mpmath as mp

mp.mp.dps = 40
MASK = 0xFFFF_FFFF


def philox_4x32_10(counter, key):
    counter, key = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (p1 >> 32) ^ counter[1] ^ key[0],
            p1 & MASK,
            (p0 >> 32) ^ counter[3] ^ key[1],
            p0 & MASK,
        ]
        key = [(key[0] + 0x9E3779B9) & MASK, (key[1] + 0xBB67AE85) & MASK]
    return counter


class Stream:
    def __init__(self, seed, name):
        hashed = b"evenkeel/stream/v1\0" + struct.pack("<Q", seed) + name.encode()
        words = struct.unpack("<8I", hashlib.sha256(hashed).digest())
        self.key, self.nonce = words[:2], words[2:4]

    def block(self, index):
        return philox_4x32_10([index & MASK, index >> 32, *self.nonce], self.key)

    def word(self, i):
        return self.block(i // 4)[i % 4]

    def double_word(self, i):
        block = self.block(i // 2)
        return block[2 * (i % 2)] | block[2 * (i % 2) + 1] << 32


def quantile(p):
    return mp.sqrt(2) * mp.erfinv(2 * p - 1)


def normal_f32(stream, i):
    return quantile((stream.word(i) + mp.mpf(1) / 2) / 2**32)


def normal_f64(stream, i):
    return quantile((stream.double_word(i) + mp.mpf(1) / 2) / 2**64)


def uniform(low, high, word, bits):
    return mp.mpf(low) + (mp.mpf(high) - mp.mpf(low)) * word / 2**bits


def close(got, expected, tolerance):
    assert abs(got - expected) <= tolerance, (got, expected)


stream = Stream(42, "encoder.layer.0.weight")
assert stream.block(0) == [0xF41EF6B9, 0x7A58792F, 0x1FC7F1A0, 0xA0D63F70]
assert Stream(0, "").block(0) == [0xDEFAB354, 0x728887F5, 0x969EE2FE, 0x03016AB6]
for i, golden in enumerate([1.680783, -0.055393476, -1.1545144, 0.32727265]):
    close(normal_f32(stream, i), golden, 2 * 2**-23 * abs(golden))
for i, golden in enumerate([-0.055393475658381375, 0.3272726509097624, 0.8190821774413063, -0.33271480714466806]):
    close(normal_f64(stream, i), golden, 4 * 2**-52 * abs(golden))
for i, golden in enumerate([0.28143898, 0.091165, -0.050342143, 0.15130767]):
    close(uniform(-0.1, 0.3, stream.word(i), 32), golden, 2**-24)
for i, golden in enumerate([0.0911649987058339, 0.15130766482317304, 0.21745209407182947, 0.047869914256359426]):
    close(uniform(-0.1, 0.3, stream.double_word(i), 64), golden, 2**-53)
print("the golden values follow from the contract")
