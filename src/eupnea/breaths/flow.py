"""Flow from what a sensor shows: how much detail may be believed, and where the zero of flow is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.presets import DetectionPreset
from eupnea.signals.filters import low_pass

Floats = NDArray[np.float64]


def finest_believable(values: Floats, coarse: Floats, sampling_hz: float, *, preset: DetectionPreset) -> Floats:
    """Smooth no more than the noise demands.

    The highest cutoff is taken at which the detail beyond the coarse signal (noise, heartbeat) stays below a fraction
    of the coarse signal's derivative or level; else the coarse signal itself.
    """
    size = float(np.std(coarse))
    for cutoff_hz in preset.fine_hz:
        fine = low_pass(values, sampling_hz, cutoff_hz)
        if np.std(fine - coarse) <= preset.fine_detail * size:
            return fine
    return coarse


def slope_of(volume: Floats, sampling_hz: float) -> Floats:
    """Return the derivative per second by central differences."""
    return np.asarray(np.gradient(volume) * sampling_hz)


def zero_of_flow(coarse: Floats, sampling_hz: float, *, preset: DetectionPreset) -> Floats:
    """Return the level of no flow: where flow rests during pauses, else its mean.

    In windows that overlap by half, the narrowest level that holds a given share of the samples and lies in the
    middle of the range is looked for; it is the zero when it is narrow enough to be a pause. Between windows the
    level runs straight.
    """
    n = coarse.size
    size = min(max(int(preset.zero_window_s * sampling_hz), 1), n)
    n_windows = max(int(np.ceil(2 * n / size)) - 1, 1)
    starts = np.linspace(0, n - size, n_windows).astype(np.intp)
    ordered = np.sort(coarse[starts[:, None] + np.arange(size)], axis=1)
    mean = ordered.mean(axis=1)
    low, high = ordered[:, int(0.05 * size)], ordered[:, int(0.95 * (size - 1))]
    span = max(int(preset.plateau_share * size), 1)
    widths = ordered[:, span:] - ordered[:, :-span] if span < size else np.full((n_windows, 1), np.inf)
    centres = (ordered[:, span:] + ordered[:, :-span]) / 2 if span < size else mean[:, None]
    range_ = (high - low)[:, None]
    widths = np.where(np.abs(centres - mean[:, None]) <= NEAR_MEAN * range_, widths, np.inf)
    best = np.argmin(widths, axis=1)
    rows = np.arange(n_windows)
    is_plateau = widths[rows, best] <= preset.plateau_width * range_[:, 0]
    level = np.where(is_plateau, centres[rows, best], mean)
    return np.interp(np.arange(n), starts + size / 2, level)


NEAR_MEAN = 0.2
"""The zero of flow lies no farther from the mean than this share of the 5-95 % range."""
