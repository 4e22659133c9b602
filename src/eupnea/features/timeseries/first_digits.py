"""Benford's law: how often each digit leads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.registry import Parameters, calculator

LOWEST_POWER, HIGHEST_POWER = -60, 60
"""Powers of ten in the table of thresholds; windows within `MAGNITUDES` hold smaller samples only by rounding."""

EXPONENT_BIAS = 1023
"""Of the binary exponent in an IEEE double."""


@cache
def _thresholds() -> Floats:
    """Return 1 … 9 times each power of ten, correctly rounded: shape (powers, 9).

    A sample's shortest decimal form starts with digit d exactly if it lies between the doubles nearest to d and d + 1
    times a power of ten.
    """
    powers = range(LOWEST_POWER, HIGHEST_POWER + 1)
    return np.array([[float(f"{digit}e{power}") for digit in range(1, 10)] for power in powers])


@cache
def _first_power() -> NDArray[np.int64]:
    """Return for each binary exponent the row of the largest power of ten that is not above any such number."""
    smallest = np.ldexp(1.0, np.arange(-EXPONENT_BIAS, EXPONENT_BIAS + 1))
    return np.searchsorted(_thresholds()[:, 0], smallest, side="right") - 1


@kernel
def _count_first_digits(
    magnitude: Floats, bits: NDArray[np.int64], thresholds: Floats, first_power: NDArray[np.int64]
) -> Floats:
    counts = np.zeros((magnitude.shape[0], 10))
    for row in range(magnitude.shape[0]):
        for sample in range(magnitude.shape[1]):
            value = magnitude[row, sample]
            power = first_power[bits[row, sample] >> 52]
            if power < 0:
                continue
            if power + 1 < thresholds.shape[0] and thresholds[power + 1, 0] <= value:
                power += 1
            digit = 0
            for threshold in thresholds[power]:
                digit += threshold <= value
            counts[row, digit] += 1
    return counts[:, 1:]


@calculator("benford_correlation")
def _benford_correlation(block: Block, _requests: Sequence[Parameters]) -> Floats:
    magnitude = block.magnitude
    counts = _count_first_digits(magnitude, magnitude.view(np.int64), _thresholds(), _first_power())
    shares = counts / block.n_samples
    shares -= shares.mean(axis=1, keepdims=True)
    law = np.log10(1 + 1 / np.arange(1, 10))
    law -= law.mean()
    return (np.vecdot(shares, law) / np.sqrt(np.vecdot(shares, shares) * (law @ law)))[:, None]
