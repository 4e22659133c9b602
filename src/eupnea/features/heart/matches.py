"""Sample and approximate entropy of many windows, by sets of matching intervals held in the bits of words."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic
from numpy.typing import NDArray

from eupnea.compiled import JIT
from eupnea.features.heart.kernels import _mean_and_sd

ONE, TWO = np.uint64(1), np.uint64(2)
TOP, NEXT_TO_TOP = np.uint64(63), np.uint64(62)


@intrinsic
def _ones(_context: Any, word: Any) -> Any:
    """Count the ones of a word: the processor's own instruction, for several words at once where it can."""
    return word(word), lambda _context, builder, _signature, words: builder.ctpop(words[0])


def entropies(
    rr: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    order: NDArray[np.int64],
    radius: float,
) -> NDArray[np.float64]:
    """Return sample and approximate entropy with m = 2.

    The intervals within the tolerance of one another are found by two pointers over the sorted intervals and kept as
    bits; templates of two and three intervals match where the shifted bits agree. Same counts as comparing all pairs.

    Parameters
    ----------
    rr, first, last
        Intervals, and which belong to which window.
    order
        Shape (w, longest): ranks of every window's intervals.
    radius
        Tolerance in standard deviations.

    Returns
    -------
    ndarray
        Shape (w, 2); sample entropy is NaN where no template of two, or of three, matches another.
    """
    out = np.full((first.size, 2), np.nan)
    longest = int((last - first).max(initial=0))
    logarithms = np.log(np.maximum(np.arange(longest + 2), 1))
    _entropies(rr, first, last, order, radius, logarithms, out)
    return out


@numba.njit(**JIT)
def _entropies(rr: Any, first: Any, last: Any, order: Any, radius: float, logarithms: Any, out: Any) -> None:
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 5:
            continue
        x = rr[first[w] : last[w]]
        _, sd = _mean_and_sd(x)
        if sd == 0:
            continue
        bits = _neighbours(x, order[w], radius * sd)
        twos, threes, beyond = _counts(bits, n)
        phi2, phi3, pairs, triples = 0.0, 0.0, -beyond, 0
        for i in range(n - 1):
            phi2 += logarithms[twos[i]]
        for i in range(n - 2):
            phi3 += logarithms[threes[i]]
            pairs += int(twos[i]) - 1
            triples += int(threes[i]) - 1
        if pairs > 0 and triples > 0:
            out[w, 0] = -math.log(triples / pairs)
        out[w, 1] = abs(phi2 / (n - 1) - logarithms[n - 1] - (phi3 / (n - 2) - logarithms[n - 2]))


@numba.njit(**JIT)
def _neighbours(x: Any, order: Any, tolerance: float) -> Any:
    """Return, for every interval, the intervals within the tolerance as bits: shape (words, n + 2)."""
    n = x.size
    words = n // 64 + 2
    bits = np.zeros((words, n + 2), np.uint64)
    inside = np.zeros(words, np.uint64)
    low, high = 0, 0
    for rank in range(n):
        i = order[rank]
        while high < n and x[order[high]] - x[i] <= tolerance:
            inside[order[high] >> 6] |= ONE << np.uint64(order[high] & 63)
            high += 1
        while x[i] - x[order[low]] > tolerance:
            inside[order[low] >> 6] ^= ONE << np.uint64(order[low] & 63)
            low += 1
        for word in range(words):
            bits[word, i] = inside[word]
    return bits


@numba.njit(**JIT)
def _counts(bits: Any, n: int) -> tuple[Any, Any, int]:
    """Count matches of templates of two and of three (each matches itself), and pairs whose third is beyond the end."""
    twos = np.zeros(n, np.uint64)
    threes = np.zeros(n, np.uint64)
    for word in range(bits.shape[0] - 1):
        here, after = bits[word], bits[word + 1]
        for i in range(n - 1):
            two = here[i] & ((here[i + 1] >> ONE) | (after[i + 1] << TOP))
            three = two & ((here[i + 2] >> TWO) | (after[i + 2] << NEXT_TO_TOP))
            twos[i] += _ones(two)
            threes[i] += _ones(three)
    word, bit = (n - 2) >> 6, np.uint64((n - 2) & 63)
    here, after = bits[word], bits[word + 1]
    beyond = 0
    for i in range(n - 2):
        two = here[i] & ((here[i + 1] >> ONE) | (after[i + 1] << TOP))
        beyond += int((two >> bit) & ONE)
    return twos, threes, beyond
