"""The compiled loops give what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.identification.closed_form import ABSENT
from eupnea.identification.draw_kernels import supported
from eupnea.identification.fusion import support
from eupnea.identification.normalise import cohort_normalised
from eupnea.identification.ordered import Ordered


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_normalised_scores_are_those_of_the_formula(precision):
    scores = np.random.default_rng(0).normal(2, 3, (2, 9, 40)).astype(precision)
    scores[0, 3] = ABSENT
    found = cohort_normalised(scores)
    for c in range(9):
        for b in range(2):
            others = np.delete(scores[b], [c, 3] if b == 0 else [c], axis=0).astype(float)
            expected = (scores[b, c] - others.mean(axis=0)) / others.std(axis=0)
            wanted = np.full(40, ABSENT) if (b, c) == (0, 3) else expected
            assert found[b, c] == pytest.approx(wanted, abs=1e-3 if precision is np.float32 else 1e-9)


def test_support_is_the_formula_and_who_is_absent_has_none():
    scores = np.concatenate([np.linspace(-60, 60, 100_001), [0.0, 1e6, -1e6]])
    for separation in (0.5, 2.0, 4.0):
        formula = np.logaddexp(0.0, separation * scores - separation**2 / 2)
        assert support(scores, separation) == pytest.approx(formula, rel=1e-12)
        assert (support(np.array([ABSENT, np.nan]), separation) == ABSENT).all()


def test_support_in_single_precision_is_support():
    scores = np.concatenate([np.linspace(-60, 60, 100_001), [0.0, 1e6, -1e6]]).astype(np.float32)
    for separation in (0.5, 2.0, 4.0):
        found, bits = np.empty_like(scores), np.empty(scores.size, dtype=np.int32)
        supported(scores, separation, found, bits)
        x = separation * scores.astype(float) - separation**2 / 2
        rounding = 1e-7 * (1 + np.abs(x))
        assert (np.abs(found - support(scores.astype(float), separation)) <= 4 * rounding).all()


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
