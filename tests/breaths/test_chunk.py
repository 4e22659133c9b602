"""Real belts and airflow become breath tables that a physiologist would believe."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.breaths.table import breaths_of_chunk
from eupnea.config.breaths import BreathsConfig
from eupnea.config.signals import SignalsConfig
from eupnea.io.contract import BREATHS, CHANNELS, INTERVALS, RESPIRATION
from eupnea.recordings.signal import RawSignal
from eupnea.signals.clean import clean_chunk


def breaths_of(raw: dict[tuple[str, str], RawSignal], kinds: list[str]) -> pd.DataFrame:
    rows = [
        {"recording": a, "signal": b, "kind": kind, "polarity": "auto", "status": "used"}
        for (a, b), kind in zip(raw, kinds, strict=True)
    ]
    channels = CHANNELS.conform(pd.DataFrame(rows))
    chunk = clean_chunk(raw, channels, INTERVALS.empty(), SignalsConfig())
    return breaths_of_chunk(chunk.respiration, channels, BreathsConfig())


def test_belts_of_real_people(shared_data):
    folder = shared_data("ds000210")
    people = [f"sub-{i:02d}" for i in (1, 4, 7, 12)]
    raw = {}
    for name in people:
        path = next((folder / name / "func").glob("*rest*physio.tsv.gz"))
        raw[name, "belt"] = RawSignal(np.loadtxt(path)[:, 1], 50.0)
    table = breaths_of(raw, ["belt"] * len(raw))
    pd.testing.assert_frame_equal(BREATHS.conform(table), table)
    for _, breaths in table.groupby("recording"):
        assert 8 < 60 / breaths["total_s"].median() < 25
        assert 0.3 < breaths["duty_cycle"].median() < 0.5
        assert breaths["is_valid"].mean() > 0.95
        assert breaths["end_s"].max() > 600


def test_real_airflow_has_the_pauses_that_the_eye_sees(shared_data):
    raw = {("sub-1", "airflow"): RawSignal(np.load(shared_data("airflow") / "resp1_airflow.npy"), 1000.0)}
    table = breaths_of(raw, ["airflow"])
    assert 28 <= len(table) <= 33
    by_eye_s = {55.6: 3.4, 66.9: 3.3, 77.7: 3.2}
    for end_s, pause_s in by_eye_s.items():
        nearest = table.iloc[(table["end_s"] - end_s).abs().argmin()]
        assert nearest["end_s"] == pytest.approx(end_s, abs=0.3)
        assert nearest["exhale_pause_s"] == pytest.approx(pause_s, abs=0.5)
    ratio = table["exhale_volume_au"].sum() / table["inhale_volume_au"].sum()
    assert 0.5 < ratio < 2


def test_nothing_in_nothing_out():
    table = breaths_of_chunk(RESPIRATION.empty(), CHANNELS.empty(), BreathsConfig())
    pd.testing.assert_frame_equal(table, BREATHS.empty())


def test_co2_breaths_start_where_the_plateau_falls(shared_data):
    signal = np.load(shared_data("airflow") / "resp4_CO2.npy")
    falls = np.flatnonzero((signal[:-1] > 16) & (signal[1:] <= 16)) / 62.5
    table = breaths_of({("sub-1", "co2"): RawSignal(signal, 62.5)}, ["co2"])
    distance = falls - table["inhale_onset_s"].to_numpy()[:, None]
    nearest = np.abs(distance).min(axis=1)
    assert abs(len(table) - len(falls)) <= 2
    assert np.quantile(nearest, 0.95) < 0.25
    assert (table["exhale_pause_s"] == 0).all()
