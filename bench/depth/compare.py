"""How fast training steps are, beside PyTorch, Burn and candle.

    python bench/depth/compare.py [--rounds 5] [--cases residual-16,probe] [--threads 2]
                                  [--peers torch,burn,candle] [--seconds 1] [--venv DIR] [--out FILE]

Makes a virtual environment with PyTorch where DIR has none (by default target/bench-peers), builds ours
and the Rust peers, then takes turns: a round times every contender on every case, for about `--seconds`
of steps and never fewer than three, so that a busy moment of the machine falls on all. Prints, as
markdown, the medians over the rounds of the median step and how many times faster ours is (median of the
rounds' ratios), the same of the fastest steps, and what each step takes of memory. Every step's time goes
to FILE (target/bench-depth.json).

Ours runs on `--threads`; a peer on one thread or on all of them, whichever is the faster in that turn.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# Seconds after which a Rust peer's turn is given up.
LONGEST = 180
PEERS = {"torch": "PyTorch", "burn": "Burn", "candle": "candle"}


def mlp(inputs, width, depth, batch, **more):
    return {"net": "mlp", "inputs": inputs, "width": width, "depth": depth, "batch": batch, **more}


def residual(width, depth):
    return {"net": "residual", "inputs": width, "width": width, "depth": depth, "batch": 64}


def image(net, side, width, depth, batch):
    return {"net": net, "side": side, "width": width, "depth": depth, "batch": batch}


# Name, title, case, and how many times PyTorch's speed ours is meant to have at least.
CASES = [
    ("mlp-50", "784-50-10, batch 512", mlp(784, 50, 2, 512), 2),
    ("mlp-512", "784-512-512-10, batch 256", mlp(784, 512, 3, 256), 1.25),
    ("mlp-50x256", "50 layers × 256, batch 256", mlp(256, 256, 50, 256), 1.25),
    ("residual-16-100", "100 residual × 16, batch 64", residual(16, 100), None),
    ("residual-16-1000", "1,000 residual × 16, batch 64", residual(16, 1_000), None),
    ("residual-16", "10,000 residual × 16, batch 64", residual(16, 10_000), 40),
    ("residual-32", "10,000 residual × 32, batch 64", residual(32, 10_000), 15),
    ("residual-64", "10,000 residual × 64, batch 64", residual(64, 10_000), 5),
    ("probe", "probe, 100 × 512, batch 512, plain", mlp(512, 512, 100, 512, update="none"), None),
    ("probe-taps", "the same, all statistics", mlp(512, 512, 100, 512, update="none", taps="all"), 1.6),
    ("cnn", "CNN 1-16-16-32-32, 28×28, batch 64", image("cnn", 28, 16, 4, 64), 1),
    ("resnet-20", "ResNet-20 × 16, 28×28, batch 64", image("resnet", 28, 16, 20, 64), 1),
    ("cnn-1000", "CNN of 1,000 × 8 channels, 7×7, batch 32", image("deep_cnn", 7, 8, 1_000, 32), 10),
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [name for name, *_ in CASES]
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", type=lambda text: text.split(","), default=names, help=",".join(names))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", type=lambda text: text.split(",") if text else [], default=list(PEERS))
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "target" / "bench-peers")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target" / "bench-depth.json")
    options = parser.parse_args()
    for kind, given, known in [("case", options.cases, names), ("peer", options.peers, PEERS)]:
        for name in given:
            if name not in known:
                parser.error(f"no {kind} {name}: there are {', '.join(known)}")
    return options


class Ours:
    """The step example: a process a turn."""

    def __init__(self, threads):
        command = ["cargo", "build", "--release", "--package", "evenkeel-net", "--example", "step"]
        subprocess.run(command, cwd=ROOT, check=True)
        self.binary, self.threads = TARGET / "release" / "examples" / "step", threads

    def time(self, case):
        return run([self.binary, "case", *pairs({**case, "threads": self.threads})])

    def product(self):
        return run([self.binary, "product", str(self.threads)])["flops"]


class Torch:
    """torch_step.py: one process, since it takes seconds to start."""

    def __init__(self, threads, folder):
        python = folder / "bin" / "python"
        if not python.exists():
            venv.create(folder, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "torch", "numpy"], check=True)
        command = [python, HERE / "torch_step.py", str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # Its start takes both cores for seconds: it is waited for, so that it is in nobody's turn.
        self.product()

    def time(self, case):
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("PyTorch's process has ended: its message is above")
        return json.loads(line)

    def product(self):
        return self.time({"net": "product"})["flops"]


class Rust:
    """A binary of rust_peers: a process for one thread and one for all, the faster counts."""

    def __init__(self, peer, threads):
        # In their own folder, where their compiler flags are.
        command = ["cargo", "build", "--release", "--locked", "--target-dir", TARGET / "rust-peers"]
        subprocess.run([*command, "--bin", f"{peer}_step"], cwd=HERE / "rust_peers", check=True)
        self.binary, self.counts = TARGET / "rust-peers" / "release" / f"{peer}_step", sorted({1, threads})

    def time(self, case):
        if case["net"] not in ("mlp", "residual") or case["taps"] != "none":
            return None
        found = []
        for count in self.counts:
            # Both libraries share work out through rayon.
            environment = {**os.environ, "RAYON_NUM_THREADS": str(count)}
            try:
                answer = run([self.binary, *pairs(case)], env=environment, timeout=LONGEST)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                # Its message is above; the others go on, and its cell stays empty.
                print(f"{self.binary.name}: {error}", file=sys.stderr)
                continue
            found.append({**answer, "threads": count})
        return min(found, key=lambda answer: statistics.median(answer["times"]), default=None)


def run(command, **more):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, **more).stdout)


def pairs(case):
    return [f"{key}={value}" for key, value in case.items()]


def measure(options):
    """Answers by round, of each case and contender; and the rate of a large product beside dense cases: the
    better of PyTorch's and the gemm crate's."""
    contenders = {"evenkeel": Ours(options.threads)}
    for peer in options.peers:
        contenders[peer] = Torch(options.threads, options.venv) if peer == "torch" else Rust(peer, options.threads)
    rounds = []
    for number in range(options.rounds):
        rounds.append({"load": os.getloadavg()[0], "answers": {}, "products": {}})
        for name, title, case, _ in CASES:
            if name not in options.cases:
                continue
            case = {"update": "sgd", "taps": "none", "outputs": 10, "seconds": options.seconds, **case}
            answers = rounds[-1]["answers"][name] = {}
            for contender, made in contenders.items():
                answers[contender] = made.time(case)
                if answers[contender]:
                    milliseconds = statistics.median(answers[contender]["times"]) * 1e3
                    print(f"round {number + 1}: {title}: {contender} {milliseconds:.3f} ms", file=sys.stderr)
            if dense(case):
                # In the same moments as the step that is to be measured by it.
                both = [made.product() for made in contenders.values() if hasattr(made, "product")]
                rounds[-1]["products"][name] = max(both)
        # A run that is cut short keeps its whole rounds.
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(rounds))
    return rounds


def median_over(rounds, value):
    """The median of `value` over the rounds, or None where a round has none."""
    found = [value(turn) for turn in rounds]
    return None if None in found else statistics.median(found)


def times(turn, name, contender, statistic):
    answer = turn["answers"][name].get(contender)
    return statistic(answer["times"]) if answer and answer["times"] else None


def speeds(rounds, options, statistic):
    heads = [head for peer in options.peers for head in (f"{PEERS[peer]}, ms", "ratio")]
    print("| " + " | ".join(["step", "evenkeel, ms", *heads, "aim"]) + " |")
    print("|" + "---|" * (len(heads) + 3))
    for name, title, _, aim in CASES:
        if name not in options.cases:
            continue
        own = median_over(rounds, lambda turn: times(turn, name, "evenkeel", statistic))
        cells = [title, f"{own * 1e3:.2f}"]
        for peer in options.peers:
            theirs = median_over(rounds, lambda turn: times(turn, name, peer, statistic))
            if theirs is None:
                cells += ["", ""]
                continue
            ratio = median_over(
                rounds, lambda turn: times(turn, name, peer, statistic) / times(turn, name, "evenkeel", statistic)
            )
            cells += [f"{theirs * 1e3:.2f}", f"{ratio:.2f}×"]
        print("| " + " | ".join([*cells, f"{aim}×" if aim else ""]) + " |")


def dense(case):
    return case["net"] == "mlp" and case.get("taps", "none") == "none"


def products(case):
    """Floating-point operations of a step's matrix products; the first layer has no input gradient."""
    sizes = [case["inputs"], *[case["width"]] * (case["depth"] - 1), 10]
    each = [2 * inputs * outputs * case["batch"] for inputs, outputs in zip(sizes, sizes[1:])]
    return 3 * sum(each) - each[0]


