"""The compiled loops give what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.identification.closed_form import ABSENT
from eupnea.identification.fusion import support
from eupnea.identification.normalise import cohort_normalised


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


def test_support_by_table_is_support():
    scores = np.concatenate([np.linspace(-60, 60, 100_001), [0.0, 1e6, -1e6, ABSENT]])
    for separation in (0.5, 2.0, 4.0):
        exact, by_table = (support(scores, separation, is_draw=is_draw) for is_draw in (False, True))
        assert np.abs(exact - by_table)[:-1].max() < 1e-10
        assert exact[-1] == by_table[-1] == ABSENT
        formula = np.logaddexp(0.0, separation * scores - separation**2 / 2)
        assert exact[:-1] == pytest.approx(formula[:-1], rel=1e-12)
