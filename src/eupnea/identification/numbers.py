"""Rows of the metrics table: closed set and verification, with intervals, null and controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.evidence.intervals import Interval, proportion_interval
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.evidence.permutation import permutation_p
from eupnea.identification.closed_form import PRESENT
from eupnea.identification.error_rates import (
    MIN_IMPOSTOR_ERRORS,
    d_prime,
    equal_error_rate,
    fnmr_at_fmr,
    supports_fmr,
    two_way_draws,
)
from eupnea.identification.evaluation import SELECTED, decisions, person_means
from eupnea.identification.fusion import RECORDING, WINDOW
from eupnea.identification.normalise import cllr

if TYPE_CHECKING:
    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.fusion import Unit
    from eupnea.identification.null import NullDraws
    from eupnea.identification.samples import Samples

FMR_POINTS = (0.01, 0.001)
"""False match rates at which the false non-match rate is reported."""


@dataclass(frozen=True)
class Context:
    """What the rows of one analysis have in common."""

    samples: Samples
    columns: dict[str, Any]
    n_boot: int
    seed: list[int]


def comparisons(samples: Samples, results: list[FoldScores], *, calibrated: bool = False) -> pd.DataFrame:
    """List all recording-level comparisons.

    Returns
    -------
    table
        Columns ``fold``, ``recording``, ``start_s``, ``owner``, ``claimed``, ``score``: cohort-normalised, or the
        log-likelihood ratio.
    """
    parts = []
    for result in results:
        averaged, first = result.fused(samples, RECORDING)
        averaged = result.calibration.apply(averaged, samples.person[first]) if calibrated else averaged
        claimed, unit = np.nonzero(averaged > PRESENT)
        rows = first[unit]
        parts.append(
            pd.DataFrame(
                {
                    "fold": result.fold.name,
                    "recording": samples.recording[rows],
                    "start_s": samples.start_s[rows],
                    "owner": samples.person[rows],
                    "claimed": claimed,
                    "score": averaged[claimed, unit],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def closed_set_rows(
    context: Context, results: list[FoldScores], units: list[Unit], null: NullDraws | None
) -> list[MetricRow]:
    """Make the rank-1 rows of every level, with interval, permutation p and chance."""
    rows = []
    for unit in units:
        table = decisions(context.samples, results, unit)
        if table.empty:
            continue
        means = person_means(table, len(context.samples.people))
        interval = proportion_interval(means)
        columns = _closed_set_columns(context, table, unit, means)
        draws = null.rank1.get(unit.name) if null is not None else None
        rows.append(
            metric_row(
                "identification",
                f"rank1_{unit.level}",
                interval.estimate,
                **columns,
                **interval.as_columns(),
                **null_columns(interval.estimate, draws),
            )
        )
        if draws is not None:
            rows += [_shuffled_row(f"rank1_{unit.level}", draws, columns), _binomial_row(table, unit, columns)]
    return rows


def plain_rows(context: Context, results: list[FoldScores], null: NullDraws | None) -> list[MetricRow]:
    """Make the rows of a control or a cell of the matrix: rank-1 and EER; without a null, chance is the theoretical."""
    made = closed_set_rows(context, results, [WINDOW, RECORDING], null)
    rows = [{"chance": 1.0 / row["gallery_size"]} | row for row in made if row["analysis"] == "identification"]
    table = comparisons(context.samples, results)
    own = (table["owner"] == table["claimed"]).to_numpy()
    score = table["score"].to_numpy()
    eer = equal_error_rate(score[own], score[~own])
    columns = {"chance": 0.5} | null_columns(eer, null.eer if null is not None else None, greater_is_better=False)
    return [*rows, metric_row("verification", "eer", eer, **_verification_columns(context, table) | columns)]


def verification_rows(context: Context, results: list[FoldScores], null: NullDraws | None) -> list[MetricRow]:
    """Make the rows of verification by whole recordings: EER, FNMR at FMR points, d′, Cllr."""
    table = comparisons(context.samples, results)
    columns = _verification_columns(context, table)
    own = (table["owner"] == table["claimed"]).to_numpy()
    score = table["score"].to_numpy()
    genuine, impostor = score[own], score[~own]
    eer = (
        eer_interval(context, table)
        if context.columns["model"] == SELECTED
        else Interval(equal_error_rate(genuine, impostor), *[float("nan")] * 3)
    )
    draws = null.eer if null is not None else None
    rows = [
        metric_row(
            "verification",
            "eer",
            eer.estimate,
            **columns,
            **eer.as_columns(),
            **null_columns(eer.estimate, draws, greater_is_better=False),
        ),
        metric_row("verification", "d_prime", d_prime(genuine, impostor), **columns, chance=0.0),
        *(_fmr_row(genuine, impostor, fmr, columns) for fmr in FMR_POINTS),
    ]
    llr = comparisons(context.samples, results, calibrated=True)["score"].to_numpy()
    elsewhere = any(result.calibration.is_by_person for result in results)
    reason = "calibrated on the comparisons of other people" if elsewhere else "calibrated inside the enrolment"
    rows.append(metric_row("verification", "cllr", cllr(llr[own], llr[~own]), **columns, chance=1.0, reason=reason))
    if draws is not None:
        rows.append(_shuffled_row("eer", draws, columns))
    return rows


def eer_interval(context: Context, table: pd.DataFrame) -> Interval:
    """Give the equal error rate its two-way bootstrap interval over enrolled and probe people."""
    from eupnea.evidence.intervals import binomial_interval

    score, claimed, owner = (table[name].to_numpy() for name in ("score", "claimed", "owner"))
    own = claimed == owner
    estimate = equal_error_rate(score[own], score[~own])
    draws = two_way_draws(score, claimed, owner, n_boot=context.n_boot, seed=[*context.seed, 1])
    draws = draws[np.isfinite(draws)]
    people = len(np.unique(owner))
    if draws.size < 2 or people < 3:
        return Interval(estimate, *[float("nan")] * 3)
    low, high = np.quantile(draws, [0.025, 0.975])
    if estimate == 0.0 or low == high:
        return Interval(estimate, float(draws.std()), 0.0, binomial_interval(0, people).high)
    return Interval(estimate, float(draws.std()), float(min(low, estimate)), float(max(high, estimate)))


def _closed_set_columns(context: Context, table: pd.DataFrame, unit: Unit, means: Any) -> dict[str, Any]:
    window_s = context.samples.window_s
    per_recording = table.groupby(["fold", "recording"]).size()
    seconds = window_s * unit.k if unit.k else _recording_seconds(context, table)
    return context.columns | {
        "level": unit.level,
        "probe_s": seconds,
        "gallery_size": float(table["n_enrolled"].mean()),
        "n_participants": int(np.isfinite(means).sum()),
        "n_recordings": len(per_recording),
        "n_observations": len(table),
    }


def _recording_seconds(context: Context, table: pd.DataFrame) -> float:
    counts = np.bincount(context.samples.recording, minlength=len(context.samples.recordings))
    return float(counts[table["recording"].to_numpy(dtype=np.intp)].mean() * context.samples.window_s)


def _verification_columns(context: Context, table: pd.DataFrame) -> dict[str, Any]:
    return context.columns | {
        "level": "recording",
        "gallery_size": float(table["claimed"].nunique()),
        "n_participants": int(table["owner"].nunique()),
        "n_recordings": len(table[["fold", "recording"]].drop_duplicates()),
        "n_observations": len(table),
    }


def null_columns(value: float, draws: Any, *, greater_is_better: bool = True) -> dict[str, float]:
    """Return the columns of a permutation test; none of them without draws."""
    if draws is None or not len(draws):
        return {}
    return {
        "p_value": permutation_p(value, draws, greater_is_better=greater_is_better),
        "n_permutations": len(draws),
        "chance": float(np.nanmean(draws)),
    }


def _shuffled_row(metric: str, draws: Any, columns: dict[str, Any]) -> MetricRow:
    low, high = np.quantile(draws, [0.025, 0.975])
    return metric_row(
        "control",
        metric,
        float(np.mean(draws)),
        **columns | {"control": "shuffled_identities"},
        se=float(np.std(draws) / np.sqrt(len(draws))),
        ci_low=float(low),
        ci_high=float(high),
        n_permutations=len(draws),
        chance=1.0 / columns["gallery_size"] if metric.startswith("rank1") else 0.5,
        reason="mean of the draws, its standard error, and the range of 95 % of the single draws",
    )


def _binomial_row(table: pd.DataFrame, unit: Unit, columns: dict[str, Any]) -> MetricRow:
    from scipy.stats import binom

    chance = float((1.0 / table["n_enrolled"]).mean())
    per_person = (table["rank"] == 1).groupby(table["person"]).mean()
    hits, n = int(np.floor(per_person.sum() + 1e-9)), len(per_person)
    return metric_row(
        "control",
        f"rank1_{unit.level}",
        float(per_person.mean()),
        **columns | {"control": "binomial_tail"},
        p_value=max(float(binom.sf(hits - 1, n, chance)), float(np.finfo(float).tiny)),
        chance=chance,
        reason="one trial per person: a yardstick, the permutation test is the evidence",
    )


def _fmr_row(genuine: Any, impostor: Any, fmr: float, columns: dict[str, Any]) -> MetricRow:
    metric = f"fnmr_at_fmr_{fmr:g}"
    if supports_fmr(len(impostor), fmr):
        return metric_row("verification", metric, fnmr_at_fmr(genuine, impostor, fmr), **columns)
    reason = f"{len(impostor)} impostor comparisons: fewer than {MIN_IMPOSTOR_ERRORS} expected errors at FMR {fmr:g}"
    return missing_row("verification", metric, reason, status="not_supported", **columns)
