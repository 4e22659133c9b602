"""Solve adversarial regression against ℓ2 perturbations on data with many more rows than columns.

Residuals are rounded off near zero, |r| → √(r² + μ²), which makes the loss smooth; Newton steps follow its minimum
while μ shrinks. With the products of all columns computed once, a step goes through the rows twice: for the fitted
values, and for the pull of the residuals. Only rows with a residual near zero add to the curvature. When few of these
are left the problem is finished exactly (`polish`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from eupnea.adversarial.bounds import lower_bound, mean_square
from eupnea.adversarial.polish import Moments, State, polish

Array = NDArray[np.float64]

START, SHRINK = 0.05, 0.1
"""First μ, as a share of the median absolute residual of ridge, and what it is multiplied by at each level."""

STEPS, LEVELS, POLISH_FROM = 2, 7, 2
"""Newton steps at each level, levels at most, and the level after which the exact finish is tried first."""

NEAR = 4.0
"""Residuals up to this many μ count as near zero: the others hold a thirtieth of the curvature of the rounding."""

HALVINGS = 12
"""Times that a step that does not lower the loss is halved."""

JITTER = 1e-12
"""Share of its diagonal that is added to the curvature: rounding must not make it indefinite."""


@dataclass(frozen=True, slots=True)
class _Problem:
    """Data, the products of their columns (of the intercept last, where there is one), and radius."""

    X: Array
    y: Array
    squares: Array
    products: Array
    radius: float
    fit_intercept: bool

    def fitted(self, theta: Array) -> Array:
        """Return the fitted values; shape (n,)."""
        return self.X @ theta[:-1] + theta[-1] if self.fit_intercept else self.X @ theta

    def coef(self, theta: Array) -> Array:
        """Return the coefficients without the intercept; shape (p,)."""
        return theta[:-1] if self.fit_intercept else theta

    def rows(self, chosen: NDArray[np.intp]) -> Array:
        """Return some rows, with a one for the intercept."""
        kept = self.X[chosen]
        return np.hstack([kept, np.ones((chosen.size, 1))]) if self.fit_intercept else kept


def smooth_newton(
    X: Array, y: Array, moments: Moments, *, radius: float, fit_intercept: bool, tol: float, max_iter: int
) -> tuple[State, int]:
    """Minimise the mean squared error under the worst ℓ2 perturbation of each row.

    Parameters
    ----------
    X, y
        Shapes (n, p) and (n,), with n well above p.
    moments
        From `moments_of`.
    radius, fit_intercept, tol, max_iter
        As in `eupnea.adversarial.solver.solve`; the radius is above 0 and below that of the zero solution.

    Returns
    -------
    state, n_iter
        The best point and the largest lower bound met, and Newton steps. The gap between them may be larger than `tol`
        when the levels or the steps are used up.
    """
    size = X.shape[1] + fit_intercept
    problem = _Problem(X, y, moments.squares[:size, :size], moments.products[:size], radius, fit_intercept)
    theta = _ridge(problem)
    residual = y - problem.fitted(theta)
    rounding = START * float(np.median(np.abs(residual)))
    best, n_iter = State(problem.coef(theta), 0.0, residual), 0
    for level in range(1, LEVELS + 1):
        for _ in range(STEPS + 1):
            seen = _look(problem, theta, residual, rounding)
            best = _better(best, seen.state)
            is_done = best.loss - best.bound <= tol * best.loss or n_iter == max_iter
            if is_done or n_iter == STEPS * level:
                break
            theta, residual = _step(problem, theta, residual, rounding, seen)
            n_iter += 1
        if not is_done and level >= POLISH_FROM:
            exact = polish(X, y, seen.state, radius=radius, norm=2, fit_intercept=fit_intercept, moments=moments)
            best = _better(best, exact)
        if is_done or best.loss - best.bound <= tol * best.loss:
            break
        rounding *= SHRINK
    return best, n_iter


def _ridge(problem: _Problem) -> Array:
    penalty = np.full(problem.products.size, problem.y.size * problem.radius**2)
    penalty[problem.X.shape[1] :] = 0.0
    return np.asarray(np.linalg.solve(problem.squares + np.diag(penalty), problem.products))


def _better(one: State, other: State) -> State:
    """Return the state with the smaller loss, and the larger of both lower bounds."""
    kept = one if one.loss <= other.loss else other
    return State(kept.coef, kept.intercept, kept.u, kept.loss, max(one.bound, other.bound))


@dataclass(frozen=True, slots=True)
class _Look:
    """A point with its loss and lower bound, its rounded residuals, and the pull X'u."""

    state: State
    rounded: Array
    pull: Array


