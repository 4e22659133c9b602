from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from eupnea.identification.error_rates import (
    d_prime,
    equal_error_rate,
    error_curve,
    fnmr_at_fmr,
    supports_fmr,
    two_way_draws,
)
from eupnea.identification.gallery import above_counts, fit_beta, smaller_gallery
from eupnea.identification.normalise import cllr, cohort_normalised, fit_calibration


@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0, 4.0])
def test_gaussian_scores_have_the_error_rate_of_theory(distance):
    rng = np.random.default_rng(0)
    genuine, impostor = rng.normal(distance, 1, 40_000), rng.normal(0, 1, 60_000)
    assert equal_error_rate(genuine, impostor) == pytest.approx(norm.cdf(-distance / 2), abs=0.004)
    assert d_prime(genuine, impostor) == pytest.approx(distance, abs=0.03)
    assert fnmr_at_fmr(genuine, impostor, 0.01) == pytest.approx(norm.cdf(norm.isf(0.01) - distance), abs=0.015)


def test_ends():
    assert equal_error_rate(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0.0
    assert equal_error_rate(np.array([0.0]), np.array([1.0])) == 1.0
    assert equal_error_rate(np.ones(5), np.ones(7)) == pytest.approx(0.5)
    assert np.isnan(equal_error_rate(np.empty(0), np.ones(3)))


@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_the_crossing_that_is_searched_is_that_of_the_whole_curve(decimals):
    rng = np.random.default_rng(2)
    for n in (1, 5, 40, 3000):
        genuine, impostor = rng.normal(1, 1, n).round(decimals), rng.normal(0, 1, 7 * n).round(decimals)
        ones = np.ones(genuine.size), np.ones(impostor.size)  # weighted rates are read from the whole curve
        assert equal_error_rate(genuine, impostor) == equal_error_rate(genuine, impostor, weights=ones)


def test_any_increasing_map_leaves_the_error_rate():
    rng = np.random.default_rng(1)
    genuine, impostor = rng.normal(1, 1, 300), rng.normal(0, 1, 900)
    assert equal_error_rate(np.exp(genuine), np.exp(impostor)) == equal_error_rate(genuine, impostor)


def test_curve_agrees_with_scikit_learn():
    from sklearn.metrics import roc_curve

    rng = np.random.default_rng(2)
    genuine, impostor = rng.normal(1, 1, 50).round(1), rng.normal(0, 1, 80).round(1)
    _, fmr, fnmr = error_curve(genuine, impostor)
    fpr, tpr, _ = roc_curve(np.r_[np.ones(50), np.zeros(80)], np.r_[genuine, impostor], drop_intermediate=False)
    np.testing.assert_allclose(np.sort(fmr), np.sort(fpr))
    np.testing.assert_allclose(np.sort(1 - fnmr), np.sort(tpr))


def test_weights_count_like_repeats():
    rng = np.random.default_rng(3)
    genuine, impostor = rng.normal(1, 1, 30), rng.normal(0, 1, 50)
    g, i = rng.integers(0, 4, 30), rng.integers(0, 4, 50)
    weighted = equal_error_rate(genuine, impostor, weights=(g.astype(float), i.astype(float)))
    assert weighted == pytest.approx(equal_error_rate(np.repeat(genuine, g), np.repeat(impostor, i)))


def test_equal_error_rate_of_known_scores():
    def rate(*scores):
        return equal_error_rate(np.array(scores[:4]), np.array(scores[4:]))

    assert rate(5.0, 6, 7, 8, 1, 2, 3, 4) == 0.0
    assert rate(1.0, 2, 3, 4, 5, 6, 7, 8) == 1.0
    assert rate(*[0.0] * 8) == pytest.approx(0.5)
    assert rate(1.0, 6, 7, 8, 2, 3, 4, 6.5) == pytest.approx(0.25)


def test_rule_of_thirty():
    assert supports_fmr(3000, 0.01)
    assert not supports_fmr(2999, 0.01)


@pytest.mark.parametrize("metric", ["eer", "d_prime", "fnmr_at_fmr_0.1", "cllr"])
def test_two_way_draws_spread_like_new_people(metric):
    rng = np.random.default_rng(4)
    people = 30
    claimed, owner = (a.ravel() for a in np.meshgrid(np.arange(people), np.arange(people), indexing="ij"))
    own = claimed == owner

    def cohort():
        person = rng.normal(size=people)
        return np.where(own, 2.0 + 0.7 * person[owner], 0.0) + rng.normal(size=claimed.size)

    def ratios(score):
        return 2.0 * (score - 1.0)

    def measured(score):
        if metric == "eer":
            return equal_error_rate(score[own], score[~own])
        if metric == "d_prime":
            return d_prime(score[own], score[~own])
        return (
            cllr(ratios(score)[own], ratios(score)[~own])
            if metric == "cllr"
            else fnmr_at_fmr(score[own], score[~own], 0.1)
        )

    truth = np.std([measured(cohort()) for _ in range(300)])
    seen = []
    for k in range(20):
        score = cohort()
        told = {"n_boot": 200, "seed": [k], "ratios": ratios(score), "fmr_points": (0.1,)}
        draws = two_way_draws(score, claimed, owner, **told)[metric]
        seen.append([draws.std(), draws.mean() - measured(score)])
    spread, shift = np.mean(seen, axis=0)
    assert spread == pytest.approx(truth, rel=0.3)
    assert abs(shift) < 0.3 * truth


def test_draws_without_impostors_are_unknown():
    claimed, owner = (a.ravel() for a in np.meshgrid(np.arange(2), np.arange(2), indexing="ij"))
    drawn = two_way_draws(np.array([2.0, 0.0, 1.0, 3.0]), claimed, owner, n_boot=200, seed=[1], fmr_points=(0.1,))
    for metric in ("eer", "d_prime", "fnmr_at_fmr_0.1"):
        assert 0.02 < np.isnan(drawn[metric]).mean() < 0.9
    assert np.nanmax(drawn["eer"]) == 0.0


def test_cohort_normalisation_ignores_shift_and_scale_of_a_probe():
    scores = np.random.default_rng(5).normal(size=(1, 6, 4))
    moved = scores * np.array([1.0, 2.0, 0.5, 10.0]) + np.array([0.0, 3.0, -5.0, 100.0])
    np.testing.assert_allclose(cohort_normalised(scores), cohort_normalised(moved), rtol=1e-6)
    assert (cohort_normalised(scores).argmax(axis=1) == scores.argmax(axis=1)).all()


def test_calibration_of_gaussian_scores_is_known():
    # equal variances: the log-likelihood ratio is d (x − d / 2)
    rng = np.random.default_rng(6)
    genuine, impostor = rng.normal(2, 1, 20_000), rng.normal(0, 1, 20_000)
    calibration = fit_calibration(genuine, impostor)
    assert calibration.slope == pytest.approx(2.0, rel=0.07)
    assert calibration.offset == pytest.approx(-2.0, rel=0.07)
    calibrated = cllr(*(calibration.apply(s, np.zeros(s.size, dtype=int)) for s in (genuine, impostor)))
    assert calibrated < cllr(genuine, impostor)
    assert cllr(np.zeros(10), np.zeros(10)) == pytest.approx(1.0)


def test_separable_scores_do_not_run_away():
    calibration = fit_calibration(np.array([5.0, 6.0]), np.array([-5.0, -6.0]))
    assert 0 < calibration.slope < 30


def test_smaller_gallery_agrees_with_resampling():
    rng = np.random.default_rng(7)
    closer, others = np.array([0, 1, 3, 10]), np.full(4, 14)
    expected = smaller_gallery(closer, others, 5)
    for k in range(4):
        beaten = np.r_[np.ones(closer[k]), np.zeros(others[k] - closer[k])]
        drawn = np.mean([not rng.permutation(beaten)[:4].any() for _ in range(4000)])
        assert expected[k] == pytest.approx(drawn, abs=0.03)
    np.testing.assert_allclose(smaller_gallery(closer, others, 15), closer == 0)


def test_extrapolation_recovers_a_larger_gallery():
    from scipy.special import betaln

    rng = np.random.default_rng(8)
    a, b = 0.4, 6.0
    u = rng.beta(a, b, 3000)
    fitted = fit_beta(above_counts(rng.binomial(39, u), np.full(3000, 39), 39))
    expected = np.mean((1 - u) ** 199)
    found = np.exp(betaln(fitted[0], fitted[1] + 199) - betaln(*fitted))
    assert found == pytest.approx(expected, abs=0.03)


def test_the_fitted_distribution_is_the_likeliest():
    from scipy.stats import betabinom

    rng = np.random.default_rng(9)
    others = rng.integers(30, 40, 500)
    closer = rng.binomial(others, rng.beta(0.4, 6.0, 500))
    fitted = fit_beta(above_counts(closer, others, 39))

    def likelihood(a, b):
        return betabinom.logpmf(closer, others, a, b).sum()

    for factor in (0.98, 1.02):
        assert likelihood(*fitted) > likelihood(fitted[0] * factor, fitted[1])
        assert likelihood(*fitted) > likelihood(fitted[0], fitted[1] * factor)


@pytest.mark.parametrize(("people", "decimals"), [(3, 12), (12, 1)])
def test_compiled_draws_of_people_are_those_of_the_weighted_curve(people, decimals):
    rng = np.random.default_rng(people)
    owner, claimed = np.repeat(rng.integers(people, size=30), people), np.tile(np.arange(people), 30)
    scores = rng.normal(size=owner.size).round(decimals) + (owner == claimed)
    draws = two_way_draws(scores, claimed, owner, n_boot=80, seed=[7], ratios=2 * scores, fmr_points=(0.1,))
    own, again = owner == claimed, np.random.default_rng([7])
    enrolled, probed = (again.multinomial(people, np.full(people, 1 / people), size=80) for _ in range(2))
    for b in range(80):
        weights = probed[b][owner[own]].astype(float), (enrolled[b][claimed] * probed[b][owner])[~own].astype(float)
        if not (weights[0].any() and weights[1].any()):
            assert all(np.isnan(draws[name][b]) for name in draws)
            continue
        _, fmr, fnmr = error_curve(scores[own], scores[~own], weights=weights)
        eer = equal_error_rate(scores[own], scores[~own], weights=weights)
        bits = [np.logaddexp(0, sign * 2 * s) / np.log(2) for sign, s in ((-1, scores[own]), (1, scores[~own]))]
        means = [np.average(s, weights=w) for s, w in zip((scores[own], scores[~own]), weights, strict=True)]
        spread = [
            np.average((s - m) ** 2, weights=w)
            for s, m, w in zip((scores[own], scores[~own]), means, weights, strict=True)
        ]
        expected = {
            "eer": eer,
            "fnmr_at_fmr_0.1": fnmr[np.argmax(fmr <= 0.1 + 1e-12)],
            "cllr": 0.5 * sum(np.average(bit, weights=w) for bit, w in zip(bits, weights, strict=True)),
            "d_prime": (means[0] - means[1]) / np.sqrt(np.mean(spread)),
        }
        assert {name: draws[name][b] for name in expected} == pytest.approx(expected, abs=1e-9)
