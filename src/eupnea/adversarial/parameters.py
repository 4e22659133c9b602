"""What the estimators have in common: their parameters, the checks of these, and what they keep of a solution."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from eupnea.adversarial.radius import Norm, auto_radius
from eupnea.adversarial.solver import Solution, solve
from eupnea.errors import InputError

Array = NDArray[np.float64]

NEGLIGIBLE_GAP = 1e-6
"""Relative distance from the optimum up to which a solution is not worth a warning."""


def checked_norm(norm: object) -> Norm:
    """Return 2 or ``"inf"``; an infinite number counts as ``"inf"``."""
    if norm == 2:
        return 2
    if norm in ("inf", np.inf):
        return "inf"
    raise InputError("The norm of the perturbation is unknown", where="norm", found=repr(norm), allowed='2, "inf"')


def checked_radius(radius: object) -> float | Literal["auto"]:
    """Return the radius as a number that is not negative, or ``"auto"``."""
    return "auto" if radius == "auto" else checked_number("radius", radius, others='"auto"')


def checked_number(name: str, value: object, *, is_positive: bool = False, others: str = "") -> float:
    """Return a parameter as a finite number ≥ 0 (or, if told so, > 0); the message names `others` that are allowed."""
    number = float(value) if isinstance(value, Real) else np.nan
    if np.isfinite(number) and (number > 0 if is_positive else number >= 0):
        return number
    least = "a number > 0" if is_positive else "a number ≥ 0"
    allowed = f"{others}, or {least}" if others else least
    raise InputError("A parameter of the estimator is not usable", where=name, found=repr(value), allowed=allowed)


def checked_count(name: str, value: object) -> int:
    """Return a parameter as a whole number from 1 on."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1:
        return int(value)
    raise InputError(
        "A parameter of the estimator is not usable", where=name, found=repr(value), allowed="a whole number ≥ 1"
    )


def checked_switch(name: str, value: object) -> bool:
    """Return a parameter that is either true or false."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise InputError(
        "A parameter of the estimator is not usable", where=name, found=repr(value), allowed="True or False"
    )


def checked_seed(name: str, value: object) -> int:
    """Return a parameter as a whole number from 0 on: the same seed gives the same model."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0:
        return int(value)
    raise InputError(
        "A parameter of the estimator is not usable", where=name, found=repr(value), allowed="a whole number ≥ 0"
    )


class AdversarialEstimator(BaseEstimator):
    """Parameters that all estimators share; `AdversarialRegressor` tells what they mean."""

    intercept_: Any

    def __init__(
        self,
        *,
        radius: Any = "auto",
        scale_c: float = 1.0,
        fit_intercept: bool = True,
        tol: float = 1e-7,
        max_iter: int = 300,
        random_state: int = 0,
    ) -> None:
        self.radius = radius
        self.scale_c = scale_c
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def _check_parameters(self) -> None:
        """Raise an `InputError` that names the first parameter that is not usable: before any work is done."""
        checked_radius(self.radius)
        checked_number("scale_c", self.scale_c, is_positive=True)
        checked_number("tol", self.tol, is_positive=True)
        checked_count("max_iter", self.max_iter)
        checked_switch("fit_intercept", self.fit_intercept)
        checked_seed("random_state", self.random_state)

    def _radius_for(self, X: Array, norm: Norm) -> float:
        """Return the radius that the parameters ask for: the number given, or the automatic one for X, shape (n, p)."""
        radius = checked_radius(self.radius)
        if radius != "auto":
            return radius
        return auto_radius(X, norm=norm, scale_c=self.scale_c, fit_intercept=self.fit_intercept, seed=self.random_state)

    def _solve(self, X: Array, y: Array, norm: Norm, radius: float) -> Solution:
        """Solve the problem for a radius and keep what every estimator tells of it."""
        found = solve(
            X,
            np.asarray(y, dtype=np.float64),
            radius=radius,
            norm=norm,
            fit_intercept=self.fit_intercept,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        if found.gap > max(self.tol, NEGLIGIBLE_GAP):
            text = f"stopped after {found.n_iter} iterations, at most {found.gap:.1e} above the optimum; raise max_iter"
            warnings.warn(text, ConvergenceWarning, stacklevel=3)
        self.radius_, self.intercept_ = radius, found.intercept
        self.objective_, self.gap_, self.n_iter_ = found.objective, found.gap, found.n_iter
        return found
