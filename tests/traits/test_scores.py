from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from eupnea.traits import scores
from eupnea.traits.age_gap import corrected_predictions, partial_correlation
from eupnea.traits.conformal import cv_plus
from eupnea.traits.nested import nested_predictions
from eupnea.traits.preprocess import Preprocessing
from eupnea.traits.relevance import kendall_p, mann_whitney_p, relevant_features
from eupnea.traits.smoothers import ridge_smoother


def test_regression_scores_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y, p = rng.standard_normal((2, 50))
    p = 0.5 * y + p
    mine = {name: float(value[0]) for name, value in scores.regression_scores(y[:, None], p[:, None]).items()}
    assert mine["mae"] == pytest.approx(metrics.mean_absolute_error(y, p))
    assert mine["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, p))
    assert mine["r2"] == pytest.approx(metrics.r2_score(y, p))
    assert mine["pearson_r"] == pytest.approx(stats.pearsonr(y, p).statistic)
    lin = 2 * np.cov(y, p, ddof=0)[0, 1] / (y.var() + p.var() + (y.mean() - p.mean()) ** 2)
    assert mine["concordance"] == pytest.approx(lin)


def test_class_scores_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(2, size=60).astype(float)
    score = np.round(y + rng.standard_normal(60), 1)
    probability = 1 / (1 + np.exp(-score))
    assert scores.auc_columns(y[:, None], score[:, None])[0] == pytest.approx(metrics.roc_auc_score(y, score))
    predicted = (score > 0).astype(float)
    accuracy = scores.balanced_accuracy(y[:, None], predicted[:, None], 2)[0]
    assert accuracy == pytest.approx(metrics.balanced_accuracy_score(y, predicted))
    assert scores.brier(y[:, None], probability[:, None])[0] == pytest.approx(metrics.brier_score_loss(y, probability))
    peer = LogisticRegression(C=1000.0, tol=1e-10).fit(score[:, None], y)
    assert scores.calibration_slope(y[:, None], probability[:, None])[0] == pytest.approx(peer.coef_[0, 0], rel=1e-4)


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(2)
    y, score = rng.integers(2, size=30).astype(float), rng.standard_normal(30)
    weights = rng.integers(0, 4, size=30)
    rows = np.repeat(np.arange(30), weights)
    w = weights[:, None].astype(float)
    assert scores.auc_weighted(y, score, w)[0] == pytest.approx(metrics.roc_auc_score(y[rows], score[rows]))
    weighted = scores.regression_scores(y[:, None], score[:, None], w)
    repeated = scores.regression_scores(y[rows][:, None], score[rows][:, None])
    for name, value in weighted.items():
        assert value[0] == pytest.approx(repeated[name][0])


def test_relevance_tests_are_those_of_scipy_also_with_ties() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((25, 6))
    x[:, 3:] = np.round(x[:, 3:])
    y = np.round(x[:, 0] + rng.standard_normal(25), 1)
    peer = [stats.kendalltau(column, y, method="asymptotic").pvalue for column in x.T]
    np.testing.assert_allclose(kendall_p(x, y), peer, rtol=1e-10)
    c = (y > 0).astype(float)
    peer = [stats.mannwhitneyu(column[c == 1], column[c == 0], method="asymptotic").pvalue for column in x.T]
    np.testing.assert_allclose(mann_whitney_p(x, c), peer, rtol=1e-10)


def test_relevance_selects_what_tsfresh_selects() -> None:
    import pandas as pd
    from tsfresh.feature_selection.relevance import calculate_relevance_table

    rng = np.random.default_rng(4)
    x = rng.standard_normal((60, 80))
    y = x[:, :60].sum(axis=1) * 0.02 + x[:, 0] + x[:, 1] + 0.3 * rng.standard_normal(60)
    table = calculate_relevance_table(pd.DataFrame(x), pd.Series(y), ml_task="regression", n_jobs=0)
    peer = sorted(int(name) for name in table.index[table["relevant"]])
    assert peer
    assert set(peer) <= set(relevant_features(x, y, is_class=False))
    np.testing.assert_allclose(kendall_p(x, y), table["p_value"].sort_index().to_numpy(dtype=float), rtol=1e-8)


def test_conformal_intervals_cover_what_they_promise() -> None:
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(40):
        x = rng.standard_normal((40, 8))
        y = x[:, 0] + rng.standard_t(4, 40)
        folds = rng.permutation(np.arange(40) % 5)
        fit = nested_predictions([ridge_smoother("ridge", x, Preprocessing())], y[:, None], folds)
        low, high = cv_plus(y, fit.without[..., 0], folds, fit.choose(("ridge",))[:, 0], 0.9)
        inside.append(np.mean((low <= y) & (y <= high)))
    assert 0.87 <= np.mean(inside) <= 0.96


def test_conformal_intervals_are_infinite_where_people_are_too_few() -> None:
    y = np.arange(6.0)
    low, high = cv_plus(y, np.zeros((3, 1, 6)), np.arange(6) % 3, np.zeros(3, dtype=int), 0.9)
    assert np.isinf(low).all()
    assert np.isinf(high).all()


def test_the_corrected_gap_does_not_depend_on_age_and_the_test_person_teaches_nothing() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((300, 3))
    y = x[:, 0] + rng.standard_normal(300)
    folds = np.arange(300) % 5
    fit = nested_predictions([ridge_smoother("ridge", x, Preprocessing())], y[:, None], folds)
    chosen = fit.choose(("ridge",))
    predicted = fit.predict(chosen)[:, 0]
    corrected = corrected_predictions(y, predicted, fit.without[..., 0], folds, chosen[:, 0])
    assert np.polyfit(y, predicted - y, 1)[0] < -0.3
    assert abs(np.polyfit(y, corrected - y, 1)[0]) < 0.06


def test_partial_correlation_is_blind_to_age_and_its_square() -> None:
    rng = np.random.default_rng(7)
    age = rng.uniform(20, 80, 400)
    gap = 0.02 * (age - 50) ** 2 + rng.standard_normal(400)
    column = -0.02 * (age - 50) ** 2 + age + rng.standard_normal(400)
    assert abs(np.corrcoef(gap, column)[0, 1]) > 0.25
    assert abs(partial_correlation(gap, column, age)) < 0.12
    assert np.isnan(partial_correlation(gap, age**2, age))
