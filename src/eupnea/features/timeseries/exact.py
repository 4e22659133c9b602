"""Sums of products without rounding, and arithmetic in pairs of doubles.

A series is cut into pieces of few bits whose products add up exactly in a double (Ozaki's scheme), so that the sums run
as fast as plain ones.

References
----------
Ozaki, Ogita, Oishi & Rump (2012), Numer Algorithms 59:95. Dekker (1971), Numer Math 18:224.
"""

from __future__ import annotations

import math

import numpy as np

from eupnea.features.timeseries.block import Floats
from eupnea.features.timeseries.kernels import kernel, summing_kernel

MANTISSA = 53
"""Bits of a double."""

SPLITTER = 134217729.0
"""2^27 + 1: cuts a double into halves whose products are exact (Dekker)."""


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
def add(pair: Floats, high: float, low: float) -> None:
    """Add two doubles, the second far smaller, to a pair."""
    total, lost = two_sum(pair[0], high)
    lost += pair[1] + low
    pair[0] = total + lost
    pair[1] = lost - (pair[0] - total)


@kernel
def add_product(pair: Floats, a: float, b: float) -> None:
    """Add the product of two doubles to a pair."""
    product, lost = two_product(a, b)
    add(pair, product, lost)


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
def product_sum(pair: Floats, a: Floats, b: Floats, start: int, stop: int, lag: int) -> None:
    """Set `pair` to the sum of a(t) b(t - lag) over start <= t < stop, smallest contributions first."""
    pair[:] = 0.0
    for order in range(a.shape[0] - 1, -1, -1):
        for piece in range(order + 1):
            add(pair, _dot(a[piece, start:stop], b[order - piece, start - lag : stop - lag]), 0.0)


@kernel
def plain_sum(pair: Floats, a: Floats, start: int, stop: int) -> None:
    """Set `pair` to the sum of a(t) over start <= t < stop."""
    pair[:] = 0.0
    for piece in range(a.shape[0] - 1, -1, -1):
        add(pair, _sum(a[piece, start:stop]), 0.0)


@kernel
def quotient(a: Floats, b: Floats) -> tuple[float, float]:
    """Divide a pair by a pair."""
    first = a[0] / b[0]
    product, lost = two_product(first, b[0])
    rest = (a[0] - product) - lost + a[1] - first * b[1]
    return two_sum(first, rest / b[0])


@kernel
def subtract_product(pair: Floats, high: float, low: float, other: Floats) -> None:
    """Subtract (high + low) times another pair from a pair."""
    product, lost = two_product(high, other[0])
    add(pair, -product, -(lost + high * other[1] + low * other[0]))
