#!/usr/bin/env python3
"""Do the files that `evenkeel init` writes load elsewhere, with the values that were promised?

    cargo build --release
    python bench/init/checkpoint_check.py [--binary target/release/evenkeel]

Needs torch, safetensors and mpmath; evenkeel's own code is not used to read anything. Of a sharded
checkpoint and of one file in four number formats it checks: that the safetensors package and PyTorch
load every tensor with the shape and format of the manifest; that the index leads to it; that the
digests are those that hashlib computes; that mean and standard deviation are within five standard
errors of what the manifest intends; that values follow from the contract in docs/reproducibility.md,
computed with mpmath; and that an orthogonal tensor is orthogonal.
"""

import argparse
import hashlib
import json
import math
import os
import subprocess
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from reference import Stream, normal_f32, normal_f64

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FORMATS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
           "I64": torch.int64}
# Relative error of rounding to the format, once.
ROUNDING = {"F64": 2.0**-53, "F32": 2.0**-24, "F16": 2.0**-11, "BF16": 2.0**-8}
MIXED = """
dtype = "f32"
tensor = [
  { name = "{a,b}.weight", shape = [300, 400] },
  { name = "double.weight", shape = [200, 100], dtype = "f64" },
  { name = "half.weight", shape = [64, 8, 3, 3], dtype = "f16", layer = "conv", groups = 4 },
  { name = "brain.weight", shape = [128, 64], dtype = "bf16" },
  { name = "turn.weight", shape = [256, 512] },
  { name = "turn_half.weight", shape = [512, 256], dtype = "bf16" },
  { name = "steps", shape = [], dtype = "i64" },
]
[[rule]]
match = "turn*"
scheme = "orthogonal"
[[rule]]
match = "half*"
scheme = "kaiming_normal"
[[rule]]
match = "steps"
scheme = "zeros"
[[rule]]
match = "*"
scheme = "normal"
with = { std = 0.02 }
"""


def digest(tensor):
    """As the manifest's digest_method says."""
    data = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    pieces = (data[at:at + 2**20] for at in range(0, len(data), 2**20))
    return hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces)).hexdigest()


def check_statistics(entry, values):
    n, mean, std = values.numel(), entry["mean"], entry["std"]
    if std == 0.0:
        assert torch.all(values == mean), entry["name"]
        return
    assert abs(values.mean().item() - mean) < 5 * std / math.sqrt(n), entry["name"]
    # The relative standard error of a standard deviation is 1/sqrt(2n), less for lighter tails.
    assert abs(values.std(unbiased=False).item() / std - 1) < 5 / math.sqrt(2 * n), entry["name"]


def check_contract(entry, values, seed):
    """The first and the last values, and some between, from words and quantile."""
    if not entry["scheme"].startswith(("normal", "kaiming_normal")):
        return 0
    stream, flat = Stream(seed, entry["name"]), values.reshape(-1)
    places = [0, 1, 2, 3, flat.numel() // 3, flat.numel() // 2, flat.numel() - 1]
    for i in places:
        z = normal_f64(stream, i) if entry["dtype"] == "F64" else normal_f32(stream, i)
        expected = float(z * entry["std"])
        # Rounded to f32 by a quantile that is good to a few units, then to the format.
        tolerance = abs(expected) * (ROUNDING[entry["dtype"]] + (2.0**-50 if entry["dtype"] == "F64" else 2.0**-21))
        assert abs(flat[i].item() - expected) <= tolerance, (entry["name"], i, flat[i].item(), expected)
    return len(places)


def check_orthogonal(entry, values):
    q = values.reshape(values.shape[0], -1).double()
    if q.shape[0] > q.shape[1]:
        q = q.T
    deviation = (q @ q.T - torch.eye(q.shape[0], dtype=torch.float64)).abs().max().item()
    # Rounding each of n values of size 1/sqrt(n) changes a squared length by at most 2u, and less
    # where errors cancel.
    assert deviation < 2.5 * ROUNDING[entry["dtype"]] + 1e-6, (entry["name"], deviation)


def check(folder, manifest_path):
    with open(manifest_path) as file:
        manifest = json.load(file)
    tensors = {}
    for file in manifest["files"]:
        path = os.path.join(folder, file["name"])
        assert os.path.getsize(path) == file["bytes"], path
        tensors.update(load_file(path))
        with safe_open(path, "pt") as opened:
            assert opened.metadata() == {"format": "pt"}
    assert set(tensors) == {entry["name"] for entry in manifest["tensors"]}
    if len(manifest["files"]) > 1:
        with open(os.path.join(folder, "model.safetensors.index.json")) as file:
            index = json.load(file)
        assert index["weight_map"] == {entry["name"]: entry["file"] for entry in manifest["tensors"]}
        assert index["metadata"]["total_size"] == sum(t.numel() * t.element_size() for t in tensors.values())
    computed = 0
    for entry in manifest["tensors"]:
        tensor = tensors[entry["name"]]
        assert tensor.dtype == FORMATS[entry["dtype"]] and list(tensor.shape) == entry["shape"], entry
        assert digest(tensor) == entry["digest"], entry["name"]
        check_statistics(entry, tensor.double())
        computed += check_contract(entry, tensor.double(), manifest["seed"])
        if entry["scheme"].startswith("orthogonal"):
            check_orthogonal(entry, tensor)
    print(f"{os.path.basename(manifest_path)}: {len(tensors)} tensors of {len(manifest['files'])} files load as "
          f"promised; {computed} values follow from the contract")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, "target/release/evenkeel"))
    binary = parser.parse_args().binary
    with tempfile.TemporaryDirectory() as folder:
        sharded, single, spec = (os.path.join(folder, name) for name in ("sharded", "mixed.safetensors", "mixed.toml"))
        with open(spec, "w") as file:
            file.write(MIXED)
        example = os.path.join(ROOT, "examples/llama-tiny.toml")
        run = lambda *arguments: subprocess.run([binary, "init", *arguments], check=True, capture_output=True)
        run("--spec", example, "--max-shard-size", "2MB", "--seed", "7", "--out", sharded)
        run("--spec", spec, "--out", single)
        check(sharded, os.path.join(sharded, "manifest.json"))
        check(folder, os.path.join(folder, "mixed.manifest.json"))


if __name__ == "__main__":
    main()
