"""How the signal changes from sample to sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import summing_kernel
from eupnea.features.timeseries.registry import Parameters, calculator, statistic


@statistic("mean_abs_change")
def _mean_abs_change(block: Block) -> Floats:
    return block.absolute_change.mean(axis=1)


@statistic("absolute_sum_of_changes")
def _absolute_sum_of_changes(block: Block) -> Floats:
    return block.absolute_change.sum(axis=1)


@statistic("mean_change")
def _mean_change(block: Block) -> Floats:
    return (block.x[:, -1] - block.x[:, 0]) / (block.n_samples - 1)


@statistic("mean_second_derivative_central")
def _mean_second_derivative_central(block: Block) -> Floats:
    x = block.x
    return (x[:, -1] - x[:, -2] - x[:, 1] + x[:, 0]) / (2 * (block.n_samples - 2))


@calculator("cid_ce", "normalize")
def _cid_ce(block: Block, requests: Sequence[Parameters]) -> Floats:
    length = np.sqrt(np.vecdot(block.change, block.change))
    return np.stack([length / block.standard_deviation if r["normalize"] else length for r in requests], axis=1)


@summing_kernel
def _mean_triple_product(x: Floats, lag: int) -> Floats:
    """Average x(t) x(t + lag) x(t + 2 lag)."""
    means = np.empty(x.shape[0])
    count = x.shape[1] - 2 * lag
    for row in range(x.shape[0]):
        total = 0.0
        for sample in range(count):
            total += x[row, sample + 2 * lag] * x[row, sample + lag] * x[row, sample]
        means[row] = total / count
    return means


@summing_kernel
def _mean_asymmetry(x: Floats, lag: int) -> Floats:
    """Average x(t + 2 lag)² x(t + lag) - x(t + lag) x(t)²."""
    means = np.empty(x.shape[0])
    count = x.shape[1] - 2 * lag
    for row in range(x.shape[0]):
        total = 0.0
        for sample in range(count):
            first, middle, last = x[row, sample], x[row, sample + lag], x[row, sample + 2 * lag]
            total += last * last * middle - middle * first * first
        means[row] = total / count
    return means


def _fits(request: Parameters, n_samples: int) -> bool:
    return request["lag"] > 0 and 2 * request["lag"] < n_samples


@calculator("c3", "lag", accepts=_fits)
def _c3(block: Block, requests: Sequence[Parameters]) -> Floats:
    return np.stack([_mean_triple_product(block.x, request["lag"]) for request in requests], axis=1)


@calculator("time_reversal_asymmetry_statistic", "lag", accepts=_fits)
def _time_reversal_asymmetry(block: Block, requests: Sequence[Parameters]) -> Floats:
    return np.stack([_mean_asymmetry(block.x, request["lag"]) for request in requests], axis=1)


@calculator("query_similarity_count", "query", "threshold", accepts=lambda request, _n: request["query"] is None)
def _query_similarity_count(block: Block, requests: Sequence[Parameters]) -> Floats:
    """Without a query there is nothing to count, and tsfresh says NaN."""
    return np.full((block.n_windows, len(requests)), np.nan)
