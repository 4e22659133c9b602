"""Peaks that persist as ridges across the scales of a wavelet transform.

Windows in which two neighbouring coefficients agree to rounding are transformed by the very function that scipy uses,
so that ties fall as they do there.

References
----------
Du, Kibbe & Lin (2006), Bioinformatics 22:2059; as in ``scipy.signal.find_peaks_cwt``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel, summing_kernel
from eupnea.features.timeseries.registry import Parameters, Partial, calculator

Integers = NDArray[np.int64]

WIDEST = 7
"""Scale up to which a ridge moves by at most one sample from one scale to the next."""

SUPPORT = 10
"""Samples of the wavelet per unit of scale."""

NOISE_SHARE = 0.1
"""The noise at a place is this quantile of the finest coefficients around it."""

NOISE_WINDOW = 20
"""A window's length over the length of that surrounding."""

TIE = 1e-13
"""Difference over largest coefficient below which rounding may decide which of two is larger."""

COLUMN, COUNT, GAP, ROW, FIRST_COLUMN, START = range(6)
"""Of a ridge: newest column, members, scales since the newest, finest scale, first column there, column before."""


def _wavelet(n_points: int, scale: int) -> Floats:
    """Return the Mexican hat, sampled at `n_points` places around its centre."""
    squared = (np.arange(n_points) - (n_points - 1.0) / 2) ** 2
    height = 2 / (np.sqrt(3 * scale) * np.pi**0.25)
    return height * (1 - squared / scale**2) * np.exp(-squared / (2 * scale**2))


@summing_kernel
def _convolve(padded: Floats, weights: Floats, out: Floats) -> None:
    """Slide the weights over a padded series, four of them at a time."""
    out[:] = 0.0
    last = weights.size - 1
    whole = weights.size - weights.size % 4
    for tap in range(0, whole, 4):
        a, b = weights[last - tap], weights[last - tap - 1]
        c, d = weights[last - tap - 2], weights[last - tap - 3]
        for place in range(out.size):
            here = tap + place
            out[place] += a * padded[here] + b * padded[here + 1] + c * padded[here + 2] + d * padded[here + 3]
    for tap in range(whole, weights.size):
        for place in range(out.size):
            out[place] += weights[last - tap] * padded[tap + place]


@kernel
def _has_tie(coefficients: Floats, closeness: float) -> bool:
    for row in range(coefficients.shape[0]):
        limit = closeness * np.abs(coefficients[row]).max()
        close = 0
        for place in range(1, coefficients.shape[1]):
            close += abs(coefficients[row, place] - coefficients[row, place - 1]) <= limit
        if close:
            return True
    return False


