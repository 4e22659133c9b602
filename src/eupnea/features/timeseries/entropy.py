"""Entropy of histograms, and the complexity of the window written in few symbols."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, calculator


@kernel
def histogram_entropy(values: Floats, n_bins: int) -> Floats:
    """Give the entropy in nats of each row's histogram of equal bins between its extremes.

    Values at an edge fall into the bin that ``numpy.histogram`` puts them in.

    Parameters
    ----------
    values
        Shape (rows, values), finite.
    n_bins
        Bins.

    Returns
    -------
    Shape (rows,).
    """
    n_rows, n_values = values.shape
    found = np.empty(n_rows)
    counts = np.empty(n_bins, np.int64)
    for row in range(n_rows):
        low = high = values[row, 0]
        for value in values[row]:
            low, high = min(low, value), max(high, value)
        if low == high:
            low, high = low - 0.5, high + 0.5
        width = (high - low) / n_bins
        counts[:] = 0
        for value in values[row]:
            place = int((value - low) / (high - low) * n_bins)
            place = min(place, n_bins - 1)
            if value < place * width + low:
                place -= 1
            elif place < n_bins - 1 and value >= (place + 1) * width + low:
                place += 1
            counts[place] += 1
        entropy = 0.0
        for count in counts:
            if count:
                entropy -= count / n_values * math.log(count / n_values)
        found[row] = entropy
    return found


@calculator("binned_entropy", "max_bins", accepts=lambda request, _n: request["max_bins"] > 0)
def _binned_entropy(block: Block, requests: Sequence[Parameters]) -> Floats:
    return np.stack([histogram_entropy(block.x, request["max_bins"]) for request in requests], axis=1)


@kernel
def _symbol(value: float, low: float, width: float, high: float, n_bins: int) -> int:
    """Count the upper bin edges below the value; the edges are those of ``numpy.linspace``."""
    if value >= high:
        return n_bins - 1
    symbol = min(max(int((value - low) / width), 0), n_bins - 1)
    while symbol > 0 and low + symbol * width >= value:
        symbol -= 1
    while symbol < n_bins - 1 and low + (symbol + 1) * width < value:
        symbol += 1
    return symbol


@kernel
def _lempel_ziv(x: Floats, low: Floats, high: Floats, n_bins: int) -> Floats:
    """Count the words of the LZ78 parsing, which are kept as a tree of symbols."""
    n_windows, n_samples = x.shape
    found = np.empty(n_windows)
    children = np.empty((n_samples + 1, n_bins), np.int16)
    for row in range(n_windows):
        width = (high[row] - low[row]) / n_bins
        children[0] = 0
        n_words, node = 0, 0
        for value in x[row]:
            symbol = _symbol(value, low[row], width, high[row], n_bins)
            if children[node, symbol]:
                node = children[node, symbol]
            else:
                n_words += 1
                children[node, symbol] = n_words
                children[n_words] = 0
                node = 0
        found[row] = n_words / n_samples
    return found


LONGEST_SEQUENCE = np.iinfo(np.int16).max - 1
"""Samples up to which the words' numbers fit the small integers that keep the tree in the cache."""


@calculator(
    "lempel_ziv_complexity", "bins", accepts=lambda request, n: 1 < request["bins"] <= 1000 and n < LONGEST_SEQUENCE
)
def _lempel_ziv_complexity(block: Block, requests: Sequence[Parameters]) -> Floats:
    words: list[NDArray[np.float64]] = [
        _lempel_ziv(block.x, block.minimum, block.maximum, request["bins"]) for request in requests
    ]
    return np.stack(words, axis=1)
