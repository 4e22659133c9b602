"""Turning points of a signal, and which of them are breaths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.kernels import kept_extremes, turns

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def turning_points(values: Floats) -> Indices:
    """Return the positions of the local maxima and minima; a plateau counts once, at its last sample."""
    return np.asarray(turns(values))


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
    chosen = candidates[kept_extremes(values[candidates], least_swing)]
    return _split(values, chosen)


def _split(values: Floats, chosen: Indices) -> tuple[Indices, Indices]:
    if chosen.size < 3:
        return chosen[:0], chosen[:0]
    first_is_trough = values[chosen[0]] < values[chosen[1]]
    chosen = chosen[0 if first_is_trough else 1 :]
    if chosen.size % 2 == 0:
        chosen = chosen[:-1]
    return chosen[::2], chosen[1::2]
