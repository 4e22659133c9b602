"""Turning points of a signal, and which of them are breaths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def turning_points(values: Floats) -> Indices:
    """Return the positions of the local maxima and minima; a plateau counts once, at its start."""
    slope = np.sign(np.diff(values))
    moving = np.flatnonzero(slope)
    if moving.size < 2:
        return np.empty(0, dtype=np.intp)
    turns = np.flatnonzero(np.diff(slope[moving]))
    return moving[turns + 1]


def alternating_extremes(values: Floats, candidates: Indices, least_swing: Floats) -> tuple[Indices, Indices]:
    """Keep the extremes between which the signal swings by at least the local threshold.

    Parameters
    ----------
    values
        Shape (n,).
    candidates
        Positions of local extremes, rising.
    least_swing
        Shape (len(candidates),): threshold at each of them.

    Returns
    -------
    troughs, peaks
        Positions, alternating in time, beginning with a trough and ending with one; each is the extreme between its
        neighbours.
    """
    levels = values[candidates].tolist()
    swings = least_swing.tolist()
    kept: list[int] = []
    best, rising = 0, 0
    for i, level in enumerate(levels):
        if rising == 0:
            if abs(level - levels[best]) >= swings[i]:
                rising = 1 if level > levels[best] else -1
                kept.append(best)
                best = i
            elif level < levels[best]:
                best = i
        elif (level - levels[best]) * rising >= 0:
            best = i
        elif (levels[best] - level) * rising >= swings[i]:
            kept.append(best)
            best, rising = i, -rising
    if rising:
        kept.append(best)
    chosen = candidates[np.asarray(kept, dtype=np.intp)]
    return _split(values, chosen)


def _split(values: Floats, chosen: Indices) -> tuple[Indices, Indices]:
    if chosen.size < 3:
        return chosen[:0], chosen[:0]
    first_is_trough = values[chosen[0]] < values[chosen[1]]
    chosen = chosen[0 if first_is_trough else 1 :]
    if chosen.size % 2 == 0:
        chosen = chosen[:-1]
    return chosen[::2], chosen[1::2]
