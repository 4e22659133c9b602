from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eupnea.traits.folds import balanced_folds, bins_of_folds, relabellings


@given(n=st.integers(6, 80), n_folds=st.integers(2, 10), ties=st.booleans(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_every_fold_gets_its_share_of_low_and_high_values(n: int, n_folds: int, ties: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_folds = min(n_folds, n)
    y = rng.integers(2, size=n).astype(float) if ties else rng.standard_normal(n)
    folds = balanced_folds(y, n_folds, rng)
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= 1
    if ties:
        ones = np.bincount(folds, weights=y, minlength=n_folds)
        assert ones.max() - ones.min() <= 2


@given(n=st.integers(6, 60), n_folds=st.integers(2, 10), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_relabelled_targets_are_as_balanced_over_the_folds_as_the_real_ones(n: int, n_folds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(n)
    folds = balanced_folds(y, min(n_folds, n), rng)
    bins = bins_of_folds(y, folds)
    of = np.empty(n, dtype=int)
    for number, members in enumerate(bins):
        of[members] = number
    for source in relabellings(y, folds, 20, rng):
        assert sorted(source) == list(range(n))
        for fold in np.unique(folds):
            assert sorted(of[source[folds == fold]]) == sorted(of[folds == fold])


def test_relabelling_reaches_every_allowed_assignment_equally_often() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(4.0)
    folds = balanced_folds(y, 2, rng)
    draws = relabellings(y, folds, 8000, rng)
    seen, counts = np.unique(draws, axis=0, return_counts=True)
    assert len(seen) == 16
    assert counts.min() > 400
    assert counts.max() < 600


def test_a_plain_shuffle_would_break_the_balance() -> None:
    rng = np.random.default_rng(1)
    y = np.sort(rng.standard_normal(40))
    folds = balanced_folds(y, 10, rng)

    def spread(values: np.ndarray) -> float:
        return float(np.std([values[folds == fold].mean() for fold in range(10)]))

    kept = np.mean([spread(y[source]) for source in relabellings(y, folds, 200, rng)])
    shuffled = np.mean([spread(rng.permutation(y)) for _ in range(200)])
    assert kept == pytest.approx(spread(y), rel=0.5)
    assert shuffled > 1.5 * kept
