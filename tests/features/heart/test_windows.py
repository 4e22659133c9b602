from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from beats.simulated import beat_times, ecg_of, ppg_of
from features.heart.view_builder import build_view, simulated_intervals, view_of_intervals, view_of_signal, windows_of

from eupnea.features.heart import FEATURES, RECORDING_FEATURES, compute, compute_recording
from eupnea.features.registry import dictionary_frame


def family(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.filter(like=f"cardiac__{name}__")


def test_every_feature_is_described_once_and_answered_in_order():
    names = [feature.column for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert list(compute(view_of_intervals(simulated_intervals(70.0)), windows_of(0.0, window_s=60.0)).columns) == names
    table = dictionary_frame((*FEATURES, *RECORDING_FEATURES))
    assert (table["definition"] != "").all()
    assert (table["source"] != "").all()
    assert set(table.loc[table["unit"].str.contains("au"), "amplitude_free"]) == {False}


def test_a_window_knows_nothing_of_what_lies_outside_it():
    rr = simulated_intervals(240.0)
    other = rr.copy()
    border = np.searchsorted(np.cumsum(rr) / 1000, 120.0)
    other[border:] = other[border:][::-1] * 1.2
    first, second = (compute(view_of_intervals(x), windows_of(0.0, 60.0, window_s=60.0)) for x in (rr, other))
    pd.testing.assert_frame_equal(first, second)


def test_rows_follow_the_windows_and_empty_ones_are_missing():
    view = view_of_intervals(simulated_intervals(130.0))
    frame = compute(view, windows_of(500.0, 60.0, 0.0, window_s=60.0))
    assert frame.iloc[0].isna().all()
    swapped = compute(view, windows_of(0.0, 60.0, window_s=60.0))
    pd.testing.assert_series_equal(frame.iloc[1], swapped.iloc[1])
    pd.testing.assert_series_equal(frame.iloc[2], swapped.iloc[0], check_names=False)


@pytest.mark.parametrize("window_s", [8.0, 20.0, 40.0, 60.0, 120.0, 300.0])
def test_features_are_missing_exactly_in_windows_shorter_than_they_need(window_s):
    frame = compute(view_of_intervals(simulated_intervals(305.0)), windows_of(0.0, window_s=window_s))
    for feature in FEATURES:
        if feature.family in ("rate", "hrv_time", "hrv_frequency", "hrv_nonlinear"):
            assert np.isfinite(frame[feature.column].iloc[0]) == (window_s >= feature.min_duration_s), feature.column


def test_too_many_corrected_intervals_leave_the_window_without_variability():
    view = view_of_intervals(simulated_intervals(130.0))
    for share, is_kept in ((0.1, True), (0.3, False)):
        beats = view.beats.copy()
        marked = np.arange(1, 65, round(1 / share))
        beats.loc[marked, "rr_corrected_ms"] += 5.0
        beats.loc[marked, "artefact"] = "ectopic"
        frame = compute(build_view(cardiac_kind="rr", beats=beats), windows_of(0.0, 60.0, window_s=60.0))
        assert np.isfinite(frame["cardiac__hrv_time__sdnn_ms"].iloc[0]) == is_kept
        assert np.isfinite(frame["cardiac__hrv_time__sdnn_ms"].iloc[1])


def test_a_steady_rate_is_that_rate_and_a_rising_one_rises():
    steady = compute(view_of_intervals(np.full(80, 750.0)), windows_of(0.0, window_s=55.0)).iloc[0]
    assert steady["cardiac__rate__mean_bpm"] == pytest.approx(80.0)
    assert steady["cardiac__rate__sd_bpm"] == pytest.approx(0.0, abs=1e-9)
    times = [0.0]
    while times[-1] < 120:
        times.append(times[-1] + 60 / (60 + 10 * times[-1] / 60))
    rising = compute(view_of_intervals(np.diff(times) * 1000), windows_of(0.0, window_s=120.0)).iloc[0]
    assert rising["cardiac__rate__slope_bpm_per_min"] == pytest.approx(10.0, rel=0.02)
    assert rising["cardiac__rate__mean_bpm"] == pytest.approx(70.0, rel=0.01)


def test_a_series_of_rates_gives_the_rate_family_only_and_the_same_as_its_beats():
    rate = np.repeat([60.0, 75.0], 60).astype(np.float32)
    view = build_view(cardiac_kind="heart_rate", cardiac=rate, cardiac_hz=1.0, cardiac_start_s=5.0)
    frame = compute(view, windows_of(5.0, 65.0, 35.0, 300.0, window_s=60.0))
    np.testing.assert_allclose(frame["cardiac__rate__mean_bpm"], [60.0, 75.0, 67.5, np.nan])
    assert frame.drop(columns=family(frame, "rate").columns).isna().all(axis=None)
    assert all(np.isnan(value) for value in compute_recording(view).values())


def test_missing_rates_are_missing():
    rate = np.full(60, np.nan, dtype=np.float32)
    rate[:20] = 60.0
    view = build_view(cardiac_kind="heart_rate", cardiac=rate, cardiac_hz=1.0)
    assert compute(view, windows_of(0.0, window_s=60.0)).isna().all(axis=None)


def test_each_sensor_gets_its_own_shape():
    times = beat_times(30.0)
    windows = windows_of(0.0, window_s=30.0)
    ecg = compute(view_of_signal(ecg_of(times, 30.0, 250.0), 250.0, "ecg"), windows)
    ppg = compute(view_of_signal(ppg_of(times, 30.0, 50.0), 50.0, "ppg"), windows)
    rr = compute(view_of_intervals(np.diff(times) * 1000), windows)
    for frame, has_ecg, has_ppg in ((ecg, True, False), (ppg, False, True), (rr, False, False)):
        assert family(frame, "ecg_shape").filter(like="wave_").notna().all(axis=None) == has_ecg
        assert family(frame, "pulse_shape").filter(like="wave_").notna().all(axis=None) == has_ppg
        assert family(frame, "hrv_time")["cardiac__hrv_time__rmssd_ms"].notna().all()


def test_without_any_heart_everything_is_missing():
    frame = compute(build_view(), windows_of(0.0, 60.0, window_s=60.0))
    assert frame.shape == (2, len(FEATURES))
    assert frame.isna().all(axis=None)
    assert len(compute(build_view(cardiac_kind="ecg"), windows_of(window_s=60.0))) == 0
    assert compute(build_view(cardiac_kind="ecg"), windows_of(0.0, window_s=60.0)).isna().all(axis=None)
