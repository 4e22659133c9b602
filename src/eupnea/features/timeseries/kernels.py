"""How the compiled loops are compiled: one place for the options, so that every family means the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit
from numpy.typing import NDArray

from eupnea.compiled import JIT, SUMMING

kernel: Callable[..., Any] = njit(**JIT)
"""Compile a loop over windows: cached on disk, free of the interpreter lock, strictly IEEE."""

summing_kernel: Callable[..., Any] = njit(**SUMMING)
"""The same for plain sums: the order of additions is the compiler's, so that they run in vector registers."""


@summing_kernel
def mean_of(series: NDArray[Any]) -> float:
    """Average a series."""
    total = 0.0
    for value in series:
        total += value
    return total / series.size
