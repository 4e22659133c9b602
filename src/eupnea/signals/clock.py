"""From the clock of a device to the grid of the recording's clock.

A clock with drift d ppm counts (1 + d·1e-6) of its own seconds per second of the recording's clock, so a sample at
`own` seconds was taken at own / (1 + d·1e-6) + offset.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.recordings.triggers import PPM, to_recording_clock

Floats = NDArray[np.float64]

GRID_SLACK = 1e-6
"""Share of a step by which rounding may push a grid point beyond the signal."""


def on_recording_clock(own_s: Floats | float, *, offset_s: float, drift_ppm: float) -> Floats | float:
    """Return times of a device's clock on the recording's clock, s; missing offset or drift count as 0."""
    return to_recording_clock(own_s, offset_s=_known(offset_s), drift_ppm=_known(drift_ppm))


def rate_on_recording_clock(sampling_hz: float, *, drift_ppm: float) -> float:
    """Return the sampling rate per second of the recording's clock, Hz."""
    return sampling_hz * (1 + _known(drift_ppm) * PPM)


def grid_within(first_s: float, last_s: float, rate_hz: float) -> Floats:
    """Return the multiples of 1 / rate_hz from `first_s` to `last_s`: signals of one recording share them."""
    low = np.ceil(first_s * rate_hz - GRID_SLACK)
    high = np.floor(last_s * rate_hz + GRID_SLACK)
    return (low + np.arange(max(int(high - low) + 1, 0))) / rate_hz + 0.0


def at_positions(values: Floats, positions: Floats) -> Floats:
    """Interpolate evenly sampled values at real-valued positions (in samples) by a cubic spline."""
    nearest = np.clip(np.rint(positions), 0, values.size - 1).astype(np.intp)
    if np.abs(positions - nearest).max(initial=0.0) < GRID_SLACK or values.size < 4:
        return values[nearest]
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(np.arange(values.size), values)(np.clip(positions, 0, values.size - 1)))


def _known(value: float) -> float:
    return float(value) if np.isfinite(value) else 0.0
