"""Bring cardiac signals onto the recording's clock."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import RecordingError
from eupnea.recordings.intervals import in_milliseconds
from eupnea.signals.clock import on_recording_clock, rate_on_recording_clock
from eupnea.signals.presets import SERIES_KINDS
from eupnea.signals.runs import fill_gaps
from eupnea.signals.series import series_times

if TYPE_CHECKING:
    from eupnea.recordings.signal import RawSignal

Floats = NDArray[np.float64]

MAX_DENOMINATOR = 1000
"""Ratios of sampling rates are taken as fractions with at most this denominator."""


@dataclass(frozen=True, slots=True)
class CleanCardiac:
    """A cardiac signal on the recording's clock: the columns of the contract, and notes."""

    sampling_hz: float
    start_s: float
    values: NDArray[np.float32]
    times_s: Floats
    notes: tuple[str, ...] = ()


def clean_cardiac(
    raw: RawSignal, *, kind: str, max_hz: float = np.inf, offset_s: float = 0.0, drift_ppm: float = 0.0
) -> CleanCardiac:
    """Bring a cardiac signal onto the recording's clock; waveforms lose their straight trend and surplus samples.

    Parameters
    ----------
    raw
        The signal on the clock of its device.
    kind
        ``ecg``, ``ppg``, ``rr`` (values become ms) or ``heart_rate``.
    max_hz
        Waveforms sampled faster are resampled to this rate of the own clock; missing samples stay missing.
    offset_s, drift_ppm
        From the device's clock to the recording's: time = own / (1 + drift) + offset.

    Raises
    ------
    RecordingError
        The signal holds fewer than two values, or a waveform has no sampling rate.
    """
    if np.count_nonzero(np.isfinite(raw.values)) < 2:
        raise RecordingError("the signal has no samples", where="values", found=int(np.isfinite(raw.values).sum()))
    if kind in SERIES_KINDS:
        return _series(raw, kind, offset_s, drift_ppm)
    if not np.isfinite(raw.sampling_hz) or raw.sampling_hz <= 0:
        raise RecordingError("the sampling rate is not a positive number", where=kind, found=raw.sampling_hz)
    values, hz = _resampled(_detrended(raw.values), raw.sampling_hz, max_hz)
    start = float(on_recording_clock(raw.start_s, offset_s=offset_s, drift_ppm=drift_ppm))
    rate = rate_on_recording_clock(hz, drift_ppm=drift_ppm)
    return CleanCardiac(rate, start, values.astype(np.float32), np.empty(0))


def _detrended(values: Floats) -> Floats:
    """Remove the straight line through the finite samples."""
    known = np.flatnonzero(np.isfinite(values))
    centre = known.mean()
    lever = known - centre
    level = values[known].mean()
    slope = (lever @ (values[known] - level)) / (lever @ lever)
    return values - level - slope * (np.arange(values.size) - centre)


def _resampled(values: Floats, sampling_hz: float, max_hz: float) -> tuple[Floats, float]:
    if sampling_hz <= max_hz:
        return values, sampling_hz
    from scipy.signal import resample_poly

    ratio = Fraction(max_hz / sampling_hz).limit_denominator(MAX_DENOMINATOR)
    slower = resample_poly(fill_gaps(values), ratio.numerator, ratio.denominator, padtype="line")
    nearest = np.clip(np.rint(np.arange(slower.size) / float(ratio)), 0, values.size - 1).astype(np.intp)
    return np.where(np.isfinite(values)[nearest], slower, np.nan), sampling_hz * float(ratio)


def _series(raw: RawSignal, kind: str, offset_s: float, drift_ppm: float) -> CleanCardiac:
    stretch = 1 / rate_on_recording_clock(1.0, drift_ppm=drift_ppm)
    values = raw.values
    notes: tuple[str, ...] = ()
    if kind == "rr":
        raw, notes = in_milliseconds(raw)
        values = raw.values * stretch
    start = float(on_recording_clock(raw.start_s, offset_s=offset_s, drift_ppm=drift_ppm))
    if kind == "heart_rate" and raw.times_s is None:
        rate = rate_on_recording_clock(raw.sampling_hz, drift_ppm=drift_ppm)
        return CleanCardiac(rate, start, values.astype(np.float32), np.empty(0))
    own, _ = series_times(raw, kind)
    times = np.asarray(on_recording_clock(own, offset_s=offset_s, drift_ppm=drift_ppm))
    return CleanCardiac(float("nan"), start, values.astype(np.float32), times, notes)
