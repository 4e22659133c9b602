"""Slow channels in the table of a fast one: one sample in every so many, the others empty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from eupnea.recordings.signal import RawSignal

MOST_OFF_GRID = 0.001
"""Share of the samples that may lie beside the grid of the others."""
FEWEST = 100
"""Samples that show a grid."""


def without_padding(raw: RawSignal) -> tuple[RawSignal, tuple[str, ...]]:
    """Return an evenly sampled signal at its own rate, and what is to be reported.

    Where nearly all samples that are there stand at every second, third, … place, the places between are no gaps: the
    table was written at the rate of another channel.

    Parameters
    ----------
    raw
        The signal, evenly sampled or not (then it is returned as it is).
    """
    known = np.flatnonzero(np.isfinite(raw.values))
    if known.size < FEWEST or known.size > 0.6 * raw.values.size or not np.isfinite(raw.sampling_hz):
        return raw, ()
    stride = int(np.median(np.diff(known)))
    first = int(np.median(known % stride)) if stride > 1 else 0
    if stride < 2 or np.mean(known % stride != first) > MOST_OFF_GRID:
        return raw, ()
    rate = raw.sampling_hz / stride
    note = f"one sample in {stride} is there, at equal distances: taken as sampled at {rate:g} Hz"
    return replace(
        raw, values=raw.values[first::stride], sampling_hz=rate, start_s=raw.start_s + first / raw.sampling_hz
    ), (note,)
