"""Random series with memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fractional_noise(rng: np.random.Generator, count: int, hurst: float) -> Array:
    """Draw fractional Gaussian noise with mean 0 and variance 1, exactly, by circulant embedding.

    Parameters
    ----------
    rng
        Source of randomness.
    count
        Length of the series.
    hurst
        Hurst exponent, 0 < H < 1: the DFA exponent of the series. H = .5 is white noise.

    Returns
    -------
    array, shape (count,)

    References
    ----------
    Davies & Harte (1987), Biometrika 74:95.
    """
    size = 1 << max(int(np.ceil(np.log2(max(count, 2)))), 1)
    lag = np.arange(size + 1, dtype=float)
    power = 2 * hurst
    covariance = (np.abs(lag - 1) ** power - 2 * lag**power + (lag + 1) ** power) / 2
    eigenvalues = np.fft.rfft(np.r_[covariance, covariance[-2:0:-1]]).real
    z = rng.standard_normal((2, size + 1))
    spectrum = np.sqrt(np.maximum(eigenvalues, 0) * size) * (z[0] + 1j * z[1])
    spectrum[[0, -1]] = np.sqrt(np.maximum(eigenvalues[[0, -1]], 0) * 2 * size) * z[0, [0, -1]]
    return np.asarray(np.fft.irfft(spectrum)[:count], dtype=float)


def band_noise(
    rng: np.random.Generator, count: int, sampling_hz: float, low_hz: float, high_hz: float, *, exponent: float = 0.0
) -> Array:
    """Draw Gaussian noise between two frequencies with power falling as 1/f^exponent, scaled to SD 1.

    The scale is that of the expected power, so that short series keep their natural variation of variance.
    """
    size = 1 << int(np.ceil(np.log2(max(count, 2))))
    frequency = np.fft.rfftfreq(size, 1 / sampling_hz)
    inside = (frequency >= low_hz) & (frequency <= high_hz) & (frequency > 0)
    if not inside.any():
        return np.zeros(count)
    power = np.where(inside, np.maximum(frequency, frequency[1]) ** -exponent, 0.0)
    z = rng.standard_normal((2, frequency.size))
    spectrum = np.sqrt(power / power.sum()) * (z[0] + 1j * z[1]) * size / 2
    return np.asarray(np.fft.irfft(spectrum, size)[:count], dtype=float)


def smooth_walk(rng: np.random.Generator, count: int, *, knots: int = 6) -> Array:
    """Draw a slow drift: random values at a few equally spaced knots (SD 1), connected smoothly."""
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(np.linspace(0, 1, knots), rng.standard_normal(knots))(np.linspace(0, 1, count)))
