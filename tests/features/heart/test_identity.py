"""Real people can be told apart by their beats, and nobody can when the labels are drawn at random."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from features.heart.view_builder import view_of_signal, windows_of

from eupnea.features.heart import compute

pytestmark = pytest.mark.slow


def usable(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the features that most windows have and the windows that have most features; fill the rest."""
    features = frame.filter(like="cardiac__")
    features = features.loc[:, features.notna().mean() > 0.8]
    kept = features.notna().mean(axis=1) > 0.8
    return features[kept].fillna(features.median()).join(frame.loc[kept, ["person", "recording", "part"]])


def accuracy(frame: pd.DataFrame, person: pd.Series, *, is_probe: pd.Series) -> pd.Series:
    """Tell whether each probe is nearest to its own person's mean: shrunken linear discriminant analysis."""
    features = frame.filter(like="cardiac__")
    enrolled, probes = features[~is_probe], features[is_probe]
    spread = enrolled.std().replace(0, 1)
    enrolled, probes = enrolled / spread, probes / spread
    means = enrolled.groupby(person[~is_probe]).mean()
    within = np.cov((enrolled - means.loc[person[~is_probe]].to_numpy()).T)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    precision = np.linalg.inv(within)
    apart = probes.to_numpy()[:, None] - means.to_numpy()[None]
    nearest = np.einsum("ijk,kl,ijl->ij", apart, precision, apart, optimize=True).argmin(axis=1)
    return pd.Series(means.index[nearest] == person[is_probe], index=probes.index)


SHRINKAGE = 0.1


def test_finger_pulses_of_one_run_are_known_by_the_other_runs(shared_data):
    rows = []
    for path in sorted(shared_data("ds000210").glob("sub-*/func/*_physio.tsv.gz")):
        person, run = re.match(r"(sub-\d+)_(task-\w+_run-\d+)_physio", path.name).groups()
        ppg = pd.read_csv(path, sep="\t", header=None)[0].to_numpy(dtype=float)
        starts = np.arange(0, ppg.size / 50 - 60 + 1, 60)
        frame = compute(view_of_signal(ppg, 50.0, "ppg"), windows_of(*starts, window_s=60.0))
        rows.append(frame.assign(person=person, recording=path.name, part=run))
    frame = usable(pd.concat(rows, ignore_index=True))
    drawn = _random_people(frame)
    own, random = (
        pd.concat([accuracy(frame, person, is_probe=frame["part"] == part) for part in frame["part"].unique()]).mean()
        for person in (frame["person"], drawn)
    )
    assert own >= 0.97
    assert random <= 0.25


def _random_people(frame: pd.DataFrame) -> pd.Series:
    """Assign the recordings of every run to people at random, all windows of one together."""
    rng = np.random.default_rng(7)
    names = sorted(frame["person"].unique())
    drawn = {}
    for part in sorted(frame["part"].unique()):
        recordings = sorted(frame.loc[frame["part"] == part, "recording"].unique())
        drawn |= dict(zip(recordings, rng.permutation(names), strict=False))
    return frame["recording"].map(drawn)


def test_the_ecg_of_another_day_is_known_by_the_first_days(shared_data):
    import wfdb

    rows = []
    for header in sorted(shared_data("ecgiddb").glob("Person_*/rec_*.hea")):
        record = wfdb.rdrecord(str(header.with_suffix("")))
        date = next(line.split(": ")[1] for line in record.comments if line.startswith("ECG date"))
        view = view_of_signal(record.p_signal[:, 0], record.fs, "ecg")
        frame = compute(view, windows_of(0.0, window_s=20.0))
        rows.append(
            frame.assign(person=header.parent.name, recording=str(header), part=pd.to_datetime(date, dayfirst=True))
        )
    frame = usable(pd.concat(rows, ignore_index=True))
    is_later = frame["part"] > frame.groupby("person")["part"].transform("min")
    hits = accuracy(frame, frame["person"], is_probe=is_later)
    per_person = hits.groupby(frame.loc[is_later, "person"]).mean()
    assert per_person.size == 20
    assert frame["person"].nunique() >= 89
    assert per_person.mean() >= 0.95
