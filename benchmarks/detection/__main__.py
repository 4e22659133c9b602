"""Breath detection against known truth: eupnea and its peers on the same signals, in one run.

``python -m benchmarks.detection --peers FOLDER`` makes an environment per peer in FOLDER (outside the repository) with
pip, or uses the one that is there; without ``--peers`` only eupnea runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from benchmarks.detection.peers import PEERS
from benchmarks.detection.score import f1_score, f1_standard_error, match
from benchmarks.detection.synthetic import CONDITIONS, DURATION_S, EDGE_S, KINDS, SAMPLING_HZ, Truth, make_signal
from benchmarks.peers import peers_at_hand
from benchmarks.report import write_table

HERE = Path(__file__).parent
FIRST_SEED = 200
"""Signals 0-35 served to set the detector's constants; the benchmark uses others."""
TOLERANCE_S = {"in_band_10db": 1.0}
ENVIRONMENTS = {
    "neurokit_khodadad": "neurokit2", "neurokit_biosppy": "neurokit2", "neurokit_scipy": "neurokit2",
    "physio": "physio", "biosppy": "biosppy", "breathmetrics": "breathmetrics",
}  # fmt: skip
"""Tool -> the peer's environment (see ``benchmarks/requirements``)."""
BARS = {
    ("belt", "clean"): 0.98, ("airflow", "clean"): 0.995, "white_10db": 0.98, "white_0db": 0.95, "in_band_10db": 0.97,
    "drift_3sd": 0.99, "gain_0.001": 0.99, "cardiac_0.3sd": 0.99, "inverted": 0.95, "nan_gaps": 0.97,
}  # fmt: skip


def eupnea_onsets(values: np.ndarray, kind: str, *, polarity: Literal["auto", "up"] = "auto") -> np.ndarray:
    """Return the inspiration onsets that the pipeline finds; it is not told the polarity, or that inspiration is up."""
    from eupnea.breaths.table import detect_breaths
    from eupnea.signals.presets import RESPIRATION_HZ
    from eupnea.signals.respiration import clean_respiration

    clean = clean_respiration(values, SAMPLING_HZ, preset=kind, polarity=polarity)
    breaths = detect_breaths(clean.detection, RESPIRATION_HZ, preset=kind, is_valid=clean.is_valid)
    return np.unique(np.concatenate([breaths["inhale_onset_s"], breaths["end_s"]]))


def run_peer(
    name: str, signals: Path, folder: Path, python: Path, checkout: Path | None = None
) -> tuple[dict[str, np.ndarray], float]:
    """Run a peer in its environment; one that is no package is imported from a checkout."""
    answers = folder / f"{name}.npz"
    paths = {"PYTHONPATH": str(checkout.absolute() / "src")} if checkout else {}
    command = [str(python), str(HERE / "peers.py"), name, str(signals), str(answers)]
    subprocess.run(command, check=True, env=os.environ | paths)
    with np.load(answers) as found:
        return {key: found[key] for key in found.files if key != "cpu_s"}, float(found["cpu_s"])


def run_peers(
    values: dict[str, np.ndarray], peers: Path, breathmetrics: Path | None
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, float], dict[str, str]]:
    """Let every peer that can be installed work on the same signals.

    Returns
    -------
    answers, cpu_s, missing
        Per tool: onsets of each signal, and CPU time; per environment that could not be made: why.
    """
    tools = [name for name in PEERS if name != "breathmetrics" or breathmetrics]
    pythons, missing = peers_at_hand(tuple(dict.fromkeys(ENVIRONMENTS[name] for name in tools)), peers)
    if breathmetrics is None:
        missing["breathmetrics"] = "breathmetrics is left out: no checkout given (--breathmetrics FOLDER)"
    answers, seconds = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        signals = Path(folder) / "signals.npz"
        np.savez(signals, **values)
        for name in tools:
            if ENVIRONMENTS[name] in pythons:
                checkout = breathmetrics if name == "breathmetrics" else None
                python = pythons[ENVIRONMENTS[name]]
                answers[name], seconds[name] = run_peer(name, signals, Path(folder), python, checkout)
    return answers, seconds, missing


