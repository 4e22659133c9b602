"""The loss of adversarial regression along a line, compiled: a search looks at some twenty points of it."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from eupnea.compiled import JIT

STEPS = np.array([0.4, 0.8, 1.0, 1.3, 1.8, 2.5, 4.0, 8.0, 16.0, 40.0])
"""Steps along the last change of the coefficients, first on this grid …"""

REFINEMENTS = 8
"""… then by so many golden sections."""


@numba.njit(**JIT)
def _at(step: float, residual: Any, change: Any, coef: Any, direction: Any, radius: float, is_euclidean: bool) -> float:
    size = 0.0
    for j in range(coef.size):
        weight = coef[j] + step * direction[j]
        size += weight * weight if is_euclidean else abs(weight)
    size = radius * (math.sqrt(size) if is_euclidean else size)
    total = 0.0
    for i in range(residual.size):
        one = abs(residual[i] - step * change[i]) + size
        total += one * one
    return total / residual.size


@numba.njit(**JIT)
def minimise_on_line(
    residual: Any, change: Any, coef: Any, direction: Any, radius: float, is_euclidean: bool, steps: Any
) -> float:
    """Return the step of least loss: the mean of (|residual − step · change| + radius · ‖coef + step · direction‖)².

    Parameters
    ----------
    residual, change
        Shape (n,).
    coef, direction
        Shape (p,).
    radius, is_euclidean
        Of the perturbation; whether the norm of the coefficients is the Euclidean one (else the sum of magnitudes).
    steps
        Rising: where the loss, which is convex, is looked at first.
    """
    values = np.empty(steps.size)
    for k in range(steps.size):
        values[k] = _at(steps[k], residual, change, coef, direction, radius, is_euclidean)
    best = int(np.argmin(values))
    low = steps[best - 1] if best else 0.0
    high = steps[min(best + 1, steps.size - 1)]
    golden = (math.sqrt(5.0) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left = _at(left, residual, change, coef, direction, radius, is_euclidean)
    at_right = _at(right, residual, change, coef, direction, radius, is_euclidean)
    for _ in range(REFINEMENTS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = _at(left, residual, change, coef, direction, radius, is_euclidean)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = _at(right, residual, change, coef, direction, radius, is_euclidean)
    return left if at_left < at_right else right
