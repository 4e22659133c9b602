"""Prediction of the next breath or RR interval, trained against the worst perturbation of the past ones."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array, check_is_fitted

from eupnea.adversarial.parameters import AdversarialEstimator, checked_count, checked_norm
from eupnea.errors import InputError

Array = NDArray[np.float64]


class AdversarialAutoregression(AdversarialEstimator):
    """Autoregressive model of breath or RR series that minimises the error under the worst perturbation of the lags.

    The series is laid out as a matrix of its lags, and the closed form of the linear model is used. **The lags are
    perturbed independently**: a value that stands in several rows may be perturbed differently in each, so the loss is
    an upper bound of the damage that one perturbed series can do.

    Parameters
    ----------
    n_lags
        Number of past values.
    norm, radius, scale_c, fit_intercept, tol, max_iter, random_state
        As in `AdversarialRegressor`; the radius is in the unit of the series.

    Attributes
    ----------
    coef_
        Shape (n_lags,): the most recent value first.
    intercept_, radius_, objective_, gap_, n_iter_
        As in `AdversarialRegressor`.
    """

    def __init__(
        self,
        *,
        n_lags: int = 4,
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
        self.n_lags = n_lags
        self.norm = norm

    def fit(self, series: ArrayLike, y: object = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        series
            Shape (n,): consecutive values (breath durations, RR intervals); rows that touch a NaN are left out.
        y
            Not used.

        Raises
        ------
        InputError
            More than one series, fewer than three complete rows, or a parameter is not usable.
        """
        self._check_parameters()
        checked_count("n_lags", self.n_lags)
        norm = checked_norm(self.norm)
        lags, target = self._known_rows(series)
        self.coef_ = self._solve(lags, target, norm, self._radius_for(lags, norm)).coef
        return self

    def predict(self, series: ArrayLike) -> Array:
        """Predict each value from those before it; shape (n,), NaN where the past is not known."""
        check_is_fitted(self)
        values = _series(series)
        predicted = np.full(values.size, np.nan)
        predicted[self.n_lags :] = lag_matrix(values, self.n_lags) @ self.coef_ + self.intercept_
        return predicted

    def _known_rows(self, series: ArrayLike) -> tuple[Array, Array]:
        values = _series(series)
        lags = lag_matrix(values, self.n_lags)
        target = values[self.n_lags :]
        known = np.isfinite(lags).all(axis=1) & np.isfinite(target)
        if np.count_nonzero(known) < 3:
            raise InputError(
                "The series is too short for its lags",
                where="AdversarialAutoregression.fit",
                found=f"{np.count_nonzero(known)} complete rows",
                allowed="3 or more",
                change="use fewer lags or a longer series",
            )
        return lags[known], target[known]


def lag_matrix(values: Array, n_lags: int) -> Array:
    """Return shape (n - n_lags, n_lags): the values before each value, the most recent first."""
    if values.size <= n_lags:
        return np.empty((0, n_lags))
    return np.lib.stride_tricks.sliding_window_view(values[:-1], n_lags)[:, ::-1]


def _series(series: ArrayLike) -> Array:
    values = np.asarray(check_array(series, ensure_2d=False, ensure_all_finite="allow-nan", dtype=np.float64))
    if values.size != max(values.shape):
        raise InputError(
            "Several series were given where one belongs",
            where="AdversarialAutoregression",
            found=f"shape {values.shape}",
            allowed="shape (n,)",
            change="join them with a missing value (NaN) in between: rows that touch it are left out",
        )
    return values.ravel()
