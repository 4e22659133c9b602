"""Intervals between heartbeats, in whatever unit a file gives them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from eupnea.errors import RecordingError
from eupnea.recordings.cells import described

if TYPE_CHECKING:
    from eupnea.recordings.signal import RawSignal

UNITS_TO_MS = {"ms": 1.0, "s": 1e3, "sec": 1e3, "seconds": 1e3, "us": 1e-3, "µs": 1e-3, "μs": 1e-3}
SHORTEST_RR_MS = 20.0
"""A median interval below this is in seconds, whatever the unit says."""
MEDIAN_RR_MS = (200.0, 3000.0)
"""Between these lies the median interval of any human heart, ms: 300 to 20 beats a minute."""


def in_milliseconds(raw: RawSignal) -> tuple[RawSignal, tuple[str, ...]]:
    """Return a series of intervals in ms, and what is to be reported.

    Raises
    ------
    RecordingError
        No unit makes these the intervals of a human heart.
    """
    factor = UNITS_TO_MS.get(raw.unit.strip().lower(), 1.0)
    known = raw.values[np.isfinite(raw.values) & (raw.values > 0)]
    middle = float(np.median(known)) * factor if known.size else 0.0
    notes: tuple[str, ...] = ()
    if middle < SHORTEST_RR_MS:
        notes = (f"intervals are taken as seconds: their median is {middle:g}",)
        factor, middle = factor * 1000.0, middle * 1000.0
    if not MEDIAN_RR_MS[0] <= middle <= MEDIAN_RR_MS[1]:
        raise RecordingError(
            "these are not the intervals of a human heart",
            where="rr",
            found=f"a median of {middle:g} ms (unit: {described(raw.unit, words=UNITS_TO_MS)})",
            allowed=f"a median of {MEDIAN_RR_MS[0]:g} to {MEDIAN_RR_MS[1]:g} ms; units ms, s or us",
            change="set the unit of the channel in dataset.channels, or 'kind: heart_rate' if they are rates",
        )
    return replace(raw, values=raw.values * factor, unit="ms"), notes
