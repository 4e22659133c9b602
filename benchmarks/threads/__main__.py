"""CPU time of sixteen jobs of one thread, two at a time and all at once: ``python -m benchmarks.threads``.

Jobs that hold more threads than they were given fight for the cores when many run at once, which costs CPU time. The
exit code is 1 when all at once cost more than 15 % above two at a time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from benchmarks.report import write_table

JOBS, AT_ONCE = 16, (2, 16)
ALLOWED_RISE = 0.15
# What Snakemake sets for a step of one thread.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


def run(at_once: int, jobs: int) -> tuple[float, float]:
    """Run the jobs and return CPU (user and system, of all processes) and wall time, s."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    running: list[subprocess.Popen[bytes]] = []
    for number in range(jobs):
        while len([one for one in running if one.poll() is None]) >= at_once:
            time.sleep(0.02)
        command = [sys.executable, "-m", "benchmarks.threads.work", str(number)]
        running.append(subprocess.Popen(command, env=os.environ | ONE_THREAD))
    if any(one.wait() for one in running):
        raise RuntimeError("a job failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - started


def main() -> int:
    """Measure both ways in turn, several times, and compare the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=JOBS)
    options = parser.parse_args()
    run(1, 1)  # compiles what is compiled once
    rows = []
    for number in range(options.rounds):
        for at_once in AT_ONCE if number % 2 == 0 else AT_ONCE[::-1]:
            cpu, wall = run(at_once, options.jobs)
            rows.append({"jobs at once": at_once, "round": number + 1, "CPU s": cpu, "wall s": wall})
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    few, many = (statistics.median(table.loc[table["jobs at once"] == one, "CPU s"]) for one in AT_ONCE)
    rise = many / few - 1
    note = f"{options.jobs} jobs of one thread on {os.cpu_count()} cores: {rise:+.1%} CPU when all run at once"
    write_table(table, options.output, "threads", note=f"{note} (allowed: {ALLOWED_RISE:+.0%}).")
    return int(rise > ALLOWED_RISE)


if __name__ == "__main__":
    sys.exit(main())