def _look(problem: _Problem, theta: Array, residual: Array, rounding: float) -> _Look:
    coef = problem.coef(theta)
    size = problem.radius * float(np.linalg.norm(coef))
    rounded = np.sqrt(residual**2 + rounding**2)
    u = 2 * residual * (1 + size / rounded)
    total = float(u.sum())
    pull = problem.X.T @ u
    balanced, reach = u, float(np.linalg.norm(pull))
    if problem.fit_intercept:
        balanced = u - total / u.size
        reach = float(np.linalg.norm(pull - problem.squares[-1, :-1] * (total / u.size)))
        pull = np.append(pull, total)
    bound = lower_bound(balanced, problem.y, reach / problem.radius)
    intercept = float(theta[-1]) if problem.fit_intercept else 0.0
    return _Look(State(coef, intercept, u, mean_square(residual, size), bound), rounded, pull)


def _step(problem: _Problem, theta: Array, residual: Array, rounding: float, seen: _Look) -> tuple[Array, Array]:
    """Return coefficients and residuals after a Newton step on Σ (√(r² + μ²) + δ‖β‖)²."""
    now, rounded, pull = seen.state, seen.rounded, seen.pull
    length = float(np.linalg.norm(now.coef))
    size = problem.radius * length
    slope = np.zeros(theta.size)
    slope[: now.coef.size] = now.coef / length
    pressure = 2 * problem.radius * (float(rounded.sum()) + residual.size * size)
    signs = (pull - 2 * (problem.products - problem.squares @ theta)) / (2 * size)
    near = np.flatnonzero(np.abs(residual) < NEAR * rounding)
    rows = problem.rows(near) * np.sqrt(2 * size * rounding**2 / rounded[near] ** 3)[:, None]
    cross = 2 * problem.radius * np.outer(slope, signs)
    hessian = 2 * problem.squares + rows.T @ rows - cross - cross.T
    hessian += (2 * residual.size * problem.radius**2 - pressure / length) * np.outer(slope, slope)
    inner = np.arange(now.coef.size)
    hessian[inner, inner] += pressure / length
    hessian[np.diag_indices(theta.size)] *= 1 + JITTER
    factor = cho_factor(hessian, lower=True, overwrite_a=True, check_finite=False)
    direction = -cho_solve(factor, pressure * slope - pull, check_finite=False)
    change = problem.fitted(direction)
    share = _share(problem, theta, direction, (residual, change), rounding)
    return theta + share * direction, residual - share * change


def _share(problem: _Problem, theta: Array, direction: Array, rows: tuple[Array, Array], rounding: float) -> float:
    """Return the largest of 1, 1/2, 1/4 … of a step that lowers the rounded loss; 0 where none does."""
    residual, change = rows

    def loss(share: float) -> float:
        """Return the rounded loss after this share of the step."""
        size = problem.radius * float(np.linalg.norm(problem.coef(theta + share * direction)))
        total = np.sqrt((residual - share * change) ** 2 + rounding**2) + size
        return float(total @ total)

    start = loss(0.0)
    shares = 0.5 ** np.arange(HALVINGS)
    return next((float(share) for share in shares if loss(float(share)) <= start), 0.0)
