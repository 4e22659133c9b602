"""Find the perturbation of the features that hurts a fitted model most.

Exact for linear models; projected gradient with restarts for differentiable ones; a random block search for all others.
Only the first is the worst case, the others are lower bounds of the damage; ``Attack.is_exact`` says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from eupnea.adversarial.radius import Norm, dual_norm

Array = NDArray[np.float64]

STEP_SHARE = 2.5
"""Length of a step of projected gradient: this share of the radius, divided by the steps (Madry et al. 2018)."""

CANDIDATES = 10
"""Changes that the block search tries at once for each row."""


class Model(Protocol):
    """Anything that predicts numbers."""

    def predict(self, X: Array) -> Array:
        """Predict; shape (n,)."""


@runtime_checkable
class Linear(Protocol):
    """A model with one coefficient per feature."""

    coef_: Array

    def predict(self, X: Array) -> Array:
        """Predict; shape (n,)."""


@runtime_checkable
class Differentiable(Protocol):
    """A model whose prediction has a gradient in the features."""

    def predict(self, X: Array) -> Array:
        """Predict; shape (n,)."""

    def gradient(self, X: Array) -> Array:
        """Return d prediction / d features; shape (n, p)."""


@dataclass(frozen=True, slots=True)
class Attack:
    """The worst input found for each row.

    Attributes
    ----------
    name
        ``none``, ``exact``, ``projected_gradient``, ``block_search`` or ``transfer``.
    is_exact
        Whether no perturbation within the ball can hurt more; else the error is a lower bound.
    shifts
        Shape (n, p): what is added to the features.
    predictions
        Shape (n,): prediction for the shifted features.
    """

    name: str
    is_exact: bool
    shifts: Array
    predictions: Array


@dataclass(frozen=True, slots=True)
class Budget:
    """What an attack may spend.

    Attributes
    ----------
    steps, restarts
        Projected gradient: steps per start, and starts.
    queries
        Block search: predictions per row.
    """

    steps: int = 20
    restarts: int = 3
    queries: int = 200

    def words(self, attack: str) -> str:
        """Say that an attack of this name, which is not exact, is a lower bound, and what it may spend."""
        spent = f"projected gradient, {self.steps} steps from {self.restarts} starts"
        if attack == "block_search":
            spent = f"block search, {self.queries} predictions per person"
        return f"lower bound: {spent}; a stronger attack may hurt more"


def attack(
    model: Model,
    X: Array,
    y: Array,
    *,
    epsilon: float,
    norm: Norm,
    rng: np.random.Generator,
    budget: Budget | None = None,
    starts: tuple[Array, ...] = (),
) -> Attack:
    """Perturb each row within ‖Δ‖_p ≤ ε so that its absolute error becomes as large as can be found.

    Parameters
    ----------
    model
        With ``coef_``: attacked exactly. With ``gradient``: projected gradient. Else: block search, which looks at
        ``used_features`` (shape (p,), boolean) only, if the model tells them.
    X, y
        Shapes (n, p) and (n,).
    epsilon, norm
        Size of the perturbation, and its norm: 2 or ``"inf"``.
    rng
        Generator of restarts and candidates.
    budget
        Steps, restarts and queries.
    starts
        Shifts of shape (n, p) that are tried first (of a smaller ε, or made for another model); brought into the ball.
    """
    spend = budget or Budget()
    if epsilon == 0:
        return Attack("none", True, np.zeros_like(X), model.predict(X))
    if isinstance(model, Linear):
        shifts = linear_shifts(model.coef_, y - model.predict(X), epsilon=epsilon, norm=norm)
        return Attack("exact", True, shifts, model.predict(X + shifts))
    if isinstance(model, Differentiable):
        return _projected_gradient(model, X, y, epsilon, norm, rng, spend, starts)
    return _block_search(model, X, y, epsilon, norm, rng, spend, starts)


def transfer(model: Model, X: Array, shifts: Array) -> Attack:
    """Apply to a model the shifts that were made for another one."""
    return Attack("transfer", False, shifts, model.predict(X + shifts))


def linear_shifts(coef: Array, residual: Array, *, epsilon: float, norm: Norm) -> Array:
    """Return the worst shifts of a linear model: -sign(residual) ε times the direction that ‖β‖_q is attained at.

    Parameters
    ----------
    coef, residual
        Shape (p,); shape (n,): truth minus prediction. A residual of zero is attacked upwards.
    epsilon, norm
        Size of the shifts, and its norm.
    """
    length = float(dual_norm(coef, norm))
    if length == 0:
        return np.zeros((residual.size, coef.size))
    direction = np.sign(coef) if norm == "inf" else coef / length
    return np.outer(np.where(residual > 0, -1.0, 1.0), epsilon * direction)


def project(shifts: Array, *, epsilon: float, norm: Norm) -> Array:
    """Bring each row into the ball ‖Δ‖_p ≤ ε."""
    if norm == "inf":
        return np.clip(shifts, -epsilon, epsilon)
    lengths = np.linalg.norm(shifts, axis=1, keepdims=True)
    return shifts * np.minimum(1.0, epsilon / np.maximum(lengths, np.finfo(float).tiny))


def random_shifts(shape: tuple[int, int], *, epsilon: float, norm: Norm, rng: np.random.Generator) -> Array:
    """Draw shifts on the surface of the ball: corners for ℓ∞, uniform directions for ℓ2."""
    draws = rng.standard_normal(shape)
    if norm == "inf":
        return epsilon * np.where(draws > 0, 1.0, -1.0)
    return project(draws / np.linalg.norm(draws, axis=1, keepdims=True) * epsilon, epsilon=epsilon, norm=norm)


def _projected_gradient(
    model: Differentiable,
    X: Array,
    y: Array,
    epsilon: float,
    norm: Norm,
    rng: np.random.Generator,
    budget: Budget,
    starts: tuple[Array, ...],
) -> Attack:
    best = _Best(model, X, y)
    ball = {"epsilon": epsilon, "norm": norm}
    given = [project(start, **ball) for start in starts]  # type: ignore[arg-type]
    drawn = [random_shifts(X.shape, epsilon=epsilon, norm=norm, rng=rng) for _ in range(budget.restarts - 1)]
    for start in [np.zeros_like(X), *given, *drawn]:
        for away in (1.0, -1.0):
            shifts = start
            for _ in range(budget.steps):
                slope = away * model.gradient(X + shifts)
                shifts = project(shifts + _ascent(slope, epsilon, norm, budget.steps), epsilon=epsilon, norm=norm)
            best.offer(shifts)
    return Attack("projected_gradient", False, best.shifts, best.predictions)


def _ascent(slope: Array, epsilon: float, norm: Norm, steps: int) -> Array:
    length = STEP_SHARE * epsilon / steps
    if norm == "inf":
        return length * np.sign(slope)
    return length * slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), np.finfo(float).tiny)


def _block_search(
    model: Model,
    X: Array,
    y: Array,
    epsilon: float,
    norm: Norm,
    rng: np.random.Generator,
    budget: Budget,
    starts: tuple[Array, ...],
) -> Attack:
    used = np.flatnonzero(getattr(model, "used_features", np.ones(X.shape[1], dtype=bool)))
    best = _Best(model, X, y)
    for start in starts:
        best.offer(project(start, epsilon=epsilon, norm=norm))
    if used.size:
        rounds = max(1, (budget.queries - len(starts) - 1) // CANDIDATES)
        for number in range(rounds):
            size = max(1, int(used.size * 0.5 * (1 - number / rounds) ** 2))
            best.offer_many(_changed(best.shifts, used, size, epsilon, norm, rng))
    return Attack("block_search", False, best.shifts, best.predictions)


def _changed(
    shifts: Array, used: NDArray[np.intp], size: int, epsilon: float, norm: Norm, rng: np.random.Generator
) -> Array:
    """Return candidates of shape (CANDIDATES, n, p): `size` of the used features of each row set anew."""
    n = shifts.shape[0]
    candidates = np.repeat(shifts[None], CANDIDATES, axis=0)
    chosen = used[np.argsort(rng.random((CANDIDATES, n, used.size)), axis=2)[:, :, :size]]
    fresh = rng.choice([-1.0, 1.0], size=chosen.shape) * epsilon
    if norm == 2:
        fresh *= np.abs(rng.standard_normal(chosen.shape))
    np.put_along_axis(candidates, chosen, fresh, axis=2)
    flat = project(candidates.reshape(-1, shifts.shape[1]), epsilon=epsilon, norm=norm)
    return flat.reshape(candidates.shape)


class _Best:
    """The worst shift seen so far for each row; it starts at no shift."""

    def __init__(self, model: Model, X: Array, y: Array) -> None:
        self.model, self.X, self.y = model, X, y
        self.shifts = np.zeros_like(X)
        self.predictions = np.asarray(model.predict(X), dtype=float)

    def offer(self, shifts: Array) -> None:
        """Take the rows of `shifts` that hurt more."""
        self._take(shifts, np.asarray(self.model.predict(self.X + shifts), dtype=float))

    def offer_many(self, candidates: Array) -> None:
        """Take the best of several candidates per row; shape (k, n, p)."""
        k, n, p = candidates.shape
        predictions = np.asarray(self.model.predict((self.X + candidates).reshape(k * n, p)), dtype=float).reshape(k, n)
        pick = np.argmax(np.abs(self.y - predictions), axis=0)
        self._take(candidates[pick, np.arange(n)], predictions[pick, np.arange(n)])

    def _take(self, shifts: Array, predictions: Array) -> None:
        worse = np.abs(self.y - predictions) > np.abs(self.y - self.predictions)
        self.shifts = np.where(worse[:, None], shifts, self.shifts)
        self.predictions = np.where(worse, predictions, self.predictions)
