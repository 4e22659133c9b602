"""Rates and windows that are no whole numbers shift nothing, to the end of a long recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings.builders import config, write_physio
from stress.chain_support import Chain, steps

from eupnea.config.features import FeaturesConfig

SECONDS = 1200.0
WINDOWS_S = (10.7, 37.3, 60.0)
BREATHS_S = np.cumsum(np.r_[1.0, 4.0 + 0.6 * np.sin(np.arange(400))])
BEATS_S = np.cumsum(np.r_[0.5, 0.85 + 0.06 * np.sin(0.7 * np.arange(2000))])


def flow_at(time_s: np.ndarray) -> np.ndarray:
    """Flow that turns to inspiration at the times of the breaths."""
    phase = np.interp(time_s, BREATHS_S, np.arange(BREATHS_S.size), left=0)
    return np.sin(2 * np.pi * phase) + 1e-3 * np.sin(1e4 * time_s**1.01)


def ecg_at(time_s: np.ndarray) -> np.ndarray:
    """A narrow R wave and a broad T wave after each beat."""
    since = time_s - BEATS_S[np.searchsorted(BEATS_S, time_s + 0.1, side="right") - 1]
    return np.exp(-((since / 0.012) ** 2)) + 0.2 * np.exp(-(((since - 0.25) / 0.05) ** 2))


def recorded(base: Path, flow_hz: float, ecg_hz: float) -> Chain:
    for name, signal, hz in (("airflow", flow_at, flow_hz), ("ecg", ecg_at, ecg_hz)):
        time_s = np.arange(int(SECONDS * hz)) / hz
        path = base / f"sub-01/beh/sub-01_task-rest_recording-{name}_physio.tsv.gz"
        write_physio(path, {name: signal(time_s)}, hz)
    return steps(config(path=str(base), clocks="shared"), base, FeaturesConfig(window_s=WINDOWS_S))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return recorded(tmp_path_factory.mktemp("plain"), 50.0, 250.0)


@pytest.mark.parametrize(("flow_hz", "ecg_hz"), [(31.25, 333.25), (100 / 3, 1000 / 3), (29.97, 257.3), (62.5, 204.8)])
def test_odd_rates_and_windows_shift_nothing(plain: Chain, tmp_path: Path, flow_hz: float, ecg_hz: float) -> None:
    odd = recorded(tmp_path, flow_hz, ecg_hz)
    windows, quality = odd.tables["windows"], odd.tables["quality"]
    for name, events, tolerance_s in (("breaths", "inhale_onset_s", 0.06), ("beats", "time_s", 0.004)):
        true = BREATHS_S if name == "breaths" else BEATS_S
        found = odd.tables[name][events].to_numpy()
        found = found[(found > 5) & (found < SECONDS - 5)]
        assert found.size == np.count_nonzero((true > 5) & (true < SECONDS - 5))
        apart = found - true[np.abs(true[:, None] - found).argmin(axis=0)]
        assert np.abs(apart - np.median(apart)).max() < tolerance_s, name
    for _, epochs in quality.groupby("signal"):
        ends = (epochs["start_s"] + epochs["duration_s"]).to_numpy()
        assert np.allclose(ends[:-1], epochs["start_s"].to_numpy()[1:], atol=1e-9)
    for length, own in windows.groupby("window_s"):
        assert np.allclose(own["start_s"], length * np.arange(int((SECONDS + 1e-6) // length)), atol=1e-9)
        same = plain.tables["windows"][plain.tables["windows"]["window_s"] == length]
        for column in ("respiration__breath__rate_bpm", "cardiac__rate__mean_bpm"):
            assert np.allclose(own[column], same[column], rtol=0.01, equal_nan=True), (length, column)
    assert set(windows["window_s"]) == set(WINDOWS_S)
