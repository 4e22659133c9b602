"""Solve adversarially trained linear regression by iterated reweighted ridge, with a certificate of optimality.

The problem is min over β, b of (1/n) Σ (|yᵢ - xᵢ'β - b| + δ‖β‖_q)², the closed form of the worst case over all
perturbations ‖Δᵢ‖_p ≤ δ. Each iteration solves one weighted ridge problem (the η-trick:
(Σⱼ aⱼ)² = min_η Σⱼ aⱼ²/ηⱼ), followed by a line search; now and then the problem is finished exactly (`polish`).
For ℓ2 and many more rows than columns Newton steps come first (`newton`). The weighted residuals of an iteration are a
feasible point of the dual problem

    max over u, Σu = 0, of (u'y)² / (n Σᵢ max(|uᵢ|, c)²),  c the smallest level with Σᵢ max(|uᵢ|, c) ≥ ‖X'u‖_p / δ,

whose value is a lower bound of the optimum: the solver stops when both agree.

References
----------
Ribeiro, Zachariah, Bach, Schön (2023), NeurIPS; Ribeiro, Schön, Zachariah, Bach (2025), Efficient optimization
algorithms for linear adversarial training, AISTATS; Bach, Jenatton, Mairal, Obozinski (2012) for the η-trick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.linalg.blas import dsyrk

from eupnea.adversarial.bounds import lower_bound, mean_square
from eupnea.adversarial.line import STEPS, minimise_on_line
from eupnea.adversarial.newton import smooth_newton
from eupnea.adversarial.polish import Moments, State, moments_of, polish
from eupnea.adversarial.radius import Norm, dual_norm, least_sum_interpolator, perturbation_norm, zero_radius

Array = NDArray[np.float64]

FLOOR_START, FLOOR_END, FLOOR_DECAY = 1e-2, 1e-10, 0.5
"""Smallest residual and coefficient that weights are computed from, as shares of the largest: starts large, so that
no term is frozen at zero too early, and shrinks by the decay in each iteration."""

POLISH_AT = frozenset({4, 8, 12, 17, 23, 30, 40, 55, 75, 100, 150, 200, 300, 500})
"""Iterations after which the exact finish is tried."""

POLISH_UP_TO = 3000
"""Smaller dimension of the data above which the exact finish is too expensive."""

INTERPOLATE_AT = 12
"""Iteration of an attempt at an exact finish that, when it fails, is followed by a look at the interpolator."""

NEARLY_ZERO = 0.2
"""Mean absolute residual, as a share of δ‖β‖, below which all residuals may be zero at the optimum."""

INTERPOLATE_UP_TO = 200_000
"""Size of the data above which the linear program of the interpolator is too expensive."""

TALL, POLISH_TALL_FROM = 5, 12
"""Rows per column from which the exact finish works on products of columns, and the iteration it then waits for."""

JITTER = 1e-13
"""Share of the mean diagonal that is added to a matrix of inner products: rounding must not make it indefinite."""


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver found.

    Attributes
    ----------
    coef, intercept
        Shape (p,), and a number.
    objective
        (1/n) Σ (|residual| + δ‖β‖_q)².
    gap
        (objective - lower bound) / objective: how far from the optimum the objective can be at most, relative.
    n_iter
        Reweighted ridge problems solved.
    """

    coef: Array
    intercept: float
    objective: float
    gap: float
    n_iter: int


def objective(X: Array, y: Array, coef: Array, intercept: float, *, radius: float, norm: Norm) -> float:
    """Return (1/n) Σ (|yᵢ - xᵢ'β - b| + δ‖β‖_q)²: the mean squared error under the worst perturbation."""
    return mean_square(y - X @ coef - intercept, radius * float(dual_norm(coef, norm)))


@dataclass(slots=True)
class _Point:
    """A candidate: coefficients, intercept, fitted values without intercept, and δ‖β‖_q."""

    coef: Array
    intercept: float
    fitted: Array
    size: float


def solve(
    X: Array,
    y: Array,
    *,
    radius: float,
    norm: Norm,
    fit_intercept: bool = True,
    tol: float = 1e-7,
    max_iter: int = 300,
) -> Solution:
    """Minimise the mean squared error under the worst perturbation of each row.

    Parameters
    ----------
    X, y
        Shapes (n, p) and (n,).
    radius
        δ ≥ 0: bound of the perturbation of each row in ‖·‖_p. 0 gives least squares of minimum norm.
    norm
        p: 2 or ``"inf"``.
    fit_intercept
        Whether there is an intercept; it is not penalised.
    tol
        Relative gap between objective and lower bound at which the solver stops.
    max_iter
        Reweighted ridge problems at most.

    Returns
    -------
    Solution
        Its ``gap`` says what was reached.
    """
    means = X.mean(axis=0) if fit_intercept else np.zeros(X.shape[1])
    centred = X - means
    start = float(y.mean()) if fit_intercept else 0.0
    if radius <= 0:
        coef = np.asarray(np.linalg.lstsq(centred, y - start, rcond=None)[0], dtype=np.float64)
        return _finish(centred, y, coef, start, means, (radius, norm), (0.0, 0))
    if radius >= zero_radius(centred, y, norm=norm, fit_intercept=fit_intercept):
        return _finish(centred, y, np.zeros(X.shape[1]), start, means, (radius, norm), (0.0, 0))
    if norm == 2 and X.shape[1] > y.size:
        images, pull_back = _images(centred, fit_intercept)
        point, gap, n_iter = _optimise(images, y, start, (radius, norm, fit_intercept), tol, max_iter)
        coef = pull_back(point.coef)
    else:
        point, gap, n_iter = _optimise(centred, y, start, (radius, norm, fit_intercept), tol, max_iter)
        coef = point.coef
    return _finish(centred, y, coef, point.intercept, means, (radius, norm), (gap, n_iter))


