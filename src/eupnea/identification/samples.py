"""The windows of one modality and one length, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.columns import feature_columns
from eupnea.io.contract import FAILURES

Rows = NDArray[np.intp]
BLOCK_KEYS = ["session", "mode", "task", "run"]


@dataclass(frozen=True)
class Samples:
    """Windows of one modality and one length.

    Attributes
    ----------
    X
        Shape (n, p): features; NaN where one could not be computed.
    features
        Names of the p columns.
    recording
        Shape (n,): which row of `recordings` each window is from; windows are sorted by recording and start.
    start_s
        Shape (n,): start of each window on its recording's clock, s.
    window_s
        Length of the windows, s.
    recordings
        One row per recording: the keys, ``person`` (position in `people`) and ``block`` (the other keys together).
    people
        Sorted participants.
    """

    X: NDArray[np.float64]
    features: tuple[str, ...]
    recording: Rows
    start_s: NDArray[np.float64]
    window_s: float
    recordings: pd.DataFrame
    people: tuple[str, ...]

    @property
    def person_of_recording(self) -> Rows:
        """Shape (R,): the person of each recording."""
        return self.recordings["person"].to_numpy()

    @property
    def person(self) -> Rows:
        """Shape (n,): the person of each window."""
        return self.person_of_recording[self.recording]

    def with_columns(self, keep: NDArray[np.bool_]) -> Samples:
        """Return the same windows with some of the features."""
        names = tuple(name for name, kept in zip(self.features, keep, strict=True) if kept)
        return replace(self, X=self.X[:, keep], features=names)


def make_samples(
    windows: pd.DataFrame, modality: str, window_s: float, *, max_missing_share: float
) -> tuple[Samples, pd.DataFrame]:
    """Take the usable windows of one length, and tell what could not be acquired.

    Parameters
    ----------
    windows
        The window table.
    modality
        Group of features.
    window_s
        Length of the windows, s.
    max_missing_share
        A window that lacks a larger share of the features is left out.

    Returns
    -------
    samples, failures
        `failures` has the columns of ``identification/failures.tsv``: recordings without a usable window.
    """
    part = windows[windows["window_s"] == window_s].sort_values(["recording", "start_s"], kind="stable")
    columns = [name for name in feature_columns(windows, modality) if part[name].notna().any()]
    X = part[columns].to_numpy(dtype=float)
    X = np.where(np.isfinite(X), X, np.nan)
    usable = np.isfinite(X).mean(axis=1) >= 1 - max_missing_share if columns else np.zeros(len(part), dtype=bool)
    kept = part[usable]
    reason = f"no {window_s:g} s window with enough {modality} features"
    lost = part.loc[~part["recording"].isin(kept["recording"]), ["participant", "recording"]].drop_duplicates()
    return _samples(kept, X[usable], tuple(columns), window_s), FAILURES.conform(lost.assign(reason=reason))


def _samples(kept: pd.DataFrame, X: NDArray[np.float64], columns: tuple[str, ...], window_s: float) -> Samples:
    keys = kept[["recording", "participant", *BLOCK_KEYS]].drop_duplicates("recording").reset_index(drop=True)
    people = tuple(sorted(keys["participant"].unique()))
    position = {name: index for index, name in enumerate(people)}
    keys["person"] = keys["participant"].map(position).astype(np.intp)
    keys["block"] = keys[BLOCK_KEYS].agg("/".join, axis=1) if len(keys) else pd.Series(dtype="str")
    codes = pd.Series(np.arange(len(keys)), index=keys["recording"], dtype=np.intp)
    return Samples(
        X=X,
        features=columns,
        recording=codes.reindex(kept["recording"]).to_numpy(dtype=np.intp),
        start_s=kept["start_s"].to_numpy(dtype=float),
        window_s=window_s,
        recordings=keys,
        people=people,
    )


def starts_of(groups: Rows) -> Rows:
    """Return where each group of equal neighbours begins."""
    return np.concatenate([np.zeros(1, dtype=np.intp), np.flatnonzero(np.diff(groups)) + 1])


def lengths_of(starts: Rows, n: int) -> Rows:
    """Return how many each group has, of `n` in all."""
    return np.diff(np.append(starts, n))
