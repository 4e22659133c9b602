"""Sizes of perturbation that mean something: without tuning, for the zero solution, for interpolation.

References
----------
Ribeiro, Zachariah, Bach, Schön (2023), Regularization properties of adversarially-trained linear regression, NeurIPS.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Norm = Literal[2, "inf"]
Array = NDArray[np.float64]

N_DRAWS = 200
"""Draws of noise behind the radius without tuning: its relative standard error is then about one per cent."""


def dual_norm(vector: Array, norm: Norm, *, axis: int | None = None) -> Array:
    """Return ‖vector‖_q for the q that belongs to a perturbation bounded in ‖·‖_p: 1/p + 1/q = 1."""
    return np.asarray(np.linalg.norm(vector, ord=2 if norm == 2 else 1, axis=axis))


def perturbation_norm(vector: Array, norm: Norm, *, axis: int | None = None) -> Array:
    """Return ‖vector‖_p, the norm that bounds the perturbation."""
    return np.asarray(np.linalg.norm(vector, ord=2 if norm == 2 else np.inf, axis=axis))


def auto_radius(
    X: Array,
    *,
    norm: Norm,
    scale_c: float = 1.0,
    fit_intercept: bool = True,
    n_draws: int = N_DRAWS,
    seed: int | list[int] = 0,
) -> float:
    """Return c · E[‖X'ε‖_p / ‖ε‖₁] with ε ~ N(0, I): the radius that needs no tuning, as the noise level cancels.

    Parameters
    ----------
    X
        Shape (n, p).
    norm
        Norm p of the perturbation.
    scale_c
        The factor c. 1 is the average radius at which pure noise gives the zero solution.
    fit_intercept
        Whether ε is centred, as the intercept of the model would do.
    n_draws, seed
        Draws of ε, and the seed of their generator.
    """
    noise = np.random.default_rng(seed).standard_normal((X.shape[0], n_draws))
    if fit_intercept:
        noise -= noise.mean(axis=0)
    totals = np.abs(noise).sum(axis=0)
    reached = perturbation_norm(X.T @ noise, norm, axis=0)
    known = totals > 0
    return float(scale_c * np.mean(reached[known] / totals[known])) if known.any() else 0.0


def zero_radius(X: Array, y: Array, *, norm: Norm, fit_intercept: bool = True) -> float:
    """Return ‖X'y‖_p / ‖y‖₁: from this radius on all coefficients are zero (y centred when there is an intercept)."""
    centred = y - y.mean() if fit_intercept else y
    total = float(np.abs(centred).sum())
    return float(perturbation_norm(X.T @ centred, norm)) / total if total > 0 else 0.0


def interpolation_radius(X: Array, y: Array, *, norm: Norm, fit_intercept: bool = True) -> float:
    """Return 1 / (n ‖α‖∞): up to this radius the minimum-norm interpolator is optimal.

    α is the solution of the dual of minimum-norm interpolation, max α'y with ‖X'α‖_p ≤ 1 (and Σα = 0 when there is an
    intercept). 0 where the data cannot be interpolated.
    """
    rank = np.linalg.matrix_rank(X - X.mean(axis=0) if fit_intercept else X)
    if rank < X.shape[0] - fit_intercept:
        return 0.0
    alpha = _dual_l2(X, y, fit_intercept) if norm == 2 else _dual_inf(X, y, fit_intercept)
    largest = float(np.abs(alpha).max(initial=0.0))
    return 1.0 / (X.shape[0] * largest) if largest > 0 else np.inf


def _dual_l2(X: Array, y: Array, fit_intercept: bool) -> Array:
    centred = X - X.mean(axis=0) if fit_intercept else X
    target = y - y.mean() if fit_intercept else y
    alpha = np.linalg.pinv(centred @ centred.T, hermitian=True) @ target
    length = float(np.linalg.norm(centred.T @ alpha))
    return alpha / length if length > 0 else alpha


def _dual_inf(X: Array, y: Array, fit_intercept: bool) -> Array:
    return least_sum_interpolator(X, y, fit_intercept=fit_intercept)[2]


def least_sum_interpolator(X: Array, y: Array, *, fit_intercept: bool = True) -> tuple[Array, float, Array]:
    """Return coefficients with the smallest Σ|βⱼ| that reproduce y, the intercept, and the dual solution α.

    Raises
    ------
    ValueError
        No coefficients reproduce y.
    """
    from scipy.optimize import linprog

    n, p = X.shape
    ones = np.ones((n, 1)) if fit_intercept else np.empty((n, 0))
    equations = np.hstack([X, -X, ones])
    bounds = [(0.0, None)] * (2 * p) + [(None, None)] * ones.shape[1]
    costs = np.concatenate([np.ones(2 * p), np.zeros(ones.shape[1])])
    found = linprog(costs, A_eq=equations, b_eq=y, bounds=bounds)
    if found.x is None:
        message = "the rows cannot be interpolated"
        raise ValueError(message)
    intercept = float(found.x[-1]) if fit_intercept else 0.0
    return found.x[:p] - found.x[p : 2 * p], intercept, np.asarray(found.eqlin.marginals, dtype=float)
