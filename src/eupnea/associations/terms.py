"""The fixed effects that a dataset can tell, as columns of a design matrix."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.config.associations import AssociationsConfig

FloatArray = NDArray[np.float64]

REFERENCE = {"mode": "nasal", "task": "rest", "sex": "F"}
"""Category that the others are compared with; the first one where it does not occur."""

BETWEEN = ("age", "sex", "bmi")
"""Effects between people."""

SECONDS_PER_MINUTE = 60.0

MIN_TIME_SPREAD = 0.5
"""Standard deviation of time on task, min, that its effect needs."""


@dataclass(slots=True)
class Terms:
    """Columns of the fixed effects, without the intercept.

    Attributes
    ----------
    columns
        Name of the term → shape (n,). Categories are centred indicators (``task[n_back]``), so that effects of one
        factor are averages over the others; age in years, bmi in kg/m², time in minutes, all centred.
    between
        Names of the terms that are constant within people.
    missing
        Effect → why it is not in the model.
    """

    columns: dict[str, FloatArray] = field(default_factory=dict)
    between: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def build_terms(windows: pd.DataFrame, participants: pd.DataFrame, config: AssociationsConfig) -> Terms:
    """Find which effects of the config the windows can tell, and make their columns.

    Parameters
    ----------
    windows
        One row per window.
    participants
        Demographics.
    config
        The associations block.
    """
    terms = Terms()
    for effect in config.effects:
        if effect in BETWEEN:
            _add_between(terms, windows, participants, effect, config)
        elif effect == "mode_task":
            _add_interaction(terms)
        elif effect == "time_on_task":
            _add_time(terms, windows)
        else:
            _add_factor(terms, effect, windows[effect], windows["participant"], config)
    _drop_dependent(terms)
    return terms


def _add_factor(terms: Terms, effect: str, labels: pd.Series, people: pd.Series, config: AssociationsConfig) -> None:
    counts = people.groupby(labels.to_numpy()).nunique()
    levels = sorted(str(level) for level, count in counts.items() if level != "" and count >= config.min_participants)
    if len(levels) < 2 or (labels == "").any():
        terms.missing[effect] = f"one {effect} only" if counts.size < 2 else f"too few people in each {effect}"
        return
    reference = REFERENCE[effect] if REFERENCE.get(effect) in levels else levels[0]
    for level in levels:
        if level != reference:
            terms.columns[f"{effect}[{level}]"] = _centred((labels == level).to_numpy(dtype=float))


def _add_interaction(terms: Terms) -> None:
    modes = [name for name in terms.columns if name.startswith("mode[")]
    tasks = [name for name in terms.columns if name.startswith("task[")]
    if not modes or not tasks:
        terms.missing["mode_task"] = "needs two modes and two tasks"
        return
    for mode in modes:
        for task in tasks:
            terms.columns[f"{mode}:{task}"] = terms.columns[mode] * terms.columns[task]


def _add_time(terms: Terms, windows: pd.DataFrame) -> None:
    minutes = windows["time_on_task_s"].to_numpy(dtype=float) / SECONDS_PER_MINUTE
    minutes = np.where(np.isfinite(minutes), minutes, np.nan)
    rest = (windows["task"] == "rest").to_numpy()
    used = ~rest if not rest.all() else np.ones(len(windows), dtype=bool)
    known = used & np.isfinite(minutes)
    if known.sum() < 2 or np.std(minutes[known]) < MIN_TIME_SPREAD:
        terms.missing["time_on_task"] = "recordings are too short"
        return
    terms.columns["time_on_task_min"] = np.where(known, minutes - minutes[known].mean(), 0.0)


def _add_between(
    terms: Terms, windows: pd.DataFrame, participants: pd.DataFrame, effect: str, config: AssociationsConfig
) -> None:
    if effect not in participants.columns:
        terms.missing[effect] = f"the dataset has no column '{effect}'"
        return
    people = participants.drop_duplicates("participant").set_index("participant")[effect]
    present = people.reindex(windows["participant"].unique())
    numbers = pd.to_numeric(present, errors="coerce")
    if effect == "sex":
        known = present.notna() & (present.astype("str") != "")
        counts = present[known].astype("str").value_counts()
        levels = sorted(counts.index[counts >= config.min_participants // 2 + 1])
        numbers = (present == levels[1]).astype(float).where(present.isin(levels[:2])) if len(levels) >= 2 else None
    if numbers is None or numbers.nunique() < 2:
        terms.missing[effect] = f"'{effect}' is the same for everybody, or known for too few"
        return
    if numbers.notna().sum() < config.min_effect_participants:
        reason = (
            f"{int(numbers.notna().sum())} participants have '{effect}', {config.min_effect_participants} are needed"
        )
        terms.missing[effect] = reason
        return
    centred = (numbers - numbers.mean()).fillna(0.0)
    name = f"sex[{levels[1]}]" if effect == "sex" else effect
    terms.columns[name] = centred.reindex(windows["participant"]).to_numpy(dtype=float)
    terms.between.append(name)


def _drop_dependent(terms: Terms) -> None:
    """Leave out terms that others and the intercept determine (mode and session recorded together, say)."""
    kept: dict[str, FloatArray] = {}
    for name, column in terms.columns.items():
        base = np.column_stack([np.ones(len(column)), *kept.values()])
        rest = column - base @ np.linalg.lstsq(base, column, rcond=None)[0]
        if np.linalg.norm(rest) > 1e-6 * max(float(np.linalg.norm(column)), 1e-300):
            kept[name] = column
        else:
            terms.missing[name] = "cannot be told from the other effects"
    terms.columns = kept
    terms.between = [name for name in terms.between if name in kept]


def _centred(values: FloatArray) -> FloatArray:
    return values - values.mean()
