"""Filters and pieces that ECG and PPG share."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from eupnea.beats.kernels import column_medians, cut_pieces, section_forth_and_back, sections_forth_and_back

Floats = NDArray[np.float64]

NYQUIST_SHARE = 0.9


def bridge_gaps(values: NDArray[np.floating]) -> tuple[Floats, NDArray[np.bool_]]:
    """Bridge missing samples by straight lines.

    Returns
    -------
    bridged, is_missing
        Shape (n,). All zeros when every sample is missing.
    """
    bridged = np.asarray(values, dtype=float).copy()
    missing = ~np.isfinite(bridged)
    if missing.all():
        return np.zeros_like(bridged), missing
    if missing.any():
        where = np.arange(bridged.size)
        bridged[missing] = np.interp(where[missing], where[~missing], bridged[~missing])
    return bridged, missing


def band_pass(
    values: Floats,
    sampling_hz: float,
    band_hz: tuple[float, float],
    order: int,
    *,
    padding: Literal["odd", "even"] = "odd",
) -> Floats:
    """Filter forth and back (no delay) with a Butterworth band-pass; the upper edge stays below the Nyquist rate.

    The signal goes on beyond its ends turned (``odd``) or mirrored (``even``): turned, an end in the middle of an
    oscillation is taken for a step, which tilts what is slower than the signal is long.

    Raises
    ------
    ValueError
        The signal is too slow or too short for the band.
    """
    low, high = band_hz[0], min(band_hz[1], NYQUIST_SHARE * sampling_hz / 2)
    if high <= low:
        raise ValueError(f"{sampling_hz:g} Hz is too slow for the band {band_hz[0]:g}-{band_hz[1]:g} Hz")
    sections = signal.butter(order, (low, high), btype="bandpass", fs=sampling_hz, output="sos")
    reach = min(values.size - 1, round(3 * sampling_hz / low))
    padded = _padded(values, reach, padding)
    sections_forth_and_back(sections, signal.sosfilt_zi(sections), padded)
    return padded[reach : reach + values.size]


def without_mains(values: Floats, sampling_hz: float, mains_hz: tuple[float, ...]) -> Floats:
    """Notch out the mains, forth and back; frequencies near or above the Nyquist rate are passed over."""
    for frequency_hz in mains_hz:
        if frequency_hz < NYQUIST_SHARE * sampling_hz / 2:
            numerator, denominator = signal.iirnotch(frequency_hz, MAINS_QUALITY, fs=sampling_hz)
            reach = min(values.size - 1, NOTCH_REACH)
            padded = _padded(values, reach, "odd")
            section_forth_and_back(numerator, denominator, signal.lfilter_zi(numerator, denominator), padded)
            values = padded[reach : reach + values.size]
    return values


def _padded(values: Floats, reach: int, padding: Literal["odd", "even"]) -> Floats:
    return np.pad(values, reach, mode="reflect", reflect_type=padding)


MAINS_QUALITY = 10.0
"""Frequency over bandwidth: 5 Hz wide at 50 Hz, so that the mains may wander."""
NOTCH_REACH = 500
"""Samples that the signal is turned over beyond its ends for the notch."""


def parabola_offset(left: Floats, middle: Floats, right: Floats) -> Floats:
    """Return where the parabola through three neighbouring samples has its tip, in samples from the middle one."""
    curvature = left - 2 * middle + right
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = 0.5 * (left - right) / curvature
    return np.where(np.isfinite(offset), np.clip(offset, -0.5, 0.5), 0.0)


def pieces(values: Floats, centres: Floats, grid: Floats) -> Floats:
    """Cut pieces of a signal around real-valued positions by cubic (four-point Lagrange) interpolation.

    Parameters
    ----------
    values
        Shape (n,).
    centres
        Shape (k,), positions in samples.
    grid
        Shape (m,), offsets in samples; or (k, m) when every piece has its own.

    Returns
    -------
    ndarray
        Shape (k, m); NaN where a piece reaches beyond the signal.
    """
    offsets = np.atleast_2d(np.asarray(grid, dtype=float))
    cut = np.empty((len(centres), offsets.shape[1]))
    cut_pieces(np.asarray(values, dtype=float), np.asarray(centres, dtype=float), offsets, cut)
    return cut


def similarity_to_median(cut: Floats) -> Floats:
    """Correlate every piece with the median piece.

    Parameters
    ----------
    cut
        Shape (k, m); NaN beyond the signal.

    Returns
    -------
    ndarray
        Shape (k,); NaN for pieces that are flat or reach beyond the signal.
    """
    whole = np.isfinite(cut).all(axis=1)
    result = np.full(len(cut), np.nan)
    if not whole.any():
        return result
    template = np.empty(cut.shape[1])
    column_medians(cut, np.flatnonzero(whole), template)
    template -= template.mean()
    centred = cut[whole] - cut[whole].mean(axis=1, keepdims=True)
    scale = np.linalg.norm(centred, axis=1) * np.linalg.norm(template)
    with np.errstate(divide="ignore", invalid="ignore"):
        result[whole] = np.where(scale > 0, centred @ template / scale, np.nan)
    return result


def local_similarity(cut: Floats) -> Floats:
    """Correlate every piece with the median of its stretch of about 100: noise elsewhere spoils no template."""
    stretches = max(1, round(len(cut) / STRETCH_BEATS))
    return np.concatenate([similarity_to_median(part) for part in np.array_split(cut, stretches)])


STRETCH_BEATS = 100