@kernel
def _exceeds_noise(value: float, finest: Floats, place: int, share: float, n_around: int) -> bool:
    """Say whether a coefficient is at least as large as the noise around its place.

    Counting the surrounding coefficients below and above usually decides; else its size lies between the two that the
    quantile is interpolated from, which are then its neighbours.
    """
    start, stop = max(place - n_around // 2, 0), min(place + n_around // 2 + n_around % 2, finest.size)
    around, size = finest[start:stop], abs(value)
    rank = share * (around.size - 1)
    low = int(rank)
    up_to = below = 0
    for other in around:
        up_to += other <= size
        below += other < -size
    if up_to >= low + 2 and below <= low:
        return True
    if up_to <= low or below >= low + 2:
        return False
    left, right = -np.inf, np.inf
    for other in around:
        is_left = other < -size if below == low + 1 else other <= size
        if is_left:
            left = max(left, other)
        else:
            right = min(right, other)
    noise = left * (low + 1 - rank) + right * (rank - low) if rank > low else left
    return size >= abs(noise)


@kernel
def _find_maxima(row: Floats, maxima: Integers) -> int:
    """List the places of all samples larger than both neighbours; return how many there are."""
    count = 0
    for place in range(1, row.size - 1):
        maxima[count] = place
        count += (row[place] > row[place - 1]) & (row[place] > row[place + 1])
    return count


@kernel
def _extend(ridge: Integers, row: int, place: int) -> None:
    if ridge[ROW] != row or ridge[COUNT] == 0:
        ridge[FIRST_COLUMN] = place
    ridge[COLUMN], ridge[ROW], ridge[GAP] = place, row, 0
    ridge[COUNT] += 1


@kernel
def _nearest(by_column: Integers, place: int, reach: int) -> int:
    """Find the earliest ridge that ended nearest to a place, within reach; -1: none."""
    if by_column[place] >= 0:
        return by_column[place]
    if reach < 1:
        return -1
    left, right = by_column[place - 1], by_column[place + 1]
    if left >= 0 and right >= 0:
        return min(left, right)
    return max(left, right)


@kernel
def _counts(ridge: Integers, coefficients: Floats, n_widths: int, n_around: int, known: Integers) -> bool:
    """Say whether a ridge is long enough and stands above the noise; `known` keeps answers for the finest scale."""
    if ridge[COUNT] < math.ceil(n_widths / 4):
        return False
    row, place = ridge[ROW], ridge[FIRST_COLUMN]
    if row == 0 and known[place] >= 0:
        return known[place] > 0
    above = _exceeds_noise(coefficients[row, place], coefficients[0], place, NOISE_SHARE, n_around)
    if row == 0:
        known[place] = above
    return above


@kernel
def _count_ridges(
    coefficients: Floats, maxima: Integers, n_maxima: Integers, n_widths: int, ridges: Integers, known: Integers
) -> int:
    """Follow maxima from the coarsest of `n_widths` scales to the finest and count the ridges above the noise."""
    n_around = math.ceil(coefficients.shape[1] / NOISE_WINDOW)
    by_column = np.full(coefficients.shape[1], -1)
    n_ridges = accepted = 0
    for row in range(n_widths - 1, -1, -1):
        for ridge in range(n_ridges - 1, -1, -1):
            by_column[ridges[ridge, COLUMN]] = ridge
            ridges[ridge, GAP] += 1
        n_before = n_ridges
        for place in maxima[row, : n_maxima[row]]:
            ridge = _nearest(by_column, place, (row + 1) // 4)
            if ridge < 0:
                ridge = n_ridges
                ridges[ridge, COUNT] = 0
                ridges[ridge, START] = place
                n_ridges += 1
            _extend(ridges[ridge], row, place)
        for ridge in range(n_before):
            by_column[ridges[ridge, START]] = -1
        kept = 0
        for ridge in range(n_ridges):
            if ridges[ridge, GAP] > 1:
                accepted += _counts(ridges[ridge], coefficients, n_widths, n_around, known)
            else:
                ridges[kept] = ridges[ridge]
                ridges[kept, START] = ridges[kept, COLUMN]
                kept += 1
        n_ridges = kept
    for ridge in range(n_ridges):
        accepted += _counts(ridges[ridge], coefficients, n_widths, n_around, known)
    return accepted


@kernel
def _ridges_of(transform: Floats, wanted: Integers, found: Floats) -> None:
    """Count the ridges over the finest 1, 2, … scales that are wanted, for one window."""
    n_scales, n_samples = transform.shape
    maxima, n_maxima = np.empty((n_scales, n_samples), np.int64), np.empty(n_scales, np.int64)
    for scale in range(n_scales):
        n_maxima[scale] = _find_maxima(transform[scale], maxima[scale])
    ridges, known = np.empty((2 * n_samples, 6), np.int64), np.full(n_samples, -1)
    for column in range(wanted.size):
        found[column] = _count_ridges(transform, maxima, n_maxima, wanted[column], ridges, known)


@kernel
def _ridges_of_all(
    x: Floats, weights: Floats, sizes: Integers, wanted: Integers, closeness: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Transform and count; windows with ties are marked and left."""
    n_windows, n_samples = x.shape
    found, tied = np.empty((n_windows, wanted.size)), np.zeros(n_windows, np.bool_)
    padded, transform = np.zeros(n_samples + weights.shape[1]), np.empty((sizes.size, n_samples))
    for row in range(n_windows):
        for scale in range(sizes.size):
            size = sizes[scale]
            start = size - 1 - (size - 1) // 2
            padded[:] = 0.0
            padded[start : start + n_samples] = x[row]
            _convolve(padded, weights[scale, :size], transform[scale])
        tied[row] = _has_tie(transform, closeness)
        if not tied[row]:
            _ridges_of(transform, wanted, found[row])
    return found, tied


def _covered(request: Parameters, n_samples: int) -> bool:
    return isinstance(request["n"], int) and 0 < request["n"] <= WIDEST and SUPPORT * request["n"] <= n_samples


@calculator("number_cwt_peaks", "n", accepts=_covered, min_samples=2 * NOISE_WINDOW)
def _number_cwt_peaks(block: Block, requests: Sequence[Parameters]) -> Floats | Partial:
    wanted = np.array([request["n"] for request in requests], dtype=np.int64)
    wavelets = [_wavelet(SUPPORT * scale, scale)[::-1] for scale in range(1, int(wanted.max()) + 1)]
    sizes = np.array([wavelet.size for wavelet in wavelets], dtype=np.int64)
    weights = np.zeros((len(wavelets), int(sizes.max())))
    for row, wavelet in enumerate(wavelets):
        weights[row, : wavelet.size] = wavelet
    found, tied = _ridges_of_all(block.x, weights, sizes, wanted, TIE)
    for row in np.flatnonzero(tied).tolist():
        transform = np.stack([np.convolve(block.x[row], wavelet, mode="same") for wavelet in wavelets])
        _ridges_of(transform, wanted, found[row])
    return found
