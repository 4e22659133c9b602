"""Fourier coefficients, the shape of the amplitude spectrum, and Welch's spectral density."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.entropy import histogram_entropies
from eupnea.features.timeseries.kernels import kernel, mean_of
from eupnea.features.timeseries.registry import Parameters, Partial, calculator

PARTS = ("real", "imag", "abs", "angle")
"""Attributes of a Fourier coefficient; the angle is in degrees."""

LONGEST_SEGMENT = 256
"""Samples per segment of Welch's method, as tsfresh fixes it."""

NARROWEST = 0.5
"""Variance of the spectrum (squared bins) below which tsfresh leaves skewness and kurtosis undefined."""


def _part(coefficients: NDArray[np.complex128], name: str) -> Floats:
    if name == "real":
        return coefficients.real
    if name == "imag":
        return coefficients.imag
    return np.abs(coefficients) if name == "abs" else np.angle(coefficients, deg=True)


def _is_coefficient(request: Parameters, _n_samples: int) -> bool:
    return request["attr"] in PARTS and request["coeff"] >= 0


@calculator("fft_coefficient", "attr", "coeff", accepts=_is_coefficient)
def _fft_coefficient(block: Block, requests: Sequence[Parameters]) -> Floats:
    values = np.full((block.n_windows, len(requests)), np.nan)
    bins = np.array([request["coeff"] for request in requests])
    names = np.array([request["attr"] for request in requests])
    for name in PARTS:
        columns = np.flatnonzero((names == name) & (bins < block.spectrum.shape[1]))
        if columns.size:
            highest = bins[columns].max() + 1
            values[:, columns] = _part(block.spectrum[:, :highest], name)[:, bins[columns]]
    return values


def _spectral_shape(amplitude: Floats) -> dict[str, Floats]:
    place = np.arange(amplitude.shape[1], dtype=np.float64)
    total = amplitude.sum(axis=1)
    first, second, third, fourth = (np.vecdot(amplitude, place**power) / total for power in (1, 2, 3, 4))
    variance = second - first**2
    wide = np.where(variance < NARROWEST, np.nan, variance)
    skew = (third - 3 * first * variance - first**3) / wide**1.5
    kurtosis = (fourth - 4 * first * third + 6 * second * first**2 - 3 * first) / wide**2
    return {"centroid": first, "variance": variance, "skew": skew, "kurtosis": kurtosis}


SHAPES = ("centroid", "variance", "skew", "kurtosis")
"""What `fft_aggregated` may be asked for; the kurtosis is tsfresh's, whose last term is not the fourth power."""


@calculator("fft_aggregated", "aggtype", accepts=lambda request, _n: request["aggtype"] in SHAPES)
def _fft_aggregated(block: Block, requests: Sequence[Parameters]) -> Floats:
    shape = _spectral_shape(block.amplitude)
    return np.stack([shape[request["aggtype"]] for request in requests], axis=1)


def welch_density(x: Floats) -> Floats:
    """Estimate the spectral density from Hann windows that overlap by half, at one sample per unit of time.

    Parameters
    ----------
    x
        Shape (windows, samples).

    Returns
    -------
    Shape (windows, frequencies).

    References
    ----------
    Welch (1967), IEEE Trans Audio Electroacoust 15:70.
    """
    length = min(x.shape[1], LONGEST_SEGMENT)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    transform = np.fft.rfft(_tapered(x, taper, length - length // 2), axis=-1)
    power = _mean_power(transform) / np.dot(taper, taper)
    power[:, 1 : None if length % 2 else -1] *= 2
    return power


@kernel
def _tapered(x: Floats, taper: Floats, step: int) -> Floats:
    """Cut windows into segments, take each one's mean off and taper it: shape (windows, segments, samples)."""
    n_windows, n_samples = x.shape
    n_segments = (n_samples - taper.size) // step + 1
    pieces = np.empty((n_windows, n_segments, taper.size))
    for row in range(n_windows):
        for segment in range(n_segments):
            piece = x[row, segment * step : segment * step + taper.size]
            mean = mean_of(piece)
            for sample in range(taper.size):
                pieces[row, segment, sample] = (piece[sample] - mean) * taper[sample]
    return pieces


@kernel
def _mean_power(transform: NDArray[np.complex128]) -> Floats:
    n_windows, n_segments, n_frequencies = transform.shape
    power = np.zeros((n_windows, n_frequencies))
    for row in range(n_windows):
        for segment in range(n_segments):
            for frequency in range(n_frequencies):
                value = transform[row, segment, frequency]
                power[row, frequency] += value.real * value.real + value.imag * value.imag
    return power / n_segments


def _density(block: Block) -> Floats:
    if "density" not in block.__dict__:
        block.__dict__["density"] = welch_density(block.x)
    return block.__dict__["density"]


@calculator(
    "spkt_welch_density",
    "coeff",
    accepts=lambda request, n: 0 <= request["coeff"] <= min(n, LONGEST_SEGMENT) // 2,
)
def _spkt_welch_density(block: Block, requests: Sequence[Parameters]) -> Floats:
    return _density(block)[:, [request["coeff"] for request in requests]]


@calculator("fourier_entropy", "bins", accepts=lambda request, _n: request["bins"] > 0)
def _fourier_entropy(block: Block, requests: Sequence[Parameters]) -> Partial:
    relative = _density(block) / _density(block).max(axis=1, keepdims=True)
    return histogram_entropies(relative, [request["bins"] for request in requests])
