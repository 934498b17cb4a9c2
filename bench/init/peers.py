"""Fills with PyTorch, NumPy or JAX: reads a case a line as JSON, answers its ns per value.

Started by compare.py, once for each peer. The first argument is the peer, the second the threads.
"""

import json
import os
import sys
import time

peer, threads = sys.argv[1], int(sys.argv[2])
# Fills in a turn, of which the fastest counts.
REPEATS = 5
os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={threads}"


def torch_fill(distribution, dtype, values):
    import torch

    torch.set_num_threads(threads)
    out = torch.zeros(values, dtype={"f32": torch.float32, "f64": torch.float64, "bf16": torch.bfloat16}[dtype])
    fill = {
        "normal": lambda: out.normal_(0, 1),
        "uniform": lambda: out.uniform_(-1, 1),
        "truncated": lambda: torch.nn.init.trunc_normal_(out, 0, 1, -2, 2),
    }[distribution]
    return fill


def numpy_fill(distribution, dtype, values):
    import numpy

    out = numpy.zeros(values, dtype={"f32": numpy.float32, "f64": numpy.float64}[dtype])
    generator = numpy.random.default_rng(1)
    return {
        "normal": lambda: generator.standard_normal(out=out, dtype=out.dtype),
        "uniform": lambda: generator.random(out=out, dtype=out.dtype),
    }[distribution]


def jax_fill(distribution, dtype, values):
    import jax

    jax.config.update("jax_enable_x64", dtype == "f64")
    dtype = {"f32": "float32", "f64": "float64", "bf16": "bfloat16"}[dtype]
    make = {
        "normal": lambda key: jax.random.normal(key, (values,), dtype),
        "uniform": lambda key: jax.random.uniform(key, (values,), dtype, -1, 1),
        "truncated": lambda key: jax.random.truncated_normal(key, -2, 2, (values,), dtype),
    }[distribution]
    make, key = jax.jit(make), jax.random.key(1)
    return lambda: make(key).block_until_ready()


for line in sys.stdin:
    case = json.loads(line)
    try:
        fill = {"torch": torch_fill, "numpy": numpy_fill, "jax": jax_fill}[peer](
            case["distribution"], case["dtype"], case["values"]
        )
        fill()  # Memory is first touched, and JAX compiles.
        best = float("inf")
        for _ in range(REPEATS):
            begin = time.perf_counter()
            fill()
            best = min(best, time.perf_counter() - begin)
            if best > 2:
                break  # Seconds a fill: what disturbs the machine no longer matters.
        answer = best * 1e9 / case["values"]
    except KeyError:
        answer = None  # The peer has no such fill.
    fill = None
    print(json.dumps(answer), flush=True)
