"""The augmented Dickey-Fuller test of whether a series is drawn back to its mean.

All lag orders are nested in one factorisation, so the order is chosen without fitting each; the chosen one is fitted
again on all samples that it can use, as statsmodels does.

References
----------
Dickey & Fuller (1979), J Am Stat Assoc 74:427. MacKinnon (1994), J Bus Econ Stat 12:167.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.exact import pieces_of
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.lagged import (
    anchored,
    eliminate,
    explained,
    extend_lag_sums,
    extend_level_sums,
    fill_lags,
    fill_level,
    lag_sums,
    level_sums,
    with_growing_effort,
)
from eupnea.features.timeseries.registry import Parameters, Partial, calculator

LARGEST_STATISTIC, SMALLEST_STATISTIC = 2.74, -18.83
"""Test statistics beyond which the p-value is 1 and 0 (MacKinnon 1994, constant, one series)."""

TURNING_STATISTIC = -1.61
"""Where the approximation of the p-value changes from the small to the large branch."""

SMALL_BRANCH = (2.1659, 1.4412, 0.038269)
LARGE_BRANCH = (1.7339, 0.93202, -0.12745, -0.010368)
"""Polynomials in the statistic, constant first, whose normal probability is the p-value (MacKinnon 1994)."""


def largest_lag(n_samples: int) -> int:
    """Return the largest order that is tried (Schwert 1989), at most what half of the samples allow."""
    return min(n_samples // 2 - 2, math.ceil(12.0 * (n_samples / 100.0) ** 0.25))


@kernel
def _best_order(gram: Floats, n_rows: int) -> int:
    """Choose the number of lags by Akaike's criterion from the eliminated [1, level, lags, change]."""
    last = gram.shape[0] - 1
    residual, smallest = gram[last, last, 0], np.inf
    best = last - 2
    for order in range(last - 2, -1, -1):
        criterion = n_rows * math.log(residual / n_rows) + 2 * (order + 2)
        if criterion <= smallest:
            best, smallest = order, criterion
        residual += explained(gram, order + 1) ** 2
    return best


@kernel
def _places(n_lags: int, level_last: bool) -> NDArray[np.int64]:
    """Place the change last, its lags before it, and the level before or after those lags."""
    place = np.arange(n_lags + 1) + (0 if level_last else 1)
    place[0] = n_lags + 2
    return place


@kernel
def _test(change: Floats, level: Floats, n_lags: int, n_pieces: int) -> tuple[float, int, float]:
    """Return statistic, order used, and the smallest unexplained share met."""
    exact, stop = n_pieces > 1, change.size
    pieces = pieces_of(change, n_pieces)
    of_lags = lag_sums(pieces, n_lags, n_lags, stop)
    of_level = level_sums(pieces_of(level, n_pieces), pieces, n_lags, n_lags, stop)
    gram = np.empty((n_lags + 3, n_lags + 3, 2))
    place = _places(n_lags, False)
    fill_lags(gram, place, of_lags, change, n_lags, stop, exact)
    fill_level(gram, place, 1, of_level)
    share = eliminate(gram, exact)
    if share <= 0:
        return np.nan, 0, share
    order = _best_order(gram, stop - n_lags)
    extend_lag_sums(of_lags, change, order, n_lags, exact)
    extend_level_sums(of_level, level, change, order, n_lags, exact)
    gram = gram[: order + 3, : order + 3].copy()
    place = _places(order, True)
    fill_lags(gram, place, of_lags, change, order, stop, exact)
    fill_level(gram, place, order + 1, of_level)
    share = min(share, eliminate(gram, exact))
    if share <= 0:
        return np.nan, 0, share
    last = order + 2
    variance = gram[last, last, 0] / (stop - order - last)
    return explained(gram, last - 1) / math.sqrt(variance), order, share


@kernel
def _dickey_fuller(change: Floats, level: Floats, n_lags: int, n_pieces: int) -> tuple[Floats, Floats]:
    """Test every window: columns statistic and order; and the smallest unexplained share."""
    found, shares = np.empty((change.shape[0], 2)), np.empty(change.shape[0])
    for row in range(change.shape[0]):
        found[row, 0], found[row, 1], shares[row] = _test(change[row], level[row], n_lags, n_pieces)
    return found, shares


def p_value(statistic: Floats) -> Floats:
    """Approximate the probability of a smaller test statistic if there is a unit root.

    Parameters
    ----------
    statistic
        Shape (windows,).

    References
    ----------
    MacKinnon (1994), J Bus Econ Stat 12:167.
    """
    from scipy.special import ndtr

    small = np.polyval(SMALL_BRANCH[::-1], statistic)
    large = np.polyval(LARGE_BRANCH[::-1], statistic)
    probability = ndtr(np.where(statistic <= TURNING_STATISTIC, small, large))
    probability[statistic > LARGEST_STATISTIC] = 1.0
    probability[statistic < SMALLEST_STATISTIC] = 0.0
    return probability


def _covered(request: Parameters, _n_samples: int) -> bool:
    return request["attr"] in ("teststat", "pvalue", "usedlag")


@calculator("augmented_dickey_fuller", "attr", accepts=_covered, min_samples=24)
def _augmented_dickey_fuller(block: Block, requests: Sequence[Parameters]) -> Partial:
    n_lags = largest_lag(block.n_samples)

    def test(rows: NDArray[np.intp], n_pieces: int) -> tuple[Floats, Floats]:
        return _dickey_fuller(block.change[rows], anchored(block)[0][rows, :-1].copy(), n_lags, n_pieces)

    found, unsure = with_growing_effort(test, block.n_windows)
    columns = {"teststat": found[:, 0], "usedlag": found[:, 1], "pvalue": p_value(found[:, 0])}
    return Partial(np.stack([columns[request["attr"]] for request in requests], axis=1), unsure)
