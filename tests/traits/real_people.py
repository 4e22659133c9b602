"""Cardiac features of real people, made with the pipeline's own beats and heart features."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.beats.chunk import beats_of_chunk
from eupnea.config.beats import BeatsConfig
from eupnea.features.heart.families import compute
from eupnea.features.views import RecordingView
from eupnea.recordings.signal import RawSignal
from eupnea.signals.cardiac import clean_cardiac

ECG_HZ, PULSE_HZ = 500.0, 50.0
NOTHING, NOTHING_32 = np.empty(0), np.empty(0, dtype=np.float32)


def ecg_id(folder: Path, records: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Windows and participants of ECG-ID: the first records of each person, 20 s of lead I each."""
    parts, people = [], []
    for person in sorted(folder.glob("Person_*")):
        label = f"sub-{person.name[-2:]}"
        header = (person / "rec_1.hea").read_text()
        age, sex = re.search(r"Age: (\d+)", header), re.search(r"Sex: (\w)", header)
        assert age is not None
        assert sex is not None
        people.append({"participant": label, "age": float(age[1]), "sex": sex[1].upper()})
        for number in range(1, records + 1):
            file = person / f"rec_{number}.dat"
            if file.exists():
                samples = np.fromfile(file, dtype="<i2").reshape(-1, 2)[:, 0] / 200.0
                window = pd.DataFrame({"start_s": [0.0], "window_s": [20.0]})
                parts.append(_features(samples, ECG_HZ, "ecg", window, label, f"{label}_run-{number}"))
    return pd.concat(parts, ignore_index=True), pd.DataFrame(people)


def pulses(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Windows (60 s) and participants of the rest runs of ds000210."""
    people = pd.read_csv(folder / "participants.tsv", sep="\t")
    people = people.rename(columns={"participant_id": "participant", "gender": "sex"})[["participant", "age", "sex"]]
    parts = []
    for file in sorted(folder.glob("sub-*/**/*task-rest*_physio.tsv.gz")):
        with gzip.open(file, "rt") as stream:
            samples = np.loadtxt(stream)
        pulse = samples[:, _pulse_column(samples)]
        window = pd.DataFrame({"start_s": np.arange(0.0, len(pulse) / PULSE_HZ - 60.0, 60.0), "window_s": 60.0})
        label = file.name.split("_")[0]
        parts.append(_features(pulse, PULSE_HZ, "ppg", window, label, f"{label}_task-rest"))
    return pd.concat(parts, ignore_index=True), people


def _pulse_column(samples: NDArray[np.float64]) -> int:
    """Find the column whose power lies near one beat per second."""
    power = np.abs(np.fft.rfft(samples - samples.mean(axis=0), axis=0)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / PULSE_HZ)
    return int(np.argmax(power[(hz > 0.8) & (hz < 3)].sum(axis=0) / power[hz > 0.05].sum(axis=0)))


def _features(
    samples: NDArray[np.float64], hz: float, kind: str, windows: pd.DataFrame, participant: str, recording: str
) -> pd.DataFrame:
    clean = clean_cardiac(RawSignal(samples.astype(float), hz), kind=kind)
    row = {"recording": recording, "signal": kind, "kind": kind, "sampling_hz": clean.sampling_hz}
    row |= {"start_s": clean.start_s, "values": clean.values, "times_s": clean.times_s}
    beats = beats_of_chunk(pd.DataFrame([row]), BeatsConfig())
    view = RecordingView(
        recording, "", 25.0, NOTHING, NOTHING_32, NOTHING_32, NOTHING_32, np.empty(0, dtype=bool), pd.DataFrame(),
        kind, beats, clean.sampling_hz, clean.start_s, clean.values, pd.DataFrame(), False,
    )  # fmt: skip
    keys = {"recording": recording, "participant": participant, "session": "", "mode": "", "task": "rest", "run": ""}
    keys |= {"block": "", "quality": 1.0}
    found = compute(view, windows)
    return found.assign(**keys, **{name: windows[name] for name in windows}, time_on_task_s=windows["start_s"])
