from __future__ import annotations

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eupnea.traits.nested import nested_predictions
from eupnea.traits.preprocess import Preprocessing, scale_pair
from eupnea.traits.smoothers import (
    RELATIVE_PENALTIES,
    Smoother,
    radial_matrices,
    ridge_matrices,
    ridge_smoother,
    window_matrices,
    window_smoother,
)

PLAIN = Preprocessing()


def _data(n: int = 40, p: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p)) * np.exp(rng.standard_normal(p)) + 3
    return x, x[:, :3].sum(axis=1) + rng.standard_normal(n)


def test_ridge_is_the_ridge_of_scikit_learn() -> None:
    x, y = _data()
    train, test = x[:30], x[30:]
    a, b = scale_pair(train, test, PLAIN)
    for penalty, matrix in zip([0.5, 50.0], ridge_matrices(a, b, [0.5, 50.0]), strict=True):
        mine = matrix @ (y[:30] - y[:30].mean()) + y[:30].mean()
        peer = make_pipeline(StandardScaler(), Ridge(penalty)).fit(train, y[:30]).predict(test)
        np.testing.assert_allclose(mine, peer, atol=1e-10)


def test_nested_ridge_is_the_nested_grid_search_of_scikit_learn() -> None:
    x, y = _data(n=50, p=80)
    folds = np.random.default_rng(1).permutation(np.arange(50) % 5)
    penalties = np.asarray(RELATIVE_PENALTIES) * x.shape[1]
    fit = nested_predictions([ridge_smoother("ridge", x, PLAIN)], y[:, None], folds)
    mine = fit.predict(fit.choose(("ridge",)))[:, 0]
    peer = np.empty(50)
    for fold in range(5):
        train = folds != fold
        search = GridSearchCV(
            make_pipeline(StandardScaler(), Ridge()),
            {"ridge__alpha": penalties},
            cv=PredefinedSplit(folds[train]),
            scoring="neg_mean_squared_error",
        )
        peer[~train] = search.fit(x[train], y[train]).predict(x[~train])
    np.testing.assert_allclose(mine, peer, atol=1e-10)


def test_radial_kernel_ridge_is_that_of_scikit_learn() -> None:
    x, y = _data()
    a, b = scale_pair(x[:30], x[30:], PLAIN)
    distances = ((a[:, None] - a) ** 2).sum(axis=2)[np.triu_indices(30, 1)]
    mine = radial_matrices(a, b, [0.5], [0.1])[0] @ (y[:30] - y[:30].mean())
    peer = KernelRidge(alpha=0.1, kernel="rbf", gamma=0.5 / np.median(distances)).fit(a, y[:30] - y[:30].mean())
    np.testing.assert_allclose(mine, peer.predict(b), atol=1e-9)


def test_window_ridge_is_weighted_ridge_on_windows_with_averaged_predictions() -> None:
    rng = np.random.default_rng(2)
    owner = np.sort(rng.integers(12, size=80))
    windows, y = rng.standard_normal((80, 6)), rng.standard_normal(12)
    people = np.unique(owner)
    train, test = people[:8], people[8:]
    matrices = window_matrices(windows, owner, train, test, PLAIN, [0.5])
    inside = np.isin(owner, train)
    weights = 1 / np.bincount(owner)[owner[inside]]
    a, b = scale_pair(windows[inside], windows[~inside], PLAIN, weights=weights)
    centred = y[owner[inside]] - y[train].mean()
    peer = Ridge(0.5 * 6, fit_intercept=False).fit(a, centred, sample_weight=weights).predict(b)
    averaged = [peer[owner[~inside] == person].mean() for person in test]
    np.testing.assert_allclose(matrices[0] @ (y[train] - y[train].mean()), averaged, atol=1e-10)


def test_windows_in_single_precision_give_what_double_precision_gives() -> None:
    rng = np.random.default_rng(3)
    owner = np.sort(rng.integers(12, size=200))
    windows = rng.standard_normal((200, 8)) * 10.0 ** np.arange(-12, 12, 3) + np.array([0, 1e-4, 0, 0, 0, 0, 1e9, 0])
    windows[rng.random(windows.shape) < 0.1] = np.nan
    train, test = np.arange(8), np.arange(8, 12)
    windows[:, 2] = np.where(owner < 8, 1.0, 5000.0) + 0.1 * rng.standard_normal(200)  # other people are far away
    windows[owner < 8, 3] = 7.3  # constant in training
    windows[:, 5] = np.nan
    how = Preprocessing(clip_sd=4.0)
    known = window_matrices(windows, owner, train, test, how)
    found = window_smoother("ridge_windows", windows, owner, how).matrices(train, test)
    np.testing.assert_allclose(found, known, atol=2e-5 * np.abs(known).max())
    moved = windows.copy()
    moved[owner >= 8] *= 1e6
    inner = [window_smoother("ridge_windows", one, owner, how).matrices(train, train) for one in (windows, moved)]
    np.testing.assert_array_equal(*inner)


def test_what_the_test_side_holds_changes_no_training_statistic() -> None:
    x, _ = _data()
    x[::7, 3] = np.nan
    a, _ = scale_pair(x[:30], x[30:], Preprocessing(clip_sd=2.0))
    b, _ = scale_pair(x[:30], 1e6 * x[30:] + 5, Preprocessing(clip_sd=2.0))
    np.testing.assert_array_equal(a, b)


def test_predictions_of_a_person_do_not_depend_on_the_own_label() -> None:
    x, y = _data(n=24, p=10)
    folds = np.arange(24) % 4
    other = y.copy()
    other[5] += 100
    fits = [nested_predictions([ridge_smoother("ridge", x, PLAIN)], v[:, None], folds) for v in (y, other)]
    same = folds == folds[5]
    np.testing.assert_array_equal(fits[0].outer[:, same], fits[1].outer[:, same])
    np.testing.assert_array_equal(
        fits[0].choose(("ridge",))[folds[5]],
        fits[1].choose(("ridge",))[folds[5]],
    )
    assert np.abs(fits[0].outer - fits[1].outer)[:, ~same].max() > 0.1


def test_confounds_are_regressed_out_by_the_training_side_only() -> None:
    rng = np.random.default_rng(3)
    age = rng.standard_normal((60, 1))
    x = age @ rng.standard_normal((1, 5)) + 0.1 * rng.standard_normal((60, 5))
    a, b = scale_pair(x[:40], x[40:], PLAIN, confounds=(age[:40], age[40:]))
    assert np.abs(np.corrcoef(np.column_stack([age[:40], a]).T)[0, 1:]).max() < 1e-10
    assert np.abs(np.corrcoef(np.column_stack([age[40:], b]).T)[0, 1:]).max() < 0.6
    slopes = LinearRegression().fit(age[:40], x[:40])
    rest = x[40:] - slopes.predict(age[40:])
    np.testing.assert_allclose(b, rest / (x[:40] - slopes.predict(age[:40])).std(axis=0), atol=1e-9)


def test_the_choice_is_made_among_all_settings_by_inner_error() -> None:
    y = np.random.default_rng(4).standard_normal((20, 1))
    folds = np.arange(20) % 4
    oracle = Smoother("oracle", 1, lambda train, test: np.zeros((1, len(test), len(train))))
    bad = Smoother("bad", 1, lambda train, test: np.ones((1, len(test), len(train))) * np.sign(train - 9.5))
    fit = nested_predictions([bad, oracle], y, folds)
    assert set(fit.choose(("bad", "oracle")).ravel()) == {1}
    assert fit.models == ("bad", "oracle")
    assert fit.predict(fit.choose(("oracle",))) == pytest.approx(fit.centre)
