"""Autocorrelation, partial autocorrelation, and autoregressive coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.exact import add, pieces_of, subtract_product
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.lagged import anchored, eliminate, fill_lags, lag_sums, solve, with_growing_effort
from eupnea.features.timeseries.registry import Parameters, Partial, calculator

NO_VARIANCE = 1e-8
"""Variance up to which tsfresh calls the autocorrelation undefined (the absolute tolerance of ``numpy.isclose``)."""

NO_VARIANCE_AGGREGATED = 1e-10
"""Variance below which tsfresh sets all autocorrelations to zero before it aggregates them."""


def autocovariance(block: Block, largest: int) -> Floats:
    """Return autocovariances at lags 0 … `largest`, each divided by its number of products.

    Every sum is one inner product, the same to the last bit as in statsmodels: the partial autocorrelation of a smooth
    signal would otherwise differ in the eighth digit.
    """
    known: list[Floats] = block.__dict__.setdefault("autocovariances", [])
    n, x = block.n_samples, block.centred
    for lag in range(len(known), largest + 1):
        known.append(np.vecdot(x[:, lag:], x[:, : n - lag]) / (n - lag))
    return np.stack(known[: largest + 1], axis=1)


@calculator("autocorrelation", "lag", accepts=lambda request, n: 0 <= request["lag"] < n)
def _autocorrelation(block: Block, requests: Sequence[Parameters]) -> Floats:
    lags = [request["lag"] for request in requests]
    values = autocovariance(block, max(lags))[:, lags] / block.variance[:, None]
    values[block.variance <= NO_VARIANCE] = np.nan
    return values


AGGREGATES: dict[str, Callable[..., Floats]] = {
    "mean": np.mean,
    "median": np.median,
    "var": np.var,
    "max": np.max,
    "min": np.min,
    "std": np.std,
}
"""What tsfresh may be asked to make of the autocorrelations."""


@calculator(
    "agg_autocorrelation",
    "f_agg",
    "maxlag",
    accepts=lambda request, n: request["f_agg"] in AGGREGATES and 0 < request["maxlag"] < n,
)
def _agg_autocorrelation(block: Block, requests: Sequence[Parameters]) -> Floats:
    covariance = autocovariance(block, max(request["maxlag"] for request in requests))
    correlation = covariance[:, 1:] / covariance[:, :1]
    correlation[block.variance < NO_VARIANCE_AGGREGATED] = 0.0
    values = [AGGREGATES[r["f_agg"]](correlation[:, : int(r["maxlag"])], axis=1) for r in requests]
    return np.stack(values, axis=1)


def _levinson_durbin(covariance: Floats) -> Floats:
    """Give partial autocorrelations at lags 0 … from autocovariances, for all windows at once.

    References
    ----------
    Durbin (1960), Rev Int Stat Inst 28:233.
    """
    order = covariance.shape[1] - 1
    weights = np.zeros((len(covariance), order + 1, order + 1))
    error = covariance[:, 0]
    for lag in range(1, order + 1):
        before = weights[:, 1:lag, lag - 1]
        backward = np.ascontiguousarray(covariance[:, lag - 1 : 0 : -1])
        explained = np.vecdot(before, backward) if lag > 1 else 0.0
        newest = (covariance[:, lag] - explained) / error
        weights[:, lag, lag] = newest
        weights[:, 1:lag, lag] = before - newest[:, None] * before[:, ::-1]
        error = error - newest * covariance[:, 1] if lag == 1 else error * (1 - newest**2)
    partial = np.diagonal(weights, axis1=1, axis2=2).copy()
    partial[:, 0] = 1.0
    return partial


@calculator("partial_autocorrelation", "lag", accepts=lambda request, n: 0 <= request["lag"] < n // 2)
def _partial_autocorrelation(block: Block, requests: Sequence[Parameters]) -> Floats:
    lags = [request["lag"] for request in requests]
    return _levinson_durbin(autocovariance(block, max(1, *lags)))[:, lags]


@kernel
def _with_level(solution: Floats, level: float) -> Floats:
    """Put back the level that was taken off: it changes the constant by what the lags do not pass on of it."""
    passed_on = np.zeros(2)
    for row in range(1, solution.shape[0]):
        add(passed_on, solution[row, 0], solution[row, 1])
    add(passed_on, -1.0, 0.0)
    subtract_product(solution[0], level, 0.0, passed_on)
    return solution[:, 0].copy()


@kernel
def _coefficients(series: Floats, level: Floats, n_lags: int, n_pieces: int) -> tuple[Floats, Floats]:
    """Regress every window on its past: constant, then lags 1, 2, …; and the smallest unexplained share."""
    found, shares = np.full((series.shape[0], n_lags + 1), np.nan), np.empty(series.shape[0])
    gram = np.empty((n_lags + 2, n_lags + 2, 2))
    place = np.arange(n_lags + 1)
    place[0] = n_lags + 1
    stop = series.shape[1]
    for row in range(series.shape[0]):
        sums = lag_sums(pieces_of(series[row], n_pieces), n_lags, n_lags, stop)
        fill_lags(gram, place, sums, series[row], n_lags, stop, n_pieces > 1)
        shares[row] = eliminate(gram, n_pieces > 1)
        if shares[row] > 0:
            found[row] = _with_level(solve(gram), level[row])
    return found, shares


def _fit(block: Block, order: int) -> tuple[Floats, NDArray[np.bool_]]:
    series, level = anchored(block)

    def regress(rows: NDArray[np.intp], n_pieces: int) -> tuple[Floats, Floats]:
        return _coefficients(series[rows], level[rows], order, n_pieces)

    return with_growing_effort(regress, block.n_windows)


def _is_coefficient(request: Parameters, n_samples: int) -> bool:
    return request["coeff"] >= 0 and request["k"] > 0 and 3 * request["k"] < n_samples


@calculator("ar_coefficient", "coeff", "k", accepts=_is_coefficient)
def _ar_coefficient(block: Block, requests: Sequence[Parameters]) -> Partial:
    values = np.full((block.n_windows, len(requests)), np.nan)
    unsure = np.zeros(block.n_windows, dtype=np.bool_)
    orders = np.array([request["k"] for request in requests])
    places = np.array([request["coeff"] for request in requests])
    for order in np.unique(orders).tolist():
        found, undecided = _fit(block, order)
        columns = np.flatnonzero((orders == order) & (places <= order))
        values[:, columns] = found[:, places[columns]]
        unsure |= undecided
    return Partial(values, unsure)
