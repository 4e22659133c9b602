from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from features.heart.view_builder import simulated_intervals, view_of_intervals, windows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import interpolate, signal, stats

from eupnea.features.heart import compute, compute_recording
from eupnea.features.heart.intervals import window_intervals


def features_of(rr_ms: np.ndarray, window_s: float | None = None) -> pd.Series:
    window_s = float(np.sum(rr_ms) / 1000) if window_s is None else window_s
    row = compute(view_of_intervals(rr_ms), windows_of(0.0, window_s=window_s)).iloc[0]
    return row.rename(lambda name: name.removeprefix("cardiac__"))


@pytest.fixture(scope="module")
def rr_ms() -> np.ndarray:
    return simulated_intervals(300.0)


def test_the_spread_of_intervals_is_what_numpy_and_scipy_say(rr_ms):
    found, step = features_of(rr_ms), np.diff(rr_ms)
    truth = {
        "mean_rr_ms": rr_ms.mean(),
        "median_rr_ms": np.median(rr_ms),
        "sdnn_ms": rr_ms.std(ddof=1),
        "rmssd_ms": np.sqrt(np.mean(step**2)),
        "sdsd_ms": step.std(ddof=1),
        "pnn50_percent": 100 * np.mean(np.append(np.abs(step) > 50, False)),
        "pnn20_percent": 100 * np.mean(np.append(np.abs(step) > 20, False)),
        "mad_ms": stats.median_abs_deviation(rr_ms, scale=1 / 1.4826),
        "iqr_ms": stats.iqr(rr_ms),
        "p20_ms": np.percentile(rr_ms, 20),
        "p80_ms": np.percentile(rr_ms, 80),
        "skewness": stats.skew(rr_ms),
        "kurtosis": stats.kurtosis(rr_ms),
        "triangular_index": rr_ms.size / np.histogram(rr_ms, np.arange(0, 2000, 7.8125))[0].max(),
    }
    for name, value in truth.items():
        assert found[f"hrv_time__{name}"] == pytest.approx(value, rel=1e-9), name


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([700.0, 750.0, 800.0, 812.5, 900.0]), min_size=90, max_size=140))
def test_ties_and_odd_lengths_change_no_definition(values):
    rr = np.array(values)
    found = features_of(rr)
    assert found["hrv_time__mad_ms"] == pytest.approx(stats.median_abs_deviation(rr, scale=1 / 1.4826), rel=1e-9)
    if rr.sum() >= 60_000:
        assert found["hrv_time__iqr_ms"] == pytest.approx(stats.iqr(rr), rel=1e-9, abs=1e-9)


def poincare_truth(rr: np.ndarray) -> dict[str, float]:
    a, b = rr[:-1], rr[1:]
    step, along = b - a, ((a + b) - (a + b).mean()) ** 2 / 2
    up, down, level = step > 0, step < 0, step == 0
    short = step**2 / 2
    long_up, long_down = along[up].sum() + along[level].sum() / 2, along[down].sum() + along[level].sum() / 2
    return {
        "sd1_ms": ((b - a) / np.sqrt(2)).std(ddof=1),
        "sd2_ms": ((b + a) / np.sqrt(2)).std(ddof=1),
        "lag1_correlation": np.corrcoef(a, b)[0, 1],
        "guzik_percent": 100 * step[up].sum() / np.abs(step).sum(),
        "porta_percent": 100 * down.sum() / (up.sum() + down.sum()),
        "c1d": short[up].sum() / short.sum(),
        "c2d": long_up / (long_up + long_down),
        "cd": (short[up].sum() + long_up) / (short.sum() + along.sum()),
    }


def test_the_poincare_plot_is_what_its_definition_says(rr_ms):
    found = features_of(rr_ms)
    for name, value in poincare_truth(rr_ms).items():
        assert found[f"hrv_nonlinear__{name}"] == pytest.approx(value, rel=1e-9), name


