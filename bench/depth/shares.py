"""Where the time of our training steps goes, by source file: needs `perf` and `addr2line`.

    python bench/depth/shares.py [--cases cnn,residual-16] [--threads 1] [--seconds 2] [--lines]

Records the step example on the cases of compare.py. A sample counts for the innermost file of ours, or of
the gemm crate, in the frames that were inlined there: vector code is all in one function of the pulp
crate by its symbol. `--lines` counts by line.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import tempfile

from compare import CASES, ROOT, TARGET, pairs

FEWEST_PERCENT = 1.5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=lambda text: text.split(","), default=[name for name, *_ in CASES])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--lines", action="store_true")
    return parser.parse_args()


def record(binary, case, options, file):
    step = [binary, "case", *pairs({"outputs": 10, "threads": options.threads, "seconds": options.seconds, **case})]
    command = ["perf", "record", "--quiet", "--freq", "499", "--output", file, "--", *step]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    # The kernel's part is not ours to see everywhere; user space is.
    command = ["perf", "script", "--input", file, "--show-mmap-events", "--fields", "event,ip,sym,dso"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def samples(script, binary):
    """Counts by address in the binary's file, and by name of other objects' functions."""
    inside, outside = collections.Counter(), collections.Counter()
    moved = None
    for line in script.splitlines():
        mapped = re.search(r"MMAP2.*\[0x([0-9a-f]+)\(0x([0-9a-f]+)\) @ (0x[0-9a-f]+|0) .*r-xp (\S+)$", line)
        if mapped:
            if mapped[4] == str(binary):
                moved = int(mapped[1], 16) - int(mapped[3], 16)
            continue
        taken = re.search(r"\s([0-9a-f]+) (.+) \((\S+)\)$", line)
        if not taken:
            continue
        if taken[3] == str(binary):
            inside[int(taken[1], 16)] += 1
        else:
            outside[f"{taken[2]} ({pathlib.Path(taken[3]).name})"] += 1
    return moved, inside, outside


def segments(binary):
    """Executable segments: where they are in the file, and at which address they are linked."""
    headers = subprocess.run(["readelf", "-lW", binary], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.findall(r"LOAD\s+(0x[0-9a-f]+) (0x[0-9a-f]+) 0x[0-9a-f]+ (0x[0-9a-f]+) 0x[0-9a-f]+ R E", headers)
    return [tuple(int(number, 16) for number in each) for each in found]


def linked(offset, loads):
    for start, address, length in loads:
        if start <= offset < start + length:
            return offset - start + address
    return offset


def places(binary, addresses, options):
    """The place that each address counts for."""
    command = ["addr2line", "--exe", binary, "--inlines", "--addresses"]
    text = "\n".join(hex(address) for address in addresses)
    out = subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for block in re.split(r"^0x", out, flags=re.MULTILINE)[1:]:
        address, *frames = block.splitlines()
        frames = [frame.split(" (discriminator")[0] for frame in frames]
        place = next((short(frame) for frame in frames if short(frame)), elsewhere(frames[-1]))
        found[int(address, 16)] = place if options.lines else place.rsplit(":", 1)[0]
    return found


def short(frame):
    """A place of ours, or in the crates that multiply; nothing for what they are made of."""
    ours = re.search(r"crates/net/(?:src|examples)/(.*)", frame)
    if ours and not ours[1].startswith("simd.rs"):
        return ours[1]
    gemm = re.search(r"/(gemm[-a-z0-9]*)-\d[^/]*/src/(.*)", frame)
    return gemm and f"{gemm[1]}/{gemm[2]}"


def elsewhere(frame):
    """A place in another crate or the standard library, without the folder that it is in here."""
    return re.sub(r".*/(?:registry/src/[^/]*|rustc/[^/]*/library)/", "", frame)


def main():
    options = arguments()
    command = ["cargo", "build", "--release", "--package", "evenkeel-net", "--example", "step"]
    subprocess.run(command, cwd=ROOT, check=True)
    binary = TARGET / "release" / "examples" / "step"
    loads = segments(binary)
    for name, title, case, _ in CASES:
        if name not in options.cases:
            continue
        with tempfile.TemporaryDirectory() as folder:
            script = record(binary, case, options, pathlib.Path(folder) / "perf.data")
        moved, inside, counts = samples(script, binary)
        addresses = {ip: linked(ip - moved, loads) for ip in inside}
        by_address = places(binary, sorted(set(addresses.values())), options)
        for ip, count in inside.items():
            counts[by_address[addresses[ip]]] += count
        total = sum(counts.values())
        print(f"{title}:")
        for place, count in counts.most_common():
            if 100 * count >= FEWEST_PERCENT * total:
                print(f"  {count / total:6.1%}  {place}")


if __name__ == "__main__":
    main()
