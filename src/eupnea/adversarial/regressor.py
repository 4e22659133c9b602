"""Linear regression trained against the worst perturbation, as scikit-learn estimators."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.utils.validation import check_is_fitted, validate_data

from eupnea.adversarial.radius import Norm, auto_radius, dual_norm, zero_radius
from eupnea.adversarial.solver import solve
from eupnea.errors import InputError

Array = NDArray[np.float64]


def checked_norm(norm: object) -> Norm:
    """Return 2 or ``"inf"``; an infinite number counts as ``"inf"``."""
    if norm == 2:
        return 2
    if norm in ("inf", np.inf):
        return "inf"
    raise InputError("The norm of the perturbation is unknown", where="norm", found=norm, allowed='2, "inf"')


def checked_radius(radius: object) -> float | Literal["auto"]:
    """Return the radius as a number that is not negative, or ``"auto"``."""
    if radius == "auto":
        return "auto"
    if isinstance(radius, (int, float, np.number)) and np.isfinite(radius) and radius >= 0:
        return float(radius)
    raise InputError(
        "The radius of the perturbation is not usable", where="radius", found=radius, allowed='"auto", or a number ≥ 0'
    )


def radius_for(estimator: Any, X: Array, norm: Norm) -> float:
    """Return the radius that an estimator's parameters ask for: the number given, or the automatic one for X.

    Parameters
    ----------
    estimator
        With ``radius``, ``scale_c``, ``fit_intercept`` and ``random_state``.
    X
        Shape (n, p): what is perturbed.
    norm
        Norm p of the perturbation.

    Raises
    ------
    InputError
        The radius is neither ``"auto"`` nor a number that is not negative.
    """
    radius = checked_radius(estimator.radius)
    if radius != "auto":
        return radius
    options = {"scale_c": estimator.scale_c, "fit_intercept": estimator.fit_intercept, "seed": estimator.random_state}
    return auto_radius(X, norm=norm, **options)


class AdversarialRegressor(RegressorMixin, BaseEstimator):
    """Linear regression that minimises the squared error under the worst perturbation of each row.

    The worst perturbation ‖Δᵢ‖_p ≤ δ of a linear model has a closed form, so the loss is
    (1/n) Σ (|yᵢ - xᵢ'β - b| + δ‖β‖_q)²: p = ∞ shrinks like the lasso, p = 2 like ridge. Features should have comparable
    scales (standardise them).

    Parameters
    ----------
    norm
        Norm p that bounds the perturbation: 2 or ``"inf"``.
    radius
        δ ≥ 0, or ``"auto"``: c · E‖X'ε‖_p / ‖ε‖₁ with ε ~ N(0, I), which needs no tuning (Ribeiro et al. 2023).
    scale_c
        The factor c of the automatic radius; 1 is where pure noise gives the zero solution on average.
    fit_intercept
        Whether there is an intercept; it is not penalised.
    tol, max_iter
        Relative gap to a lower bound of the optimum at which the solver stops, and its iterations at most.
    random_state
        Seed of the noise of the automatic radius.

    Attributes
    ----------
    coef_, intercept_
        Shape (n_features,), and a number.
    radius_
        The radius used.
    objective_, gap_, n_iter_
        Value of the loss, how far from the optimum it can be at most (relative), and iterations.
    n_features_in_
        Number of features.

    References
    ----------
    Ribeiro, Zachariah, Bach, Schön (2023), Regularization properties of adversarially-trained linear regression,
    NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((50, 200))
    >>> model = AdversarialRegressor(norm="inf").fit(X, X[:, 0])
    >>> int(np.argmax(np.abs(model.coef_)))
    0
    """

    def __init__(
        self,
        *,
        norm: Any = "inf",
        radius: Any = "auto",
        scale_c: float = 1.0,
        fit_intercept: bool = True,
        tol: float = 1e-7,
        max_iter: int = 300,
        random_state: int = 0,
    ) -> None:
        self.norm = norm
        self.radius = radius
        self.scale_c = scale_c
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the model.

        Parameters
        ----------
        X, y
            Shapes (n, p) and (n,).

        Raises
        ------
        InputError
            Norm or radius are unusable.
        """
        features, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        norm = checked_norm(self.norm)
        radius = radius_for(self, features, norm)
        found = solve(
            features,
            np.asarray(target, dtype=float),
            radius=radius,
            norm=norm,
            fit_intercept=self.fit_intercept,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self.radius_ = radius
        self.coef_, self.intercept_ = found.coef, found.intercept
        self.objective_, self.gap_, self.n_iter_ = found.objective, found.gap, found.n_iter
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict; shape (n,)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(features @ self.coef_ + self.intercept_)

    def worst_case_error(self, X: ArrayLike, y: ArrayLike, *, radius: float, norm: Any = None) -> Array:
        """Return |y - prediction| + radius · ‖β‖_q: the largest absolute error within the ball; shape (n,)."""
        reach = radius * float(dual_norm(self.coef_, checked_norm(self.norm if norm is None else norm)))
        return np.abs(np.asarray(y, dtype=float) - self.predict(X)) + reach


class AdversarialRegressorCV(AdversarialRegressor):
    """Adversarial regression whose radius is chosen by cross-validation, on clean or on robust loss.

    Parameters
    ----------
    norm, fit_intercept, tol, max_iter
        As in `AdversarialRegressor`.
    n_radii, smallest
        Radii tried: evenly spaced logarithms from `smallest` times to once the radius of the zero solution.
    attack_radius, attack_norm
        The perturbation that the loss is judged under; 0 is clean.
    cv
        Folds, or a splitter.

    Attributes
    ----------
    radii_, losses_
        Radii tried and their mean absolute error under the perturbation, over all left-out rows.
    """

    def __init__(
        self,
        *,
        norm: Any = "inf",
        n_radii: int = 12,
        smallest: float = 0.01,
        attack_radius: float = 0.0,
        attack_norm: Any = "inf",
        cv: Any = 5,
        fit_intercept: bool = True,
        tol: float = 1e-5,
        max_iter: int = 200,
    ) -> None:
        super().__init__(norm=norm, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.n_radii = n_radii
        self.smallest = smallest
        self.attack_radius = attack_radius
        self.attack_norm = attack_norm
        self.cv = cv

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Choose the radius and fit the model.

        Parameters
        ----------
        X, y
            Shapes (n, p) and (n,).
        groups
            Passed to the splitter.
        """
        features, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        target = np.asarray(target, dtype=float)
        norm, attack_norm = checked_norm(self.norm), checked_norm(self.attack_norm)
        largest = zero_radius(features - features.mean(axis=0), target, norm=norm) or 1.0
        self.radii_ = largest * np.geomspace(self.smallest, 1.0, self.n_radii)
        losses = np.zeros(self.n_radii)
        for train, test in check_cv(self.cv).split(features, target, groups):
            for number, radius in enumerate(self.radii_):
                found = self._solve(features[train], target[train], norm, float(radius))
                residual = np.abs(target[test] - features[test] @ found.coef - found.intercept)
                reach = self.attack_radius * float(dual_norm(found.coef, attack_norm))
                losses[number] += float((residual + reach).sum()) / target.size
        self.losses_ = losses
        self.radius_ = float(self.radii_[losses.size - 1 - int(np.argmin(losses[::-1]))])
        found = self._solve(features, target, norm, self.radius_)
        self.coef_, self.intercept_ = found.coef, found.intercept
        self.objective_, self.gap_, self.n_iter_ = found.objective, found.gap, found.n_iter
        return self

    def _solve(self, X: Array, y: Array, norm: Norm, radius: float) -> Any:
        return solve(
            X, y, radius=radius, norm=norm, fit_intercept=self.fit_intercept, tol=self.tol, max_iter=self.max_iter
        )