def test_time_reversed_intervals_swap_decelerations_and_accelerations(rr_ms):
    forth, back = features_of(rr_ms), features_of(rr_ms[::-1])
    assert forth["hrv_nonlinear__c1d"] == pytest.approx(1 - back["hrv_nonlinear__c1d"])
    assert forth["hrv_nonlinear__guzik_percent"] == pytest.approx(100 - back["hrv_nonlinear__guzik_percent"])


def brute_force_entropies(x: np.ndarray) -> tuple[float, float]:
    tolerance = 0.2 * x.std(ddof=1)

    def matches(m: int, count: int) -> np.ndarray:
        templates = np.lib.stride_tricks.sliding_window_view(x, m)[:count]
        return np.abs(templates[:, None] - templates[None]).max(axis=2) <= tolerance

    n = x.size
    two, three = matches(2, n - 2).sum() - (n - 2), matches(3, n - 2).sum() - (n - 2)
    phi = [np.mean(np.log(matches(m, n - m + 1).mean(axis=1))) for m in (2, 3)]
    return -np.log(three / two) if two and three else np.nan, abs(phi[0] - phi[1])


@pytest.mark.parametrize("n", [130, 191, 192, 193, 256, 400])
def test_entropies_are_those_of_comparing_all_pairs(n):
    rng = np.random.default_rng(n)
    rr = 1000 + 50 * rng.standard_normal(n)
    rr[::7] = np.round(rr[::7], -1)
    found = features_of(rr)
    sample, approximate = brute_force_entropies(rr)
    assert found["hrv_nonlinear__sample_entropy"] == pytest.approx(sample, rel=1e-9)
    assert found["hrv_nonlinear__approximate_entropy"] == pytest.approx(approximate, rel=1e-9)


def test_a_regular_series_is_less_entropic_than_a_shuffled_one():
    rng = np.random.default_rng(0)
    regular = 850 + 60 * np.sin(np.arange(300) * 0.7)
    assert (
        features_of(regular)["hrv_nonlinear__sample_entropy"]
        < 0.5 * features_of(rng.permutation(regular))["hrv_nonlinear__sample_entropy"]
    )


def brute_force_dfa(x: np.ndarray, scales: range) -> float:
    profile = np.cumsum(x - x.mean())
    fluctuation = []
    for scale in scales:
        k = profile.size // scale
        boxes = np.vstack(
            [profile[: k * scale].reshape(k, scale), profile[profile.size - k * scale :].reshape(k, scale)]
        )
        fluctuation.append(np.sqrt(np.mean(signal.detrend(boxes, axis=1) ** 2)))
    return float(np.polyfit(np.log(scales), np.log(fluctuation), 1)[0])


def test_scaling_exponents_are_those_of_straight_lines_in_boxes(rr_ms):
    assert features_of(rr_ms)["hrv_nonlinear__dfa_alpha1"] == pytest.approx(
        brute_force_dfa(rr_ms, range(4, 17)), rel=1e-9
    )
    long = compute_recording(view_of_intervals(rr_ms))
    assert long["cardiac__hrv_long__dfa_alpha2"] == pytest.approx(brute_force_dfa(rr_ms, range(16, 65)), rel=1e-9)


def test_white_noise_scales_with_a_half_and_its_sum_with_one_and_a_half():
    noise = np.random.default_rng(1).standard_normal(6000)
    white = compute_recording(view_of_intervals(850 + 30 * noise))["cardiac__hrv_long__dfa_alpha2"]
    walk = np.cumsum(noise)
    brown = compute_recording(view_of_intervals(850 + walk * 100 / walk.std()))["cardiac__hrv_long__dfa_alpha2"]
    assert white == pytest.approx(0.5, abs=0.06)
    assert brown == pytest.approx(1.5, abs=0.1)


