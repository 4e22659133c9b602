"""Permutation entropy: how evenly the orders of neighbouring samples occur.

Samples that tie are ordered by time. tsfresh sorts with numpy's unstable sort, whose order of ties depends on the
processor; where no samples tie within a pattern the two agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, calculator

Integers = NDArray[np.int32]

LARGEST_DIMENSION = 8
"""Samples per pattern up to which all possible orders are counted in one array (40 320)."""


@kernel
def _pattern_codes(x: Floats, stride: int, dimension: int, codes: Integers, inversions: Integers) -> int:
    """Turn the codes of patterns of one sample fewer into those of `dimension` samples; return how many there are.

    A pattern is identified by its inversions: for each sample, how many before it are larger (Lehmer's code).
    """
    n_patterns = (x.size - dimension) // stride + 1
    newest = dimension - 1
    inversions[:n_patterns] = 0
    for earlier in range(newest):
        if stride == 1:
            for pattern in range(n_patterns):
                inversions[pattern] += x[pattern + earlier] > x[pattern + newest]
        else:
            for pattern in range(n_patterns):
                inversions[pattern] += x[pattern * stride + earlier] > x[pattern * stride + newest]
    for pattern in range(n_patterns):
        codes[pattern] = codes[pattern] * dimension + inversions[pattern]
    return n_patterns


@kernel
def _entropy_of_codes(codes: Integers, counts: Integers, logarithms: Floats) -> float:
    """Count the codes and take the entropy in nats; the counts are zero before and after."""
    total = 0.0
    for code in codes:
        counts[code] += 1
    for code in codes:
        if counts[code]:
            total += counts[code] * logarithms[counts[code]]
            counts[code] = 0
    return math.log(codes.size) - total / codes.size


@kernel
def _pattern_entropies(x: Floats, stride: int, largest: int) -> Floats:
    """Give the entropies of patterns of 2 … `largest` samples, shape (windows, largest + 1)."""
    n_windows, n_samples = x.shape
    n_orders = 1
    for factor in range(2, largest + 1):
        n_orders *= factor
    counts = np.zeros(n_orders, np.int32)
    codes, inversions = np.empty(n_samples, np.int32), np.empty(n_samples, np.int32)
    logarithms = np.zeros(n_samples + 1)
    for count in range(1, n_samples + 1):
        logarithms[count] = math.log(count)
    found = np.full((n_windows, largest + 1), np.nan)
    for row in range(n_windows):
        codes[:] = 0
        for dimension in range(2, largest + 1):
            n_patterns = _pattern_codes(x[row], stride, dimension, codes, inversions)
            found[row, dimension] = _entropy_of_codes(codes[:n_patterns], counts, logarithms)
    return found


def _covered(request: Parameters, n_samples: int) -> bool:
    return request["tau"] > 0 and 2 <= request["dimension"] <= min(LARGEST_DIMENSION, n_samples)


@calculator("permutation_entropy", "tau", "dimension", accepts=_covered)
def _permutation_entropy(block: Block, requests: Sequence[Parameters]) -> Floats:
    values = np.empty((block.n_windows, len(requests)))
    strides = np.array([request["tau"] for request in requests])
    dimensions = np.array([request["dimension"] for request in requests])
    for stride in np.unique(strides).tolist():
        columns = np.flatnonzero(strides == stride)
        found = _pattern_entropies(block.x, stride, int(dimensions[columns].max()))
        values[:, columns] = found[:, dimensions[columns]]
    return values
