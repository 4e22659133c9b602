"""The people, their features and the target as arrays; or the reason why there is nothing to analyse."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.config.adversarial import AdversarialConfig
from eupnea.features.columns import feature_columns

Array = NDArray[np.float64]

BOUND = re.compile(r"^\s*[<>]?\s*(\d+(?:\.\d+)?)\s*\+?\s*$")
"""Ages written as ``89+``: read as their bound."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Rows of features with their target.

    Attributes
    ----------
    keys
        One row per row of features: participant, and for recordings also recording, session, mode, task.
    X
        Shape (n, p): features, NaN where missing.
    y
        Shape (n,): the target.
    columns
        Names of the features.
    n_windows
        Shape (n,): windows behind each row.
    """

    keys: pd.DataFrame
    X: Array
    y: Array
    columns: list[str]
    n_windows: Array

    @property
    def participants(self) -> NDArray[np.str_]:
        """Participant of each row."""
        return self.keys["participant"].to_numpy(dtype=str)


def participant_cohort(
    windows: pd.DataFrame, participants: pd.DataFrame, *, modality: str, config: AdversarialConfig
) -> Cohort | str:
    """Return one row per participant, or the reason why there are too few."""
    keys = ["participant"]
    return _cohort(windows, participants, keys, list(config.summaries), modality=modality, config=config)


def recording_cohort(
    windows: pd.DataFrame, participants: pd.DataFrame, *, modality: str, config: AdversarialConfig
) -> Cohort | str:
    """Return one row per recording (means of its windows), or the reason why there are too few people."""
    keys = ["participant", "recording", "session", "mode", "task"]
    return _cohort(windows, participants, keys, ["mean"], modality=modality, config=config)


def read_numbers(values: pd.Series) -> Array:
    """Read numbers that may be text, ``n/a`` or ``89+``; what is none becomes NaN."""
    numbers = np.array(pd.to_numeric(values, errors="coerce"), dtype=float)
    for row in np.flatnonzero(np.isnan(numbers)):
        found = BOUND.match(str(values.iloc[row]))
        numbers[row] = float(found.group(1)) if found else np.nan
    return numbers


def _cohort(
    windows: pd.DataFrame,
    participants: pd.DataFrame,
    keys: list[str],
    summaries: list[str],
    *,
    modality: str,
    config: AdversarialConfig,
) -> Cohort | str:
    if config.target not in participants.columns:
        return f"the participants have no column '{config.target}'"
    columns = feature_columns(windows, modality)
    if not columns or not len(windows):
        return f"there are no features of the modality '{modality}'"
    target = dict(zip(participants["participant"].astype(str), read_numbers(participants[config.target]), strict=True))
    chosen = windows[windows["window_s"] == (config.window_s or windows["window_s"].min())]
    values = chosen["participant"].astype(str).map(target).to_numpy(dtype=float)
    chosen = chosen[np.isfinite(values)].sort_values(["recording", "start_s"], kind="stable")
    people = chosen["participant"].nunique()
    if people < config.min_participants:
        return f"{people} participants have features and '{config.target}'; {config.min_participants} are needed"
    rows, names, counts = summarise(chosen, keys, columns, summaries)
    y = rows["participant"].map(target).to_numpy(dtype=float)
    if np.unique(y).size < 3:
        return f"'{config.target}' has fewer than three different values"
    return Cohort(rows[keys], rows[names].to_numpy(dtype=float), y, names, counts)


def summarise(
    windows: pd.DataFrame, keys: list[str], columns: list[str], summaries: list[str]
) -> tuple[pd.DataFrame, list[str], Array]:
    """Reduce windows to one row per key: the mean, SD or quantiles of each feature.

    Returns
    -------
    rows, names, counts
        Keys and features; names of the features (with ``__sd`` … appended when there is more than one summary); windows
        behind each row.
    """
    groups = windows.groupby(keys, sort=True, dropna=False)
    tables = []
    for summary in summaries:
        table = _summary(groups[columns], summary)
        tables.append(table.add_suffix(f"__{summary}") if len(summaries) > 1 else table)
    features = pd.concat(tables, axis=1)
    names = [str(name) for name in features.columns]
    return features.reset_index(), names, groups.size().to_numpy(dtype=float)


def _summary(groups: object, summary: str) -> pd.DataFrame:
    if summary.startswith("q"):
        return groups.quantile(int(summary[1:]) / 100)  # type: ignore[attr-defined]
    return {"mean": groups.mean, "sd": groups.std}[summary]()  # type: ignore[attr-defined]
