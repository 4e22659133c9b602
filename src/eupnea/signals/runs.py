"""Runs of samples: gaps, plateaus, rails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def runs_of(mask: Bools) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the starts and (exclusive) stops of the runs of True."""
    edges = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def only_runs(mask: Bools, *, at_least: float = 0, at_most: float = np.inf) -> Bools:
    """Keep the runs of True whose length in samples lies between the limits."""
    starts, stops = runs_of(mask)
    length = stops - starts
    steps = np.zeros(mask.size + 1, dtype=np.int64)
    keep = (length >= at_least) & (length <= at_most)
    np.add.at(steps, starts[keep], 1)
    np.add.at(steps, stops[keep], -1)
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def fill_gaps(values: Floats) -> Floats:
    """Bridge missing samples with a shape-preserving cubic; hold the first and last value beyond the ends.

    Gaps of any length are bridged, so that filters can run through; whoever calls decides which bridges to believe.
    """
    good = np.isfinite(values)
    if good.all():
        return values
    from scipy.interpolate import PchipInterpolator

    where = np.flatnonzero(good)
    if where.size < 2:
        return np.zeros_like(values)
    filled = values.copy()
    missing = np.flatnonzero(~good)
    inside = np.clip(missing, where[0], where[-1])
    # only the neighbourhood of each gap shapes the bridge: the slopes come from the two samples on either side
    near = np.unique(np.clip(np.searchsorted(where, inside)[:, None] + np.arange(-2, 2), 0, where.size - 1))
    filled[missing] = PchipInterpolator(where[near], values[where[near]])(inside)
    return filled


def constant_runs(values: Floats) -> Bools:
    """Tell which samples equal a neighbour; missing ones do not."""
    same = np.diff(values) == 0
    return np.concatenate([same, [False]]) | np.concatenate([[False], same])


def flat_samples(values: Floats, *, at_least: float) -> Bools:
    """Tell which samples lie in stretches of `at_least` samples without any change."""
    same = only_runs(np.diff(values) == 0, at_least=max(at_least - 1, 1))
    return np.concatenate([same, [False]]) | np.concatenate([[False], same])


MIN_RAIL_RUN = 3
RAIL_RUN_RATIO = 5.0
MIN_RAIL_RUNS = 2


def clipped_samples(values: Floats) -> Bools:
    """Tell which samples stand at a rail: the extreme value, held longer than the signal holds others.

    A run counts from 3 samples and from 5 times the median run of equal samples (so that coarse quantisation is not
    taken for clipping), and a rail needs two runs.
    """
    finite = values[np.isfinite(values)]
    clipped = np.zeros(values.size, dtype=bool)
    if finite.size < 2 or finite.min() == finite.max():
        return clipped
    changes = np.count_nonzero(np.diff(finite))
    shortest = max(MIN_RAIL_RUN, RAIL_RUN_RATIO * finite.size / (changes + 1)) if changes else np.inf
    for rail in (finite.min(), finite.max()):
        held = only_runs(values == rail, at_least=shortest)
        if runs_of(held)[0].size >= MIN_RAIL_RUNS:
            clipped |= held
    return clipped
