"""Logistic regression trained against the worst perturbation, as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from eupnea.adversarial.parameters import AdversarialEstimator, checked_norm
from eupnea.adversarial.radius import Norm, dual_norm, perturbation_norm

Array = NDArray[np.float64]

RIDGE = 1e-8
"""Weight of ½‖β‖² that keeps the coefficients finite where the classes can be parted by more than the perturbation."""


class AdversarialClassifier(ClassifierMixin, AdversarialEstimator):
    """Linear classification of two classes that minimises the logistic loss under the worst perturbation of each row.

    The loss is (1/n) Σ log(1 + exp(δ‖β‖_q - sᵢ(xᵢ'β + b))) with sᵢ = ±1.

    Parameters
    ----------
    norm, radius, scale_c, fit_intercept, random_state
        As in `AdversarialRegressor`.
    tol, max_iter
        Largest slope at which the solver (L-BFGS-B) stops, and its iterations at most.

    Attributes
    ----------
    classes_
        The two classes; the second is the positive one.
    coef_, intercept_
        Shapes (1, n_features) and (1,).
    radius_, objective_, n_iter_, n_features_in_
        As in `AdversarialRegressor`.

    References
    ----------
    Ribeiro, Zachariah, Bach, Schön (2023), NeurIPS; Yin, Kannan, Bartlett (2019), ICML.
    """

    def __init__(
        self,
        *,
        norm: Any = "inf",
        radius: Any = "auto",
        scale_c: float = 1.0,
        fit_intercept: bool = True,
        tol: float = 1e-7,
        max_iter: int = 2000,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            radius=radius,
            scale_c=scale_c,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
            random_state=random_state,
        )
        self.norm = norm

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the model to X, shape (n, p), and two classes y, shape (n,).

        Raises
        ------
        ValueError
            There are not exactly two classes.
        """
        features, labels = validate_data(self, X, y, dtype=np.float64)
        self._check_parameters()
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if self.classes_.size > 2:
            message = (
                f"Only binary classification is supported. The type of the target is multiclass: {self.classes_.size}"
            )
            raise ValueError(message)
        if self.classes_.size < 2:
            message = "Classifier can't train when only one class is present."
            raise ValueError(message)
        norm = checked_norm(self.norm)
        self.radius_ = radius = self._radius_for(features, norm)
        signs = np.asarray(2.0 * codes - 1.0, dtype=np.float64)
        coef, intercept, self.n_iter_ = self._descend(features, signs, radius, norm)
        self.coef_, self.intercept_ = coef[None, :], np.array([intercept])
        margins = signs * (features @ coef + intercept)
        self.objective_ = float(np.mean(np.logaddexp(0.0, radius * float(dual_norm(coef, norm)) - margins)))
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Return the logarithm of the odds of the second class; shape (n,)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(features @ self.coef_[0] + self.intercept_[0])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the more probable class; shape (n,)."""
        scores = self.decision_function(X)
        return np.asarray(self.classes_[(scores > 0).astype(int)])

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the probabilities of both classes; shape (n, 2)."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def _descend(self, X: Array, signs: Array, radius: float, norm: Norm) -> tuple[Array, float, int]:
        means = X.mean(axis=0) if self.fit_intercept else np.zeros(X.shape[1])
        centred = X - means
        share = float(np.mean(signs > 0))
        start = float(np.log(share / (1 - share))) if self.fit_intercept else 0.0
        pull = centred.T @ (signs * expit(-signs * start))
        reach = radius * float(expit(-signs * start).sum())
        if float(perturbation_norm(pull, norm)) <= reach:
            return np.zeros(X.shape[1]), start, 0
        problem = _Split(centred, signs, radius, norm, self.fit_intercept)
        found = minimize(
            problem,
            problem.start(pull, start),
            jac=True,
            method="L-BFGS-B",
            bounds=problem.bounds(),
            options={"maxiter": self.max_iter, "maxfun": 2 * self.max_iter, "gtol": self.tol, "ftol": 1e-15},
        )
        coef, intercept = problem.parts(found.x)
        return coef, float(intercept - means @ coef), int(found.nit)


class _Split:
    """The loss as a smooth function: for q = 1 the coefficients are split into their positive and negative parts."""

    def __init__(self, X: Array, signs: Array, radius: float, norm: Norm, fit_intercept: bool) -> None:
        self.X, self.signs, self.radius, self.norm, self.fit_intercept = X, signs, radius, norm, fit_intercept
        self.p = X.shape[1]

    def __call__(self, z: Array) -> tuple[float, Array]:
        coef, intercept = self.parts(z)
        size = float(np.linalg.norm(coef)) if self.norm == 2 else float(z[: 2 * self.p].sum())
        excess = self.radius * size - self.signs * (self.X @ coef + intercept)
        weights = expit(excess) / self.signs.size
        slope = -self.X.T @ (weights * self.signs) + RIDGE * coef
        push = self.radius * float(weights.sum())
        value = float(np.logaddexp(0.0, excess).mean()) + RIDGE / 2 * float(coef @ coef)
        last = -float(weights @ self.signs) if self.fit_intercept else 0.0
        if self.norm == 2:
            return value, np.append(slope + push * coef / max(size, np.finfo(float).tiny), last)
        return value, np.concatenate([slope + push, push - slope, [last]])

    def parts(self, z: Array) -> tuple[Array, float]:
        """Return coefficients and intercept."""
        coef = z[: self.p] if self.norm == 2 else z[: self.p] - z[self.p : 2 * self.p]
        return coef, float(z[-1])

    def start(self, pull: Array, intercept: float) -> Array:
        """Return a small step from zero along the steepest descent."""
        step = 1e-3 * pull / max(float(np.linalg.norm(pull)), np.finfo(float).tiny)
        if self.norm == 2:
            return np.append(step, intercept)
        return np.concatenate([np.maximum(step, 0), np.maximum(-step, 0), [intercept]])

    def bounds(self) -> list[tuple[float | None, float | None]]:
        """Return the bounds of the split coefficients and of the intercept."""
        intercept: tuple[float | None, float | None] = (None, None) if self.fit_intercept else (0.0, 0.0)
        if self.norm == 2:
            return [(None, None)] * self.p + [intercept]
        return [(0.0, None)] * (2 * self.p) + [intercept]
