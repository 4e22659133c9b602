from __future__ import annotations

import numpy as np
import pytest

from eupnea.evidence.correction import benjamini_hochberg, holm, max_t
from eupnea.evidence.permutation import paired_sign_flip, permutation_p, sequential_p
from eupnea.evidence.resampled_t import corrected_resampled_t


def test_permutation_p_counts_the_observed_one():
    assert permutation_p(2.0, [0.0, 1.0, 3.0]) == pytest.approx(2 / 4)
    assert permutation_p(2.0, [1.0] * 99) == pytest.approx(0.01)
    assert permutation_p(0.5, [1.0] * 99, greater_is_better=False) == pytest.approx(0.01)
    assert np.isnan(permutation_p(np.nan, [1.0]))


def test_sequential_p_stops_early_and_is_valid():
    rng = np.random.default_rng(0)
    tests = [sequential_p(rng.normal(), lambda _: rng.normal(), max_draws=200, stop_after=10) for _ in range(2000)]
    p = np.array([test.p_value for test in tests])
    assert np.mean([test.n_permutations for test in tests]) < 100
    for level in (0.01, 0.05, 0.2):
        assert np.mean(p <= level) <= level + 2.6 * np.sqrt(level * (1 - level) / p.size)


def test_sequential_p_without_stopping_is_the_permutation_p():
    null = np.arange(50.0)
    assert sequential_p(49.5, lambda b: null[b], max_draws=50).p_value == permutation_p(49.5, null)


def test_sign_flip_is_exact_for_few_people():
    test = paired_sign_flip([1.0, 2.0, 3.0, 4.0, 5.0], seed=0)
    assert test.p_value == pytest.approx(2 / 2**5)
    assert paired_sign_flip([1.0, 2.0, 3.0, 4.0, 5.0], seed=0, two_sided=False).p_value == pytest.approx(1 / 2**5)


def test_sign_flip_agrees_with_scipy():
    from scipy.stats import permutation_test

    x = np.random.default_rng(1).normal(0.4, 1, 30)
    theirs = permutation_test((x,), np.mean, permutation_type="samples", n_resamples=20_000, rng=2).pvalue
    assert paired_sign_flip(x, n_permutations=20_000, seed=3).p_value == pytest.approx(theirs, abs=0.012)


def test_holm_and_benjamini_hochberg_agree_with_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(0).uniform(size=20) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])
    with_missing = holm([0.01, np.nan, 0.04])
    np.testing.assert_allclose(with_missing, [0.02, np.nan, 0.04])


def test_max_t_controls_the_family():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        null, observed = rng.normal(size=(99, 10)), rng.normal(size=10)
        hits += bool((max_t(observed, null) <= 0.05).any())
    assert hits <= 300 * 0.05 + 2.6 * np.sqrt(300 * 0.05 * 0.95)
    assert max_t([5.0, np.nan], rng.normal(size=(99, 2)))[0] == pytest.approx(0.01)


def test_corrected_resampled_t_is_wider_than_the_naive_one():
    from scipy.stats import ttest_1samp

    d = np.random.default_rng(0).normal(0.5, 1, 100)
    naive = ttest_1samp(d, 0.0)
    assert corrected_resampled_t(d, test_share=0.0).p_value == pytest.approx(naive.pvalue)
    corrected = corrected_resampled_t(d, test_share=1 / 9)
    assert corrected.se == pytest.approx(d.std(ddof=1) * np.sqrt(1 / 100 + 1 / 9))
    assert corrected.p_value > naive.pvalue


def test_signs_are_the_bits_of_the_generator():
    differences = np.random.default_rng(1).normal(0.1, 1, 17)
    signs = 1 - 2 * np.random.default_rng(5).integers(2, size=(2001, 17))
    means = signs @ differences / 17
    test = paired_sign_flip(differences, n_permutations=2001, seed=5)
    assert test.p_value == (1 + np.count_nonzero(np.abs(means) >= abs(differences.mean()))) / 2002
    assert (test.chance, test.chance_sd) == pytest.approx((means.mean(), means.std()))
