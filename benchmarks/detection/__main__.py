"""Breath detection against known truth: eupnea and its peers on the same signals, in one run.

``python -m benchmarks.detection --peers FOLDER`` makes an environment per peer in FOLDER (outside the repository) with
pip, or uses the one that is there; without ``--peers`` only eupnea runs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.detection.peers import PEERS
from benchmarks.detection.score import f1_score, match
from benchmarks.detection.synthetic import CONDITIONS, DURATION_S, EDGE_S, KINDS, SAMPLING_HZ, Truth, make_signal

HERE = Path(__file__).parent
FIRST_SEED = 200
"""Signals 0-35 served to set the detector's constants; the benchmark uses others."""
TOLERANCE_S = {"in_band_10db": 1.0}
PACKAGES = {"neurokit": ("neurokit2",), "physio": ("physio",), "biosppy": ("biosppy", "peakutils")}
"""What pip installs per peer; biosppy 2.2 imports peakutils without asking for it."""
BARS = {
    ("belt", "clean"): 0.98, ("airflow", "clean"): 0.995, "white_10db": 0.98, "white_0db": 0.95, "in_band_10db": 0.97,
    "drift_3sd": 0.99, "gain_0.001": 0.99, "cardiac_0.3sd": 0.99, "inverted": 0.95, "nan_gaps": 0.97,
}  # fmt: skip


def eupnea_onsets(values: np.ndarray, kind: str) -> np.ndarray:
    """Return the inspiration onsets that the pipeline finds, polarity unknown to it."""
    from eupnea.breaths.table import detect_breaths
    from eupnea.signals.presets import RESPIRATION_HZ
    from eupnea.signals.respiration import clean_respiration

    clean = clean_respiration(values, SAMPLING_HZ, preset=kind)
    breaths = detect_breaths(clean.detection, RESPIRATION_HZ, preset=kind, is_valid=clean.is_valid)
    return np.unique(np.concatenate([breaths["inhale_onset_s"], breaths["end_s"]]))


def run_peer(name: str, signals: Path, folder: Path, peers: Path) -> tuple[dict[str, np.ndarray], float]:
    """Run a peer in its environment, which is made when it is not there."""
    packages = PACKAGES[name.split("_", maxsplit=1)[0]]
    home = peers / packages[0]
    if not (home / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", *packages], check=True)
    answers = folder / f"{name}.npz"
    subprocess.run([str(home / "bin" / "python"), str(HERE / "peers.py"), name, str(signals), str(answers)], check=True)
    with np.load(answers) as found:
        return {key: found[key] for key in found.files if key != "cpu_s"}, float(found["cpu_s"])


def score(found: dict[str, np.ndarray], truths: dict[str, Truth]) -> pd.DataFrame:
    """Return F1, misses, inventions and onset errors per kind and condition, over all signals together."""
    rows = []
    for kind in KINDS:
        for condition in CONDITIONS:
            errors, missed, invented = [], 0, 0
            for key, truth in truths.items():
                if key.startswith(f"{kind}|{condition}|"):
                    inner = truth.inhale_s[(truth.inhale_s > EDGE_S) & (truth.inhale_s < DURATION_S - EDGE_S)]
                    low, high = EDGE_S / 2, DURATION_S - EDGE_S / 2
                    mine = found[key][(found[key] > low) & (found[key] < high)]
                    hit, n_missed, n_invented = match(inner, mine, TOLERANCE_S.get(condition, 0.5))
                    errors.append(hit)
                    missed, invented = missed + n_missed, invented + n_invented
            error = np.concatenate(errors)
            rows.append(
                {
                    "kind": kind,
                    "condition": condition,
                    "f1": f1_score(error.size, missed, invented),
                    "missed": missed,
                    "invented": invented,
                    "onset_mae_ms": 1000 * np.mean(np.abs(error)) if error.size else np.nan,
                    "onset_median_ms": 1000 * np.median(error) if error.size else np.nan,
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=20, help="signals per kind and condition")
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments, outside the repository")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/detection"))
    options = parser.parse_args()
    keys = [(k, c, s) for k in KINDS for c in CONDITIONS for s in range(FIRST_SEED, FIRST_SEED + options.signals)]
    made = {f"{k}|{c}|{s}": make_signal(k, c, s) for k, c, s in keys}
    truths = {key: truth for key, (_, truth) in made.items()}
    start = time.process_time()
    answers = {"eupnea": {key: eupnea_onsets(values, key.split("|")[0]) for key, (values, _) in made.items()}}
    seconds = {"eupnea": time.process_time() - start}
    if options.peers:
        with tempfile.TemporaryDirectory() as folder:
            signals = Path(folder) / "signals.npz"
            np.savez(signals, **{key: values for key, (values, _) in made.items()})
            for name in PEERS:
                answers[name], seconds[name] = run_peer(name, signals, Path(folder), options.peers)
    tables = [score(found, truths).assign(tool=name) for name, found in answers.items()]
    report(pd.concat(tables, ignore_index=True), seconds, len(made) * DURATION_S / 60, options.output)


def report(table: pd.DataFrame, seconds: dict[str, float], minutes: float, output: Path) -> None:
    """Write the tables and print the summary."""
    output.mkdir(parents=True, exist_ok=True)
    table.to_csv(output / "detection.tsv", sep="\t", index=False, float_format="%.4f")
    wide = table.pivot_table(index=["kind", "condition"], columns="tool", values="f1", sort=False, dropna=False)
    wide["bar"] = [BARS.get(key, BARS.get(key[1], np.nan)) for key in wide.index]
    mine = table[table["tool"] == "eupnea"].set_index(["kind", "condition"])
    wide = wide.join(mine[["onset_mae_ms", "onset_median_ms"]])
    wide.to_csv(output / "summary.tsv", sep="\t", float_format="%.4f")
    print(wide.round(4).to_string())
    print({name: f"{1000 * cpu / minutes:.2f} ms CPU per minute" for name, cpu in seconds.items()})


if __name__ == "__main__":
    main()
