"""Permutation entropy: how evenly the orders of neighbouring samples occur.

Samples that tie are ordered by time. tsfresh sorts with numpy's unstable sort, whose order of ties depends on the
processor; where no samples tie within a pattern the two agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, calculator

LARGEST_DIMENSION = 8
"""Samples per pattern up to which all possible orders are counted in one array (40 320)."""


@kernel
def _pattern_entropy(x: Floats, dimension: int, stride: int) -> Floats:
    """Count the patterns, each identified by its inversions (Lehmer code), and take the entropy in nats."""
    n_windows, n_samples = x.shape
    n_patterns = (n_samples - dimension) // stride + 1
    n_orders = 1
    for factor in range(2, dimension + 1):
        n_orders *= factor
    counts, codes = np.zeros(n_orders, np.int64), np.empty(n_patterns, np.int64)
    logarithm = np.zeros(n_patterns + 1)
    for count in range(1, n_patterns + 1):
        logarithm[count] = math.log(count / n_patterns)
    found = np.empty(n_windows)
    for row in range(n_windows):
        codes[:] = 0
        for newest in range(1, dimension):
            for pattern in range(n_patterns):
                start = pattern * stride
                value, inversions = x[row, start + newest], 0
                for earlier in range(start, start + newest):
                    inversions += x[row, earlier] > value
                codes[pattern] = codes[pattern] * (newest + 1) + inversions
        for code in codes:
            counts[code] += 1
        entropy = 0.0
        for code in codes:
            if counts[code]:
                entropy -= counts[code] / n_patterns * logarithm[counts[code]]
                counts[code] = 0
        found[row] = entropy
    return found


def _covered(request: Parameters, n_samples: int) -> bool:
    return request["tau"] > 0 and 2 <= request["dimension"] <= min(LARGEST_DIMENSION, n_samples)


@calculator("permutation_entropy", "tau", "dimension", accepts=_covered)
def _permutation_entropy(block: Block, requests: Sequence[Parameters]) -> Floats:
    return np.stack([_pattern_entropy(block.x, r["dimension"], r["tau"]) for r in requests], axis=1)