def _finish(
    centred: Array,
    y: Array,
    coef: Array,
    intercept: float,
    means: Array,
    problem: tuple[float, Norm],
    progress: tuple[float, int],
) -> Solution:
    radius, norm = problem
    value = objective(centred, y, coef, intercept, radius=radius, norm=norm)
    return Solution(coef, float(intercept - means @ coef), value, *progress)


def _images(centred: Array, fit_intercept: bool) -> tuple[Array, Callable[[Array], Array]]:
    """Return n coordinates that keep all inner products of n rows, and the way back from their coefficients.

    Beside an intercept a constant direction is added. It makes the matrix regular, and no optimal solution
    uses it then.
    """
    gram = centred @ centred.T
    scale = float(np.trace(gram)) / gram.shape[0]
    if fit_intercept:
        gram += scale / gram.shape[0]
    gram[np.diag_indices_from(gram)] += JITTER * scale
    lower: Array = np.asarray(np.linalg.cholesky(gram), dtype=np.float64)

    def pull_back(coef: Array) -> Array:
        """Return the coefficients of the features, shape (p,), from those of the n coordinates."""
        return np.asarray(centred.T @ solve_triangular(lower, coef, lower=True, trans="T"))

    return lower, pull_back


class _Ridge:
    """Weighted ridge problems on the same data, in whichever of the two spaces is smaller."""

    def __init__(self, X: Array, y: Array, norm: Norm, fit_intercept: bool) -> None:
        self.X, self.y, self.norm, self.fit_intercept = X, y, norm, fit_intercept
        n, p = X.shape
        self.gram = X @ X.T if norm == 2 and p >= n else None

    def solve(self, weights: Array, penalties: Array) -> tuple[Array, float, Array, Array]:
        """Return coefficients, intercept, fitted values, and u/2 = weights × residuals (sum zero with intercept)."""
        n, p = self.X.shape
        return self._dual(weights, penalties) if p >= n else self._primal(weights, penalties)

    def _dual(self, weights: Array, penalties: Array) -> tuple[Array, float, Array, Array]:
        scaled = None if self.gram is not None else self.X / np.sqrt(penalties)
        K = self.gram / penalties[0] if scaled is None else dsyrk(1.0, scaled.T, trans=1, lower=1)
        K[np.diag_indices(self.y.size)] += 1 / weights
        factor = cho_factor(K, lower=True, overwrite_a=True, check_finite=False)
        solved = cho_solve(factor, np.column_stack([self.y, np.ones(self.y.size)]), check_finite=False)
        intercept = float(solved[:, 0].sum() / solved[:, 1].sum()) if self.fit_intercept else 0.0
        half_u = solved[:, 0] - intercept * solved[:, 1]
        coef = (self.X.T @ half_u) / penalties
        return coef, intercept, self.X @ coef, half_u

    def _primal(self, weights: Array, penalties: Array) -> tuple[Array, float, Array, Array]:
        total = float(weights.sum())
        roots = np.sqrt(weights)
        Xw = self.X * roots[:, None]
        A = dsyrk(1.0, Xw.T, lower=1)
        right = Xw.T @ (roots * self.y)
        mean_x, mean_y = (weights @ self.X) / total, float(weights @ self.y) / total
        if self.fit_intercept:
            A -= total * np.outer(mean_x, mean_x)
            right -= total * mean_y * mean_x
        A[np.diag_indices(A.shape[0])] += penalties
        factor = cho_factor(A, lower=True, overwrite_a=True, check_finite=False)
        coef = cho_solve(factor, right, check_finite=False)
        intercept = mean_y - float(np.dot(mean_x, coef)) if self.fit_intercept else 0.0
        fitted = self.X @ coef
        return coef, intercept, fitted, weights * (self.y - fitted - intercept)


