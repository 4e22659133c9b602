"""Physiology files: a recording of 50 minutes, four channels at 1 kHz, written and read by eupnea and pandas in turns.

``python -m benchmarks.files``: CPU time of this process, median of turns. pandas is what most people would
use; it stands in the project's own environment. The exit code is 1 when a bar is missed or numbers differ.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402

from benchmarks.report import write_table  # noqa: E402
from eupnea.recordings.readers.base import Request  # noqa: E402
from eupnea.recordings.readers.text import read_bids_physio  # noqa: E402
from eupnea.simulate.bids import write_physio  # noqa: E402

HZ, MINUTES, DECIMALS = 1000.0, 50, 3
BARS = {"written": 1.2, "read": 0.6}


def recording() -> dict[str, np.ndarray]:
    """Simulate four channels with noise in every sample: what compresses worst."""
    rng = np.random.default_rng(0)
    time_s = np.arange(int(MINUTES * 60 * HZ)) / HZ
    noise = rng.normal(scale=0.02, size=(4, time_s.size))
    waves = (np.sin(2 * np.pi * 0.25 * time_s), np.sin(2 * np.pi * 0.25 * time_s + 1))
    pulse = np.sin(2 * np.pi * 0.55 * time_s) ** 30
    names = ("airflow", "belt", "ecg", "ppg")
    return dict(zip(names, np.round(np.vstack([*waves, pulse, np.roll(pulse, 200)]) + noise, DECIMALS), strict=True))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Measure the CPU time of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def request(path: Path, sidecar: Path) -> Request:
    """Ask for a file as the pipeline does."""
    return Request(base=path.parent, path=path, where=path.name, sidecars=((sidecar, sidecar.name),))


def main() -> int:
    """Let both write and read the same samples in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    pa.set_cpu_count(1)
    columns = recording()
    frame, digits = pd.DataFrame(columns), dict.fromkeys(columns, DECIMALS)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "a_physio.tsv.gz", Path(folder) / "b_physio.tsv.gz"
        sidecar = Path(folder) / "a_physio.json"
        sidecar.write_text(json.dumps({"SamplingFrequency": HZ, "StartTime": 0, "Columns": list(columns)}))
        write_physio({name: values[:100] for name, values in columns.items()}, ours, decimals=digits)
        read_bids_physio(request(ours, sidecar))
        written_peer = cpu_seconds(
            lambda: frame.to_csv(
                theirs, sep="\t", header=False, index=False, na_rep="n/a", float_format=f"%.{DECIMALS}f"
            )
        )
        took = [
            {
                "written": cpu_seconds(lambda: write_physio(columns, ours, decimals=digits)),
                "read": cpu_seconds(lambda: read_bids_physio(request(ours, sidecar))),
                "read_peer": cpu_seconds(lambda: pd.read_csv(ours, sep="\t", header=None, na_values="n/a")),
            }
            for _ in range(options.pairs)
        ]
        content = read_bids_physio(request(theirs, sidecar))
        is_same = all(np.array_equal(content.signals[name].values, values) for name, values in columns.items())
        sizes = {"written": (ours.stat().st_size, theirs.stat().st_size)}
    seconds = pd.DataFrame(took).assign(written_peer=written_peer).median()
    table = pd.DataFrame(
        {
            "what": f"{what}: {MINUTES} min, 4 channels, {HZ / 1000:g} kHz, BIDS .tsv.gz",
            "eupnea_s": seconds[what],
            "pandas_s": seconds[f"{what}_peer"],
            "ratio": seconds[f"{what}_peer"] / seconds[what],
            "bar_s": bar,
            "eupnea_mb": sizes.get(what, (np.nan, np.nan))[0] / 1e6,
            "pandas_mb": sizes.get(what, (np.nan, np.nan))[1] / 1e6,
        }
        for what, bar in BARS.items()
    )
    note = f"CPU seconds, one thread, median of {options.pairs} turns (pandas writes once); pandas {pd.__version__}. "
    write_table(table, options.output, "files", note=note + ("Equal numbers." if is_same else "NUMBERS DIFFER."))
    return int(bool((table["eupnea_s"] > table["bar_s"]).any()) or not is_same)


if __name__ == "__main__":
    sys.exit(main())