def score(found: dict[str, np.ndarray], truths: dict[str, Truth]) -> pd.DataFrame:
    """Return F1, misses, inventions and onset errors per kind and condition, over all signals together."""
    rows = []
    for kind in KINDS:
        for condition in CONDITIONS:
            errors, missed, invented = [], [], []
            for key, truth in truths.items():
                if key.startswith(f"{kind}|{condition}|"):
                    inner = truth.inhale_s[(truth.inhale_s > EDGE_S) & (truth.inhale_s < DURATION_S - EDGE_S)]
                    low, high = EDGE_S / 2, DURATION_S - EDGE_S / 2
                    mine = found[key][(found[key] > low) & (found[key] < high)]
                    hit, n_missed, n_invented = match(inner, mine, TOLERANCE_S.get(condition, 0.5))
                    errors.append(hit)
                    missed.append(n_missed)
                    invented.append(n_invented)
            error = np.concatenate(errors)
            hits = np.array([one.size for one in errors])
            rows.append(
                {
                    "kind": kind,
                    "condition": condition,
                    "f1": f1_score(error.size, sum(missed), sum(invented)),
                    "f1_se": f1_standard_error(hits, np.array(missed), np.array(invented)),
                    "missed": sum(missed),
                    "invented": sum(invented),
                    "onset_mae_ms": 1000 * np.mean(np.abs(error)) if error.size else np.nan,
                    "onset_median_ms": 1000 * np.median(error) if error.size else np.nan,
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=80, help="signals per kind and condition")
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments, outside the repository")
    parser.add_argument("--breathmetrics", type=Path, help="a checkout of breathmetrics-py, which no registry has")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    keys = [(k, c, s) for k in KINDS for c in CONDITIONS for s in range(FIRST_SEED, FIRST_SEED + options.signals)]
    made = {f"{k}|{c}|{s}": make_signal(k, c, s) for k, c, s in keys}
    truths = {key: truth for key, (_, truth) in made.items()}
    start = time.process_time()
    answers = {"eupnea": {key: eupnea_onsets(values, key.split("|")[0]) for key, (values, _) in made.items()}}
    seconds = {"eupnea": time.process_time() - start}
    missing: dict[str, str] = {}
    if options.peers:
        found, took, missing = run_peers(
            {key: values for key, (values, _) in made.items()}, options.peers, options.breathmetrics
        )
        answers, seconds = answers | found, seconds | took
    tables = [score(found, truths).assign(tool=name) for name, found in answers.items()]
    minutes = len(made) * DURATION_S / 60
    report(pd.concat(tables, ignore_index=True), seconds, minutes, missing, options)


def report(
    table: pd.DataFrame, seconds: dict[str, float], minutes: float, missing: dict[str, str], options: argparse.Namespace
) -> None:
    """Write the tables and print the summary."""
    options.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(options.output / "detection_all.tsv", sep="\t", index=False, float_format="%.4f")
    wide = table.pivot_table(index=["kind", "condition"], columns="tool", values="f1", sort=False, dropna=False)
    wide["bar"] = [BARS.get(key, BARS.get(key[1], np.nan)) for key in wide.index]
    mine = table[table["tool"] == "eupnea"].set_index(["kind", "condition"])
    wide = wide.join(mine[["f1_se", "onset_mae_ms", "onset_median_ms"]]).reset_index()
    cpu = ", ".join(f"{name} {1000 * took / minutes:.2f}" for name, took in seconds.items())
    errors = "standard errors (over signals) and onset errors of eupnea"
    note = f"F1 of {options.signals} signals per row, {errors}. CPU ms per minute: {cpu}. "
    write_table(wide.round(4), options.output, "detection", note=note + "; ".join(missing.values()))


if __name__ == "__main__":
    main()
