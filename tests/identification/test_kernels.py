"""The compiled loops give what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.identification.closed_form import ABSENT
from eupnea.identification.draw_kernels import supported
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