def _optimise(
    X: Array, y: Array, start: float, problem: tuple[float, Norm, bool], tol: float, max_iter: int
) -> tuple[_Point, float, int]:
    """Iterate reweighted ridge with line search; now and then try to finish exactly. Return point, gap, iterations."""
    radius, norm, fit_intercept = problem
    ridge = _Ridge(X, y, norm, fit_intercept)
    point = _Point(np.zeros(X.shape[1]), start, np.zeros(y.size), 0.0)
    weights, penalties = np.ones(y.size), np.full(X.shape[1], y.size * radius**2)
    scale = float(np.abs(y - start).max())
    bound, loss, floor, used = 0.0, np.inf, FLOOR_START, 0
    is_tall, moments = X.shape[0] >= TALL * X.shape[1], cast("Moments | None", None)
    if is_tall and norm == 2 and X.shape[1] <= POLISH_UP_TO:
        moments = moments_of(X, y)
        found, used = smooth_newton(
            X, y, moments, radius=radius, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter
        )
        point, loss, bound = _point_of(found, X, radius, norm), found.loss, found.bound
        if loss - bound <= tol * loss:
            return point, max(0.0, (loss - bound) / loss), used
        weights, penalties = _weights(point, y, radius, norm, floor, scale)
    n_iter = used
    for n_iter in range(used + 1, max_iter + 1):
        coef, intercept, fitted, half_u = ridge.solve(weights, penalties)
        u = 2 * (half_u - half_u.mean()) if fit_intercept else 2 * half_u
        bound = max(bound, lower_bound(u, y, float(perturbation_norm(X.T @ u, norm)) / radius))
        target = _Point(coef, intercept, fitted, radius * float(dual_norm(coef, norm)))
        point = _search(point, target, y, radius, norm) if n_iter > 1 else target
        loss = mean_square(y - point.fitted - point.intercept, point.size)
        if loss - bound > tol * loss and _may_polish(X, n_iter, norm, is_tall=is_tall):
            moments = moments_of(X, y) if is_tall and moments is None else moments
            begin = State(point.coef, point.intercept, u)
            done = polish(X, y, begin, radius=radius, norm=norm, fit_intercept=fit_intercept, moments=moments)
            if (
                n_iter == INTERPOLATE_AT
                and done.loss - done.bound > tol * done.loss
                and _may_interpolate(X, y, point, norm)
            ):
                done = _interpolated(X, y, radius, fit_intercept)
            bound = max(bound, done.bound)
            if done.loss < loss:
                point, loss = _point_of(done, X, radius, norm), done.loss
        if loss - bound <= tol * loss:
            break
        weights, penalties = _weights(point, y, radius, norm, floor, scale)
        floor = max(floor * FLOOR_DECAY, FLOOR_END)
    return point, max(0.0, (loss - bound) / loss), n_iter


def _point_of(state: State, X: Array, radius: float, norm: Norm) -> _Point:
    return _Point(state.coef, state.intercept, X @ state.coef, radius * float(dual_norm(state.coef, norm)))


def _may_polish(X: Array, n_iter: int, norm: Norm, *, is_tall: bool) -> bool:
    """Return whether an exact finish is worth trying: on tall data with ℓ∞ it needs better sets to start from."""
    waits = is_tall and norm == "inf" and n_iter < POLISH_TALL_FROM
    return n_iter in POLISH_AT and min(X.shape) <= POLISH_UP_TO and not waits


def _may_interpolate(X: Array, y: Array, point: _Point, norm: Norm) -> bool:
    if norm == 2 or X.shape[1] < X.shape[0] or X.size > INTERPOLATE_UP_TO:
        return False
    return float(np.abs(y - point.fitted - point.intercept).mean()) < NEARLY_ZERO * point.size


def _interpolated(X: Array, y: Array, radius: float, fit_intercept: bool) -> State:
    """Return the interpolator with the smallest Σ|βⱼ|: below a certain radius it is the optimum."""
    try:
        coef, intercept, alpha = least_sum_interpolator(X, y, fit_intercept=fit_intercept)
    except ValueError:
        return State(np.zeros(X.shape[1]), 0.0, np.zeros(y.size))
    residual = y - X @ coef - intercept
    loss = mean_square(residual, radius * float(dual_norm(coef, "inf")))
    balanced = alpha - alpha.mean() if fit_intercept else alpha
    bound = lower_bound(balanced, y, float(perturbation_norm(X.T @ balanced, "inf")) / radius)
    return State(coef, intercept, alpha, loss, bound)


def _weights(point: _Point, y: Array, radius: float, norm: Norm, floor: float, scale: float) -> tuple[Array, Array]:
    residual = np.maximum(np.abs(y - point.fitted - point.intercept), floor * scale)
    total = residual + point.size
    pressure = radius * float(total.sum())
    if norm == 2:
        length = max(float(np.linalg.norm(point.coef)), np.finfo(float).tiny)
        return total / residual, np.full(point.coef.size, pressure / length)
    magnitude = np.abs(point.coef)
    return total / residual, pressure / np.maximum(magnitude, max(floor * float(magnitude.max()), np.finfo(float).tiny))


def _search(old: _Point, new: _Point, y: Array, radius: float, norm: Norm) -> _Point:
    """Return the best point on the line through both: the loss is convex along it."""
    residual = y - old.fitted - old.intercept
    change = new.fitted - old.fitted + new.intercept - old.intercept
    direction = new.coef - old.coef

    step = minimise_on_line(residual, change, old.coef, direction, radius, norm == 2, STEPS)
    coef = old.coef + step * direction
    return _Point(
        coef,
        old.intercept + step * (new.intercept - old.intercept),
        old.fitted + step * (new.fitted - old.fitted),
        radius * float(dual_norm(coef, norm)),
    )
