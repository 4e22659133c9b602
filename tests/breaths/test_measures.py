"""Values between samples, peaks and shares against their definitions."""

from __future__ import annotations

import numpy as np

from eupnea.breaths.crossings import joined
from eupnea.breaths.measures import between_samples, peaks_between, share_missing, slopes
from eupnea.breaths.swings import medians


def test_values_between_samples_follow_a_smooth_curve():
    at = np.random.default_rng(0).uniform(0, 199, 500)
    curve = np.sin(2 * np.pi * np.arange(200) / 20)
    assert np.abs(between_samples(curve, at) - np.sin(2 * np.pi * at / 20)).max() < 5e-3
    np.testing.assert_allclose(between_samples(curve, np.arange(200.0)), curve, atol=1e-12)


def test_slopes_of_a_smooth_curve_are_those_of_its_samples():
    time_s = np.arange(300) / 6.25
    found = slopes(np.sin(2 * np.pi * 0.25 * time_s), 6.25)
    assert np.abs(found - 0.5 * np.pi * np.cos(2 * np.pi * 0.25 * time_s))[2:-2].max() < 2e-3
    np.testing.assert_allclose(slopes(3 * time_s + 1, 6.25), 3.0)


def test_peaks_lie_between_samples_within_their_stretch():
    curve = np.cos(2 * np.pi * (np.arange(100) - 50.3) / 25)
    height, where = peaks_between(curve, np.array([40.0, 51.2]), np.array([60.0, 58.0]), 1.0)
    assert abs(where[0] - 50.3) < 0.01
    assert abs(height[0] - 1.0) < 1e-3
    assert where[1] == 52.0 or where[1] >= 51.2
    low, at = peaks_between(curve, np.array([55.0]), np.array([70.0]), -1.0)
    assert abs(at[0] - 62.8) < 0.01
    assert abs(low[0] - 1.0) < 1e-3


def test_shares_and_running_medians_equal_their_definition():
    rng = np.random.default_rng(3)
    mask = rng.random(300) > 0.2
    first, last = np.sort(rng.uniform(0, 299, (2, 40)), axis=0)
    expected = [np.mean(~mask[int(np.floor(a)) : int(np.ceil(b)) + 1]) for a, b in zip(first, last, strict=True)]
    np.testing.assert_allclose(share_missing(mask, first, last), expected)
    values = np.round(rng.normal(size=200), 1)
    values[rng.random(200) < 0.3] = np.nan
    for half in (1, 5, 15):
        parts = (values[max(k - half, 0) : k + half + 1] for k in range(200))
        expected = [np.median(part[np.isfinite(part)]) if np.isfinite(part).any() else np.nan for part in parts]
        np.testing.assert_array_equal(medians(values, half), expected)


def test_breaths_that_cannot_be_seen_are_left_out_and_stops_stay_within():
    onset, turn = np.array([1.0, np.nan, 9.0, 13.0]), np.array([3.0, 6.0, 11.0, 15.0])
    inhale_end, exhale_end = np.array([2.0, 5.0, 20.0, 14.0]), np.array([4.0, 8.0, np.nan, 16.0])
    times = joined(onset, turn, inhale_end, exhale_end)
    np.testing.assert_array_equal(times, [[9.0], [11.0], [11.0], [13.0], [13.0]])
