"""The people, their features and the target as arrays; or the reason why there is nothing to analyse."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.config.adversarial import AdversarialConfig
from eupnea.features.aggregate import aggregate_windows
from eupnea.features.columns import feature_columns

Array = NDArray[np.float64]

BOUND = re.compile(r"[<>]?\s*(\d+(?:\.\d+)?)\s*\+?")
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
    keys = ["participant", "session", "mode", "task", "recording"]
    return _cohort(windows, participants, keys, ["mean"], modality=modality, config=config)


def read_numbers(values: pd.Series) -> Array:
    """Read numbers that may be text, ``n/a`` or ``89+``; what is none becomes NaN."""
    numbers = np.array(pd.to_numeric(values, errors="coerce"), dtype=float)
    for row in np.flatnonzero(np.isnan(numbers)):
        found = BOUND.fullmatch(str(values.iloc[row]).strip())
        numbers[row] = float(found.group(1)) if found else np.nan
    return numbers


def _cohort(
    windows: pd.DataFrame,
    participants: pd.DataFrame,
    keys: list[str],
    statistics: list[str],
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
    rows, names, counts = summarise(chosen, keys, columns, statistics)
    y = rows["participant"].map(target).to_numpy(dtype=float)
    if np.unique(y).size < 3:
        return f"'{config.target}' has fewer than three different values"
    return Cohort(rows[keys], rows[names].to_numpy(dtype=float), y, names, counts)


def summarise(
    windows: pd.DataFrame, keys: list[str], columns: list[str], statistics: list[str]
) -> tuple[pd.DataFrame, list[str], Array]:
    """Reduce windows to one row per participant or, when `keys` names it, per recording.

    Returns
    -------
    rows, names, counts
        Keys and features; names of the features (with ``|sd`` … when there is more than one statistic); windows behind
        each row.
    """
    unit = keys[-1]
    table = aggregate_windows(windows.assign(participant=windows[unit].astype(str)), columns, statistics=statistics)
    if len(statistics) == 1:
        table.columns = [str(name).rpartition("|")[0] for name in table.columns]
    names = [str(name) for name in table.columns]
    labels = windows[keys].astype(str).drop_duplicates(unit).set_index(unit).loc[table.index].reset_index(names=unit)
    counts = windows[unit].astype(str).value_counts().loc[table.index].to_numpy(dtype=float)
    return pd.concat([labels, table.reset_index(drop=True)], axis=1), names, counts
