"""The breaths of every window as padded matrices, and statistics along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

MAD_TO_SD = 1.4826
"""Median absolute deviation → standard deviation of a Gaussian."""


@dataclass(frozen=True, slots=True)
class WindowBreaths:
    """Which valid breaths lie wholly inside each window.

    Attributes
    ----------
    breaths
        Valid breaths in order of time.
    place
        Shape (n_windows, width): rows of `breaths`, in order; -1 behind the last.
    is_next
        Shape (n_windows, width): whether the breath directly follows the one to its left.
    """

    breaths: pd.DataFrame
    place: Rows
    is_next: NDArray[np.bool_]

    @property
    def count(self) -> Floats:
        """Shape (n_windows,): breaths in each window."""
        return np.asarray((self.place >= 0).sum(axis=1), dtype=float)

    def matrix(self, values: str | Floats) -> Floats:
        """Return a column of the breaths (or a value per breath) as (n_windows, width), NaN behind the last."""
        column = self.breaths[values].to_numpy(dtype=float) if isinstance(values, str) else values
        return np.append(column, np.nan)[self.place]


def window_breaths(breaths: pd.DataFrame, windows: pd.DataFrame) -> WindowBreaths:
    """Find the valid breaths that lie wholly inside each window.

    Parameters
    ----------
    breaths
        Rows of one signal in the contract BREATHS.
    windows
        Columns ``start_s`` and ``window_s``, s.
    """
    valid = breaths[breaths["is_valid"].to_numpy(dtype=bool)].reset_index(drop=True)
    onset, end = valid["inhale_onset_s"].to_numpy(dtype=float), valid["end_s"].to_numpy(dtype=float)
    start = windows["start_s"].to_numpy(dtype=float)
    first = np.searchsorted(onset, start, side="left")
    last = np.searchsorted(end, start + windows["window_s"].to_numpy(dtype=float), side="right")
    count = np.maximum(last - first, 0)
    width = int(max(count.max(initial=0), 1))
    place = first[:, None] + np.arange(width)
    place = np.where(np.arange(width) < count[:, None], place, -1)
    number = valid["breath"].to_numpy(dtype=float)
    follows = np.concatenate([np.diff(number, prepend=np.nan) == 1, [False]])
    is_next = follows[place]
    is_next[:, 0] = False
    return WindowBreaths(valid, place, is_next)


def sorted_rows(values: Floats) -> tuple[Floats, Floats]:
    """Sort each row, NaN last, and count what is known; shapes (n, k) and (n,)."""
    return np.sort(values, axis=1), np.isfinite(values).sum(axis=1).astype(float)


def row_quantile(ordered: Floats, count: Floats, q: float) -> Floats:
    """Return a quantile (linear interpolation) of each sorted row with `count` known values."""
    position = q * np.maximum(count - 1, 0)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(count - 1, 0).astype(np.intp))
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, above]
    return low + (position - below) * (high - low)


def row_median(values: Floats) -> Floats:
    """Return the median of each row without its missing values."""
    ordered, count = sorted_rows(values)
    return row_quantile(ordered, count, 0.5)


def row_mean(values: Floats) -> Floats:
    """Return the mean of each row without its missing values; NaN for rows without any."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def row_sd(values: Floats) -> Floats:
    """Return the standard deviation (divisor n - 1) of each row; NaN below two known values."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    deviation = np.where(known, values - row_mean(values)[:, None], 0.0)
    return np.where(count > 1, np.sqrt((deviation**2).sum(axis=1) / np.maximum(count - 1, 1)), np.nan)


def row_spread(values: Floats) -> Floats:
    """Return the median absolute deviation of each row, scaled to a Gaussian's standard deviation."""
    return MAD_TO_SD * row_median(np.abs(values - row_median(values)[:, None]))


def row_correlation(x: Floats, y: Floats) -> Floats:
    """Return Pearson's correlation of two matrices row by row, over the places where both are known."""
    both = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    dx, dy = x - row_mean(x)[:, None], y - row_mean(y)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(row_mean(dx * dy) / np.sqrt(row_mean(dx**2) * row_mean(dy**2)))


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where the divisor is not positive."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def log_of(values: Floats) -> Floats:
    """Return the natural logarithm; NaN where it does not exist."""
    good = values > 0
    return np.where(good, np.log(np.where(good, values, 1.0)), np.nan)
