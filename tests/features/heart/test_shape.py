from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from beats.simulated import WAVES, beat_times, ecg_of, ppg_of
from features.heart.view_builder import view_of_signal, windows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from eupnea.features.heart import FEATURES, ecg_shape, pulse_shape
from eupnea.features.heart.average import average_beat, filtered_waveform

SECONDS = 30.0
TIMES = beat_times(SECONDS)
WINDOW = windows_of(0.0, window_s=SECONDS)


def ecg_features(ecg: np.ndarray, hz: float = 500.0):
    return ecg_shape.compute(view_of_signal(ecg, hz, "ecg"), WINDOW).iloc[0].rename(lambda n: n.split("__")[2])


def pulse_features(ppg: np.ndarray, hz: float = 100.0):
    return pulse_shape.compute(view_of_signal(ppg, hz, "ppg"), WINDOW).iloc[0].rename(lambda n: n.split("__")[2])


@pytest.fixture(scope="module")
def ecg() -> np.ndarray:
    return ecg_of(TIMES, SECONDS, 500.0)


@pytest.fixture(scope="module")
def ppg() -> np.ndarray:
    return ppg_of(TIMES, SECONDS, 100.0)


@settings(max_examples=8, deadline=None)
@given(gain=st.floats(0.01, 100), offset=st.floats(-5, 5), is_inverted=st.booleans())
def test_gain_offset_and_polarity_change_no_amplitude_free_feature(ecg, ppg, gain, offset, is_inverted):
    free = [f.name for f in FEATURES if f.amplitude_free and f.family in ("ecg_shape", "pulse_shape")]
    sign = -1 if is_inverted else 1
    for describe, signal in ((ecg_features, ecg), (pulse_features, ppg)):
        one, other = describe(signal), describe(sign * gain * signal + gain * offset)
        names = [name for name in one.index if name in free]
        np.testing.assert_allclose(other[names], one[names], rtol=2e-2, atol=2e-3)


@pytest.mark.parametrize("hz", [200.0, 250.0, 1000.0])
def test_sampling_changes_the_outline_little(ecg, hz):
    one, other = (
        ecg_features(ecg).filter(like="wave_"),
        ecg_features(ecg_of(TIMES, SECONDS, hz), hz).filter(like="wave_"),
    )
    assert np.abs(one - other).max() < 0.03
    assert np.corrcoef(one, other)[0, 1] > 0.998


def test_the_outline_has_mean_zero_and_norm_one_and_peaks_at_r(ecg):
    wave = ecg_features(ecg).filter(like="wave_").to_numpy(dtype=float)
    assert wave.mean() == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(wave) == pytest.approx(1)
    assert ecg_shape.GRID_S[wave.argmax()] == 0


def test_waves_of_a_beat_are_where_they_were_put(ecg):
    """A Gaussian's tangents at its steepest points meet the baseline two widths from its centre."""
    found = ecg_features(ecg)
    p, q, _, _, t = WAVES
    assert found["t_peak_ms"] == pytest.approx(1000 * t[0], abs=5)
    assert found["t_peak_to_end_ms"] == pytest.approx(2000 * t[1], abs=10)
    assert found["p_ms"] == pytest.approx(4000 * p[1], abs=12)
    onset_s = q[0] - 2.2 * q[1]
    assert found["pr_ms"] == pytest.approx(1000 * (onset_s - (p[0] - 2 * p[1])), abs=15)
    assert found["qt_ms"] == pytest.approx(1000 * (t[0] + 2 * t[1] - onset_s), abs=20)
    assert found["t_per_r"] == pytest.approx(t[2], abs=0.06)
    assert found["p_per_r"] == pytest.approx(p[2], abs=0.04)
    assert found["r_width_ms"] == pytest.approx(2355 * 0.010, abs=5)


def test_a_later_and_wider_t_wave_is_seen(ecg):
    longer = ecg_features(ecg_of(TIMES, SECONDS, 500.0, (*WAVES[:4], (0.30, 0.05, 0.3))))
    assert longer["qt_ms"] - ecg_features(ecg)["qt_ms"] == pytest.approx(40, abs=5)


def test_mains_leave_no_ripple_on_the_outline(ecg):
    t = np.arange(ecg.size) / 500
    for mains in (50, 60):
        other = ecg_features(ecg + 3 * np.sin(2 * np.pi * mains * t))
        difference = (other - ecg_features(ecg)).filter(like="wave_")
        assert np.abs(difference.to_numpy(dtype=float)).max() < 0.01


def test_the_landmarks_of_a_pulse(ppg):
    """The wave (u/2)² exp(2 - u) peaks at u = 2 and is half as high at u = 0.764 and 4.155."""
    found = pulse_features(ppg)
    assert found["crest_ms"] == pytest.approx(110 - 12, abs=15)
    assert found["width_50_ms"] == pytest.approx(55 * (4.155 - 0.764), rel=0.15)
    assert found["width_50_ms"] > found["width_75_ms"]
    assert 0 < found["area_share"] < 0.6
    wave = found.filter(like="wave_").to_numpy(dtype=float)
    assert wave.min() == 0
    assert wave.max() == 1


def test_beats_that_look_alike_have_less_spread():
    rng = np.random.default_rng(0)
    clean = ppg_of(TIMES, SECONDS, 100.0)
    noisy = clean + 0.05 * rng.standard_normal(clean.size)
    quiet, loud = (pulse_features(x).filter(like="log_spread") for x in (clean, noisy))
    assert loud.mean() > quiet.mean() + 0.5


def test_few_beats_or_missing_samples_give_no_shape(ecg):
    assert ecg_shape.compute(view_of_signal(ecg, 500.0, "ecg"), windows_of(0.0, window_s=3.0)).isna().all(axis=None)
    holed = ecg.copy()
    holed[5000:] = np.nan
    view = view_of_signal(holed, 500.0, "ecg")
    frame = ecg_shape.compute(view, windows_of(0.0, 15.0, window_s=12.0)).filter(like="wave_")
    assert list(frame.notna().all(axis=1)) == [True, False]


def test_an_electrode_that_came_off_is_not_the_average_beat(ecg):
    spoilt = ecg.copy()
    spoilt[12500:] *= 100
    clean, view = view_of_signal(ecg, 500.0, "ecg"), view_of_signal(spoilt, 500.0, "ecg")
    found = [ecg_shape.compute(replace(one, beats=clean.beats), WINDOW).iloc[0] for one in (clean, view)]
    np.testing.assert_allclose(*[one["cardiac__ecg_shape__r_height_au"] for one in found], rtol=0.2)


def test_only_beats_whose_whole_piece_lies_inside_the_window_are_averaged(ecg):
    waveform = filtered_waveform(view_of_signal(ecg, 500.0, "ecg"), ecg_shape.BAND_HZ, ecg_shape.ORDER)
    start_s, end_s = waveform.beat_s[3] - 0.1, waveform.beat_s[-3] + 0.1
    beat = average_beat(waveform, (start_s, end_s), ecg_shape.GRID_S)
    grid = ecg_shape.GRID_S
    whole = [b for b in waveform.beat_s if b + grid[0] >= start_s and b + grid[-1] <= end_s]
    np.testing.assert_array_equal(beat.beat_s, whole)
    assert len(whole) >= 8
