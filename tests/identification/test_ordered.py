"""Windows in order: what is picked and mapped is what sorting and interpolating them would give."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.identification.ordered import Ordered


@pytest.mark.parametrize("size", [1, 2, 3, 7, 200])
def test_windows_are_mapped_as_numpy_interpolates_to_the_last_bit(size):
    rng = np.random.default_rng(size)
    knots, heights = np.sort(rng.normal(size=(4, size)), axis=1), np.sort(rng.normal(size=size))
    X = rng.normal(0, 2, (500, 4))
    X[: 2 * size] = np.concatenate([knots.T, 3 * knots.T])[:500]
    rows, columns, median = rng.permutation(500)[:300], np.array([0, 2, 3]), np.array([0.1, -9.0, 9.0])
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    found = Ordered(X).mapped(rows, columns, median, knots[columns], heights)
    for one, column, instead in zip(found, columns, median, strict=True):
        values = np.where(np.isnan(X[rows, column]), instead, X[rows, column])
        assert (one == np.interp(values, knots[column], heights)).all()


def test_equal_knots_share_their_mean_height():
    knots, heights = np.array([[0.0, 1.0, 1.0, 1.0, 2.0]]), np.array([0.0, 1.0, 2.0, 6.0, 7.0])
    found = Ordered(np.array([[1.0], [0.5], [1.5], [np.nan]])).mapped(
        np.arange(4), np.zeros(1, np.intp), np.ones(1), knots, heights
    )
    assert list(found[0]) == [3.0, 1.5, 5.0, 3.0]


def test_windows_of_an_enrolment_come_in_rising_order():
    rng = np.random.default_rng(3)
    X = rng.integers(0, 9, (60, 5)).astype(float)
    X[rng.uniform(size=X.shape) < 0.2] = np.nan
    rows = np.sort(rng.permutation(60)[:40])
    np.testing.assert_array_equal(Ordered(X).of(rows), np.sort(X[rows], axis=0).T)
