"""Windows with every feature sorted once: what an enrolment's ranks are is then picked, never sorted again."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from eupnea.compiled import JIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eupnea.identification.samples import Rows

    Matrix = NDArray[np.float64]


class Ordered:
    """The features of some windows, in rising order.

    Parameters
    ----------
    X
        Shape (n, p): windows; NaN where missing.

    Attributes
    ----------
    order
        Shape (p, n): windows by rising value of each feature, those that lack it last.
    values
        Shape (p, n): the values in that order.
    """

    def __init__(self, X: Matrix) -> None:
        columns = np.ascontiguousarray(X.T)
        order = np.argsort(columns, axis=1, kind="stable")
        self.order: NDArray[np.int32] = order.astype(np.int32)
        self.values: Matrix = np.take_along_axis(columns, order, axis=1)

    def with_columns(self, keep: NDArray[np.bool_]) -> Ordered:
        """Return the same windows with some of the features."""
        part = copy(self)
        part.order, part.values = self.order[keep], self.values[keep]
        return part

    def of(self, rows: Rows) -> Matrix:
        """Return the values of some windows (each once) in rising order, missing ones last; shape (p, len(rows))."""
        out = np.empty((len(self.values), len(rows)))
        _picked(self.order, self.values, self._places(rows), np.empty(self.order.shape[1], np.int32), out)
        return out

    def mapped(self, rows: Rows, columns: Rows, median: Matrix, knots: Matrix, heights: Matrix) -> Matrix:
        """Map windows through the straight lines between knots, feature by feature; as `np.interp`, to the last bit.

        Parameters
        ----------
        rows
            The windows, each once.
        columns
            Shape (q,): the features.
        median
            Shape (q,): stands in for what is missing.
        knots, heights
            Shapes (q, k) and (k,): knots in rising order; equal ones share the mean of their heights.

        Returns
        -------
        mapped
            Shape (q, len(rows)).
        """
        out = np.empty((len(columns), len(rows)))
        picked = np.empty(self.order.shape[1], np.int32)
        _mapped(self.order, self.values, self._places(rows), columns, median, knots, heights, picked, out)
        return out

    def _places(self, rows: Rows) -> NDArray[np.int32]:
        places = np.full(self.order.shape[1], -1, dtype=np.int32)
        places[rows] = np.arange(len(rows), dtype=np.int32)
        return places


@numba.njit(**JIT)
def _pick(order: Any, places: Any, picked: Any) -> None:
    """Write where in `order` the windows stand that have a place; without branches."""
    found = 0
    for i in range(order.size):
        picked[found] = i
        found += places[order[i]] >= 0


@numba.njit(**JIT)
def _picked(order: Any, values: Any, places: Any, picked: Any, out: Any) -> None:
    """Write the values of the windows that have a place, feature by feature."""
    for j in range(len(out)):
        _pick(order[j], places, picked)
        for i in range(out.shape[1]):
            out[j, i] = values[j, picked[i]]


@numba.njit(**JIT)
def _mapped(
    order: Any,
    values: Any,
    places: Any,
    columns: Any,
    median: Any,
    knots: Any,
    heights: Any,
    picked: Any,
    out: Any,
) -> None:
    """Walk up each feature's windows and knots together; see `Ordered.mapped`."""
    merged, level, rise = np.empty(knots.shape[1]), np.empty(knots.shape[1]), np.empty(knots.shape[1])
    for j in range(len(out)):
        column = columns[j]
        last = _merged(knots[j], heights, merged, level, rise) - 1
        _pick(order[column], places, picked)
        k = 0
        for i in range(out.shape[1]):
            value = values[column, picked[i]]
            if math.isnan(value):  # these come last: the walk begins anew
                value, k = median[j], 0
            while k < last and merged[k + 1] <= value:
                k += 1
            between = rise[k] * (value - merged[k]) + level[k]
            known = value <= merged[0] or k == last or value == merged[k]
            out[j, places[order[column, picked[i]]]] = level[k] if known else between


@numba.njit(**JIT)
def _merged(knots: Any, heights: Any, merged: Any, level: Any, rise: Any) -> int:
    """Write the knots that differ, the mean height of each, and the slope to the next; return their number.

    Between equal knots the answer of an interpolation would depend on its last question.
    """
    for i in range(knots.size):  # ties, which rounding may have put a bit out of order, are put in order
        place = i
        while place and merged[place - 1] > knots[i]:
            merged[place], rise[place] = merged[place - 1], rise[place - 1]
            place -= 1
        merged[place], rise[place] = knots[i], heights[i]
    n, i = 0, 0
    while i < knots.size:
        total, count, knot = 0.0, 0, merged[i]
        while i < knots.size and merged[i] == knot:
            total, count, i = total + rise[i], count + 1, i + 1
        merged[n], level[n] = knot, total / count
        n += 1
    for k in range(n - 1):
        rise[k] = (level[k + 1] - level[k]) / (merged[k + 1] - merged[k])
    rise[n - 1] = 0.0
    return n
