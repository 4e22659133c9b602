"""Identification by eupnea's features against feature sets of peers: same signal, folds, classifier and nested choice.

``python -m benchmarks.identification.peers --results results/ds000210 --peers .peers`` reads a finished study, makes
an environment for the peers in the folder `--peers` (or uses the one that is there), and writes ``peers.tsv`` into
``--output``. Where that environment cannot be made, the reason is printed and the rows of NeuroKit2, catch22 and physio
are missing. The exit code is 1 when the interval of a difference is not above zero.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from benchmarks.identification.peers.classic import classic_table  # noqa: E402
from benchmarks.identification.peers.judge import KEYS, compare, identify, samples_of  # noqa: E402
from benchmarks.peers import peers_at_hand  # noqa: E402
from eupnea.features.columns import feature_columns  # noqa: E402
from eupnea.features.timeseries import extract  # noqa: E402
from eupnea.io.tables import read_table  # noqa: E402

PEERS = {"neurokit2": "neurokit", "catch22": "catch24", "physio": "physio"}
"""Feature set -> its name in ``extract.py``; all three work in one environment."""
PROTOCOLS = ("leave_one_run_out", "task_to_rest")
LENGTHS_S = (60.0, 120.0)
HZ = {"respiration": 25.0, "cardiac": 50.0}
SLOW_HZ = 5.0
"""Rate that is plenty below 0.7 Hz: features that look one sample back see as much as at 25 Hz and less rounding."""

Signals = dict[str, np.ndarray]


def signals_of(results: Path, modality: str) -> Signals:
    """Read the signal that the features are made from: breathing below the band's edge, or the cleaned pulse."""
    if modality == "cardiac":
        rows = pd.concat([pd.read_parquet(path) for path in sorted((results / "signals").glob("cardiac-*.parquet"))])
        rates = set(rows["sampling_hz"])
        if rates != {HZ[modality]}:
            message = f"the pulse is sampled at {sorted(rates)} Hz; this comparison wants {HZ[modality]:g} Hz"
            raise ValueError(message)
        return {row.recording: _whole(np.asarray(row.values_, dtype=float)) for row in _renamed(rows).itertuples()}
    chunks = [pd.read_parquet(path) for path in sorted((results / "signals").glob("chunk-*.parquet"))]
    return {
        str(name): _whole(part["breathing"].to_numpy(dtype=float))
        for name, part in pd.concat(chunks).groupby("recording", sort=True)
    }


def _renamed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={"values": "values_"})


def _whole(values: np.ndarray) -> np.ndarray:
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(values.size), known, values[known])


def by_peer(name: str, modality: str, signals: Signals, windows: pd.DataFrame, python: Path) -> pd.DataFrame:
    """Let a peer compute its features with the Python of its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        given, cut, answer = (Path(folder) / name for name in ("signals.npz", "windows.tsv", "features.tsv"))
        np.savez(given, **signals, hz=np.array(HZ[modality]))
        windows[["recording", "start_s", "window_s"]].to_csv(cut, sep="\t", index=False)
        script = Path(__file__).with_name("extract.py")
        command = [str(python), str(script), name, modality, str(given), str(cut), str(answer)]
        subprocess.run(command, check=True)
        return pd.read_csv(answer, sep="\t")


def by_tsfresh(signals: Signals, windows: pd.DataFrame, hz: float, every: int = 1) -> pd.DataFrame:
    """Compute tsfresh's efficient set of each window with eupnea's compiled calculators, whose values are tsfresh's."""
    parts = []
    for window_s, rows in windows.groupby("window_s"):
        first = (rows["start_s"] * hz).round().astype(int)
        samples = round(float(str(window_s)) * hz)
        cut = [signals[name][at : at + samples : every] for name, at in zip(rows["recording"], first, strict=True)]
        parts.append(extract(np.array(cut)).set_index(rows.index))
    return pd.concat(parts).sort_index()


def feature_sets(results: Path, modality: str, windows: pd.DataFrame, peers: Path) -> dict[str, pd.DataFrame]:
    """Compute every feature set of a modality; one row per window, ours first. Without their environment no peers."""
    signals, pythons = signals_of(results, modality), peers_at_hand(("identification",), peers)[0]
    found = {"eupnea": windows[feature_columns(windows, modality)]}
    sets: dict[str, Callable[[], pd.DataFrame]] = {
        name: partial(by_peer, PEERS[name], modality, signals, windows, python)
        for python in pythons.values()
        for name in PEERS
        if modality == "respiration" or name != "physio"
    }
    sets["tsfresh"] = lambda: by_tsfresh(signals, windows, HZ[modality])
    if modality == "respiration":
        every = round(HZ[modality] / SLOW_HZ)
        sets["tsfresh at 5 Hz"] = lambda: by_tsfresh(signals, windows, HZ[modality], every)
        breaths = pd.concat([pd.read_parquet(path) for path in sorted((results / "breaths").glob("*.parquet"))])
        sets["24 classic"] = lambda: classic_table(windows, breaths)
    for name, make in sets.items():
        print(f"{modality}: {name}", file=sys.stderr, flush=True)
        found[name] = make()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results/ds000210"))
    parser.add_argument("--peers", type=Path, default=Path(".peers"))
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    everything = read_table(options.results / "features" / "windows.parquet")
    rows = []
    for modality in ("respiration", "cardiac"):
        keep = everything["window_s"].isin(LENGTHS_S) & everything[feature_columns(everything, modality)].notna().any(
            axis=1
        )
        windows = everything[keep].sort_values(KEYS, kind="stable").reset_index(drop=True)
        sets = feature_sets(options.results, modality, windows, options.peers)
        for window_s in LENGTHS_S:
            for protocol in PROTOCOLS:
                rows += judged(sets, windows, modality, window_s, protocol)
    table = pd.DataFrame(rows)
    options.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(options.output / "peers.tsv", sep="\t", index=False, float_format="%.4f")
    print(table.round(3).to_string(index=False))
    return int((table["ci_low"] <= 0).any())


def judged(
    sets: dict[str, pd.DataFrame], windows: pd.DataFrame, modality: str, window_s: float, protocol: str
) -> list[dict[str, object]]:
    """Return one row per feature set under one protocol and window length."""
    outcomes = {name: identify(samples_of(windows, one, modality, window_s), protocol) for name, one in sets.items()}
    rows = []
    for name, outcome in outcomes.items():
        numbers = {"rank1_window": float(np.nanmean(outcome.rank1)), "eer": outcome.eer}
        paired = {} if name == "eupnea" else compare(outcomes["eupnea"], outcome)
        keys = {"modality": modality, "protocol": protocol, "window_s": window_s, "features": name}
        size = {"n_features": outcome.n_features, "n_windows": outcome.n_windows}
        rows.append(keys | size | numbers | paired)
    return rows


if __name__ == "__main__":
    sys.exit(main())
