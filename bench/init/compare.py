"""How fast tensors are filled, beside PyTorch, NumPy and JAX: in place, on the same threads.

    python bench/init/compare.py [--values 100000000] [--threads 2] [--rounds 5] [--venv DIR]

Makes a virtual environment with the peers where DIR has none (by default target/bench-peers),
builds ours, then takes turns: a round measures every contender on every case, the fastest of five
fills, so that a busy moment of the machine falls on all. Prints the medians over the rounds, and how
many times faster ours is.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ["torch", "numpy", "jax"]
# Fills in a turn, of which the fastest counts, as in peers.py.
REPEATS = 5
CASES = [
    ("normal", "f32"),
    ("uniform", "f32"),
    ("truncated", "f32"),
    ("normal", "bf16"),
    ("truncated", "bf16"),
    ("normal", "f64"),
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=int, default=100_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "target" / "bench-peers")
    return parser.parse_args()


def peers_python(folder):
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return python


def build():
    command = ["cargo", "build", "--release", "--package", "evenkeel-init", "--example", "fill_speed"]
    subprocess.run(command, cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "examples" / "fill_speed"


def start(python, peer, threads):
    script = pathlib.Path(__file__).with_name("peers.py")
    command = [python, script, peer, str(threads)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process, distribution, dtype, values):
    case = {"distribution": distribution, "dtype": dtype, "values": values}
    process.stdin.write(json.dumps(case) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def ours(binary, distribution, dtype, values, threads):
    command = [binary, distribution, dtype, str(values), str(threads), str(REPEATS)]
    times = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["ns_per_value"]
    return min(times)


def main():
    options = arguments()
    binary = build()
    python = peers_python(options.venv)
    processes = {peer: start(python, peer, options.threads) for peer in PEERS}
    times = {}
    for number in range(options.rounds):
        for distribution, dtype in CASES:
            print(f"round {number + 1}: {distribution} {dtype}", file=sys.stderr)
            case = distribution, dtype, options.values
            found = {peer: ask(process, *case) for peer, process in processes.items()}
            found["evenkeel"] = ours(binary, *case, options.threads)
            for contender, nanoseconds in found.items():
                if nanoseconds is not None:
                    times.setdefault((distribution, dtype, contender), []).append(nanoseconds)
    for process in processes.values():
        process.stdin.close()
        process.wait()
    table(times)


def table(times):
    print("| fill | evenkeel | " + " | ".join(f"{peer} | ratio" for peer in PEERS) + " |")
    print("|---|---|" + "---|---|" * len(PEERS))
    for distribution, dtype in CASES:
        own = statistics.median(times[distribution, dtype, "evenkeel"])
        cells = [f"{distribution} {dtype}", f"{own:.3f}"]
        for peer in PEERS:
            found = times.get((distribution, dtype, peer))
            if found:
                median = statistics.median(found)
                cells += [f"{median:.2f}", f"{median / own:.1f}×"]
            else:
                cells += ["", ""]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
