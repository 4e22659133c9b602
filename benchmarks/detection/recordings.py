"""Real recordings: how far the tools agree on breaths, R peaks against cardiologists, pulses against a second method.

``python -m benchmarks.detection.recordings --peers FOLDER --data FOLDER``. Nobody marked the breaths of these
recordings, so the tools are compared with one another: a tool's score is the median of its F1 (onsets within 0.5 s)
with each of the others. All are given inspiration up, as far as it is known, and eupnea is told so. ``--data`` (else
``$EUPNEA_TEST_DATA``) holds ``airflow``, ``ds000210``, ``fantasia``, ``acqknowledge`` and ``mitdb``; what is not there
is left out and said so.
"""

from __future__ import annotations

import argparse
import gzip
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.detection.__main__ import eupnea_onsets, run_peers
from benchmarks.detection.score import f1_score, match
from benchmarks.detection.synthetic import SAMPLING_HZ
from benchmarks.report import write_table

Floats = np.ndarray
DATA = Path(os.environ.get("EUPNEA_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
TOLERANCE_S, EDGE_S, BEAT_TOLERANCE_S = 0.5, 2.0, 0.05
WINDOW_S, CLEAN_SPREAD, CLOSE_BPM = 60.0, 0.2, 1.0
DS000210_HZ = 50.0


def at_50_hz(values: Floats, sampling_hz: float) -> Floats:
    """Resample to the rate that the peers are given."""
    from scipy.signal import resample_poly

    ratio = Fraction(SAMPLING_HZ / sampling_hz).limit_denominator(1000)
    if ratio == 1:
        return values
    return np.asarray(resample_poly(values, ratio.numerator, ratio.denominator, padtype="line"))


def respiration(data: Path) -> Iterator[tuple[str, str, Floats]]:
    """Yield kind, data set and samples at 50 Hz, inspiration up."""
    for name in ("resp1_airflow", "resp2_airflow"):
        if (data / "airflow" / f"{name}.npy").exists():
            yield "airflow", "airflow", -at_50_hz(np.load(data / "airflow" / f"{name}.npy"), 1000.0)
    if (data / "airflow" / "resp3_belt.npy").exists():
        yield "belt", "airflow", at_50_hz(np.load(data / "airflow" / "resp3_belt.npy"), 1000.0)
    for path in sorted((data / "ds000210").glob("sub-*/func/*_physio.tsv.gz")):
        yield "belt", "ds000210", ds000210(path)[:, 1]
    for path in sorted((data / "fantasia").glob("*.mat")):
        from scipy.io import loadmat

        yield "belt", "fantasia", at_50_hz(loadmat(path)["val"][0].astype(float), 250.0)
    for path in sorted((data / "acqknowledge").glob("physio-4*.acq")):
        import bioread

        channel = next(one for one in bioread.read(str(path)).channels if "resp" in one.name.lower())
        yield "belt", "acqknowledge", at_50_hz(np.asarray(channel.data), float(channel.samples_per_second))


def ds000210(path: Path) -> Floats:
    """Return pulse and belt, shape (n, 2)."""
    with gzip.open(path) as file:
        return np.loadtxt(file)


def agreement(answers: dict[str, dict[str, Floats]], seconds: dict[str, float]) -> pd.DataFrame:
    """Return every tool's median F1 with the others, per kind and data set, all recordings together."""
    groups = list(dict.fromkeys(key.rsplit("|", 1)[0] for key in seconds))
    rows = []
    for group in groups:
        keys = [key for key in seconds if key.rsplit("|", 1)[0] == group]
        kind, name = group.split("|")
        row: dict[str, object] = {"kind": kind, "recordings": name, "n": len(keys)}
        row["minutes"] = round(sum(seconds[key] for key in keys) / 60)
        for tool in answers:
            others = [
                _f1([(answers[other][key], answers[tool][key], seconds[key]) for key in keys])
                for other in answers
                if other != tool
            ]
            row[tool] = float(np.median(others)) if others else np.nan
        row["eupnea_breaths"] = sum(answers["eupnea"][key].size for key in keys)
        rows.append(row)
    return pd.DataFrame(rows)


def _f1(pairs: list[tuple[Floats, Floats, float]]) -> float:
    hits, missed, invented = 0, 0, 0
    for one, other, length_s in pairs:
        inner = one[(one > EDGE_S) & (one < length_s - EDGE_S)]
        wide = other[(other > EDGE_S - TOLERANCE_S) & (other < length_s - EDGE_S + TOLERANCE_S)]
        errors, n_missed, n_invented = match(inner, wide, TOLERANCE_S)
        hits, missed, invented = hits + errors.size, missed + n_missed, invented + n_invented
    return f1_score(hits, missed, invented)


def r_peaks(data: Path) -> dict[str, object]:
    """Compare R peaks of the MIT-BIH record 100 with the cardiologists' annotation."""
    import wfdb

    from eupnea.beats.ecg import detect_r_peaks

    base = str(data / "mitdb" / "100")
    record, annotation = wfdb.rdrecord(base), wfdb.rdann(base, "atr")
    true = annotation.sample[np.array(annotation.symbol) != "+"] / record.fs
    found = detect_r_peaks(record.p_signal[:, 0], record.fs).time_s
    errors, missed, invented = match(true, found, BEAT_TOLERANCE_S)
    return {
        "what": f"R peaks of mitdb/100 within {1000 * BEAT_TOLERANCE_S:.0f} ms of {true.size} annotated",
        "found": f"{missed} missed, {invented} invented",
        "share": errors.size / true.size,
        "bar": 1.0,
    }


def pulses(data: Path) -> dict[str, object]:
    """Compare pulse rates of ds000210 with the peaks of two moving averages (Elgendi 2013), written here anew."""
    from eupnea.beats.ppg import detect_pulses

    clean, close = 0, 0
    for path in sorted((data / "ds000210").glob("sub-*/func/*_physio.tsv.gz")):
        ppg = ds000210(path)[:, 0]
        ours, theirs = detect_pulses(ppg, DS000210_HZ).time_s, peaks_by_two_averages(ppg, DS000210_HZ)
        for start in np.arange(0, ppg.size / DS000210_HZ - WINDOW_S, WINDOW_S):
            mine, other = (np.diff(t[(t >= start) & (t < start + WINDOW_S)]) for t in (ours, theirs))
            if other.size > 1 and np.all(np.abs(other / np.median(other) - 1) < CLEAN_SPREAD):
                clean += 1
                close += mine.size > 1 and abs(60 / mine.mean() - 60 / other.mean()) <= CLOSE_BPM
    return {
        "what": f"pulse rate of ds000210 within {CLOSE_BPM:g} bpm of a second method, clean 60 s windows",
        "found": f"{close} of {clean}",
        "share": close / clean,
        "bar": 0.95,
    }


def peaks_by_two_averages(ppg: Floats, sampling_hz: float) -> Floats:
    """Return times of systolic peaks where a short moving average of the squared pulse exceeds a long one.

    Which way the pulse goes is told from its skewness; a window is clean where these peaks are regular.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import butter, sosfiltfilt
    from scipy.stats import skew

    wave = sosfiltfilt(butter(2, (0.5, 8.0), btype="bandpass", fs=sampling_hz, output="sos"), ppg)
    wave = wave if skew(wave) > 0 else -wave
    power = np.clip(wave, 0, None) ** 2
    short, long = (uniform_filter1d(power, round(width * sampling_hz)) for width in (0.111, 0.667))
    inside = np.diff(np.concatenate([[False], short > long + 0.02 * power.mean(), [False]]).astype(int))
    blocks = zip(np.flatnonzero(inside == 1), np.flatnonzero(inside == -1), strict=True)
    return np.array([a + np.argmax(wave[a:b]) for a, b in blocks if b - a >= 0.111 * sampling_hz]) / sampling_hz


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments, outside the repository")
    parser.add_argument("--breathmetrics", type=Path, help="a checkout of breathmetrics-py, which no registry has")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real recordings")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    values = {f"{kind}|{name}|{i}": signal for i, (kind, name, signal) in enumerate(respiration(options.data))}
    absent = [
        name for name in ("airflow", "ds000210", "fantasia", "acqknowledge") if not (options.data / name).exists()
    ]
    said = [f"not at hand: {', '.join(absent)}"] if absent else []
    answers = {
        "eupnea": {key: eupnea_onsets(signal, key.split("|")[0], polarity="up") for key, signal in values.items()}
    }
    if options.peers and values:
        found, _, missing = run_peers(values, options.peers, options.breathmetrics)
        answers |= found
        said += list(missing.values())
    lengths = {key: signal.size / SAMPLING_HZ for key, signal in values.items()}
    note = "Median of the F1 of each tool's onsets with those of each other tool, within 0.5 s. "
    write_table(agreement(answers, lengths).round(4), options.output, "recordings", note=note + "; ".join(said))
    beats = [
        rows(options.data)
        for name, rows in (("mitdb", r_peaks), ("ds000210", pulses))
        if (options.data / name).exists()
    ]
    write_table(pd.DataFrame(beats), options.output, "recordings_beats")


if __name__ == "__main__":
    main()
