"""Finish an adversarial regression exactly, once the iterations show which residuals and coefficients are zero.

At the optimum some residuals are exactly zero, and for ℓ∞ perturbations most coefficients are. Given these sets and the
signs of the others the loss is smooth, and its optimum solves a small system of equations; whatever turns out to be on
the wrong side is moved, and the system is solved again (a semismooth Newton method).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.adversarial.bounds import lower_bound, mean_square
from eupnea.adversarial.radius import Norm, dual_norm, perturbation_norm

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDS = 15
"""Systems solved at most."""

DIVERGED = 2.0
"""Loss, as a multiple of that at the start, from which the sets are given up as too far off."""

NEAR_LARGEST = 0.97
"""A coefficient may differ from zero when its column's |x'u| is at least this share of the largest."""

SLACK = 1e-9
"""Relative violation of a bound that counts as rounding."""


@dataclass(slots=True)
class State:
    """Where the method stands.

    Attributes
    ----------
    coef, intercept
        Shape (p,), and a number.
    u
        Shape (n,): the dual variable.
    loss, bound
        Objective, and a lower bound of the optimum.
    """

    coef: Array
    intercept: float
    u: Array
    loss: float = np.inf
    bound: float = 0.0


@dataclass(frozen=True, slots=True)
class Moments:
    """Products of the columns of X, a column of ones last: shapes (p + 1, p + 1) and, with y, (p + 1,)."""

    squares: Array
    products: Array


@dataclass(slots=True)
class _Sets:
    """Which residuals are zero, the signs of the others, and the signs of the coefficients (0: not used)."""

    zero: Mask
    signs: Array
    used: Array


def moments_of(X: Array, y: Array) -> Moments:
    """Return the products of all columns of X, shape (n, p), with each other and with y, shape (n,)."""
    rows = np.hstack([X, np.ones((y.size, 1))])
    return Moments(rows.T @ rows, rows.T @ y)


def polish(
    X: Array,
    y: Array,
    start: State,
    *,
    radius: float,
    norm: Norm,
    fit_intercept: bool,
    moments: Moments | None = None,
) -> State:
    """Solve the problem on the sets that `start` suggests, correcting them.

    Parameters
    ----------
    X, y
        Shapes (n, p) and (n,).
    start
        Coefficients, intercept and dual variable of a nearly optimal point.
    radius, norm, fit_intercept
        The problem.
    moments
        From `moments_of`, for data with more rows than columns: a system then costs little.

    Returns
    -------
    State
        The point with the smallest loss and the largest lower bound met; ``loss`` is infinite when nothing was solved.
    """
    best = State(start.coef, start.intercept, start.u)
    now, sets = start, _first_sets(X, y, start, radius, norm)
    size = radius * float(dual_norm(start.coef, norm))
    most = DIVERGED * mean_square(y - X @ start.coef - start.intercept, size)
    for _ in range(ROUNDS):
        _limit_zeros(sets, now.u, norm, fit_intercept)
        try:
            now = _step(X, y, now, sets, (radius, norm, fit_intercept), moments)
        except np.linalg.LinAlgError:
            break
        if not (np.isfinite(now.loss) and np.isfinite(now.bound)) or now.loss > most:
            break
        bound = max(best.bound, now.bound)
        best = now if now.loss < best.loss else best
        best = State(best.coef, best.intercept, best.u, best.loss, bound)
        moved = _move(X, y, now, sets, radius, norm)
        done = not moved and (norm == "inf" or best.loss - best.bound <= SLACK * best.loss)
        if done or not sets.used.any():
            break
    return best


def _first_sets(X: Array, y: Array, start: State, radius: float, norm: Norm) -> _Sets:
    residual = y - X @ start.coef - start.intercept
    zero = np.abs(start.u) < 2 * radius * float(dual_norm(start.coef, norm))
    signs = np.where(zero, np.where(residual >= 0, 1.0, -1.0), np.sign(start.u))
    if norm == 2:
        return _Sets(zero, signs, np.ones(X.shape[1]))
    pull = X.T @ start.u
    near = np.abs(pull) >= NEAR_LARGEST * np.abs(pull).max()
    used = _strongest(np.where(near, np.sign(pull), 0.0), np.abs(start.coef), y.size)
    return _Sets(zero, signs, used)


def _strongest(used: Array, strength: Array, most: int) -> Array:
    """Keep no more coefficients than there are rows: an optimum needs no more."""
    if np.count_nonzero(used) <= most:
        return used
    order = np.where(used != 0, -strength, np.inf).argsort(kind="stable")
    kept = np.zeros_like(used)
    kept[order[:most]] = used[order[:most]]
    return kept


def _limit_zeros(sets: _Sets, u: Array, norm: Norm, fit_intercept: bool) -> None:
    """Let no more residuals be zero than there are coefficients to make them so."""
    most = int(np.count_nonzero(sets.used)) + fit_intercept
    if np.count_nonzero(sets.zero) > most:
        rank = np.where(sets.zero, np.abs(u), np.inf).argsort(kind="stable")
        sets.zero = np.zeros(u.size, dtype=bool)
        sets.zero[rank[:most]] = True


def _step(
    X: Array, y: Array, now: State, sets: _Sets, problem: tuple[float, Norm, bool], moments: Moments | None
) -> State:
    radius, norm, fit_intercept = problem
    used = np.flatnonzero(sets.used)
    slope, curvature = _norm_terms(now, sets, used, norm)
    slopes = np.append(radius * slope, np.zeros(int(fit_intercept)))
    zero_rows = _rows(X[sets.zero], used, fit_intercept)
    hessian, right = _squares(X, y, sets, slopes, (used, fit_intercept), moments)
    if curvature is not None:
        pressure = radius * float(np.maximum(np.abs(now.u), 2 * radius * np.linalg.norm(now.coef)).sum())
        hessian[: used.size, : used.size] += pressure * curvature
    solution = _solve_kkt(hessian, zero_rows, right, y[sets.zero])
    coef = np.zeros(X.shape[1])
    coef[used] = solution[: used.size]
    intercept = float(solution[used.size]) if fit_intercept else 0.0
    return _state(X, y, coef, intercept, solution[slopes.size :], sets, problem)


def _squares(
    X: Array,
    y: Array,
    sets: _Sets,
    slopes: Array,
    columns: tuple[NDArray[np.intp], bool],
    moments: Moments | None,
) -> tuple[Array, Array]:
    """Return matrix and right side of the squares 2 Σ (sᵢ yᵢ + (slopes - sᵢ xᵢ)'β)², the zero residuals with xᵢ = 0.

    With moments only the few rows with a zero residual are gone through.
    """
    used, fit_intercept = columns
    signed = np.where(sets.zero, 0.0, sets.signs)
    if moments is None:
        rows = _rows(X, used, fit_intercept)
        pull = rows.T @ signed
        others = rows[~sets.zero]
        squares, products = others.T @ others, others.T @ y[~sets.zero]
    else:
        full = np.append(X.T @ signed, signed.sum())
        kept = np.append(used, X.shape[1]) if fit_intercept else used
        zero_rows = _rows(X[sets.zero], used, fit_intercept)
        pull = full[kept]
        squares = moments.squares[np.ix_(kept, kept)] - zero_rows.T @ zero_rows
        products = moments.products[kept] - zero_rows.T @ y[sets.zero]
    cross = np.outer(slopes, pull)
    hessian = 2 * (y.size * np.outer(slopes, slopes) - cross - cross.T + squares)
    return hessian, -2 * (slopes * float(signed @ y) - products)


def _rows(X: Array, used: NDArray[np.intp], fit_intercept: bool) -> Array:
    kept = X[:, used]
    return np.hstack([kept, np.ones((X.shape[0], 1))]) if fit_intercept else kept


def _norm_terms(now: State, sets: _Sets, used: NDArray[np.intp], norm: Norm) -> tuple[Array, Array | None]:
    """Return slope and curvature of ‖β‖_q at the current coefficients; the curvature's product with them is zero."""
    if norm == "inf":
        return sets.used[used], None
    length = max(float(np.linalg.norm(now.coef)), np.finfo(float).tiny)
    slope = now.coef / length
    return slope, (np.eye(slope.size) - np.outer(slope, slope)) / length


def _solve_kkt(hessian: Array, constraints: Array, right: Array, values: Array) -> Array:
    q, m = hessian.shape[0], constraints.shape[0]
    system = np.zeros((q + m, q + m))
    system[:q, :q] = hessian
    system[:q, q:] = -constraints.T
    system[q:, :q] = -constraints
    return np.linalg.solve(system, np.concatenate([right, -values]))


def _state(
    X: Array,
    y: Array,
    coef: Array,
    intercept: float,
    multipliers: Array,
    sets: _Sets,
    problem: tuple[float, Norm, bool],
) -> State:
    radius, norm, fit_intercept = problem
    size = radius * float(dual_norm(coef, norm))
    residual = y - X @ coef - intercept
    residual[sets.zero] = 0.0
    u = 2 * sets.signs * (sets.signs * residual + size)
    u[sets.zero] = multipliers
    balanced = u - u.mean() if fit_intercept else u
    bound = lower_bound(balanced, y, float(perturbation_norm(X.T @ balanced, norm)) / radius)
    return State(coef, intercept, u, mean_square(residual, size), bound)


def _move(X: Array, y: Array, now: State, sets: _Sets, radius: float, norm: Norm) -> bool:
    """Move what is on the wrong side; return whether anything was."""
    size = radius * float(dual_norm(now.coef, norm))
    residual = y - X @ now.coef - now.intercept
    flipped = ~sets.zero & (sets.signs * residual < 0)
    released = sets.zero & (np.abs(now.u) > 2 * size * (1 + SLACK))
    sets.signs = np.where(released, np.sign(now.u), sets.signs)
    sets.zero = (sets.zero & ~released) | flipped
    if norm == 2:
        return bool(flipped.any() or released.any())
    pull = X.T @ now.u
    limit = radius * float(np.maximum(np.abs(now.u), 2 * size).sum())
    dropped = sets.used * now.coef < 0
    added = (sets.used == 0) & (np.abs(pull) > limit * (1 + SLACK))
    used = np.where(dropped, 0.0, np.where(added, np.sign(pull), sets.used))
    sets.used = _strongest(used, np.where(sets.used != 0, np.inf, np.abs(pull)), 2 * y.size)
    return bool(flipped.any() or released.any() or dropped.any() or added.any())
