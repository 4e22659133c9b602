"""The intervals of every window, as flat arrays that kernels can run through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_INTERVALS = 8
"""Fewest intervals behind any number about a window (assumed)."""
MAX_CORRECTED_SHARE = 0.2
"""Largest share of intervals that were corrected or are missing: above it variability is the correction's (assumed)."""
MIN_COVERAGE = 0.75
"""Least share of the window that its intervals cover (assumed)."""
JOINT_S = 0.02
"""How far the end of one interval may lie from the start of the next one that follows it, s."""


@dataclass(frozen=True)
class WindowIntervals:
    """Intervals between beats, and which belong to which window.

    Attributes
    ----------
    time_s, rr_ms
        Shape (k,): end of the interval, and its corrected length, in time order.
    follows
        Shape (k,): whether the interval before is the one just before it in time.
    first, last
        Shape (w,): intervals ``first:last`` lie wholly inside the window; none where the window cannot be used.
    start_s, window_s
        Shape (w,): the windows.
    """

    time_s: Floats
    rr_ms: Floats
    follows: NDArray[np.bool_]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    start_s: Floats
    window_s: Floats

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Shape (w, longest): positions, inside the window, of its intervals from the shortest to the longest."""
        longest = int(self.count.max(initial=0))
        place = self.first[:, None] + np.arange(longest)
        inside = place < self.last[:, None]
        padded = np.where(inside, np.append(self.rr_ms, np.inf)[np.minimum(place, self.rr_ms.size)], np.inf)
        return np.argsort(padded, axis=1)

    @cached_property
    def pairs(self) -> Floats:
        """Shape (w, 12): what pairs of successive intervals give, see `kernels.successive`."""
        from eupnea.features.heart.kernels import successive

        out = np.full((self.first.size, 12), np.nan)
        successive(self.rr_ms, self.follows, self.first, self.last, out)
        return out

    @property
    def count(self) -> NDArray[np.int64]:
        """Shape (w,): intervals per window."""
        return self.last - self.first


def window_intervals(beats: pd.DataFrame, windows: pd.DataFrame) -> WindowIntervals:
    """Collect the valid intervals that lie wholly inside each window.

    A window without enough intervals, with too many corrected ones or with too large holes gets none at all.

    Parameters
    ----------
    beats
        Rows of the table of beats of one signal.
    windows
        Columns ``start_s``, ``window_s``.
    """
    if not beats["time_s"].is_monotonic_increasing:
        beats = beats.sort_values("time_s", kind="stable")
    end_s = beats["time_s"].to_numpy(dtype=float)
    found_ms = beats["rr_ms"].to_numpy(dtype=float)
    length_ms = beats["rr_corrected_ms"].to_numpy(dtype=float)
    is_valid = beats["is_valid"].to_numpy(dtype=bool) & np.isfinite(length_ms)
    is_sound = is_valid & (length_ms == found_ms)
    is_extra = ~is_valid
    is_extra[is_extra] = (beats["artefact"][is_extra] == "extra").to_numpy(dtype=bool)
    follows = _follows(end_s, found_ms, is_valid, is_extra)
    begin_s = end_s - np.where(np.isfinite(found_ms), found_ms, length_ms) / 1000.0
    start_s = windows["start_s"].to_numpy(dtype=float)
    window_s = windows["window_s"].to_numpy(dtype=float)

    kept = np.flatnonzero(is_valid)
    # The start of an interval is rounded: a hair's breadth must not decide whether it is inside.
    first = np.searchsorted(np.maximum.accumulate(begin_s[kept]) if kept.size else kept, start_s - HAIR_S)
    last = np.maximum(np.searchsorted(end_s[kept], start_s + window_s + HAIR_S, side="right"), first)
    rows = np.searchsorted(end_s, start_s - HAIR_S), np.searchsorted(end_s, start_s + window_s + HAIR_S, side="right")
    count, total = last - first, np.maximum(rows[1] - rows[0] - 1, 1)
    sound = _between(is_sound[kept].astype(float), first, last)
    covered_s = _between(length_ms[kept], first, last) / 1000.0
    usable = (count >= MIN_INTERVALS) & (sound >= (1 - MAX_CORRECTED_SHARE) * np.maximum(total, count))
    usable &= covered_s >= MIN_COVERAGE * window_s
    last = np.where(usable, last, first)
    return WindowIntervals(end_s[kept], length_ms[kept], follows[kept], first, last, start_s, window_s)


HAIR_S = 1e-6


def _follows(
    end_s: Floats, found_ms: Floats, is_valid: NDArray[np.bool_], is_extra: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell which valid intervals join the valid interval before them; an extra beat taken out parts nothing."""
    joins = np.abs(np.diff(end_s, prepend=np.nan) - found_ms / 1000.0) <= JOINT_S
    passable = is_valid | is_extra
    before = np.concatenate([[False], passable[:-1]])
    return joins & before


def _between(values: Floats, first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[last] - total[first])
