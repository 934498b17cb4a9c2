"""How fast orthogonal matrices are made, beside PyTorch: in place, f32, on the same threads.

    python bench/init/orthogonal.py [--threads 2] [--rounds 5] [--venv DIR]

Takes turns: a round makes each matrix once with each, so that a busy moment of the machine falls on
both. Prints the medians, how many times faster ours is, and max|QᵀQ − I| in f64 of both.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from compare import ROOT, peers_python  # noqa: E402

SHAPES = [(1024, 1024), (4096, 1024), (1024, 4096), (4096, 4096)]


def build():
    command = ["cargo", "build", "--release", "--package", "evenkeel-init", "--example", "orthogonal_speed"]
    subprocess.run(command, cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "examples" / "orthogonal_speed"


def peer(threads):
    """Runs inside the virtual environment: a shape a line in, seconds and deviation out."""
    import torch

    torch.set_num_threads(threads)
    for line in sys.stdin:
        weight = torch.empty(*json.loads(line))
        torch.nn.init.orthogonal_(weight)  # first touch, not counted
        begin = time.perf_counter()
        torch.nn.init.orthogonal_(weight)
        seconds = time.perf_counter() - begin
        q = weight.double() if weight.shape[0] >= weight.shape[1] else weight.double().T
        gram = q.T @ q
        gram.diagonal().sub_(1.0)
        print(json.dumps({"seconds": [seconds], "deviation": gram.abs().max().item()}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "target" / "bench-peers")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(options.threads)

    binary, python = build(), peers_python(options.venv)
    command = [python, __file__, "--peer", "--threads", str(options.threads)]
    torch = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    found = {}
    for number in range(options.rounds):
        for shape in SHAPES:
            print(f"round {number + 1}: {shape[0]}×{shape[1]}", file=sys.stderr)
            ours = [binary, *map(str, shape), str(options.threads), "1"]
            answer = subprocess.run(ours, check=True, capture_output=True, text=True).stdout
            found.setdefault(("evenkeel", shape), []).append(json.loads(answer))
            torch.stdin.write(json.dumps(shape) + "\n")
            torch.stdin.flush()
            found.setdefault(("torch", shape), []).append(json.loads(torch.stdout.readline()))
    torch.stdin.close()
    torch.wait()
    table(found)


def table(found):
    print("| shape | evenkeel, s | PyTorch, s | ratio | deviation, evenkeel | PyTorch |")
    print("|---|---|---|---|---|---|")
    for shape in SHAPES:
        ours, torch = found["evenkeel", shape], found["torch", shape]
        seconds = [statistics.median(answer["seconds"][0] for answer in who) for who in (ours, torch)]
        worst = [max(answer["deviation"] for answer in who) for who in (ours, torch)]
        cells = [f"{shape[0]}×{shape[1]}", f"{seconds[0]:.4f}", f"{seconds[1]:.4f}"]
        cells += [f"{seconds[1] / seconds[0]:.1f}×", f"{worst[0]:.1e}", f"{worst[1]:.1e}"]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
