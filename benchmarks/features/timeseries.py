"""Time-series features of a matrix: eupnea against tsfresh, same windows, same run, CPU time of one thread.

``python -m benchmarks.features.timeseries`` writes ``timeseries.tsv`` into ``--output`` and prints it. Both sides work
in turns on the same windows; a ratio is the median over the pairs. The exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from benchmarks.report import write_table  # noqa: E402
from eupnea.features.timeseries import extract  # noqa: E402

REGULARITY = {"sample_entropy": None, "approximate_entropy": [{"m": 2, "r": r} for r in (0.1, 0.3, 0.5, 0.7, 0.9)]}
BARS = {("efficient", 1500): 150, ("efficient", 240): 300, ("regularity", 1500): 600}
MEMORY_BAR_GB = 0.2
THREADS_BAR = 1.8
MANY_WINDOWS = 10_000
ROOT = Path(__file__).parents[2]


def breathing(n_windows: int, n_samples: int, *, seed: int) -> np.ndarray:
    """Simulate a minute of breathing per window: fifteen breaths, noise and drift."""
    rng = np.random.default_rng(seed)
    minute = np.linspace(0, 1, n_samples, endpoint=False)
    phase = rng.uniform(0, 2 * np.pi, (n_windows, 1))
    drift = np.cumsum(rng.standard_normal((n_windows, n_samples)), axis=1) / np.sqrt(n_samples)
    noise = rng.standard_normal((n_windows, n_samples))
    return np.sin(2 * np.pi * 15 * minute + phase) + 0.3 * drift + 0.2 * noise


def peer(windows: np.ndarray, settings: object) -> pd.DataFrame:
    """Let tsfresh compute the features in this process."""
    from tsfresh import extract_features
    from tsfresh.feature_extraction.settings import EfficientFCParameters

    n_windows, n_samples = windows.shape
    frame = pd.DataFrame({"id": np.repeat(np.arange(n_windows), n_samples), "value": windows.ravel()})
    return extract_features(
        frame,
        column_id="id",
        column_value="value",
        default_fc_parameters=settings or EfficientFCParameters(),
        n_jobs=0,
        disable_progressbar=True,
    )


def cpu_seconds(work: Callable[[], object]) -> float:
    """Measure the CPU time of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(name: str, settings: object, n_samples: int, *, pairs: int, few: int, many: int) -> dict[str, object]:
    """Time pairs in turns: tsfresh on a few windows, eupnea on as many as a study has in one call."""
    windows = breathing(many, n_samples, seed=n_samples)
    extract(windows[:2], settings)
    peer(windows[:1], settings)
    ours, theirs = [], []
    for pair in range(pairs):
        chosen = windows[pair * few : (pair + 1) * few]
        theirs.append(cpu_seconds(lambda chosen=chosen: peer(chosen, settings)) / few * 1e6)
        ours.append(cpu_seconds(lambda: extract(windows, settings)) / many * 1e6)
    ratio = float(np.median(np.array(theirs) / np.array(ours)))
    return {
        "set": name,
        "samples": n_samples,
        "columns": extract(windows[:1], settings).shape[1],
        "eupnea_us_per_window": round(float(np.median(ours)), 1),
        "tsfresh_us_per_window": round(float(np.median(theirs)), 1),
        "ratio": round(ratio, 1),
        "bar": BARS.get((name, n_samples)),
    }


def memory_above_input_gb() -> float:
    """Measure in a fresh process how far the peak rises above the input and what is loaded anyway."""
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        "from benchmarks.features import timeseries; timeseries.report_peak()"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(answer.stdout)


def peak_bytes() -> int:
    """Read the highest resident size of this process; Linux's own record, as rusage keeps that of the parent."""
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def report_peak() -> None:
    """Print how many GB the peak rises while all features of 10,000 windows are computed."""
    windows = np.empty((MANY_WINDOWS, 240))
    for start in range(0, MANY_WINDOWS, 100):
        windows[start : start + 100] = breathing(100, 240, seed=start)
    extract(windows[:2])
    before = peak_bytes()
    extract(windows)
    print((peak_bytes() - before) / 1e9)


def threads_speed_up(*, pairs: int) -> float:
    """Compare wall time with one and two threads, in turns."""
    windows = breathing(2048, 1500, seed=2)
    ratios = []
    for _ in range(pairs):
        times = []
        for n_threads in (1, 2):
            start = time.perf_counter()
            extract(windows, n_threads=n_threads)
            times.append(time.perf_counter() - start)
        ratios.append(times[0] / times[1])
    return float(np.median(ratios))


def main() -> int:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    pairs = options.pairs
    rows = [
        compare("efficient", None, 1500, pairs=pairs, few=2, many=256),
        compare("efficient", None, 240, pairs=pairs, few=3, many=1600),
        compare("regularity", REGULARITY, 1500, pairs=pairs, few=1, many=128),
    ]
    table = pd.DataFrame(rows)
    memory, threads = memory_above_input_gb(), threads_speed_up(pairs=pairs)
    note = (
        f"CPU time, one thread, tsfresh with n_jobs=0. Memory above the input at {MANY_WINDOWS} windows of 240: "
        f"{memory:.3f} GB (bar {MEMORY_BAR_GB}). Two threads against one, wall time: {threads:.2f} (bar {THREADS_BAR}; "
        "needs two idle cores)."
    )
    write_table(table, options.output, "timeseries", note=note)
    return int(bool((table["ratio"] < table["bar"]).any()) or memory > MEMORY_BAR_GB)


if __name__ == "__main__":
    sys.exit(main())
