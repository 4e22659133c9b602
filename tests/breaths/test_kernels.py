"""The compiled passes give what their definitions say, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.breaths.crossings import first_past, largest_at, last_below
from eupnea.breaths.swings import kept_extremes, medians, turns


@pytest.mark.parametrize("seed", range(20))
def test_searches_equal_their_definition(seed):
    rng = np.random.default_rng(seed)
    n, k = 120, 6
    values = np.round(rng.normal(size=n), 1)
    ends = np.sort(rng.choice(n, k, replace=False))
    at = np.sort(rng.choice(n, k, replace=False))
    levels = np.round(rng.normal(-1.2, 0.5, k), 1)
    until = levels[np.minimum(np.searchsorted(ends, np.arange(n)), k - 1)]
    since = levels[np.maximum(np.searchsorted(ends, np.arange(n), side="right") - 1, 0)]
    before = [max((i for i in range(a + 1) if values[i] <= until[i]), default=-1) for a in at]
    np.testing.assert_array_equal(last_below(values, levels, ends, at), before)
    for after, level in ((True, since), (False, until)):
        for sign in (1.0, -1.0):
            passed = [min((i for i in range(a, n) if sign * values[i] <= sign * level[i]), default=n) for a in at]
            np.testing.assert_array_equal(first_past(values, levels, ends, at, sign, after), passed)


def test_turns_extremes_and_medians_of_small_examples():
    values = np.array([0.0, 1.0, 1.0, 0.5, 0.5, 2.0, -1.0])
    np.testing.assert_array_equal(turns(values), [0, 2, 4, 5, 6])
    levels = np.array([0.0, 1.0, 0.9, 1.2, -1.0, 0.0])
    np.testing.assert_array_equal(kept_extremes(levels, np.full(6, 0.5)), [0, 3, 4, 5])
    np.testing.assert_array_equal(largest_at(values, np.array([0, 3]), np.array([4, 7]), -1.0), [0, 6])
    np.testing.assert_array_equal(medians(np.array([1.0, np.nan, 3.0, 10.0]), 1), [1.0, 2.0, 6.5, 6.5])
