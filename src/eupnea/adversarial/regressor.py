"""Linear regression trained against the worst perturbation, as scikit-learn estimators."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.utils.validation import check_is_fitted, validate_data

from eupnea.adversarial.parameters import AdversarialEstimator, checked_count, checked_norm, checked_number
from eupnea.adversarial.radius import dual_norm, zero_radius

Array = NDArray[np.float64]


class AdversarialRegressor(RegressorMixin, AdversarialEstimator):
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
        super().__init__(
            radius=radius,
            scale_c=scale_c,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
            random_state=random_state,
        )
        self.norm = norm

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the model.

        Parameters
        ----------
        X, y
            Shapes (n, p) and (n,).

        Raises
        ------
        InputError
            A parameter is not usable.
        """
        features, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self._check_parameters()
        norm = checked_norm(self.norm)
        self.coef_ = self._solve(features, target, norm, self._radius_for(features, norm)).coef
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
        self._check_parameters()
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
        best = float(self.radii_[losses.size - 1 - int(np.argmin(losses[::-1]))])
        self.coef_ = self._solve(features, target, norm, best).coef
        return self

    def _check_parameters(self) -> None:
        super()._check_parameters()
        checked_count("n_radii", self.n_radii)
        checked_number("smallest", self.smallest, is_positive=True)
        checked_number("attack_radius", self.attack_radius)
