"""Intervals between heartbeats, in whatever unit a file gives them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from eupnea.errors import RecordingError
from eupnea.recordings.cells import described

if TYPE_CHECKING:
    from eupnea.recordings.signal import RawSignal

UNITS_TO_MS = {
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1.0),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1e3),
    **dict.fromkeys(("us", "µs", "μs", "microseconds"), 1e-3),
}
_NOT_TOLD = ("", "au", "n/a")
_TICKS = re.compile(r"1 ?/ ?([0-9]{1,7}) ?(?:s|sec|seconds?)?|s ?/ ?([0-9]{1,7})")
"""A fraction of a second: ``1/1024 s`` or ``s/1024``."""
SHORTEST_RR_MS = 20.0
"""A median interval below this is in seconds, whatever the unit says."""
MEDIAN_RR_MS = (200.0, 3000.0)
"""Between these lies the median interval of any human heart, ms: 300 to 20 beats a minute."""


def unit_in_ms(unit: str) -> float:
    """Return how many ms a unit of intervals is; 1 when none is told.

    Parameters
    ----------
    unit
        ms, s, us and their like, or a fraction of a second (``1/1024 s``: the ticks of some chest straps).

    Raises
    ------
    RecordingError
        It is none of these. Taken as ms, ticks of 1/1024 s would be 2.4 % too long, and nobody would see it.
    """
    told = unit.strip().lower()
    ticks = _TICKS.fullmatch(told)
    if ticks and (per_second := int(ticks[1] or ticks[2])):
        return 1000.0 / per_second
    if told in UNITS_TO_MS:
        return UNITS_TO_MS[told]
    if told in _NOT_TOLD:
        return 1.0
    raise RecordingError(
        "the unit of the intervals between beats is not known",
        where="rr",
        found=described(unit, words=UNITS_TO_MS),
        allowed="ms, s, us, or a fraction of a second such as 1/1024 s",
        change="set the unit of the channel in dataset.channels (ms, s, us, 1/1024 s), or 'kind: heart_rate' if they "
        "are rates",
    )


def ms_per_value(median: float, unit: str) -> tuple[float, bool]:
    """Return what turns intervals into ms, and whether they are taken as seconds although nothing says so.

    Parameters
    ----------
    median
        Of the intervals, as they are.
    unit
        Their unit; empty when none is told.

    Raises
    ------
    RecordingError
        The unit is not known.
    """
    factor = unit_in_ms(unit)
    is_guessed = median * factor < SHORTEST_RR_MS
    return (1000.0 if is_guessed else factor), is_guessed


def in_milliseconds(raw: RawSignal) -> tuple[RawSignal, tuple[str, ...]]:
    """Return a series of intervals in ms, and what is to be reported.

    Raises
    ------
    RecordingError
        The unit is not known, or no unit makes these the intervals of a human heart.
    """
    known = raw.values[np.isfinite(raw.values) & (raw.values > 0)]
    median = float(np.median(known)) if known.size else 0.0
    factor, is_guessed = ms_per_value(median, raw.unit)
    middle = factor * median
    notes = (f"intervals are taken as seconds: their median is {median:g}",) if is_guessed else ()
    if not MEDIAN_RR_MS[0] <= middle <= MEDIAN_RR_MS[1]:
        raise RecordingError(
            "these are not the intervals of a human heart",
            where="rr",
            found=f"a median of {middle:g} ms (unit: {described(raw.unit, words=UNITS_TO_MS)})",
            allowed=f"a median of {MEDIAN_RR_MS[0]:g} to {MEDIAN_RR_MS[1]:g} ms; units ms, s, us, 1/1024 s",
            change="set the unit of the channel in dataset.channels, or 'kind: heart_rate' if they are rates",
        )
    return replace(raw, values=raw.values * factor, unit="ms"), notes
