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

DEMOGRAPHICS = ("age", "sex", "bmi")
"""Columns of participants.tsv that make the demographics control."""

EXPLAINED_BY = {"height_cm": ("bmi",), "weight_kg": ("bmi",), "bmi": ("height_cm", "weight_kg")}
"""Demographics that a target is computed from: they may not predict it."""

LONGER = "recording"
"""Summary of what was measured over a whole recording, or over windows longer than those used: the mean."""


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
        Shape (n, p): aggregated features, NaN where missing; `summary_names` are ``<feature>|<summary>``, with the
        summary ``recording`` for what needs more length than a window has.
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
        """Columns of `summary` that are means of windows or of recordings."""
        return np.flatnonzero([name.endswith(("|mean", f"|{LONGER}")) for name in self.summary_names])

    @property
    def mean_families(self) -> list[str]:
        """Family of each of the columns `means`, with its modality."""
        return ["__".join(self.summary_names[column].split("__")[:2]) for column in self.means]

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
    kept = _one_length(windows, config)
    columns = [] if modality == "demographics" else feature_columns(kept, modality)
    keys = ["participant", "session", "recording", "start_s"]
    values = kept[columns].replace([np.inf, -np.inf], np.nan)
    filled = values.notna()
    columns = [name for name in columns if filled[name].any()]
    rows = filled.any(axis=1) if modality != "demographics" else pd.Series(True, index=kept.index)
    frame = pd.concat([kept.loc[rows, keys], values.loc[rows, columns]], axis=1)
    return frame.sort_values(["recording", "start_s"], kind="stable", ignore_index=True)


def longer_features(
    windows: pd.DataFrame, recording_features: pd.DataFrame, modality: str, config: TraitsConfig
) -> pd.DataFrame:
    """Collect, for each recording, the features that need more length than the windows that are used.

    Parameters
    ----------
    windows
        The window table, of all lengths.
    recording_features
        The features of whole recordings.
    modality, config
        As in `windows_for`.

    Returns
    -------
    pandas.DataFrame
        Columns participant, session, recording; the features of whole recordings; and the means, over the longer
        windows of the recording, of features that no used window is long enough for.
    """
    keys = LEVEL_KEYS["session"] + ["recording"]
    whole = recording_features[[*keys, *_filled(recording_features, modality)]]
    used = _filled(_one_length(windows, config), modality)
    rest = [name for name in _filled(windows, modality) if name not in {*used, *whole.columns}]
    means = windows[rest].replace([np.inf, -np.inf], np.nan).groupby([windows[key] for key in keys]).mean()
    return means.reset_index().merge(whole, on=keys, how="outer").sort_values(keys, ignore_index=True)


def _filled(frame: pd.DataFrame, modality: str) -> list[str]:
    columns = [] if modality == "demographics" else feature_columns(frame, modality)
    known = np.isfinite(frame[columns].to_numpy(dtype=float)).any(axis=0)
    return [name for name, is_known in zip(columns, known, strict=True) if is_known]


def _one_length(windows: pd.DataFrame, config: TraitsConfig) -> pd.DataFrame:
    length = config.window_s if config.window_s is not None else windows["window_s"].min()
    return windows if not len(windows) or pd.isna(length) else windows[windows["window_s"] == length]


def build_design(
    windows: pd.DataFrame,
    participants: pd.DataFrame,
    target: Target,
    config: TraitsConfig,
    longer: pd.DataFrame | None = None,
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
    longer
        From `longer_features`; they are averaged over the recordings of an observation.

    Returns
    -------
    design : Design
    rows
        Shape (n,): which observations of the target have features.
    """
    owner = _owners(windows, target)
    known = owner.notna().to_numpy()
    used = np.unique(owner[known].to_numpy(dtype=np.intp))
    place = np.searchsorted(used, owner[known].to_numpy(dtype=np.intp))
    observations = target.observations.iloc[used].reset_index(drop=True)
    features = [str(name) for name in windows.columns if "__" in str(name)]
    values = windows.loc[known, features].to_numpy(dtype=float)
    summary, names = summarise(values, features, place, len(used), config.summaries)
    if longer is not None and len(longer):
        more, more_names = _averaged(longer, target, used)
        summary, names = np.hstack([summary, more]), names + more_names
    demographics, demographic_names = demographic_table(observations, participants, target.name)
    people, _ = pd.factorize(observations["participant"])
    design = Design(
        observations, people.astype(np.intp), summary, names, values, features, place, demographics, demographic_names
    )
    return design, used


def _owners(frame: pd.DataFrame, target: Target) -> pd.Series:
    """Give the observation that each row belongs to; NaN for none."""
    keys = LEVEL_KEYS[target.level]
    labels = pd.MultiIndex.from_frame(target.observations[keys].astype("str"))
    place = labels.get_indexer(pd.MultiIndex.from_frame(frame[keys].astype("str")))
    return pd.Series(place, index=frame.index, dtype=float).where(place >= 0)


def _averaged(longer: pd.DataFrame, target: Target, used: NDArray[np.intp]) -> tuple[FloatArray, list[str]]:
    features = [str(name) for name in longer.columns if "__" in str(name)]
    table = longer[features].replace([np.inf, -np.inf], np.nan).groupby(_owners(longer, target)).mean().reindex(used)
    return table.to_numpy(dtype=float), [f"{name}|{LONGER}" for name in features]


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
