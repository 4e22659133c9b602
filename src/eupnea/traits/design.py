"""What a model is given: windows aggregated to observations, the windows themselves, and demographics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.config.traits import TraitsConfig
from eupnea.features.aggregate import aggregate_windows
from eupnea.features.columns import feature_columns
from eupnea.traits.targets import LEVEL_KEYS, Target

FloatArray = NDArray[np.float64]

DEMOGRAPHICS = ("age", "sex", "bmi", "height", "weight")
"""Columns of participants.tsv that make the demographics control; height in cm or m, weight in kg, as they stand."""

EXPLAINED_BY = {"bmi": ("height", "weight"), "height": ("bmi",), "weight": ("bmi",)}
"""Demographics that a target is computed from: they may not predict it."""


@dataclass(frozen=True, slots=True)
class Design:
    """The features of a set of observations.

    Attributes
    ----------
    observations
        One row per observation: participant, session, recording.
    people
        Shape (n,): index of the participant, 0 ... n_people - 1.
    summary
        Shape (n, p): aggregated features, NaN where missing; `summary_names` are ``<feature>|<summary>``.
    windows
        Shape (n_windows, q): features of single windows; `window_names` are features.
    owner
        Shape (n_windows,): observation of each window.
    demographics
        Shape (n, d): age, sex, ... without the target and what it is computed from; may have no columns.
    """

    observations: pd.DataFrame
    people: NDArray[np.intp]
    summary: FloatArray
    summary_names: list[str]
    windows: FloatArray
    window_names: list[str]
    owner: NDArray[np.intp]
    demographics: FloatArray
    demographic_names: list[str]

    @property
    def n_people(self) -> int:
        """Number of participants."""
        return int(self.people.max(initial=-1)) + 1

    @property
    def means(self) -> NDArray[np.intp]:
        """Columns of `summary` that are means."""
        return np.flatnonzero([name.endswith("|mean") for name in self.summary_names])

    @property
    def n_windows(self) -> NDArray[np.intp]:
        """Shape (n,): windows behind each observation."""
        return np.bincount(self.owner, minlength=len(self.observations))


def windows_for(windows: pd.DataFrame, modality: str, config: TraitsConfig) -> pd.DataFrame:
    """Keep the windows of one length and the features of one modality; rows and columns without any value are dropped.

    Parameters
    ----------
    windows
        The window table.
    modality
        Group of features; for ``demographics`` windows are only counted and keep no feature.
    config
        ``window_s`` names the length; the shortest is taken otherwise.
    """
    length = config.window_s if config.window_s is not None else windows["window_s"].min()
    kept = windows if not len(windows) or pd.isna(length) else windows[windows["window_s"] == length]
    columns = [] if modality == "demographics" else feature_columns(kept, modality)
    keys = ["participant", "session", "recording", "start_s"]
    values = kept[columns].replace([np.inf, -np.inf], np.nan)
    filled = values.notna()
    columns = [name for name in columns if filled[name].any()]
    rows = filled.any(axis=1) if modality != "demographics" else pd.Series(True, index=kept.index)
    frame = pd.concat([kept.loc[rows, keys], values.loc[rows, columns]], axis=1)
    return frame.sort_values(["recording", "start_s"], kind="stable", ignore_index=True)


def build_design(
    windows: pd.DataFrame, participants: pd.DataFrame, target: Target, config: TraitsConfig
) -> tuple[Design, NDArray[np.intp]]:
    """Bring the features into the observations of a target.

    Parameters
    ----------
    windows
        From `windows_for`.
    participants
        One row per participant with its demographics.
    target
        The target; observations without any window are left out.
    config
        Which summaries.

    Returns
    -------
    design : Design
    rows
        Shape (n,): which observations of the target have features.
    """
    keys = LEVEL_KEYS[target.level]
    labels = target.observations[keys].agg("|".join, axis=1)
    owner = windows[keys].astype("str").agg("|".join, axis=1).map(pd.Series(range(len(labels)), index=labels))
    known = owner.notna().to_numpy()
    used = np.unique(owner[known].to_numpy(dtype=np.intp))
    place = np.searchsorted(used, owner[known].to_numpy(dtype=np.intp))
    observations = target.observations.iloc[used].reset_index(drop=True)
    features = [str(name) for name in windows.columns if "__" in str(name)]
    values = windows.loc[known, features].to_numpy(dtype=float)
    summary, names = summarise(values, features, place, len(used), config.summaries)
    demographics, demographic_names = demographic_table(observations, participants, target.name)
    people, _ = pd.factorize(observations["participant"])
    design = Design(
        observations, people.astype(np.intp), summary, names, values, features, place, demographics, demographic_names
    )
    return design, used


def summarise(
    values: FloatArray, names: list[str], owner: NDArray[np.intp], n_observations: int, summaries: Sequence[str]
) -> tuple[FloatArray, list[str]]:
    """Aggregate windows to observations.

    Parameters
    ----------
    values
        Shape (n_windows, q), NaN where missing.
    names
        Names of the q features.
    owner
        Shape (n_windows,): observation of each window.
    n_observations
        Number of observations.
    summaries
        See `eupnea.features.aggregate.STATISTICS`; only the mean where nobody has two windows.

    Returns
    -------
    summary
        Shape (n_observations, p), NaN where there was no value.
    names
        ``<feature>|<summary>``.
    """
    if not names:
        return np.empty((n_observations, 0)), []
    if not len(owner) or np.bincount(owner).max() < 2:
        summaries = ["mean"]
    frame = pd.DataFrame(values, columns=names).assign(participant=[f"{number:08d}" for number in owner])
    table = aggregate_windows(frame, names, statistics=summaries)
    return table.to_numpy(dtype=float), [str(name) for name in table.columns]


def demographic_table(
    observations: pd.DataFrame, participants: pd.DataFrame, target: str, columns: tuple[str, ...] = DEMOGRAPHICS
) -> tuple[FloatArray, list[str]]:
    """Give the demographics of observations as numbers; text (sex) becomes one column per category but the first.

    The target and what it is computed from are left out, and columns without any two different values.
    """
    people = participants.drop_duplicates("participant").set_index("participant")
    parts, names = [], []
    for column in columns:
        if column not in people.columns or column == target or column in EXPLAINED_BY.get(target, ()):
            continue
        values = people[column].reindex(observations["participant"]).reset_index(drop=True)
        numbers = pd.to_numeric(values, errors="coerce")
        if numbers.notna().any():
            parts.append(numbers.to_numpy(dtype=float))
            names.append(column)
            continue
        for category in sorted(values.dropna().astype("str").replace("", np.nan).dropna().unique())[1:]:
            parts.append(np.where(values.isna() | (values == ""), np.nan, (values == category).astype(float)))
            names.append(f"{column}={category}")
    table = np.column_stack(parts) if parts else np.empty((len(observations), 0))
    varying = [i for i in range(table.shape[1]) if np.unique(table[np.isfinite(table[:, i]), i]).size > 1]
    return table[:, varying], [names[i] for i in varying]
