"""Heart-rate variability of many windows: eupnea against NeuroKit2, same intervals, same run, CPU time.

``python -m benchmarks.features.hrv --peers FOLDER`` makes the peer's environment in FOLDER, or uses the one there.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from benchmarks.peers import PeerMissingError, peer_python  # noqa: E402
from benchmarks.report import write_table  # noqa: E402
from eupnea.features.heart import frequency, nonlinear, time_domain  # noqa: E402
from eupnea.features.heart.intervals import window_intervals  # noqa: E402

EQUAL = {  # eupnea's name -> NeuroKit2's, where the definitions agree
    "hrv_time__mean_rr_ms": "MeanNN",
    "hrv_time__median_rr_ms": "MedianNN",
    "hrv_time__sdnn_ms": "SDNN",
    "hrv_time__rmssd_ms": "RMSSD",
    "hrv_time__sdsd_ms": "SDSD",
    "hrv_time__cvnn": "CVNN",
    "hrv_time__cvsd": "CVSD",
    "hrv_time__sdnn_per_rmssd": "SDRMSSD",
    "hrv_time__iqr_ms": "IQRNN",
    "hrv_time__p20_ms": "Prc20NN",
    "hrv_time__p80_ms": "Prc80NN",
    "hrv_time__min_ms": "MinNN",
    "hrv_time__max_ms": "MaxNN",
    "hrv_time__mad_ms": "MadNN",
    "hrv_time__mad_per_median": "MCVNN",
    "hrv_time__pnn50_percent": "pNN50",
    "hrv_time__pnn20_percent": "pNN20",
    "hrv_time__triangular_index": "HTI",
    "hrv_nonlinear__sd1_ms": "SD1",
    "hrv_nonlinear__sd2_ms": "SD2",
    "hrv_nonlinear__sd1_per_sd2": "SD1SD2",
    "hrv_nonlinear__cardiac_vagal_index": "CVI",
    "hrv_nonlinear__guzik_percent": "GI",
    "hrv_nonlinear__porta_percent": "PI",
    "hrv_nonlinear__c1d": "C1d",
    "hrv_nonlinear__c2d": "C2d",
    "hrv_nonlinear__cd": "Cd",
    "hrv_nonlinear__ials": "IALS",
    "hrv_nonlinear__pss": "PSS",
    "hrv_nonlinear__sample_entropy": "SampEn",
    "hrv_nonlinear__approximate_entropy": "ApEn",
}
DIFFERENT = {
    "hrv_nonlinear__pip": ("PIP", "Costa 2017: steps of zero are no inflection; the peer also counts a zero step"),
    "hrv_nonlinear__dfa_alpha1": (
        "DFA_alpha1",
        "Peng 1995: boxes of 4-16 beats from both ends; the peer drops the remainder (default: 4-11, overlapping)",
    ),
    "hrv_frequency__hf_ms2": (
        "HF",
        "Task Force: ms^2, intervals at 2 Hz by natural spline, Welch segments of up to 120 s; the peer interpolates "
        "at 100 Hz and answers in s^2 after a scaling of its own",
    ),
}


def simulated_beats(window_s: float, n_windows: int, *, seed: int) -> pd.DataFrame:
    """Simulate beats with breathing, Mayer waves and slow drift, one after another."""
    rng = np.random.default_rng(seed)
    time_s, times = 0.0, []
    drift = 0.0
    while time_s < window_s * n_windows + 5:
        drift = 0.97 * drift + rng.normal(0, 6)
        rr = 850 + drift + 30 * math.sin(2 * math.pi * 0.25 * time_s) + 25 * math.sin(2 * math.pi * 0.1 * time_s)
        time_s += max(400.0, rr + rng.normal(0, 8)) / 1000.0
        times.append(time_s)
    end_s = np.array(times)
    rr_ms = np.diff(end_s, prepend=np.nan) * 1000.0
    return pd.DataFrame(
        {
            "time_s": end_s,
            "rr_ms": rr_ms,
            "rr_corrected_ms": rr_ms,
            "artefact": "normal",
            "is_valid": np.isfinite(rr_ms),
        }
    )


def ours(beats: pd.DataFrame, windows: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    start = time.process_time()
    intervals = window_intervals(beats, windows)
    frames = [part.compute(intervals, windows) for part in (time_domain, frequency, nonlinear)]
    took = time.process_time() - start
    return took, pd.concat(frames, axis=1)


class Peer:
    def __init__(self, python: str) -> None:
        worker = Path(__file__).with_name("hrv_peer.py")
        self.process = subprocess.Popen([python, str(worker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self._answer()["version"]

    def _answer(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def ask(self, rr_ms: np.ndarray, *, is_long: bool, with_public: bool) -> dict:
        self.process.stdin.write(
            json.dumps({"rr_ms": rr_ms.tolist(), "is_long": is_long, "with_public": with_public}) + "\n"
        )
        self.process.stdin.flush()
        return self._answer()


def compare(peer: Peer, window_s: float, *, n_windows: int, rounds: int, per_round: int) -> tuple[dict, pd.DataFrame]:
    beats = simulated_beats(window_s, n_windows, seed=1)
    windows = pd.DataFrame({"start_s": np.arange(n_windows) * window_s, "window_s": window_s})
    intervals = window_intervals(beats, windows)
    ours(beats, windows)  # compiles, or loads the compiled code
    own, theirs, public, deviations = [], [], [], []
    for number in range(rounds):
        took, frame = ours(beats, windows)
        own.append(took / n_windows)
        answers = []
        for row in range(number * per_round, (number + 1) * per_round):
            rr_ms = intervals.rr_ms[intervals.first[row] : intervals.last[row]]
            answer = peer.ask(rr_ms, is_long=window_s >= nonlinear.ENTROPY_S, with_public=row == number * per_round)
            answers.append(answer["cpu_s"])
            public.append(answer["public_cpu_s"])
            deviations.append(_deviation(frame.iloc[row], answer["values"]))
        theirs.append(float(np.mean(answers)))
    ratio = float(np.median(np.array(theirs) / np.array(own)))
    row = {
        "window_s": window_s,
        "windows": n_windows,
        "eupnea_us": 1e6 * float(np.median(own)),
        "neurokit2_us": 1e6 * float(np.median(theirs)),
        "times_faster": ratio,
        "neurokit2_public_us": 1e6 * float(np.nanmedian(public)),
        "times_faster_than_public": float(np.nanmedian(public) / np.median(own)),
    }
    return row, pd.DataFrame(deviations)


def _deviation(own: pd.Series, theirs: dict[str, float]) -> dict[str, float]:
    names = EQUAL | {name: other for name, (other, _) in DIFFERENT.items()}
    found = {}
    for name, other in names.items():
        a, b = own[f"cardiac__{name}"], theirs.get(f"HRV_{other}", math.nan)
        found[name] = abs(a - b) / max(abs(b), 1e-12) if math.isfinite(a) and math.isfinite(b) else math.nan
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path(".peers"), help="folder of the peers' environments")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--per-round", type=int, default=5, help="windows that the peer works on in a round")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    arguments = parser.parse_args()
    try:
        peer = Peer(str(peer_python("neurokit2", arguments.peers)))
    except PeerMissingError as error:
        write_table(pd.DataFrame(), arguments.output, "hrv", note=str(error))
        return 0
    rows, worst = [], {}
    for window_s, n_windows in ((60.0, 50), (60.0, 1000), (300.0, 50), (300.0, 500)):
        row, deviations = compare(
            peer,
            window_s,
            n_windows=n_windows,
            rounds=arguments.rounds,
            per_round=min(arguments.per_round, n_windows // arguments.rounds),
        )
        rows.append(row)
        for name, value in deviations.max().items():
            worst[name] = np.nanmax([worst.get(name, np.nan), value]) if np.isfinite(value) else worst.get(name, np.nan)
    speed = pd.DataFrame(rows)
    values = pd.DataFrame({"feature": list(worst), "largest_relative_deviation": list(worst.values())})
    values["definition"] = [DIFFERENT[name][1] if name in DIFFERENT else "the same" for name in worst]
    note = (
        f"CPU time per window of many at once; NeuroKit2 {peer.version}: the same measures, then its public functions."
    )
    write_table(speed, arguments.output, "hrv", note=note)
    write_table(values, arguments.output, "hrv_values", note="Largest relative deviation from NeuroKit2.")
    return (
        0
        if (values.loc[values["definition"] == "the same", "largest_relative_deviation"].fillna(0) < 1e-9).all()
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
