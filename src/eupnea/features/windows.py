"""Cut recordings into windows that do not overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Span = tuple[float, float]

ROUNDING_S = 1e-6
"""Rounding that the ends of intervals may have, s."""

WINDOW_COLUMNS = ("start_s", "window_s", "block", "time_on_task_s", "quality")
SET_ASIDE_COLUMNS = ("recording", "start_s", "window_s", "reason")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch that windows are cut from: label of its block, start and end, and where its time on task begins."""

    block: str
    start_s: float
    end_s: float
    task_start_s: float


def stretches(intervals: pd.DataFrame, *, start_s: float, end_s: float) -> list[Stretch]:
    """Return what windows may be cut from, in order of time.

    Parameters
    ----------
    intervals
        Rows of one recording in the contract INTERVALS. Without ``use`` all of the signal is used; ``exclude`` is taken
        out; every ``block`` is cut by itself, and so is what lies between blocks.
    start_s, end_s
        Where the signal starts and ends, s.
    """
    used = _spans(intervals, "use") or [(start_s, end_s)]
    used = _intersection(_union(used), [(start_s, end_s)])
    excluded = _union(_spans(intervals, "exclude"))
    blocks = [
        (str(row.label), (float(row.onset_s), float(row.onset_s + row.duration_s)))
        for row in intervals[intervals["role"] == "block"].sort_values(["onset_s", "label"]).itertuples()
    ]
    found: list[Stretch] = []
    taken: list[Span] = []
    for label, span in blocks:
        inside = _difference(_intersection([span], used), _union(taken))
        found += _labelled(label, inside, excluded)
        taken.append(span)
    found += _labelled("", _difference(used, _union(taken)), excluded)
    return sorted(found, key=lambda stretch: stretch.start_s)


def cut_windows(
    parts: Sequence[Stretch], quality: pd.DataFrame, *, window_s: Sequence[float], min_quality: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut windows of each length, and set aside those whose signal cannot be used.

    Parameters
    ----------
    parts
        From `stretches`.
    quality
        Rows of one signal in the contract QUALITY.
    window_s
        Lengths, s.
    min_quality
        Least share of usable epochs.

    Returns
    -------
    kept
        Columns ``start_s``, ``window_s``, ``block``, ``time_on_task_s``, ``quality``, one row per window.
    set_aside
        Columns ``start_s``, ``window_s``, ``reason``.
    """
    rows = []
    for length in sorted(float(one) for one in window_s):
        for part in parts:
            count = int(np.floor((part.end_s - part.start_s + ROUNDING_S) / length))
            starts = part.start_s + length * np.arange(count)
            rows += [(start, length, part.block, start - part.task_start_s) for start in starts.tolist()]
    cut = pd.DataFrame(rows, columns=list(WINDOW_COLUMNS[:4])).astype({"block": "str"})
    cut = cut.astype(dict.fromkeys(("start_s", "window_s", "time_on_task_s"), "float64"))
    cut["quality"] = usable_share(quality, cut["start_s"].to_numpy(), cut["window_s"].to_numpy())
    good = (cut["quality"] >= min_quality - ROUNDING_S).to_numpy()
    lost = cut.loc[~good, ["start_s", "window_s"]].reset_index(drop=True)
    reasons = [_reason(quality, start, length) for start, length in zip(lost["start_s"], lost["window_s"], strict=True)]
    return cut[good].reset_index(drop=True), lost.assign(reason=pd.Series(reasons, index=lost.index, dtype="str"))


def poor_windows(quality: pd.DataFrame, windows: pd.DataFrame, *, min_quality: float) -> tuple[Floats, pd.DataFrame]:
    """Judge windows on a second signal.

    Parameters
    ----------
    quality
        Rows of the second signal in the contract QUALITY.
    windows
        Columns ``start_s`` and ``window_s``, s.
    min_quality
        Least share of usable epochs.

    Returns
    -------
    share
        Shape (n,): share of usable epochs of the second signal.
    poor
        Columns ``start_s``, ``window_s``, ``reason`` (with ``heart:`` before it) of the windows with too few.
    """
    share = usable_share(quality, windows["start_s"].to_numpy(), windows["window_s"].to_numpy())
    poor = windows.loc[share < min_quality - ROUNDING_S, ["start_s", "window_s"]].reset_index(drop=True)
    reasons = [_reason(quality, start, length) for start, length in zip(poor["start_s"], poor["window_s"], strict=True)]
    return share, poor.assign(reason=np.array([f"heart: {reason}" for reason in reasons], dtype=object))


def usable_share(quality: pd.DataFrame, start_s: Floats, window_s: Floats) -> Floats:
    """Return the share of each window that usable epochs cover; what no epoch covers is not usable.

    Parameters
    ----------
    quality
        Rows of one signal in the contract QUALITY.
    start_s, window_s
        Shape (n,), s.
    """
    usable = quality[quality["is_usable"].to_numpy(dtype=bool)]
    return _overlap(usable, start_s, window_s).sum(axis=1) / window_s


def _overlap(epochs: pd.DataFrame, start_s: Floats, window_s: Floats) -> Floats:
    """Return how many seconds of each window each epoch covers; shape (windows, epochs)."""
    onset = epochs["start_s"].to_numpy(dtype=float)
    end = onset + epochs["duration_s"].to_numpy(dtype=float)
    stop = (start_s + window_s)[:, None]
    return np.clip(np.minimum(end, stop) - np.maximum(onset, start_s[:, None]), 0.0, None)


def _reason(quality: pd.DataFrame, start_s: float, window_s: float) -> str:
    """Say what is wrong with most of what cannot be used."""
    if not len(quality):
        return "the signal is too short to be judged"
    bad = quality[~quality["is_usable"].to_numpy(dtype=bool)]
    seconds = _overlap(bad, np.array([start_s]), np.array([window_s]))[0]
    total = pd.Series(seconds).groupby(bad["reason"].to_numpy()).sum().sort_values(ascending=False, kind="stable")
    return str(total.index[0]) if len(total) and total.iloc[0] > 0 else "beyond the signal"


def _labelled(block: str, spans: list[Span], excluded: list[Span]) -> list[Stretch]:
    kept = _difference(spans, excluded)
    return [Stretch(block, start, end, kept[0][0]) for start, end in kept]


def _spans(intervals: pd.DataFrame, role: str) -> list[Span]:
    rows = intervals[intervals["role"] == role]
    onset = rows["onset_s"].to_numpy(dtype=float)
    return list(zip(onset.tolist(), (onset + rows["duration_s"].to_numpy(dtype=float)).tolist(), strict=True))


def _union(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _intersection(spans: list[Span], others: list[Span]) -> list[Span]:
    found = [(max(a, c), min(b, d)) for a, b in spans for c, d in others]
    return [(start, end) for start, end in found if end - start > ROUNDING_S]


def _difference(spans: list[Span], holes: list[Span]) -> list[Span]:
    left = spans
    for low, high in holes:
        pieces = [piece for start, end in left for piece in ((start, min(end, low)), (max(start, high), end))]
        left = [(start, end) for start, end in pieces if end - start > ROUNDING_S]
    return left
