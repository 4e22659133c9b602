"""Counts of samples: above and below, inside ranges, repeated values. Read from the sorted windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, calculator, statistic

Truths = NDArray[np.bool_]


@kernel
def _count_up_to(ordered: Floats, levels: Floats, inclusive: bool) -> Floats:
    """Count per window the samples below (or up to) each of its own levels, shape (windows, levels)."""
    found = np.empty(levels.shape)
    for row in range(levels.shape[0]):
        for column in range(levels.shape[1]):
            level = levels[row, column]
            low, high = 0, ordered.shape[1]
            while low < high:
                middle = (low + high) >> 1
                value = ordered[row, middle]
                if value < level or (inclusive and value == level):
                    low = middle + 1
                else:
                    high = middle
            found[row, column] = low
    return found


def _below(block: Block, levels: Sequence[float]) -> Floats:
    return _count_up_to(block.ordered, _for_all(block, levels), False)


def _up_to(block: Block, levels: Sequence[float]) -> Floats:
    return _count_up_to(block.ordered, _for_all(block, levels), True)


def _for_all(block: Block, levels: Sequence[float]) -> Floats:
    return np.tile(np.asarray(levels, dtype=np.float64), (block.n_windows, 1))


@statistic("count_above_mean")
def _count_above_mean(block: Block) -> Floats:
    return block.n_samples - _count_up_to(block.ordered, block.mean[:, None], True)[:, 0]


@statistic("count_below_mean")
def _count_below_mean(block: Block) -> Floats:
    return _count_up_to(block.ordered, block.mean[:, None], False)[:, 0]


@calculator("count_above", "t")
def _count_above(block: Block, requests: Sequence[Parameters]) -> Floats:
    return (block.n_samples - _below(block, [request["t"] for request in requests])) / block.n_samples


@calculator("count_below", "t")
def _count_below(block: Block, requests: Sequence[Parameters]) -> Floats:
    return _up_to(block, [request["t"] for request in requests]) / block.n_samples


@calculator("value_count", "value")
def _value_count(block: Block, requests: Sequence[Parameters]) -> Floats:
    values = [request["value"] for request in requests]
    return np.where(np.isnan(values), 0.0, _up_to(block, values) - _below(block, values))


@calculator("range_count", "min", "max", accepts=lambda request, _n: request["min"] <= request["max"])
def _range_count(block: Block, requests: Sequence[Parameters]) -> Floats:
    return _below(block, [r["max"] for r in requests]) - _below(block, [r["min"] for r in requests])


@kernel
def _count_beyond(ordered: Floats, centre: Floats, reaches: Floats) -> Floats:
    """Count the samples farther than each reach from the centre; subtraction as in tsfresh, so that ties agree."""
    found = np.empty(reaches.shape)
    for row in range(reaches.shape[0]):
        for column in range(reaches.shape[1]):
            reach, middle_value = reaches[row, column], centre[row]
            low, high = 0, ordered.shape[1]
            while low < high:
                middle = (low + high) >> 1
                if middle_value - ordered[row, middle] > reach:
                    low = middle + 1
                else:
                    high = middle
            beyond = low
            high = ordered.shape[1]
            while low < high:
                middle = (low + high) >> 1
                if ordered[row, middle] - middle_value > reach:
                    high = middle
                else:
                    low = middle + 1
            found[row, column] = beyond + ordered.shape[1] - low
    return found


@calculator("ratio_beyond_r_sigma", "r", accepts=lambda request, _n: request["r"] >= 0)
def _ratio_beyond_r_sigma(block: Block, requests: Sequence[Parameters]) -> Floats:
    multiples = np.array([request["r"] for request in requests], dtype=np.float64)
    reaches = multiples * block.standard_deviation[:, None]
    return _count_beyond(block.ordered, block.mean, reaches) / block.n_samples


@kernel
def _repeated(ordered: Floats) -> Floats:
    """Summarise runs of equal samples: values, values seen again, their samples, sums of both."""
    found = np.zeros((ordered.shape[0], 5))
    n_samples = ordered.shape[1]
    for row in range(ordered.shape[0]):
        start = 0
        while start < n_samples:
            value = ordered[row, start]
            end = start + 1
            while end < n_samples and ordered[row, end] == value:
                end += 1
            found[row, 0] += 1
            if end - start > 1:
                found[row, 1] += 1
                found[row, 2] += end - start
                found[row, 3] += value
                found[row, 4] += value * (end - start)
            start = end
    return found


def _repetition(block: Block) -> Floats:
    """Return what `_repeated` finds, one row per summary, computed once per block."""
    if "repetition" not in block.__dict__:
        block.__dict__["repetition"] = _repeated(block.ordered).T
    return block.__dict__["repetition"]


@statistic("percentage_of_reoccurring_values_to_all_values")
def _percentage_of_reoccurring_values(block: Block) -> Floats:
    return _repetition(block)[1] / _repetition(block)[0]


@statistic("percentage_of_reoccurring_datapoints_to_all_datapoints")
def _percentage_of_reoccurring_datapoints(block: Block) -> Floats:
    return _repetition(block)[2] / block.n_samples


@statistic("sum_of_reoccurring_values")
def _sum_of_reoccurring_values(block: Block) -> Floats:
    return _repetition(block)[3]


@statistic("sum_of_reoccurring_data_points")
def _sum_of_reoccurring_data_points(block: Block) -> Floats:
    return _repetition(block)[4]


@statistic("ratio_value_number_to_time_series_length")
def _ratio_value_number(block: Block) -> Floats:
    return _repetition(block)[0] / block.n_samples


@statistic("has_duplicate")
def _has_duplicate(block: Block) -> Truths:
    return _repetition(block)[0] != block.n_samples


@statistic("has_duplicate_max")
def _has_duplicate_max(block: Block) -> Truths:
    return block.ordered[:, -2] == block.maximum


@statistic("has_duplicate_min")
def _has_duplicate_min(block: Block) -> Truths:
    return block.ordered[:, 1] == block.minimum


@kernel
def _longest_strikes(x: Floats, level: Floats) -> Floats:
    longest = np.zeros((x.shape[0], 2))
    for row in range(x.shape[0]):
        above = below = 0
        for value in x[row]:
            above = above + 1 if value > level[row] else 0
            below = below + 1 if value < level[row] else 0
            longest[row, 0] = max(longest[row, 0], above)
            longest[row, 1] = max(longest[row, 1], below)
    return longest


@statistic("longest_strike_above_mean")
def _longest_strike_above_mean(block: Block) -> Floats:
    return _longest_strikes(block.x, block.mean)[:, 0]


@statistic("longest_strike_below_mean")
def _longest_strike_below_mean(block: Block) -> Floats:
    return _longest_strikes(block.x, block.mean)[:, 1]


@kernel
def _crossings(x: Floats, levels: Floats) -> Floats:
    found = np.empty((x.shape[0], levels.size))
    for row in range(x.shape[0]):
        for column in range(levels.size):
            level, count = levels[column], 0
            for sample in range(1, x.shape[1]):
                count += (x[row, sample] > level) != (x[row, sample - 1] > level)
            found[row, column] = count
    return found


@calculator("number_crossing_m", "m")
def _number_crossing_m(block: Block, requests: Sequence[Parameters]) -> Floats:
    return _crossings(block.x, np.array([request["m"] for request in requests], dtype=np.float64))
