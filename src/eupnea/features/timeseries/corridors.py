"""Changes between samples that both lie inside a corridor of quantiles.

Every sample is placed once between the sorted quantiles; the changes are summed in a table over (highest lower bound,
lowest upper bound) that the pair allows, and each corridor is a corner of that table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.moments import interpolated, places_in_pandas
from eupnea.features.timeseries.registry import Parameters, calculator

Integers = NDArray[np.int64]

CANCELLED = 1e-5
"""Variance over mean square below which the one-pass variance is computed again around the mean."""

COUNT, SUM, ABSOLUTE, SQUARE = range(4)
"""Columns of the table."""


@kernel
def _table(x: Floats, bounds: Floats, table: Floats, lower: Integers, upper: Integers) -> None:
    """Sum the changes of one window by the tightest bounds that hold both of their samples."""
    last = bounds.size - 1
    for sample in range(x.size):
        value, low, high = x[sample], -1, 0
        for bound in range(last + 1):
            low += bounds[bound] <= value
            high += bounds[bound] < value
        lower[sample], upper[sample] = low, high
    table[:] = 0.0
    for sample in range(x.size - 1):
        low, high = min(lower[sample], lower[sample + 1]), max(upper[sample], upper[sample + 1])
        if low < 0 or high > last:
            continue
        change = x[sample + 1] - x[sample]
        table[low, high, COUNT] += 1
        table[low, high, SUM] += change
        table[low, high, ABSOLUTE] += abs(change)
        table[low, high, SQUARE] += change * change
    for low in range(last - 1, -1, -1):
        table[low] += table[low + 1]
    for high in range(1, last + 1):
        table[:, high] += table[:, high - 1]


@kernel
def _spread(
    x: Floats, lower: Integers, upper: Integers, low: int, high: int, mean: float, absolute: bool, count: float
) -> float:
    """Average the squared distance of the corridor's changes from their mean."""
    total = 0.0
    for sample in range(x.size - 1):
        inside = lower[sample] >= low and lower[sample + 1] >= low and upper[sample] <= high
        if inside and upper[sample + 1] <= high:
            change = x[sample + 1] - x[sample]
            total += ((abs(change) if absolute else change) - mean) ** 2
    return total / count


@kernel
def _corridors(x: Floats, bounds: Floats, wanted: Integers, threshold: float) -> Floats:
    """Answer rows of `wanted`: lower bound, upper bound, absolute or not, variance or mean."""
    n_windows, n_samples = x.shape
    n_bounds = bounds.shape[1]
    found = np.zeros((n_windows, wanted.shape[0]))
    table = np.empty((n_bounds, n_bounds, 4))
    lower, upper = np.empty(n_samples, np.int64), np.empty(n_samples, np.int64)
    for row in range(n_windows):
        _table(x[row], bounds[row], table, lower, upper)
        for column in range(wanted.shape[0]):
            low, high, absolute, variance = wanted[column]
            count = table[low, high, COUNT]
            if count == 0:
                continue
            mean = table[low, high, ABSOLUTE if absolute else SUM] / count
            if not variance:
                found[row, column] = mean
                continue
            square = table[low, high, SQUARE] / count
            spread = square - mean * mean
            if spread < threshold * square:
                spread = _spread(x[row], lower, upper, low, high, mean, absolute != 0, count)
            found[row, column] = spread
    return found


def _covered(request: Parameters, _n_samples: int) -> bool:
    return 0 <= request["ql"] < request["qh"] <= 1 and request["f_agg"] in ("mean", "var")


@calculator("change_quantiles", "ql", "qh", "isabs", "f_agg", accepts=_covered)
def _change_quantiles(block: Block, requests: Sequence[Parameters]) -> Floats:
    shares = sorted({float(request[key]) for request in requests for key in ("ql", "qh")})
    wanted = np.array(
        [(shares.index(r["ql"]), shares.index(r["qh"]), bool(r["isabs"]), r["f_agg"] == "var") for r in requests],
        dtype=np.int64,
    )
    bounds = interpolated(block.ordered, places_in_pandas(block.n_samples, tuple(shares)))
    return _corridors(block.x, bounds, wanted, CANCELLED)
