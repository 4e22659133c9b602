"""Entropy of histograms, and the complexity of the window written in few symbols."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, Partial, calculator


@kernel
def _histogram_entropies(values: Floats, n_bins: int, closeness: float) -> tuple[Floats, NDArray[np.bool_]]:
    n_rows, n_values = values.shape
    found, near = np.empty(n_rows), np.zeros(n_rows, np.bool_)
    counts = np.empty(n_bins, np.int64)
    for row in range(n_rows):
        low = high = values[row, 0]
        for value in values[row]:
            low, high = min(low, value), max(high, value)
        if low == high:
            low, high = low - 0.5, high + 0.5
        near[row] = high - low <= closeness * abs(high)
        width = (high - low) / n_bins
        counts[:] = 0
        for value in values[row]:
            exact = (value - low) / (high - low) * n_bins
            place = min(int(exact), n_bins - 1)
            edge = round(exact)
            if 0 < edge < n_bins and abs(exact - edge) < closeness:
                near[row] = True
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
    return found, near


EDGE = 1e-9
"""Distance from a bin edge, in bins, below which the rounding of a computed value may decide its bin."""


def histogram_entropies(values: Floats, bins: Sequence[int]) -> Partial:
    """Give the entropy in nats of each row's histograms of equal bins between its extremes.

    Values at an edge fall into the bin that ``numpy.histogram`` puts them in.

    Parameters
    ----------
    values
        Shape (rows, values), finite.
    bins
        Numbers of bins.

    Returns
    -------
    Shape (rows, histograms); rows in which a value lies at an edge are marked as unsure.
    """
    parts = [_histogram_entropies(values, n_bins, EDGE) for n_bins in bins]
    return Partial(np.stack([part[0] for part in parts], axis=1), np.any([part[1] for part in parts], axis=0))


@calculator("binned_entropy", "max_bins", accepts=lambda request, _n: request["max_bins"] > 0)
def _binned_entropy(block: Block, requests: Sequence[Parameters]) -> Floats:
    # Samples are compared as they are: those at an edge fall as in numpy, so no row is unsure.
    return histogram_entropies(block.x, [request["max_bins"] for request in requests]).values


@kernel
def _write_symbols(series: Floats, low: float, high: float, n_bins: int, symbols: NDArray[np.int64]) -> None:
    """Count for each sample the upper bin edges below it; the edges are those of ``numpy.linspace``."""
    width = (high - low) / n_bins
    density = n_bins / (high - low)
    for sample in range(series.size):
        value = series[sample]
        symbol = min(int((value - low) * density), n_bins - 1)
        symbol -= (symbol > 0) & (symbol * width + low >= value)
        symbol += (symbol < n_bins - 1) & ((symbol + 1) * width + low < value)
        symbols[sample] = symbol


@kernel
def _count_words(symbols: NDArray[np.int64], children: NDArray[np.int16]) -> int:
    """Parse a sequence into words that were not seen before (LZ78), kept as a tree."""
    children[0] = 0
    n_words = node = 0
    for symbol in symbols:
        following = children[node, symbol]
        if following == 0:
            n_words += 1
            children[node, symbol] = n_words
            children[n_words] = 0
        node = following
    return n_words


@kernel
def _lempel_ziv(x: Floats, low: Floats, high: Floats, n_bins: int) -> Floats:
    n_windows, n_samples = x.shape
    found, symbols = np.empty(n_windows), np.empty(n_samples, np.int64)
    children = np.empty((n_samples + 1, n_bins), np.int16)
    for row in range(n_windows):
        _write_symbols(x[row], low[row], high[row], n_bins, symbols)
        found[row] = _count_words(symbols, children) / n_samples
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
