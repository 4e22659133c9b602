"""Least squares of a series on its own past, exact where the past is nearly collinear.

A smooth signal sampled fast is nearly a linear combination of its own lags. The inner products are then summed without
rounding and the elimination runs in pairs of doubles; the quick path in doubles serves where that is not needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.exact import add, add_product, plain_sum, product_sum, quotient, subtract_product
from eupnea.features.timeseries.kernels import kernel

EFFORTS = ((1, 1e-4), (4, 1e-13), (6, 1e-22))
"""Pieces per series, and the share of a column that its predecessors must leave for that many to give ten digits.

One piece stands for plain doubles. Below the last share the regressors are dependent to the precision of the signal,
and the pseudo-inverse of statsmodels decides."""

ANCHOR_BITS = 20
"""Bits of the level that is taken off a signal, so few that the subtraction does not round."""

FAR = 4.0
"""Mean over standard deviation above which a level is taken off at all."""

Lags = NDArray[np.int64]


def anchored(block: Block) -> tuple[Floats, Floats]:
    """Take a level off every window without changing what its samples say to the last bit.

    Returns
    -------
    series
        Shape (windows, samples).
    level
        Shape (windows,): zero where the mean is small anyway.
    """
    if "anchored" not in block.__dict__:
        fraction, exponent = np.frexp(block.mean)
        level = np.ldexp(np.round(np.ldexp(fraction, ANCHOR_BITS)), exponent - ANCHOR_BITS)
        level[np.abs(block.mean) < FAR * block.standard_deviation] = 0.0
        block.__dict__["anchored"] = block.x - level[:, None], level
    return block.__dict__["anchored"]


def with_growing_effort(
    fit: Callable[[NDArray[np.intp], int], tuple[Floats, Floats]], n_windows: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Fit all windows in plain doubles, and again with more pieces those whose regressors are nearly collinear.

    Parameters
    ----------
    fit
        Takes the windows' numbers and the pieces per series; gives their results and their smallest unexplained shares.
    n_windows
        Windows of the block.

    Returns
    -------
    found
        Shape (windows, results).
    unsure
        Which windows no effort can decide.
    """
    rows = np.arange(n_windows)
    found, shares = fit(rows, EFFORTS[0][0])
    enough = EFFORTS[0][1]
    for n_pieces, sufficient in EFFORTS[1:]:
        rows = np.flatnonzero(~(shares > enough))
        if n_pieces != EFFORTS[-1][0]:
            rows = rows[shares[rows] > sufficient]
        if rows.size:
            found[rows], shares[rows] = fit(rows, n_pieces)
    return found, ~(shares > EFFORTS[-1][1])


@kernel
def lag_sums(pieces: Floats, n_lags: int, start: int, stop: int) -> Floats:
    """Sum a series, and its products with itself, at every lag over start <= t < stop.

    Parameters
    ----------
    pieces
        Shape (pieces, samples).
    n_lags, start, stop
        Largest lag; range of t, where `start` is at least the largest lag.

    Returns
    -------
    Shape (2, lags + 1, 2): sums of u(t - lag), of u(t) u(t - lag), as pairs of doubles.
    """
    sums = np.empty((2, n_lags + 1, 2))
    for lag in range(n_lags + 1):
        plain_sum(sums[0, lag], pieces, start - lag, stop - lag)
        product_sum(sums[1, lag], pieces, pieces, start, stop, lag)
    return sums


@kernel
def level_sums(level: Floats, pieces: Floats, n_lags: int, start: int, stop: int) -> Floats:
    """Sum the products of a level (in pieces) with every lag of a series; then the level, then its square.

    Returns shape (lags + 3, 2).
    """
    sums = np.empty((n_lags + 3, 2))
    for lag in range(n_lags + 1):
        product_sum(sums[lag], level, pieces, start, stop, lag)
    plain_sum(sums[n_lags + 1], level, start, stop)
    product_sum(sums[n_lags + 2], level, level, start, stop, 0)
    return sums


@kernel
def extend_lag_sums(sums: Floats, series: Floats, start: int, stop: int, exact: bool) -> None:
    """Add the samples start <= t < stop, at least the largest lag that is kept, to `lag_sums`."""
    for time in range(start, stop):
        for lag in range(start + 1):
            if exact:
                add(sums[0, lag], series[time - lag], 0.0)
                add_product(sums[1, lag], series[time], series[time - lag])
            else:
                sums[0, lag, 0] += series[time - lag]
                sums[1, lag, 0] += series[time] * series[time - lag]


