"""P, QRS and T of single beats are where they were put, and missing where nobody could tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from beats.simulated import WAVES, beat_times, cardiac_row, cardiac_table, ecg_of

from eupnea.beats import beats_of_chunk
from eupnea.beats.waves import WAVE_COLUMNS
from eupnea.config.beats import BeatsConfig
from eupnea.io.contract import BEATS

SECONDS = 60.0
TIMES = beat_times(SECONDS, seed=2)


def beats_of(ecg: np.ndarray, hz: float, **columns: object) -> pd.DataFrame:
    return beats_of_chunk(cardiac_table(cardiac_row(ecg, hz, **columns)), BeatsConfig())


def from_r_ms(beats: pd.DataFrame) -> pd.DataFrame:
    return beats[list(WAVE_COLUMNS)].sub(beats["time_s"], axis=0) * 1000


@pytest.mark.parametrize("hz", [200.0, 250.0, 500.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_waves_are_where_they_were_put_in_every_beat(hz: float, sign: int) -> None:
    """A Gaussian's tangents at its steepest points meet the baseline two widths from its centre."""
    noise = 0.01 * np.random.default_rng(1).standard_normal(round(SECONDS * hz))
    beats = beats_of(sign * (ecg_of(TIMES, SECONDS, hz) + noise), hz, start_s=3.0).iloc[2:-2]
    found = from_r_ms(beats[beats["artefact"] == "normal"])
    assert found.notna().mean().min() > 0.95
    p, _, _, _, t = WAVES
    expected = {
        "p_onset_s": p[0] - 2 * p[1], "p_peak_s": p[0], "p_end_s": p[0] + 2 * p[1],
        "t_peak_s": t[0], "t_end_s": t[0] + 2 * t[1],
    }  # fmt: skip
    for name, seconds in expected.items():
        error = found[name] - 1000 * seconds
        assert abs(error.median()) < 12, name
        assert error.abs().quantile(0.9) < 25, name
    assert found["qrs_onset_s"].between(-65, -40).mean() > 0.95
    assert found["qrs_end_s"].between(45, 85).mean() > 0.95


def test_waves_stand_in_their_order() -> None:
    found = from_r_ms(beats_of(ecg_of(TIMES, SECONDS, 250.0), 250.0)).dropna()
    assert len(found) > 50
    assert (np.diff(found.to_numpy(), axis=1) >= 0).all()


def test_a_longer_qt_is_followed_within_ten_seconds() -> None:
    longer = (*WAVES[:4], (0.30, 0.05, 0.3))
    half = TIMES < SECONDS / 2
    ecg = ecg_of(TIMES[half], SECONDS, 250.0) + ecg_of(TIMES[~half], SECONDS, 250.0, longer)
    beats = beats_of(ecg, 250.0)
    qt = (beats["t_end_s"] - beats["qrs_onset_s"]) * 1000
    early, late = qt[beats["time_s"] < 25], qt[beats["time_s"] > 35]
    assert late.median() - early.median() == pytest.approx(40, abs=6)


def test_missing_waves_have_a_reason_and_others_have_none() -> None:
    no_p = ecg_of(TIMES, SECONDS, 250.0, WAVES[1:])
    beats = beats_of(no_p, 250.0)
    inner = beats.iloc[5:-5]
    assert inner["p_onset_s"].isna().mean() > 0.9
    assert inner["t_end_s"].notna().mean() > 0.9
    gap = ecg_of(TIMES, SECONDS, 250.0)
    gap[30 * 250 : round(30.6 * 250)] = np.nan
    beats = beats_of(gap, 250.0)
    has_all = beats[list(WAVE_COLUMNS)].notna().all(axis=1)
    assert (has_all == (beats["waves_reason"] == "")).all()
    near = beats[(beats["time_s"] - 30.3).abs() < 0.5]
    assert near["waves_reason"].isin(["samples are missing", "the interval is no sinus interval"]).all()


def test_an_early_beat_and_noise_are_not_delineated() -> None:
    times = TIMES.copy()
    times[20] -= 0.35
    beats = beats_of(ecg_of(times, SECONDS, 250.0), 250.0)
    odd = beats["artefact"] != "normal"
    assert odd.any()
    assert beats.loc[odd, list(WAVE_COLUMNS)].isna().all(axis=None)
    assert (beats.loc[odd, "waves_reason"] != "").all()


def test_other_sensors_and_slow_ecgs_have_none() -> None:
    slow = beats_of(ecg_of(TIMES, SECONDS, 80.0), 80.0)
    assert set(slow["waves_reason"]) == {"the ECG is sampled too slowly"}
    intervals = beats_of(np.full(50, 800.0), float("nan"), kind="rr")
    assert set(intervals["waves_reason"]) == {"no ECG"}
    assert intervals[list(WAVE_COLUMNS)].isna().all(axis=None)
    assert list(BEATS.conform(intervals).columns[:3]) == ["recording", "signal", "beat"]


def test_real_people_have_physiological_intervals(shared_data: Callable[[str], Path]) -> None:
    """Twenty seconds each of five people at 500 Hz: PR, QRS and QT within the limits of a healthy heart."""
    import wfdb

    base = shared_data("ecgiddb")
    folders = sorted(path for path in base.glob("Person_*"))[:5]
    for folder in folders:
        record = wfdb.rdrecord(str(folder / "rec_1"))
        beats = beats_of(record.p_signal[:, 0], record.fs)
        good = beats[beats["waves_reason"] == ""]
        assert len(good) >= 0.5 * len(beats), folder.name
        assert 90 < 1000 * (good["qrs_onset_s"] - good["p_onset_s"]).median() < 220, folder.name
        assert 45 < 1000 * (good["qrs_end_s"] - good["qrs_onset_s"]).median() < 130, folder.name
        qt = good["t_end_s"] - good["qrs_onset_s"]
        qtc = 1000 * (qt / (good["rr_corrected_ms"] / 1000) ** (1 / 3)).median()
        assert 330 < qtc < 480, folder.name