def spectrum_truth(rr: np.ndarray, window_s: float) -> tuple[np.ndarray, np.ndarray]:
    times = np.cumsum(rr) / 1000
    inside = times <= window_s + 1e-9
    times, rr = times[inside], rr[inside]
    grid = np.arange(round(window_s * 2)) / 2
    even = interpolate.CubicSpline(times, rr, bc_type="natural")(np.clip(grid, times[0], times[-1]))
    width = round(min(window_s, 120) * 2)
    return signal.welch(even, 2.0, window="hann", nperseg=width, noverlap=width - width // 2, detrend="linear")


@pytest.mark.parametrize("window_s", [60.0, 120.0, 300.0])
def test_band_powers_are_those_of_scipys_spline_and_welch(rr_ms, window_s):
    found = features_of(rr_ms, window_s)
    frequency, power = spectrum_truth(rr_ms, window_s)
    for band, (low, high) in {"lf": (0.04, 0.15), "hf": (0.15, 0.4)}.items():
        truth = power[(frequency >= low) & (frequency < high)].sum() * frequency[1]
        if band == "lf" and window_s < 120:
            assert np.isnan(found["hrv_frequency__lf_ms2"])
        else:
            assert found[f"hrv_frequency__{band}_ms2"] == pytest.approx(truth, rel=1e-9)


def test_a_sinusoid_has_half_its_squared_amplitude_where_it_swings():
    rr, at = [], 0.0
    while at < 300:
        rr.append(800 + 30 * np.sin(2 * np.pi * 0.1 * at))
        at += rr[-1] / 1000
    found = features_of(np.array(rr), 300.0)
    assert found["hrv_frequency__lf_ms2"] == pytest.approx(450, rel=0.08)
    assert found["hrv_frequency__lf_peak_hz"] == pytest.approx(0.1, abs=0.01)
    assert found["hrv_frequency__hf_normalised"] < 0.02


def test_fragmentation_counts_runs():
    rr = np.array([800, 810, 820, 815, 825, 820, 820, 830, 840, 850] * 9, dtype=float)
    sign = np.sign(np.diff(rr))
    edges = np.flatnonzero(np.diff(np.concatenate([[2], sign, [2]])))
    runs = [(sign[a], b - a) for a, b in pairwise(edges) if sign[a] != 0]
    found = features_of(rr)
    assert found["hrv_nonlinear__ials"] == pytest.approx(len(runs) / sum(length for _, length in runs))
    assert found["hrv_nonlinear__pss"] == pytest.approx(np.mean([length < 3 for _, length in runs]))
    assert found["hrv_nonlinear__pip"] == pytest.approx(np.sum(sign[1:] * sign[:-1] < 0) / rr.size)


def test_long_recordings_have_very_low_frequencies_and_short_ones_none():
    long, short = (compute_recording(view_of_intervals(simulated_intervals(s))) for s in (900.0, 200.0))
    assert all(np.isfinite(value) for value in long.values())
    assert all(np.isnan(value) for value in short.values())


def test_differences_do_not_reach_over_a_hole(rr_ms):
    view = view_of_intervals(rr_ms)
    beats = view.beats.copy()
    beats.loc[100, ["rr_corrected_ms", "is_valid"]] = [np.nan, False]
    beats.loc[101:, ["rr_ms", "rr_corrected_ms"]] += 300
    beats["time_s"] = np.concatenate([[0.0], np.cumsum(beats["rr_ms"].to_numpy()[1:]) / 1000])
    intervals = window_intervals(beats, windows_of(0.0, window_s=beats["time_s"].max()))
    inner = np.diff(np.delete(rr_ms, 99))
    inner = np.delete(inner, 98)
    assert intervals.pairs[0, 0] == pytest.approx(np.sqrt(np.mean(inner**2)), rel=1e-9)


def test_constant_intervals_raise_no_warning_and_have_no_entropy():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = features_of(np.full(200, 800.0))
    assert found["hrv_time__sdnn_ms"] == 0
    assert np.isnan(found["hrv_nonlinear__sample_entropy"])
    assert np.isnan(found["hrv_nonlinear__dfa_alpha1"])
