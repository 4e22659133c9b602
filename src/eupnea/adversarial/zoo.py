"""The age models that are compared: fitted on the training people of a fold, tuned inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eupnea.adversarial.attacks import Model
from eupnea.adversarial.radius import Norm, auto_radius, dual_norm, zero_radius
from eupnea.adversarial.scaling import balanced_folds
from eupnea.adversarial.solver import solve
from eupnea.config.adversarial import AdversarialConfig

Array = NDArray[np.float64]
Path = list["LinearModel"]
PathMaker = Callable[[Array, Array], Path]

RIDGE_PENALTIES = np.geomspace(1.0, 1e5, 11)
"""Penalties of ridge on standardised features, as a sum over people."""

PATH_SHARES = np.geomspace(0.04, 1.0, 10)
"""Penalties of the lasso and radii, as shares of the one that gives the zero solution."""

PATH_TOLERANCE = 1e-4
"""Relative gap of the models along a path; the model finally fitted is solved to `FINAL_TOLERANCE`."""

FINAL_TOLERANCE = 1e-6

XGBOOST = {"max_depth": 2, "learning_rate": 0.1, "subsample": 0.8, "colsample_bytree": 0.3, "tree_method": "hist"}
"""Boosted trees for some ten to some hundred people: shallow, and each tree sees a share of people and features."""


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A linear model.

    Attributes
    ----------
    coef_, intercept_
        Shape (p,), and a number.
    label
        What it was chosen as: the penalty or radius.
    """

    coef_: Array
    intercept_: float
    label: str = ""

    def predict(self, X: Array) -> Array:
        """Predict; shape (n,)."""
        return np.asarray(X @ self.coef_ + self.intercept_)

    def worst_error(self, X: Array, y: Array, epsilon: float) -> Array:
        """Return the largest absolute error of each row within ‖Δ‖∞ ≤ ε."""
        return np.abs(y - self.predict(X)) + epsilon * float(dual_norm(self.coef_, "inf"))


class TreeModel:
    """XGBoost with the features that its trees look at."""

    def __init__(self, booster: Any, n_features: int) -> None:
        self._booster = booster
        self.used_features = np.asarray(booster.feature_importances_[:n_features] > 0)

    def predict(self, X: Array) -> Array:
        """Predict; shape (n,)."""
        return np.asarray(self._booster.predict(X), dtype=float)


