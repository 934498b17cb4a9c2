#!/usr/bin/env python3
"""How fast `evenkeel init` writes a checkpoint, beside a plain sequential write of as many bytes.

    cargo build --release
    bench/init/checkpoint_speed.py --folder /path/on/the/disk [--spec examples/llama-7b.toml] [--runs 3]

The two are alternated, each run begins with a synchronised disk and ends when every byte is on it.
The plain write is the strongest that a program can do with the page cache: one file, 8 MiB at a time,
one fsync at the end. Each run's files are removed before the next. Prints each run, the medians,
their ratio, and the process's peak memory and processor time.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def settle(folder):
    """Removes a run's files and waits until the disk is idle."""
    shutil.rmtree(folder, ignore_errors=True)
    os.sync()
    time.sleep(2)


def ours(binary, spec, folder, threads):
    """Seconds, peak memory in bytes, seconds of processor time."""
    began = time.perf_counter()
    command = [binary, "init", "--spec", spec, "--out", folder]
    if threads:
        command += ["--threads", str(threads)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0:
        sys.exit(f"evenkeel failed: {said}")
    seconds = time.perf_counter() - began
    return seconds, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime


def size(folder):
    return sum(entry.stat().st_size for entry in os.scandir(folder))


def plain(folder, total):
    os.makedirs(folder)
    block = os.urandom(8 << 20)
    began = time.perf_counter()
    file = os.open(os.path.join(folder, "plain"), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    left = total
    while left > 0:
        left -= os.write(file, block[: min(left, len(block))])
    os.fsync(file)
    os.close(file)
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, "target/release/evenkeel"))
    parser.add_argument("--spec", default=os.path.join(ROOT, "examples/llama-7b.toml"))
    parser.add_argument("--folder", required=True, help="on the disk to measure; its own, it is emptied")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    if os.path.exists(arguments.folder):
        sys.exit(f"{arguments.folder} exists; name a folder that can be made and removed")
    made, written, peaks, processor = [], [], [], []
    total = None
    for run in range(arguments.runs):
        settle(arguments.folder)
        seconds, peak, cpu = ours(arguments.binary, arguments.spec, arguments.folder, arguments.threads)
        total = size(arguments.folder)
        made.append(seconds)
        peaks.append(peak)
        processor.append(cpu)
        print(f"evenkeel init  {seconds:7.2f} s  {total / seconds / 1e6:7.0f} MB/s  "
              f"processor {cpu:6.2f} s  peak {peak / 2**20:.0f} MiB", flush=True)
        settle(arguments.folder)
        seconds = plain(arguments.folder, total)
        written.append(seconds)
        print(f"plain write    {seconds:7.2f} s  {total / seconds / 1e6:7.0f} MB/s", flush=True)
    settle(arguments.folder)
    median_made, median_written = statistics.median(made), statistics.median(written)
    print(f"medians of {arguments.runs}, {total / 1e9:.2f} GB: evenkeel {total / median_made / 1e6:.0f} MB/s, "
          f"plain {total / median_written / 1e6:.0f} MB/s, "
          f"{100 * median_written / median_made:.0f} % of the plain write; "
          f"peak memory {max(peaks) / 2**20:.0f} MiB; processor {statistics.median(processor):.1f} s")


if __name__ == "__main__":
    main()
