"""Features of breathing know what was breathed, and nothing of the sensor's gain or of what lies above the band."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from features.scenes import HZ, belt, tables_of

from eupnea.breaths.typical import HORIZON_S
from eupnea.config.features import FeaturesConfig
from eupnea.features import respiration
from eupnea.features.assemble import recording_windows
from eupnea.features.breath_matrix import window_breaths
from eupnea.features.recording_views import recording_views
from eupnea.features.variability import fluctuation_exponent, sample_entropy
from eupnea.features.views import RecordingView
from eupnea.io.contract import INTERVALS


def view_of(values: np.ndarray, kind: str = "belt") -> RecordingView:
    tables = tables_of({("sub-01", "chest"): values}, {"chest": kind})
    return next(recording_views(tables))[1]


def features_of(values: np.ndarray, *, window_s: float = 60.0, kind: str = "belt") -> pd.DataFrame:
    view = view_of(values, kind)
    starts = np.arange(0, values.size / HZ - window_s + 1e-6, window_s)
    return respiration.compute(view, pd.DataFrame({"start_s": starts, "window_s": window_s}))


@pytest.mark.parametrize("rate", [6.0, 12.0, 20.0])
def test_the_rate_that_was_breathed_is_found(rate: float) -> None:
    found = features_of(belt(300, rate_bpm=rate, jitter=0.0))
    np.testing.assert_allclose(found["respiration__breath__rate_bpm"], rate, rtol=0.01)
    np.testing.assert_allclose(found["respiration__spectrum__peak_hz"], rate / 60, atol=0.01)


def test_a_sine_is_even_smooth_and_does_not_vary() -> None:
    found = features_of(belt(300, jitter=0.0)).iloc[1:-1]
    np.testing.assert_allclose(found["respiration__breath__duty_median"], 0.5, atol=0.02)
    np.testing.assert_allclose(found["respiration__breath__te_ti_log"], 0.0, atol=0.05)
    np.testing.assert_allclose(found["respiration__waveform__roughness"], 1.0, atol=0.1)
    np.testing.assert_allclose(found["respiration__waveform__kurtosis"], -1.5, atol=0.05)
    assert (found["respiration__breath__ttot_spread"] < 0.05).all()
    assert (found["respiration__waveform__harmonic_2_log"] < -2.5).all()


def test_a_second_harmonic_is_seen_with_its_size() -> None:
    found = features_of(belt(300, jitter=0.0, rate_bpm=10, skew=0.3)).iloc[1:-1]
    np.testing.assert_allclose(found["respiration__waveform__harmonic_2_log"], np.log(0.3), atol=0.1)


def test_a_belt_of_unit_amplitude_has_the_volume_and_flow_of_its_sine() -> None:
    found = features_of(3 * belt(300, jitter=0.0, rate_bpm=12)).iloc[1:-1]
    np.testing.assert_allclose(found["respiration__breath__tidal_volume"], 6.0, rtol=0.05)
    np.testing.assert_allclose(found["respiration__breath__inhale_peak_median"], 3 * 2 * np.pi / 5, rtol=0.05)
    np.testing.assert_allclose(found["respiration__breath__inhale_peak_shape"], np.pi / 2, rtol=0.05)


@pytest.mark.parametrize(("gain", "offset"), [(0.001, 0.0), (250.0, 1e4)])
def test_gain_and_offset_change_only_what_the_dictionary_says(gain: float, offset: float) -> None:
    plain = belt(180, seed=3, skew=0.2)
    one, other = features_of(plain), features_of(offset + gain * plain)
    for feature in respiration.FEATURES:
        a, b = one[feature.column].to_numpy(), other[feature.column].to_numpy()
        if feature.amplitude_free:
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-3, err_msg=feature.column)
        elif np.isfinite(a).all():
            np.testing.assert_allclose(gain * a, b, rtol=2e-2, err_msg=feature.column)


def test_a_heartbeat_in_the_belt_does_not_reach_the_size_of_breaths() -> None:
    plain = belt(240, seed=5)
    time = np.arange(plain.size) / HZ
    with_heart = plain + 0.1 * np.sin(2 * np.pi * 1.3 * time)
    one, other = features_of(plain).iloc[1:-1], features_of(with_heart).iloc[1:-1]
    for name in ("breath__inhale_peak_median", "breath__tidal_volume", "breath__inhale_peak_shape"):
        np.testing.assert_allclose(one[f"respiration__{name}"], other[f"respiration__{name}"], rtol=0.1)
    bands = [name for name in one if "__band_" in name]
    big = one[bands].to_numpy() > -6
    np.testing.assert_allclose(other[bands].to_numpy()[big], one[bands].to_numpy()[big], atol=0.1)


def test_fast_breathing_has_no_shape_in_a_narrow_band() -> None:
    slow, fast = features_of(belt(180, rate_bpm=20)), features_of(belt(180, rate_bpm=30))
    shape = [feature.column for feature in respiration.FEATURES if feature.family == "waveform"]
    assert slow[shape].notna().all(axis=None)
    assert fast[shape].isna().all(axis=None)
    assert fast["respiration__breath__rate_bpm"].notna().all()


@pytest.mark.parametrize(
    ("rate_bpm", "kind", "told"), [(30, "belt", True), (20, "belt", False), (30, "airflow", False)]
)
def test_windows_that_are_too_fast_for_shapes_are_told_with_the_reason(rate_bpm: float, kind: str, told: bool) -> None:
    view = view_of(belt(180, rate_bpm=rate_bpm), kind)
    kept, aside = recording_windows(view, INTERVALS.empty(), FeaturesConfig(window_s=(60.0,)))
    assert len(kept) == 3
    assert aside["reason"].eq("shape of breaths: faster than 25 breaths/min").sum() == (3 if told else 0)


def first_minutes(changed_from_s: float) -> tuple[pd.Series, pd.Series]:
    """Features of the first minute of a recording, and of one with other, deeper breaths from some time on."""
    calm, wild = belt(300, seed=1), belt(300, seed=1)
    wild[int(changed_from_s * HZ) :] = 1.5 * belt(300, seed=9)[int(changed_from_s * HZ) :]
    one, other = (features_of(values).iloc[0] for values in (calm, wild))
    return one, other


def test_a_window_does_not_know_what_lies_outside_it() -> None:
    one, other = first_minutes(60 + HORIZON_S)
    np.testing.assert_allclose(one.to_numpy(), other.to_numpy(), rtol=0.02, atol=0.02)


def test_what_lies_right_outside_a_window_moves_few_of_its_features() -> None:
    one, other = first_minutes(65)
    moved = (one - other).abs() > 0.02 + 0.02 * one.abs()
    assert moved.mean() < 0.1
    for name in ("breath__rate_bpm", "breath__duty_median", "breath__ti_median", "breath__tidal_volume"):
        assert one[f"respiration__{name}"] == pytest.approx(other[f"respiration__{name}"], rel=0.01)


def test_too_few_breaths_give_missing_values_not_zeros() -> None:
    view = view_of(belt(120, rate_bpm=12))
    found = respiration.compute(view, pd.DataFrame({"start_s": [0.0], "window_s": [10.0]}))
    assert found.isna().all(axis=None)


def test_sample_entropy_and_scaling_have_their_known_values() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(3000)
    assert sample_entropy(noise) == pytest.approx(2.19, abs=0.1)  # -log(erf(0.1)): independent Gaussians, r = 0.2 SD
    assert sample_entropy(np.tile([1.0, 2.0, 3.0, 1.0], 50)) < 0.1
    assert fluctuation_exponent(noise, (11, 64)) == pytest.approx(0.5, abs=0.1)
    assert fluctuation_exponent(np.cumsum(noise), (11, 64)) == pytest.approx(1.5, abs=0.1)


def test_memory_of_breaths_is_found() -> None:
    from eupnea.features.breath_matrix import row_correlation

    rng = np.random.default_rng(1)
    noise = rng.standard_normal(4000)
    series = np.zeros(4000)
    for i in range(1, 4000):
        series[i] = 0.6 * series[i - 1] + noise[i]
    assert row_correlation(series[None, :-1], series[None, 1:])[0] == pytest.approx(0.6, abs=0.04)
    with_gap = series.copy()
    with_gap[::7] = np.nan
    expected = pd.Series(with_gap[:-1]).corr(pd.Series(with_gap[1:]))
    assert row_correlation(with_gap[None, :-1], with_gap[None, 1:])[0] == pytest.approx(expected, abs=1e-12)


def test_what_lies_above_the_breathing_band_is_never_read() -> None:
    view = view_of(belt(240, seed=8))
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(view.time_s.size).astype(np.float32)
    wide = dict.fromkeys(("inhale_peak_au", "exhale_peak_au", "inhale_volume_au", "exhale_volume_au"), 5.0)
    at = view.breaths["inhale_onset_s"] + 0.01
    breaths = view.breaths.assign(**wide, inhale_peak_time_s=at, exhale_peak_time_s=at)
    other = replace(view, detection=noise, above=noise, breaths=breaths)
    windows = pd.DataFrame({"start_s": [0.0, 60.0], "window_s": [60.0, 120.0]})
    pd.testing.assert_frame_equal(respiration.compute(view, windows), respiration.compute(other, windows))


def test_breaths_of_a_window_lie_wholly_inside_it() -> None:
    view = view_of(belt(300, seed=2))
    windows = pd.DataFrame({"start_s": [0.0, 60.0, 120.0, 0.0], "window_s": [60.0, 60.0, 60.0, 300.0]})
    inside = window_breaths(view.breaths, windows)
    onset, end = inside.matrix("inhale_onset_s"), inside.matrix("end_s")
    start, stop = windows["start_s"].to_numpy()[:, None], windows.sum(axis=1).to_numpy()[:, None]
    known = np.isfinite(onset)
    assert ((onset >= start) & (end <= stop))[known].all()
    counted = [
        ((view.breaths["inhale_onset_s"] >= a) & (view.breaths["end_s"] <= a + b) & view.breaths["is_valid"]).sum()
        for a, b in windows.itertuples(index=False)
    ]
    assert inside.count.tolist() == counted
    assert 0 < inside.count[:3].sum() < inside.count[3]