def fit_models(X: Array, y: Array, *, config: AdversarialConfig, seed: list[int]) -> dict[str, Model]:
    """Fit every model to the training people.

    Parameters
    ----------
    X, y
        Shapes (n, p), standardised, and (n,).
    config, seed
        Block of the stage; seed of this fold.

    Returns
    -------
    models
        By name, in the order of the tables; ``selected`` is the linear model (or the median) with the smallest robust
        error in the inner folds.
    """
    folds = balanced_folds(y, min(config.inner_folds, y.size // 2), np.random.default_rng(seed))
    models: dict[str, Model] = {"median": _median_path(X, y)[0]}
    inner = {"median": float(_inner_errors(_median_path, X, y, folds, config.design_epsilon)[1][0])}
    for family, path in FAMILIES.items():
        tuned = _tune(family, path, X, y, folds, config)
        models.update({name: model for name, (model, _) in tuned.items()})
        inner.update({name: error for name, (_, error) in tuned.items()})
    chosen = min(inner, key=lambda name: inner[name])
    models["selected"] = models[chosen]
    return models | _other_models(X, y, config=config, seed=seed)


def ridge_path(X: Array, y: Array, penalties: Array = RIDGE_PENALTIES) -> Path:
    """Return ridge models for all penalties from one decomposition."""
    means, mean = X.mean(axis=0), float(y.mean())
    left, values, right = np.linalg.svd(X - means, full_matrices=False)
    projected = left.T @ (y - mean)
    coefs = [right.T @ (values / (values**2 + penalty) * projected) for penalty in penalties]
    return [_centred(coef, means, mean, f"{penalty:.4g}") for coef, penalty in zip(coefs, penalties, strict=True)]


def lasso_path(X: Array, y: Array, shares: Array = PATH_SHARES) -> Path:
    """Return lasso models for shares of the penalty that gives the zero solution."""
    from sklearn.linear_model import lasso_path as path

    means, mean = X.mean(axis=0), float(y.mean())
    centred = np.asfortranarray(X - means)
    largest = float(np.abs(centred.T @ (y - mean)).max()) / y.size
    _, coefs, _ = path(centred, y - mean, alphas=largest * shares[::-1], max_iter=5000, tol=1e-4)
    ordered = np.asarray(coefs)[:, ::-1]
    return [_centred(ordered[:, i], means, mean, f"{share:.4g}") for i, share in enumerate(shares)]


def adversarial_path(X: Array, y: Array, norm: Norm, shares: Array = PATH_SHARES) -> Path:
    """Return adversarial models for shares of the radius that gives the zero solution."""
    largest = zero_radius(X - X.mean(axis=0), y, norm=norm)
    return [_adversarial(X, y, share * largest, norm, PATH_TOLERANCE) for share in shares]


def _adversarial(X: Array, y: Array, radius: float, norm: Norm, tol: float) -> LinearModel:
    found = solve(X, y, radius=radius, norm=norm, tol=tol, max_iter=300)
    return LinearModel(found.coef, found.intercept, f"{radius:.4g}")


def _centred(coef: Array, means: Array, mean: float, label: str) -> LinearModel:
    return LinearModel(coef, mean - float(means @ coef), label)


def _adversarial_inf(X: Array, y: Array) -> Path:
    return adversarial_path(X, y, "inf")


def _adversarial_2(X: Array, y: Array) -> Path:
    return adversarial_path(X, y, 2)


def _median_path(X: Array, y: Array) -> Path:
    return [LinearModel(np.zeros(X.shape[1]), float(np.median(y)), "median")]


FAMILIES: dict[str, PathMaker] = {
    "ridge": ridge_path,
    "lasso": lasso_path,
    "adversarial_inf": _adversarial_inf,
    "adversarial_2": _adversarial_2,
}
"""Linear families: each is tuned on clean loss (``<family>_clean``) and on robust loss (``<family>_robust``)."""


def _tune(
    family: str,
    path: PathMaker,
    X: Array,
    y: Array,
    folds: NDArray[np.intp],
    config: AdversarialConfig,
) -> dict[str, tuple[Model, float]]:
    """Return the models of a family with the robust error each has in the inner folds."""
    tuned: dict[str, tuple[Model, float]] = {}
    if family.startswith("adversarial"):
        auto = partial(_auto_path, norm=2 if family.endswith("2") else "inf", scale_c=config.scale_c)
        _, robust = _inner_errors(auto, X, y, folds, config.design_epsilon)
        tuned[family] = auto(X, y)[0], float(robust[0])
    clean, robust = _inner_errors(path, X, y, folds, config.design_epsilon)
    models = path(X, y)
    for name, errors in ((f"{family}_clean", clean), (f"{family}_robust", robust)):
        pick = errors.size - 1 - int(np.argmin(errors[::-1]))
        tuned[name] = models[pick], float(robust[pick])
    return tuned


def _inner_errors(path: PathMaker, X: Array, y: Array, folds: NDArray[np.intp], epsilon: float) -> tuple[Array, Array]:
    """Return mean absolute errors along a path, clean and under the worst ℓ∞ shift, over all left-out people."""
    clean, robust = [], []
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        models = path(X[train], y[train])
        clean.append([model.worst_error(X[test], y[test], 0.0).sum() for model in models])
        robust.append([model.worst_error(X[test], y[test], epsilon).sum() for model in models])
    return np.sum(clean, axis=0) / y.size, np.sum(robust, axis=0) / y.size


def _auto_path(X: Array, y: Array, norm: Norm, scale_c: float) -> Path:
    return [_adversarial(X, y, auto_radius(X, norm=norm, scale_c=scale_c), norm, FINAL_TOLERANCE)]


def _other_models(X: Array, y: Array, *, config: AdversarialConfig, seed: list[int]) -> dict[str, Model]:
    from eupnea.adversarial.kernel import KernelAdversarialRegressor

    models: dict[str, Model] = {
        "kernel_adversarial": KernelAdversarialRegressor(tol=FINAL_TOLERANCE, scale_c=config.kernel_scale_c).fit(X, y),
        "xgboost": _trees(X, y, config, seed),
        "xgboost_noise": _trees(*_noisy(X, y, config, np.random.default_rng(seed)), config, seed),
    }
    if config.models == "thorough":
        from eupnea.adversarial.networks import fit_networks

        models |= fit_networks(X, y, config=config, seed=seed)
    return models


def _trees(X: Array, y: Array, config: AdversarialConfig, seed: list[int]) -> TreeModel:
    from xgboost import XGBRegressor

    chosen = int(np.random.default_rng(seed).integers(2**31))
    booster = XGBRegressor(n_estimators=config.trees, n_jobs=1, random_state=chosen, max_bin=64, **XGBOOST)
    return TreeModel(booster.fit(X, y), X.shape[1])


def _noisy(X: Array, y: Array, config: AdversarialConfig, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return each person several times, shifted at random within the design ε."""
    copies = np.repeat(X, config.noise_copies, axis=0)
    shifts = rng.uniform(-config.design_epsilon, config.design_epsilon, size=copies.shape)
    return np.vstack([X, copies + shifts]), np.concatenate([y, np.repeat(y, config.noise_copies)])
