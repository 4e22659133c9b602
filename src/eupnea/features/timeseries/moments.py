"""Sums, means, spread and shape of the distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel, summing_kernel
from eupnea.features.timeseries.registry import Parameters, calculator, statistic

Truths = NDArray[np.bool_]


@statistic("sum_values")
def _sum_values(block: Block) -> Floats:
    return block.x.sum(axis=1)


@statistic("abs_energy")
def _abs_energy(block: Block) -> Floats:
    return block.energy


@statistic("mean")
def _mean(block: Block) -> Floats:
    return block.mean


@statistic("median")
def _median(block: Block) -> Floats:
    return block.median


@statistic("length")
def _length(block: Block) -> Floats:
    return np.full(block.n_windows, float(block.n_samples))


@statistic("standard_deviation")
def _standard_deviation(block: Block) -> Floats:
    return block.standard_deviation


@statistic("variance")
def _variance(block: Block) -> Floats:
    return block.variance


@statistic("variation_coefficient")
def _variation_coefficient(block: Block) -> Floats:
    return np.where(block.mean == 0, np.nan, block.standard_deviation / block.mean)


@statistic("variance_larger_than_standard_deviation")
def _variance_larger_than_standard_deviation(block: Block) -> Truths:
    return block.variance > block.standard_deviation


@calculator("large_standard_deviation", "r")
def _large_standard_deviation(block: Block, requests: Sequence[Parameters]) -> Floats:
    shares = np.array([request["r"] for request in requests], dtype=np.float64)
    span = block.maximum - block.minimum
    return (block.standard_deviation[:, None] > shares * span[:, None]).astype(np.float64)


@calculator("symmetry_looking", "r")
def _symmetry_looking(block: Block, requests: Sequence[Parameters]) -> Floats:
    shares = np.array([request["r"] for request in requests], dtype=np.float64)
    asymmetry = np.abs(block.mean - block.median)
    span = block.maximum - block.minimum
    return (asymmetry[:, None] < shares * span[:, None]).astype(np.float64)


@statistic("root_mean_square")
def _root_mean_square(block: Block) -> Floats:
    return np.sqrt(block.squared.mean(axis=1))


@statistic("maximum")
def _maximum(block: Block) -> Floats:
    return block.maximum


@statistic("minimum")
def _minimum(block: Block) -> Floats:
    return block.minimum


@statistic("absolute_maximum")
def _absolute_maximum(block: Block) -> Floats:
    return np.maximum(-block.minimum, block.maximum)


@summing_kernel
def _central_sums(centred: Floats) -> Floats:
    sums = np.empty((centred.shape[0], 3))
    for row in range(centred.shape[0]):
        second = third = fourth = 0.0
        for value in centred[row]:
            square = value * value
            second += square
            third += square * value
            fourth += square * square
        sums[row, 0], sums[row, 1], sums[row, 2] = second, third, fourth
    return sums


@statistic("skewness")
def _skewness(block: Block) -> Floats:
    n = block.n_samples
    second, third, _ = _central_sums(block.centred).T
    return n * math.sqrt(n - 1) / (n - 2) * third / second**1.5


@statistic("kurtosis")
def _kurtosis(block: Block) -> Floats:
    n = block.n_samples
    second, _, fourth = _central_sums(block.centred).T
    bias = 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
    return n * (n + 1) * (n - 1) * fourth / ((n - 2) * (n - 3) * second**2) - bias


def interpolated(ordered: Floats, places: Floats) -> Floats:
    """Interpolate between neighbours in sorted rows, with the arithmetic of ``numpy.quantile``.

    Parameters
    ----------
    ordered
        Shape (windows, samples), ascending.
    places
        Shape (quantiles,), each 0 … samples - 1.

    Returns
    -------
    Shape (windows, quantiles).
    """
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    share = places - below
    low, high = ordered[:, below], ordered[:, above]
    step = high - low
    return np.ascontiguousarray(np.where(share >= 0.5, high - step * (1 - share), low + step * share))


@cache
def places_in_pandas(n_samples: int, shares: int | tuple[float, ...]) -> Floats:
    """Ask pandas between which samples its quantiles lie: versions differ in the last bit, which decides ties.

    Parameters
    ----------
    n_samples
        Samples that are cut into quantiles.
    shares
        The quantiles, ascending, or the number of equal parts.
    """
    import pandas as pd

    _, places = pd.qcut(np.arange(n_samples, dtype=np.float64), shares, labels=False, retbins=True)
    return np.asarray(places)


@calculator("quantile", "q", accepts=lambda request, _n: 0 <= request["q"] <= 1)
def _quantile(block: Block, requests: Sequence[Parameters]) -> Floats:
    shares = np.array([request["q"] for request in requests], dtype=np.float64)
    return interpolated(block.ordered, (block.n_samples - 1) * shares)


@kernel
def _largest_magnitudes(ordered: Floats, count: int) -> Floats:
    means = np.empty(ordered.shape[0])
    for row in range(ordered.shape[0]):
        left, right, total = 0, ordered.shape[1] - 1, 0.0
        for _ in range(count):
            if -ordered[row, left] > ordered[row, right]:
                total -= ordered[row, left]
                left += 1
            else:
                total += ordered[row, right]
                right -= 1
        means[row] = total / count
    return means


@calculator("mean_n_absolute_max", "number_of_maxima", accepts=lambda request, n: 0 < request["number_of_maxima"] < n)
def _mean_n_absolute_max(block: Block, requests: Sequence[Parameters]) -> Floats:
    return np.stack([_largest_magnitudes(block.ordered, int(r["number_of_maxima"])) for r in requests], axis=1)


def _segments(n_samples: int, count: int) -> list[tuple[int, int]]:
    """Cut a window into parts of which the first are one sample longer where it does not divide."""
    length, longer = divmod(n_samples, count)
    ends = np.cumsum([0] + [length + (part < longer) for part in range(count)])
    return [(int(start), int(end)) for start, end in pairwise(ends)]


@calculator(
    "energy_ratio_by_chunks",
    "num_segments",
    "segment_focus",
    accepts=lambda request, _n: 0 <= request["segment_focus"] < request["num_segments"],
)
def _energy_ratio_by_chunks(block: Block, requests: Sequence[Parameters]) -> Floats:
    total = block.squared.sum(axis=1)
    shares = np.empty((block.n_windows, len(requests)))
    for column, request in enumerate(requests):
        start, end = _segments(block.n_samples, request["num_segments"])[request["segment_focus"]]
        shares[:, column] = block.squared[:, start:end].sum(axis=1) / total
    return shares


@kernel
def _mass_places(magnitude: Floats, total: Floats, shares: Floats) -> Floats:
    """Find where the cumulated magnitude reaches each share of the total; `shares` ascend."""
    n_windows, n_samples = magnitude.shape
    places = np.ones((n_windows, shares.size))
    for row in range(n_windows):
        reached, column = 0.0, 0
        for sample in range(n_samples):
            reached += magnitude[row, sample]
            while column < shares.size and reached / total[row] >= shares[column]:
                places[row, column] = sample + 1
                column += 1
            if column == shares.size:
                break
    return places


@calculator("index_mass_quantile", "q")
def _index_mass_quantile(block: Block, requests: Sequence[Parameters]) -> Floats:
    shares = np.array([request["q"] for request in requests], dtype=np.float64)
    order = np.argsort(shares, kind="stable")
    found = _mass_places(block.magnitude, block.magnitude.sum(axis=1), shares[order])
    places = np.empty_like(found)
    places[:, order] = found / block.n_samples
    return places


@statistic("first_location_of_maximum")
def _first_location_of_maximum(block: Block) -> Floats:
    return block.x.argmax(axis=1) / block.n_samples


@statistic("first_location_of_minimum")
def _first_location_of_minimum(block: Block) -> Floats:
    return block.x.argmin(axis=1) / block.n_samples


@statistic("last_location_of_maximum")
def _last_location_of_maximum(block: Block) -> Floats:
    return 1.0 - block.x[:, ::-1].argmax(axis=1) / block.n_samples


@statistic("last_location_of_minimum")
def _last_location_of_minimum(block: Block) -> Floats:
    return 1.0 - block.x[:, ::-1].argmin(axis=1) / block.n_samples
