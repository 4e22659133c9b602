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
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.lagged import (
    N_PIECES,
    WELL_CONDITIONED,
    eliminate,
    fill_lags,
    fill_level,
    pieces_of,
)
from eupnea.features.timeseries.registry import Parameters, Partial, calculator

SINGULAR = 1e-22
"""Unexplained share of a column below which the regressors are dependent and statsmodels' pseudo-inverse decides."""

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
def _best_order(factor: Floats, n_rows: int, n_lags: int) -> int:
    """Choose the number of lags by Akaike's criterion from the factor of [1, level, lags, change]."""
    last = n_lags + 2
    residual = factor[last, last] ** 2
    best, smallest = n_lags, np.inf
    for order in range(n_lags, -1, -1):
        criterion = n_rows * math.log(residual / n_rows) + 2 * (order + 2)
        if criterion <= smallest:
            best, smallest = order, criterion
        residual += factor[order + 1, last] ** 2
    return best


@kernel
def _factor(
    change: Floats, cut_change: Floats, cut_level: Floats, n_lags: int, level_last: bool
) -> tuple[Floats, float]:
    """Factor [1, level, lags, change], or [1, lags, level, change] if `level_last`."""
    gram = np.empty((n_lags + 3, n_lags + 3, 2))
    place = np.empty(n_lags + 1, np.int64)
    place[0] = n_lags + 2
    for lag in range(1, n_lags + 1):
        place[lag] = lag if level_last else lag + 1
    stop = change.size
    fill_lags(gram, place, change, cut_change, n_lags, stop)
    fill_level(gram, place, n_lags + 1 if level_last else 1, cut_level, cut_change, n_lags, stop)
    return eliminate(gram, cut_change.shape[0] > 1)


@kernel
def _test(change: Floats, level: Floats, n_lags: int, n_pieces: int) -> tuple[float, int, float]:
    """Return statistic, order used, and the smallest unexplained share met."""
    cut_change, cut_level = pieces_of(change, n_pieces), pieces_of(level, n_pieces)
    factor, share = _factor(change, cut_change, cut_level, n_lags, False)
    if share <= 0:
        return np.nan, 0, share
    order = _best_order(factor, change.size - n_lags, n_lags)
    factor, again = _factor(change, cut_change, cut_level, order, True)
    last = order + 2
    variance = factor[last, last] ** 2 / (change.size - order - last)
    return factor[last - 1, last] / math.sqrt(variance), order, min(share, again)


@kernel
def _dickey_fuller(
    change: Floats, level: Floats, n_lags: int, well_conditioned: float, n_pieces: int
) -> tuple[Floats, Floats]:
    """Test every window: columns statistic and order; and the smallest unexplained share."""
    found, shares = np.empty((change.shape[0], 2)), np.empty(change.shape[0])
    for row in range(change.shape[0]):
        statistic, order, share = _test(change[row], level[row], n_lags, 1)
        if share <= well_conditioned:
            statistic, order, share = _test(change[row], level[row], n_lags, n_pieces)
        found[row, 0], found[row, 1], shares[row] = statistic, order, share
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
    level = np.ascontiguousarray(block.centred[:, :-1])
    found, shares = _dickey_fuller(block.change, level, n_lags, WELL_CONDITIONED, N_PIECES)
    columns = {"teststat": found[:, 0], "usedlag": found[:, 1], "pvalue": p_value(found[:, 0])}
    unsure: NDArray[np.bool_] = ~(shares > SINGULAR)
    return Partial(np.stack([columns[request["attr"]] for request in requests], axis=1), unsure)
