"""Peaks: samples larger than all their neighbours up to a distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, calculator


@kernel
def _count_peaks(x: Floats, supports: NDArray[np.int64]) -> Floats:
    """Measure each peak's support once and count it for every support it reaches."""
    n_windows, n_samples = x.shape
    counts = np.zeros((n_windows, supports.size))
    largest = supports.max()
    for row in range(n_windows):
        series = x[row]
        for sample in range(1, n_samples - 1):
            value = series[sample]
            if not (value > series[sample - 1] and value > series[sample + 1]):
                continue
            room = min(sample, n_samples - 1 - sample, largest)
            reach = 1
            while reach < room and value > series[sample - reach - 1] and value > series[sample + reach + 1]:
                reach += 1
            for column in range(supports.size):
                counts[row, column] += reach >= supports[column]
    return counts


@calculator("number_peaks", "n", accepts=lambda request, n: request["n"] > 0 and 2 * request["n"] < n)
def _number_peaks(block: Block, requests: Sequence[Parameters]) -> Floats:
    return _count_peaks(block.x, np.array([request["n"] for request in requests], dtype=np.int64))
