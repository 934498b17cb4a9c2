#!/usr/bin/env bash
# AddressSanitizer over the crates with `unsafe` in them: SIMD kernels, tails and offsets of every
# path that this machine has, and the calls of the matrix product. The runtime comes with stable
# Rust; RUSTC_BOOTSTRAP admits the flag that switches it on.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address"
target="$(rustc -vV | sed -n 's/^host: //p')"
# Doctests and the tests that count allocations have an allocator of their own and are left out.
exec cargo test --target "$target" --target-dir target/sanitize \
  -p evenkeel-init -p evenkeel-net --lib --tests "$@"
