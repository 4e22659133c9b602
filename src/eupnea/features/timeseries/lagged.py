"""Least squares on a series' own past, from inner products at lags, exact where the past is nearly collinear.

A smooth signal sampled fast is nearly a linear combination of its own lags. The inner products are then summed without
any rounding: each series is cut into pieces of few bits whose products add up exactly in a double (Ozaki's scheme), and
the elimination runs in pairs of doubles. The quick path with plain sums serves where that is not needed.

References
----------
Ozaki, Ogita, Oishi & Rump (2012), Numer Algorithms 59:95. Dekker (1971), Numer Math 18:224.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Floats
from eupnea.features.timeseries.kernels import kernel, summing_kernel

MANTISSA = 53
"""Bits of a double."""

SPLITTER = 134217729.0
"""2^27 + 1: cuts a double into halves whose products are exact (Dekker)."""

N_PIECES = 4
"""Pieces on the exact path: with 21 bits each, products are kept to 2^-84 of the largest."""

WELL_CONDITIONED = 1e-4
"""Smallest share of a column that its predecessors do not explain, above which plain sums give eleven digits."""

Lags = NDArray[np.int64]


@kernel
def two_sum(a: float, b: float) -> tuple[float, float]:
    """Add two doubles; return the sum and what rounding lost."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@kernel
def two_product(a: float, b: float) -> tuple[float, float]:
    """Multiply two doubles; return the product and what rounding lost."""
    product = a * b
    scaled = SPLITTER * a
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    scaled = SPLITTER * b
    b_high = scaled - (scaled - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@kernel
def _add(pair: Floats, high: float, low: float) -> None:
    total, lost = two_sum(pair[0], high)
    lost += pair[1] + low
    pair[0] = total + lost
    pair[1] = lost - (pair[0] - total)


@kernel
def _add_product(pair: Floats, a: float, b: float) -> None:
    product, lost = two_product(a, b)
    _add(pair, product, lost)


@summing_kernel
def _dot(a: Floats, b: Floats) -> float:
    total = 0.0
    for place in range(a.size):
        total += a[place] * b[place]
    return total


@summing_kernel
def _sum(a: Floats) -> float:
    total = 0.0
    for value in a:
        total += value
    return total


@kernel
def pieces_of(series: Floats, n_pieces: int) -> Floats:
    """Cut a series into pieces of few bits that add up to it; one piece is the series itself.

    Returns shape (pieces, samples).
    """
    cut = np.empty((n_pieces, series.size))
    if n_pieces == 1:
        cut[0] = series
        return cut
    bits = int((MANTISSA - math.ceil(math.log2(series.size))) // 2)
    largest = np.abs(series).max()
    unit = 2.0 ** (math.ceil(math.log2(largest)) - bits) if largest > 0 else 1.0
    rest = series.copy()
    for piece in range(n_pieces):
        anchor = 1.5 * unit * 2.0 ** (MANTISSA - 1)
        for place in range(series.size):
            head = (rest[place] + anchor) - anchor
            cut[piece, place] = head
            rest[place] -= head
        unit *= 2.0**-bits
    return cut


@kernel
def _product_sum(pair: Floats, a: Floats, b: Floats, start: int, stop: int, lag: int) -> None:
    """Set `pair` to the sum of a(t) b(t - lag) over start <= t < stop, smallest contributions first."""
    pair[:] = 0.0
    for order in range(a.shape[0] - 1, -1, -1):
        for piece in range(order + 1):
            _add(pair, _dot(a[piece, start:stop], b[order - piece, start - lag : stop - lag]), 0.0)


@kernel
def _plain_sum(pair: Floats, a: Floats, start: int, stop: int) -> None:
    pair[:] = 0.0
    for piece in range(a.shape[0] - 1, -1, -1):
        _add(pair, _sum(a[piece, start:stop]), 0.0)


@kernel
def fill_lags(gram: Floats, place: Lags, series: Floats, pieces: Floats, start: int, stop: int) -> None:
    """Fill the inner products among a constant (row 0) and lags 0, 1, … of a series over start <= t < stop.

    Parameters
    ----------
    gram
        Shape (columns, columns, 2): pairs of doubles, filled on both sides of the diagonal.
    place
        Shape (lags,): the row of each lag, lag 0 first.
    series, pieces
        Shape (samples,) and (pieces, samples).
    start, stop
        Range of t; `start` is at least the largest lag.
    """
    n_lags = place.size
    gram[0, 0, 0], gram[0, 0, 1] = stop - start, 0.0
    for lag in range(n_lags):
        _plain_sum(gram[0, place[lag]], pieces, start - lag, stop - lag)
        _product_sum(gram[place[0], place[lag]], pieces, pieces, start, stop, lag)
    for first in range(1, n_lags):
        for second in range(first, n_lags):
            pair = gram[place[first], place[second]]
            pair[:] = gram[place[first - 1], place[second - 1]]
            _add_product(pair, series[start - first], series[start - second])
            _add_product(pair, -series[stop - first], series[stop - second])
    for first in range(n_lags):
        gram[place[first], 0] = gram[0, place[first]]
        for second in range(first):
            gram[place[first], place[second]] = gram[place[second], place[first]]


@kernel
def fill_level(gram: Floats, place: Lags, row: int, level: Floats, pieces: Floats, start: int, stop: int) -> None:
    """Fill the inner products of one more column, `level` (in pieces), with itself, the constant and all lags."""
    _plain_sum(gram[0, row], level, start, stop)
    _product_sum(gram[row, row], level, level, start, stop, 0)
    gram[row, 0] = gram[0, row]
    for lag in range(place.size):
        _product_sum(gram[row, place[lag]], level, pieces, start, stop, lag)
        gram[place[lag], row] = gram[row, place[lag]]


@kernel
def _quotient(a: Floats, b: Floats) -> tuple[float, float]:
    first = a[0] / b[0]
    product, lost = two_product(first, b[0])
    rest = (a[0] - product) - lost + a[1] - first * b[1]
    return two_sum(first, rest / b[0])


@kernel
def eliminate(gram: Floats, exact: bool) -> tuple[Floats, float]:
    """Factor a matrix of inner products into R'R.

    Parameters
    ----------
    gram
        Shape (columns, columns, 2), overwritten.
    exact
        In pairs of doubles, or in doubles.

    Returns
    -------
    factor
        Shape (columns, columns), upper triangle.
    share
        Smallest share of a column's sum of squares that its predecessors leave; not positive where they leave nothing.
    """
    n = gram.shape[0]
    factor = np.zeros((n, n))
    share = 1.0
    for column in range(n):
        whole = gram[column, column, 0]
        for row in range(column):
            whole += factor[row, column] ** 2
        pivot = gram[column, column, 0]
        share = min(share, pivot / whole) if whole > 0 else 0.0
        if not pivot > 0:
            return factor, 0.0
        root = math.sqrt(pivot)
        for later in range(column, n):
            factor[column, later] = gram[column, later, 0] / root
        for row in range(column + 1, n):
            if exact:
                high, low = _quotient(gram[column, row], gram[column, column])
                for later in range(row, n):
                    pair, other = gram[row, later], gram[column, later]
                    product, lost = two_product(high, other[0])
                    _add(pair, -product, -(lost + high * other[1] + low * other[0]))
            else:
                ratio = gram[column, row, 0] / pivot
                for later in range(row, n):
                    gram[row, later, 0] -= ratio * gram[column, later, 0]
    return factor, share
