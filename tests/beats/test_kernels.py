"""The compiled loops do what scipy and numpy do, to the bit where the same operations are taken."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from eupnea.beats.filters import band_pass, pieces, similarity_to_median, without_mains
from eupnea.beats.kernels import alike, column_medians, mean_and_spread

HZ = 250.0


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("padding", ["odd", "even"])
def test_a_band_pass_is_that_of_scipy_to_the_bit(order, padding):
    values = noise(4001)
    sections = signal.butter(order, (0.5, 40.0), btype="bandpass", fs=HZ, output="sos")
    expected = signal.sosfiltfilt(sections, values, padtype=padding, padlen=1500)
    np.testing.assert_array_equal(band_pass(values, HZ, (0.5, 40.0), order, padding=padding), expected)


def test_a_notch_is_that_of_scipy_to_the_bit():
    values = noise(3000)
    numerator, denominator = signal.iirnotch(50.0, 10.0, fs=HZ)
    expected = signal.filtfilt(numerator, denominator, values, padlen=500)
    np.testing.assert_array_equal(without_mains(values, HZ, (50.0, 120.0)), expected)


@pytest.mark.parametrize("n_rows", [1, 2, 7, 60, 61])
def test_medians_of_columns_are_those_of_numpy(n_rows):
    wave = np.sin(np.arange(90) / 9) * noise(n_rows, 1)[:, None]
    table = np.round(wave + 0.2 * noise(n_rows * 90, 2).reshape(n_rows, 90), 1)  # with ties
    rows, found = np.flatnonzero(noise(n_rows, 3) > -9), np.empty(90)
    column_medians(table, rows, found)
    np.testing.assert_array_equal(found, np.median(table, axis=0))


def test_pieces_follow_a_cubic_and_miss_what_lies_beyond_the_signal():
    time = np.arange(50.0)
    cubic = (time - 20) ** 3 / 100 - time
    where = np.array([10.25, 30.5])
    cut = pieces(cubic, where, np.array([-1.0, 0.0, 0.3]))
    expected = where[:, None] + np.array([-1.0, 0.0, 0.3])
    np.testing.assert_allclose(cut, (expected - 20) ** 3 / 100 - expected, rtol=1e-12)
    np.testing.assert_array_equal(
        np.isnan(pieces(cubic, np.array([1.0, np.nan]), np.array([-0.5, 0.5]))), [[1, 0], [1, 1]]
    )


def test_an_average_leaves_out_what_is_missing_unlike_or_far_too_large():
    shape = np.exp(-(((np.arange(71) - 25) / 3.0) ** 2))
    cut = shape + 0.05 * noise(20 * 71, 4).reshape(20, 71)
    cut[3, 10], cut[5], cut[8] = np.nan, noise(71, 5), 50 * shape
    rows = alike(cut, 0.7, 5.0)
    np.testing.assert_array_equal(rows, np.delete(np.arange(20), [3, 5, 8]))
    assert (similarity_to_median(cut)[rows] >= 0.7).all()
    mean, spread = np.empty(71), np.empty(71)
    mean_and_spread(cut, rows, mean, spread)
    np.testing.assert_array_equal(mean, cut[rows].mean(axis=0))
    np.testing.assert_array_equal(spread, cut[rows].std(axis=0, ddof=1))
    assert alike(np.full((4, 71), np.nan), 0.7, 5.0).size == 0
