"""Straight lines through the window, and through what its chunks are aggregated to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, Partial, calculator

ATTRIBUTES = ("pvalue", "rvalue", "intercept", "slope", "stderr")
"""What scipy's regression gives and tsfresh may ask for."""

TINY = 1e-20
"""Keeps the t value of a perfect line finite, as in scipy."""

LEVEL = 1e-20
"""Variance over mean square below which a line's ordinates differ by rounding only."""

STRAIGHT = 1e-7
"""One minus the correlation below which rounding decides the standard error."""


class Line:
    """Least squares of every row on the natural numbers from zero.

    Parameters
    ----------
    y
        Shape (windows, points), at least three points.
    """

    def __init__(self, y: Floats) -> None:
        n = y.shape[1]
        place = np.arange(n) - (n - 1) / 2
        mean = y.mean(axis=1)
        off = y - mean[:, None]
        self.degrees = n - 2
        self.xx = float(np.dot(place, place)) / n
        self.yy = np.vecdot(off, off) / n
        xy = np.vecdot(off, place) / n
        ratio = xy / np.sqrt(self.xx * self.yy)
        self.rvalue = np.where(self.yy == 0, np.where(xy == 0, np.nan, 0.0), np.clip(ratio, -1.0, 1.0))
        self.slope = xy / self.xx
        self.intercept = mean - self.slope * ((n - 1) / 2)
        rounding = (self.yy > 0) & (self.yy <= LEVEL * mean * mean)
        self.unsure: NDArray[np.bool_] = rounding | (np.abs(self.rvalue) > 1 - STRAIGHT)

    @property
    def stderr(self) -> Floats:
        """Standard error of the slope."""
        return np.sqrt((1 - self.rvalue**2) * self.yy / self.xx / self.degrees)

    @property
    def pvalue(self) -> Floats:
        """Two-sided p-value of a zero slope, by Student's distribution."""
        from scipy.special import betainc

        r, df = self.rvalue, self.degrees
        t = r * np.sqrt(df / ((1.0 - r + TINY) * (1.0 + r + TINY)))
        return betainc(df / 2, 0.5, df / (df + t * t))


@calculator("linear_trend", "attr", accepts=lambda request, _n: request["attr"] in ATTRIBUTES)
def _linear_trend(block: Block, requests: Sequence[Parameters]) -> Partial:
    line = Line(block.x)
    return Partial(np.stack([getattr(line, request["attr"]) for request in requests], axis=1), line.unsure)


AGGREGATES = ("max", "min", "mean", "var")
"""How a chunk becomes one number, in the order of `aggregate_chunks`."""


@kernel
def aggregate_chunks(x: Floats, length: int) -> Floats:
    """Aggregate chunks of `length` samples, the last one shorter where they do not fit.

    Parameters
    ----------
    x
        Shape (windows, samples).
    length
        Samples per chunk.

    Returns
    -------
    Shape (aggregates, windows, chunks).
    """
    n_windows, n_samples = x.shape
    n_chunks = (n_samples + length - 1) // length
    found = np.empty((4, n_windows, n_chunks))
    for row in range(n_windows):
        for chunk in range(n_chunks):
            piece = x[row, chunk * length : min((chunk + 1) * length, n_samples)]
            highest = lowest = piece[0]
            total = 0.0
            for value in piece:
                highest = max(highest, value)
                lowest = min(lowest, value)
                total += value
            mean = total / piece.size
            squares = 0.0
            for value in piece:
                squares += (value - mean) * (value - mean)
            found[0, row, chunk], found[1, row, chunk] = highest, lowest
            found[2, row, chunk], found[3, row, chunk] = mean, squares / piece.size
    return found


def _covered(request: Parameters, n_samples: int) -> bool:
    known = request["attr"] in ATTRIBUTES and request["f_agg"] in AGGREGATES
    return known and request["chunk_len"] > 0 and not n_samples / 2 <= request["chunk_len"] < n_samples


@calculator("agg_linear_trend", "attr", "chunk_len", "f_agg", accepts=_covered)
def _agg_linear_trend(block: Block, requests: Sequence[Parameters]) -> Partial:
    lines: dict[int, list[Line]] = {}
    values = np.full((block.n_windows, len(requests)), np.nan)
    unsure = np.zeros(block.n_windows, dtype=np.bool_)
    for column, request in enumerate(requests):
        length = request["chunk_len"]
        if length >= block.n_samples:
            continue
        if length not in lines:
            lines[length] = [Line(points) for points in aggregate_chunks(block.x, length)]
        line = lines[length][AGGREGATES.index(request["f_agg"])]
        values[:, column] = getattr(line, request["attr"])
        unsure |= line.unsure
    return Partial(values, unsure)
