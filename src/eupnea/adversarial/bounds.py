"""The loss of adversarial regression, and lower bounds of its optimum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mean_square(residual: Array, size: float) -> float:
    """Return (1/n) Σ (|rᵢ| + s)²: the mean squared error when every residual may be made larger by s."""
    total = np.abs(residual) + size
    return float(total @ total) / residual.size


def lower_bound(u: Array, y: Array, reach: float) -> float:
    """Return the dual value of u.

    Parameters
    ----------
    u, y
        Shape (n,); the sum of u is zero when there is an intercept.
    reach
        ‖X'u‖_p / δ.
    """
    magnitude = np.sort(np.abs(u))
    level = water_level(magnitude, reach)
    total = float(np.sum(np.maximum(magnitude, level) ** 2))
    return float(u @ y) ** 2 / (y.size * total) if total > 0 else 0.0


def water_level(ascending: Array, reach: float) -> float:
    """Return the smallest c ≥ 0 with Σ max(aᵢ, c) ≥ reach, for sorted a."""
    total = float(ascending.sum())
    if total >= reach:
        return 0.0
    counts = np.arange(1, ascending.size + 1)
    levels = (reach - total + np.cumsum(ascending)) / counts
    ceilings = np.append(ascending[1:], np.inf)
    return float(levels[np.argmax(levels <= ceilings)])