def rates(rounds, options, statistic):
    """Rows of dense layers against the machine's own rate."""
    print("| step | GFLOP/s | a product of 2048×2048 | share |\n|---|---|---|---|")
    for name, title, case, _ in CASES:
        if name not in options.cases or not dense(case):
            continue
        work = products(case)
        rate = median_over(rounds, lambda turn: work / times(turn, name, "evenkeel", statistic))
        machine = median_over(rounds, lambda turn: turn["products"][name])
        share = median_over(
            rounds, lambda turn: work / times(turn, name, "evenkeel", statistic) / turn["products"][name]
        )
        print(f"| {title} | {rate / 1e9:.0f} | {machine / 1e9:.0f} | {share:.0%} |")


def costs(rounds, options, statistic):
    """What statistics cost, and a layer at each depth."""
    if {"probe", "probe-taps"} <= set(options.cases):
        for contender in ["evenkeel", *(peer for peer in options.peers if peer == "torch")]:
            cost = median_over(
                rounds,
                lambda turn: times(turn, "probe-taps", contender, statistic)
                / times(turn, "probe", contender, statistic),
            )
            print(f"Statistics cost {cost - 1:.1%} over the plain probe ({PEERS.get(contender, contender)}).")
    layers = [(name, case["depth"]) for name, _, case, _ in CASES if name.startswith("residual-16")]
    for name, depth in layers:
        if name in options.cases:
            own = median_over(rounds, lambda turn: times(turn, name, "evenkeel", statistic))
            print(f"A residual layer × 16 of {depth:,}: {own / depth * 1e9:.0f} ns.")


