"""Sample and approximate entropy of all windows, by sets of similar samples kept as bits.

For every sample the set of samples within the tolerance is one row of bits, made by sliding over the sorted window.
Templates of m samples match where m such rows, shifted onto each other, share a bit; counting bits counts matches.

References
----------
Richman & Moorman (2000), Am J Physiol 278:H2039. Pincus (1991), PNAS 88:2297.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, calculator

Words = NDArray[np.uint64]

WORD = 64
"""Bits per word."""

TEMPLATE = 2
"""Samples per template in tsfresh's sample entropy."""

TOLERANCE = 0.2
"""Tolerance of tsfresh's sample entropy in standard deviations."""


@intrinsic
def _count_bits(_context: Any, word: Any) -> Any:
    """Count the set bits of a word with the processor's own instruction."""

    def emit(_codegen: Any, builder: Any, _signature: Any, arguments: Any) -> ir.Value:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), emit


@kernel
def _mark_similar(series: Floats, order: NDArray[np.int64], tolerance: float, similar: Words) -> None:
    """Set in row i the bits of all samples within the tolerance of sample i; the rows end in an empty word."""
    one = np.uint64(1)
    similar[:] = np.uint64(0)
    n_words = similar.shape[1]
    previous = similar.shape[0] - 1
    low = high = 0
    for centre in order:
        row, value = similar[centre], series[centre]
        if low < high:
            for word in range(n_words):
                row[word] = similar[previous, word]
        while high < series.size and abs(series[order[high]] - value) <= tolerance:
            row[order[high] >> 6] |= one << np.uint64(order[high] & 63)
            high += 1
        while abs(value - series[order[low]]) > tolerance:
            row[order[low] >> 6] &= ~(one << np.uint64(order[low] & 63))
            low += 1
        previous = centre


@kernel
def _keep_shared(matched: Words, row: Words, by: int) -> None:
    """Clear the bits that the row, moved down by `by` bits (less than a word), does not have."""
    if by == 0:
        for word in range(matched.size):
            matched[word] &= row[word]
        return
    down, up = np.uint64(by), np.uint64(WORD - by)
    for word in range(matched.size):
        matched[word] &= (row[word] >> down) | (row[word + 1] << up)


@kernel
def _size(words: Words) -> int:
    total = np.uint64(0)
    for word in words:
        total += _count_bits(word)
    return int(total)


@kernel
def _count_matches(similar: Words, length: int, shorter: NDArray[np.int64], longer: NDArray[np.int64]) -> None:
    """Count for every template of `length` samples, and of one more, those that match it, itself included."""
    matched = np.empty(similar.shape[1] - 1, np.uint64)
    for template in range(shorter.size):
        matched[:] = similar[template, :-1]
        for offset in range(1, length):
            _keep_shared(matched, similar[template + offset], offset)
        shorter[template] = _size(matched)
        if template < longer.size:
            _keep_shared(matched, similar[template + length], length)
            longer[template] = _size(matched)


@kernel
def _mean_logarithm(counts: NDArray[np.int64]) -> float:
    total = 0.0
    for count in counts:
        total += math.log(count / counts.size)
    return total / counts.size


@kernel
def _match_all(x: Floats, tolerances: Floats, length: int) -> Floats:
    """Return per window: all matches of templates, of templates one longer, and the approximate entropy."""
    n_windows, n_samples = x.shape
    found = np.empty((n_windows, 3))
    similar = np.empty((n_samples, (n_samples + WORD - 1) // WORD + 1), np.uint64)
    shorter, longer = np.empty(n_samples - length + 1, np.int64), np.empty(n_samples - length, np.int64)
    for row in range(n_windows):
        _mark_similar(x[row], np.argsort(x[row]), tolerances[row], similar)
        _count_matches(similar, length, shorter, longer)
        found[row, 0], found[row, 1] = shorter.sum(), longer.sum()
        found[row, 2] = abs(_mean_logarithm(shorter) - _mean_logarithm(longer))
    return found


@calculator("sample_entropy")
def _sample_entropy(block: Block, _requests: Sequence[Parameters]) -> Floats:
    found = _match_all(block.x, TOLERANCE * block.standard_deviation, TEMPLATE)
    shorter, longer = found[:, 0] - (block.n_samples - TEMPLATE + 1), found[:, 1] - (block.n_samples - TEMPLATE)
    return -np.log(longer / shorter)[:, None]


@calculator(
    "approximate_entropy",
    "m",
    "r",
    accepts=lambda request, n: 0 < request["m"] < min(WORD, n - 1) and request["r"] >= 0,
)
def _approximate_entropy(block: Block, requests: Sequence[Parameters]) -> Floats:
    found = [_match_all(block.x, r["r"] * block.standard_deviation, r["m"])[:, 2] for r in requests]
    return np.stack(found, axis=1)
