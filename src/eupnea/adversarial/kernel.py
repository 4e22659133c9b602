"""Kernel regression trained against the worst perturbation in feature space."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.utils.validation import check_is_fitted, validate_data

from eupnea.adversarial.parameters import AdversarialEstimator, checked_number
from eupnea.errors import InputError

Array = NDArray[np.float64]

RANK_TOLERANCE = 1e-10
"""Eigenvalues of the kernel matrix below this share of the largest count as zero."""


class KernelAdversarialRegressor(RegressorMixin, AdversarialEstimator):
    """Kernel regression that minimises the squared error under the worst perturbation in the kernel's feature space.

    With ‖Δᵢ‖ ≤ δ in the feature space H the loss is (1/n) Σ (|yᵢ - f(xᵢ) - b| + δ‖f‖_H)². For the RBF kernel a shift
    of ε of the input is a shift of √(2 - 2 exp(-γε²)) in feature space.

    Parameters
    ----------
    kernel
        ``"rbf"``, ``"linear"``, ``"poly"``, or any other name that `sklearn.metrics.pairwise.pairwise_kernels` knows.
    gamma
        Parameter of the kernel; ``"scale"`` is 1 / (n_features · variance of the training data).
    degree, coef0
        Parameters of the polynomial kernel.
    radius, scale_c, fit_intercept, tol, max_iter, random_state
        As in `AdversarialRegressor`; the automatic radius is computed in feature space.

    Attributes
    ----------
    dual_coef_, X_fit_, intercept_
        f(x) = Σ dual_coef_ᵢ k(x, X_fit_ᵢ) + intercept_.
    radius_, objective_, gap_, n_iter_, gamma_, n_features_in_
        As in `AdversarialRegressor`; the kernel's parameter used.

    References
    ----------
    Ribeiro, Vasconcelos, Schön and colleagues (2025), Kernel learning with adversarial features.
    """

    def __init__(
        self,
        *,
        kernel: str = "rbf",
        gamma: Any = "scale",
        degree: int = 3,
        coef0: float = 1.0,
        radius: Any = "auto",
        scale_c: float = 1.0,
        fit_intercept: bool = True,
        tol: float = 1e-7,
        max_iter: int = 300,
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
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the model to X, shape (n, p), and y, shape (n,)."""
        features, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self._check_parameters()
        self.gamma_ = self._gamma(features)
        values, vectors = np.linalg.eigh(self._kernel(features, features))
        known = values > RANK_TOLERANCE * max(float(values[-1]), np.finfo(float).tiny)
        roots, vectors = np.sqrt(values[known]), vectors[:, known]
        images = vectors * roots
        found = self._solve(images, target, 2, self._radius_for(images, 2))
        self.X_fit_, self.dual_coef_ = features, vectors @ (found.coef / roots)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict; shape (n,)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(self._kernel(features, self.X_fit_) @ self.dual_coef_ + self.intercept_)

    def gradient(self, X: Array) -> Array:
        """Return d prediction / d features, shape (n, p); RBF and linear kernels only."""
        check_is_fitted(self)
        if self.kernel == "linear":
            return np.broadcast_to(self.dual_coef_ @ self.X_fit_, X.shape).copy()
        if self.kernel != "rbf":
            raise InputError(
                "This kernel has no gradient here", where="kernel", found=self.kernel, allowed="rbf, linear"
            )
        pull = self._kernel(X, self.X_fit_) * self.dual_coef_
        return np.asarray(-2 * self.gamma_ * (X * pull.sum(axis=1, keepdims=True) - pull @ self.X_fit_))

    def _gamma(self, X: Array) -> float:
        if self.gamma != "scale":
            return checked_number("gamma", self.gamma, is_positive=True, others='"scale"')
        variance = float(X.var())
        return 1.0 / (X.shape[1] * variance) if variance > 0 else 1.0

    def _kernel(self, A: Array, B: Array) -> Array:
        if self.kernel == "rbf":
            distances = (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2 * A @ B.T
            return np.asarray(np.exp(-self.gamma_ * np.maximum(distances, 0.0)))
        options = {"gamma": self.gamma_, "degree": self.degree, "coef0": self.coef0}
        return np.asarray(pairwise_kernels(A, B, metric=self.kernel, filter_params=True, **options))
