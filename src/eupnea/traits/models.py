"""Models without a closed form, fitted inside the training side of a fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eupnea.traits.preprocess import Preprocessing, scale_pair
from eupnea.traits.relevance import relevant_features

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

INNER_PARTS = 3
"""Parts that the training folds are joined to for tuning a slow model."""

N_PENALTIES = 15
"""Penalties of the elastic net path."""

L1_RATIO = 0.5
"""Share of the absolute penalty in the elastic net."""

SVM_PENALTIES = (0.1, 1.0, 10.0)
"""C of support vectors, for a standardised target."""

TREE_DEPTH, TREE_RATE, TREE_COLUMNS = 3, 0.1, 0.3
"""Depth, learning rate and share of columns per tree of boosted trees."""


def slow_predictions(
    name: str,
    features: FloatArray,
    labels: FloatArray,
    folds: IndexArray,
    *,
    how: Preprocessing,
    is_class: bool,
    trees: int,
    seed: int,
) -> FloatArray:
    """Predict every observation by a model trained without its fold.

    Parameters
    ----------
    name
        ``elastic_net``, ``svm``, ``random_forest``, ``xgboost``.
    features
        Shape (n, p), NaN where missing.
    labels
        Shape (n, k): numbers, 0/1, or one column per class (each fitted against the rest).
    folds
        Shape (n,).
    how, is_class, trees, seed
        Preprocessing; whether labels are classes; number of trees; seed of forests.

    Returns
    -------
    predictions
        Shape (n, k): numbers, or scores around the training share of the class.
    """
    predicted = np.empty_like(labels)
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        for column in range(labels.shape[1]):
            predicted[test, column] = _FITS[name](
                features[train], labels[train, column], features[test], folds[train], how, is_class, trees, seed
            )
    return predicted


def fit_boosted(x: FloatArray, y: FloatArray, *, is_class: bool, trees: int, seed: int) -> Any:
    """Fit boosted trees; missing values go their own way in each split.

    Returns
    -------
    xgboost.Booster
    """
    import xgboost

    settings = {
        "objective": "binary:logistic" if is_class else "reg:squarederror",
        "base_score": float(np.clip(y.mean(), 0.01, 0.99)) if is_class else float(y.mean()),
        "max_depth": TREE_DEPTH,
        "eta": TREE_RATE,
        "colsample_bytree": TREE_COLUMNS,
        "max_bin": 64,
        "nthread": 1,
        "seed": seed % 2**31,
        "verbosity": 0,
    }
    return xgboost.train(settings, xgboost.DMatrix(x, y, nthread=1), num_boost_round=trees)


def _boosted(
    x: FloatArray,
    y: FloatArray,
    z: FloatArray,
    _folds: IndexArray,
    _how: Preprocessing,
    is_class: bool,
    trees: int,
    seed: int,
) -> FloatArray:
    import xgboost

    model = fit_boosted(x, y, is_class=is_class, trees=trees, seed=seed)
    return np.asarray(model.predict(xgboost.DMatrix(z, nthread=1)), dtype=float)


def _forest(
    x: FloatArray,
    y: FloatArray,
    z: FloatArray,
    _folds: IndexArray,
    how: Preprocessing,
    is_class: bool,
    trees: int,
    seed: int,
) -> FloatArray:
    from sklearn.ensemble import RandomForestRegressor

    del is_class
    x, z = scale_pair(x, z, how)
    model = RandomForestRegressor(trees, max_features=0.33, min_samples_leaf=2, n_jobs=1, random_state=seed % 2**31)
    return np.asarray(model.fit(x, y).predict(z), dtype=float)


def _elastic_net(
    x: FloatArray,
    y: FloatArray,
    z: FloatArray,
    folds: IndexArray,
    how: Preprocessing,
    is_class: bool,
    trees: int,
    seed: int,
) -> FloatArray:
    del trees, seed
    errors = np.zeros(N_PENALTIES)
    for inside, outside in _inner(folds):
        predicted = _net_path(x[inside], y[inside], x[outside], how, is_class)
        errors += ((predicted - y[outside][:, None]) ** 2).sum(axis=0)
    return _net_path(x, y, z, how, is_class)[:, int(errors.argmin())]


def _net_path(x: FloatArray, y: FloatArray, z: FloatArray, how: Preprocessing, is_class: bool) -> FloatArray:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import enet_path

    keep = relevant_features(x, y, is_class=is_class)
    a, b = scale_pair(x[:, keep], z[:, keep], how)
    centred = y - y.mean()
    largest = float(np.abs(a.T @ centred).max(initial=0.0)) / (len(y) * L1_RATIO)
    if largest <= 0:
        return np.full((len(z), N_PENALTIES), y.mean())
    alphas = largest * np.logspace(0, -2, N_PENALTIES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, slopes, _ = enet_path(a, centred, l1_ratio=L1_RATIO, alphas=alphas, tol=1e-3, max_iter=2000)
    return np.asarray(b @ slopes + y.mean())


def _support_vectors(
    x: FloatArray,
    y: FloatArray,
    z: FloatArray,
    folds: IndexArray,
    how: Preprocessing,
    is_class: bool,
    trees: int,
    seed: int,
) -> FloatArray:
    del trees, seed
    errors = [
        sum(float(((_vectors(x[i], y[i], x[o], how, is_class, penalty) - y[o]) ** 2).sum()) for i, o in _inner(folds))
        for penalty in SVM_PENALTIES
    ]
    return _vectors(x, y, z, how, is_class, SVM_PENALTIES[int(np.argmin(errors))])


def _vectors(
    x: FloatArray, y: FloatArray, z: FloatArray, how: Preprocessing, is_class: bool, penalty: float
) -> FloatArray:
    from sklearn.svm import SVC, SVR

    a, b = scale_pair(x, z, how)
    if is_class:
        if np.unique(y).size < 2:
            return np.full(len(z), y.mean())
        margin = SVC(C=penalty, class_weight="balanced").fit(a, y).decision_function(b)
        return np.asarray(y.mean() + np.tanh(margin) * min(y.mean(), 1 - y.mean()))
    spread = float(y.std()) or 1.0
    return np.asarray(SVR(C=penalty).fit(a, (y - y.mean()) / spread).predict(b) * spread + y.mean())


def _inner(folds: IndexArray) -> list[tuple[IndexArray, IndexArray]]:
    part = np.searchsorted(np.unique(folds), folds) % INNER_PARTS
    return [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(INNER_PARTS) if (part == k).any()]


_FITS = {
    "elastic_net": _elastic_net,
    "svm": _support_vectors,
    "random_forest": _forest,
    "xgboost": _boosted,
}