@kernel
def extend_level_sums(sums: Floats, level: Floats, series: Floats, start: int, stop: int, exact: bool) -> None:
    """Add the samples start <= t < stop to `level_sums`."""
    n_lags = sums.shape[0] - 3
    for time in range(start, stop):
        for lag in range(start + 1):
            if exact:
                add_product(sums[lag], level[time], series[time - lag])
            else:
                sums[lag, 0] += level[time] * series[time - lag]
        add(sums[n_lags + 1], level[time], 0.0)
        add_product(sums[n_lags + 2], level[time], level[time])


@kernel
def fill_lags(gram: Floats, place: Lags, sums: Floats, series: Floats, start: int, stop: int, exact: bool) -> None:
    """Fill the inner products among a constant (row 0) and lags 0, 1, … of a series over start <= t < stop.

    Products of two lags follow from those of smaller lags: one sample enters the sum and one leaves it.

    Parameters
    ----------
    gram
        Shape (columns, columns, 2): pairs of doubles, filled on both sides of the diagonal.
    place
        Shape (lags,): the row of each lag, lag 0 first.
    sums, series
        What `lag_sums` gives; shape (samples,).
    start, stop
        Range of t.
    exact
        In pairs of doubles, or in doubles.
    """
    n_lags = place.size
    gram[0, 0, 0], gram[0, 0, 1] = stop - start, 0.0
    for lag in range(n_lags):
        gram[0, place[lag]] = sums[0, lag]
        gram[place[0], place[lag]] = sums[1, lag]
    for first in range(1, n_lags):
        for second in range(first, n_lags):
            if not exact:
                change = series[start - first] * series[start - second] - series[stop - first] * series[stop - second]
                gram[place[first], place[second], 0] = gram[place[first - 1], place[second - 1], 0] + change
                gram[place[first], place[second], 1] = 0.0
                continue
            pair = gram[place[first], place[second]]
            pair[:] = gram[place[first - 1], place[second - 1]]
            add_product(pair, series[start - first], series[start - second])
            add_product(pair, -series[stop - first], series[stop - second])
    for first in range(n_lags):
        gram[place[first], 0] = gram[0, place[first]]
        for second in range(first):
            gram[place[first], place[second]] = gram[place[second], place[first]]


@kernel
def fill_level(gram: Floats, place: Lags, row: int, sums: Floats) -> None:
    """Fill the inner products of one more column, the level, with itself, the constant and all lags."""
    n_lags = sums.shape[0] - 3
    gram[0, row] = sums[n_lags + 1]
    gram[row, 0] = sums[n_lags + 1]
    gram[row, row] = sums[n_lags + 2]
    for lag in range(place.size):
        gram[row, place[lag]] = sums[lag]
        gram[place[lag], row] = sums[lag]


@kernel
def eliminate(gram: Floats, exact: bool) -> float:
    """Eliminate a matrix of inner products to its upper triangle.

    Parameters
    ----------
    gram
        Shape (columns, columns, 2), overwritten: above the diagonal the pivot times the row of the factor.
    exact
        In pairs of doubles, or in doubles.

    Returns
    -------
    Smallest share of a column's sum of squares that its predecessors leave; zero where they leave nothing.
    """
    n = gram.shape[0]
    whole = np.empty(n)
    for column in range(n):
        whole[column] = gram[column, column, 0]
    share = 1.0
    for column in range(n):
        pivot = gram[column, column, 0]
        if not pivot > 0:
            return 0.0
        share = min(share, pivot / whole[column])
        for row in range(column + 1, n):
            if exact:
                high, low = quotient(gram[column, row], gram[column, column])
                for later in range(row, n):
                    subtract_product(gram[row, later], high, low, gram[column, later])
            else:
                ratio = gram[column, row, 0] / pivot
                for later in range(row, n):
                    gram[row, later, 0] -= ratio * gram[column, later, 0]
    return share


@kernel
def explained(gram: Floats, row: int) -> float:
    """Return what one eliminated column explains of the last: its entry of the triangular factor."""
    return gram[row, gram.shape[0] - 1, 0] / math.sqrt(gram[row, row, 0])


@kernel
def solve(gram: Floats) -> Floats:
    """Give the coefficients of the last column on the others, by back substitution: shape (columns - 1, 2)."""
    last = gram.shape[0] - 1
    solution = np.empty((last, 2))
    rest = np.empty(2)
    for row in range(last - 1, -1, -1):
        rest[:] = gram[row, last]
        for later in range(row + 1, last):
            subtract_product(rest, solution[later, 0], solution[later, 1], gram[row, later])
        solution[row] = quotient(rest, gram[row, row])
    return solution