def memory(rounds, options):
    """What a network says it takes, and by how much the process grew at most."""
    print("| step | arena, MiB | planned in all, MiB | measured, MiB | over |\n|---|---|---|---|---|")
    for name, title, _, _ in CASES:
        if name not in options.cases:
            continue
        answers = [turn["answers"][name]["evenkeel"] for turn in rounds]
        arena, planned = answers[0]["arena_bytes"], answers[0]["planned_bytes"]
        growths = [answer["growth_bytes"] for answer in answers]
        cells = [title, f"{arena / 2**20:.1f}", f"{planned / 2**20:.1f}", "", ""]
        if None not in growths:
            growth = statistics.median(growths)
            cells[3:] = f"{growth / 2**20:.1f}", f"{growth / planned - 1:+.1%}"
        print("| " + " | ".join(cells) + " |")


def main():
    options = arguments()
    rounds = measure(options)
    load = statistics.median(turn["load"] for turn in rounds)
    print(f"Median step, {len(rounds)} rounds, {options.threads} threads, load {load:.1f}:\n")
    speeds(rounds, options, statistics.median)
    print("\nFastest step:\n")
    speeds(rounds, options, min)
    print()
    rates(rounds, options, statistics.median)
    print()
    costs(rounds, options, statistics.median)
    print()
    memory(rounds, options)


if __name__ == "__main__":
    main()
