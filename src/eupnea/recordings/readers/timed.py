"""Columns with a column of times: evenly or unevenly sampled."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import RecordingError
from eupnea.recordings.readers.base import Content, Request, checked_rate, needed_rate
from eupnea.recordings.signal import RawSignal

_TIME_NAME = re.compile(
    r"(time|times|timestamps?|seconds|t)[ _]*[\[(]?(s|sec|seconds|ms|msec|us)?[\])]?", re.IGNORECASE
)
_SECONDS_PER_UNIT = {"ms": 1e-3, "msec": 1e-3, "us": 1e-6}
_EVEN_TOLERANCE = 0.02
"""Steps that differ by less than this share of the median step are even sampling with rounded times."""
_EPOCH_S = 1e8
"""Times beyond three years are absolute: only differences are kept."""


def signals_with_times(columns: dict[str, NDArray[np.float64]], request: Request) -> Content:
    """Turn columns of numbers into signals.

    Parameters
    ----------
    columns
        Name -> values, all of one length. A column named like a time gives the times.
    request
        What was read; its declared rate is used when there are no times.

    Raises
    ------
    RecordingError
        No column beside the times, times that do not rise, a rate that contradicts the declared one, or no rate.
    """
    name = next((one for one in columns if _TIME_NAME.fullmatch(one)), None)
    values = {one: array for one, array in columns.items() if one != name}
    if not values:
        raise RecordingError(
            "The file has no column of numbers", where=request.where, change="export samples as numbers"
        )
    if name is None:
        rate = needed_rate(request, "a table without a column of times")
        return Content({one: RawSignal(array, rate) for one, array in values.items()})
    times = _seconds(columns[name], name, request)
    rate, even = _rate(times, request)
    if even:
        return Content({one: RawSignal(array, rate, float(times[0])) for one, array in values.items()})
    return Content({one: _uneven(array, times) for one, array in values.items()})


def _uneven(values: NDArray[np.float64], times: NDArray[np.float64]) -> RawSignal:
    known = np.isfinite(values)
    start = float(times[known][0]) if known.any() else 0.0
    return RawSignal(values[known], float("nan"), start, times_s=times[known])


def _seconds(times: NDArray[np.float64], name: str, request: Request) -> NDArray[np.float64]:
    match = _TIME_NAME.fullmatch(name)
    unit = (match[2] or "s").lower() if match else "s"
    seconds = times * _SECONDS_PER_UNIT.get(unit, 1.0)
    steps = np.diff(seconds)
    if seconds.size < 2 or not np.isfinite(seconds).all() or (steps < 0).any() or not (steps > 0).any():
        raise RecordingError(
            "The column of times does not rise",
            where=f"{request.where}, column {name}",
            change="export the times again, in seconds",
        )
    return seconds - seconds[0] if abs(seconds[0]) > _EPOCH_S else seconds


def _rate(times: NDArray[np.float64], request: Request) -> tuple[float, bool]:
    steps = np.diff(times)
    median = float(np.median(steps))
    rate = (times.size - 1) / float(times[-1] - times[0])
    even = median > 0 and bool((np.abs(steps / median - 1) < _EVEN_TOLERANCE).all())
    if not even:
        # Rounded times (milliseconds, say) make steps of two lengths; the grid behind them is even.
        grid = times[0] + np.arange(times.size) / rate
        even = bool((np.abs(times - grid) < 1 / rate).all()) and median > 0
    declared = request.sampling_hz
    if even and np.isfinite(declared) and abs(rate / declared - 1) > request.limits.rate_tolerance:
        raise RecordingError(
            "The declared sampling rate contradicts the times in the file",
            where=request.where,
            found=f"declared {declared:g} Hz, times show {rate:g} Hz",
            change="correct sampling_hz in the recordings table",
        )
    return (checked_rate(rate, request), True) if even else (float("nan"), False)
