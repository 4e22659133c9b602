"""Rows about the age gap: its slope on age before and after correction, and what it goes along with."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.evidence.correction import benjamini_hochberg
from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.traits.age_gap import partial_correlation
from eupnea.traits.design import DEMOGRAPHICS, demographic_table
from eupnea.traits.outputs import Output
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]

MIN_PEOPLE = 10
"""People with both gap and column that an association needs."""

ADJUSTED_FOR = 2
"""Columns that associations are adjusted for: age and age²."""


def gap_rows(task: Task, participants: pd.DataFrame, targets: pd.DataFrame, selected: list[Output]) -> list[MetricRow]:
    """Associate the corrected age gap with the other columns of the participants, adjusted for age and age².

    Parameters
    ----------
    task
        The task; nothing is given unless its target is the age of participants.
    participants, targets
        Demographics, and the long table of targets (participant level).
    selected
        Outputs of the headline model, one per repeat; the gap is their mean.

    Returns
    -------
    list of MetricRow
        ``gap_slope`` (on age; term ``uncorrected`` and ``corrected``), and ``gap_partial_r`` with the column as term.
    """
    if task.target.name != "age" or task.target.level != "participant" or task.target.is_class:
        return []
    age = task.y
    columns = {**task.columns, "model": "selected"}
    gaps = {
        "uncorrected": np.mean([output.score[:, 0] for output in selected], axis=0) - age,
        "corrected": np.mean([output.corrected for output in selected], axis=0) - age,
    }
    rows = [_slope_row(gap, age, {**columns, "term": name}) for name, gap in gaps.items()]
    found: list[MetricRow] = []
    for name, values in _other_columns(task, participants, targets).items():
        found += _association(gaps["corrected"], values, age, {**columns, "term": name})
    adjusted = benjamini_hochberg(np.array([row["p_value"] for row in found]))
    words = f"Benjamini-Hochberg over {len(found)} columns"
    return rows + [row | {"p_adjusted": p, "correction": words} for row, p in zip(found, adjusted, strict=True)]


def _slope_row(gap: FloatArray, age: FloatArray, columns: dict[str, object]) -> MetricRow:
    """Give the slope of the gap on age, with its interval from standard errors that allow for uneven spread (HC3)."""
    from scipy.stats import t

    centred = age - age.mean()
    weight = centred / (centred @ centred)
    slope = float(weight @ gap)
    residual = (gap - gap.mean() - slope * centred) / (1 - 1 / age.size - weight * centred)
    se = float(np.sqrt(weight**2 @ residual**2))
    reach = se * float(t.ppf(0.975, age.size - 2))
    return metric_row("traits", "gap_slope", slope, se=se, ci_low=slope - reach, ci_high=slope + reach, **columns)


def _other_columns(task: Task, participants: pd.DataFrame, targets: pd.DataFrame) -> dict[str, FloatArray]:
    observations = task.design.observations
    others = tuple(name for name in DEMOGRAPHICS if name != "age")
    table, names = demographic_table(observations, participants, "age", others)
    found = {name: table[:, place] for place, name in enumerate(names)}
    own = targets[(targets["level"] == "participant") & (targets["name"] != "age")] if len(targets) else targets
    for name, part in own.groupby("name", sort=True) if len(own) else ():
        values = pd.to_numeric(part.drop_duplicates("participant").set_index("participant")["value"], errors="coerce")
        numbers = values.reindex(observations["participant"]).to_numpy(dtype=float)
        if str(name) not in found and np.unique(numbers[np.isfinite(numbers)]).size > 1:
            found[str(name)] = numbers
    return found


def _association(gap: FloatArray, values: FloatArray, age: FloatArray, columns: dict[str, object]) -> list[MetricRow]:
    from scipy.stats import norm, t

    known = np.isfinite(values)
    n = int(known.sum())
    r = partial_correlation(gap[known], values[known], age[known]) if n >= MIN_PEOPLE else float("nan")
    if not np.isfinite(r):
        return []
    free = n - 2 - ADJUSTED_FOR
    statistic = r * np.sqrt(free / max(1 - r**2, 1e-12))
    reach = float(norm.ppf(0.975)) / np.sqrt(n - 3 - ADJUSTED_FOR)
    low, high = np.tanh(np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)) + np.array([-reach, reach]))
    columns = {**columns, "n_participants": n}
    interval = {"ci_low": float(low), "ci_high": float(high), "p_value": float(2 * t.sf(abs(statistic), free))}
    return [metric_row("traits", "gap_partial_r", r, **columns, **interval)]
