"""Rows of the metrics table: closed set and verification, with intervals, null and controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.evidence.intervals import Interval, proportion_interval, rate_interval
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.evidence.permutation import permutation_p
from eupnea.identification.closed_form import PRESENT
from eupnea.identification.error_rates import (
    MIN_IMPOSTOR_ERRORS,
    d_prime,
    equal_error_rate,
    fnmr_at_fmr,
    fnmr_name,
    supports_fmr,
    two_way_draws,
)
from eupnea.identification.evaluation import SELECTED, decisions, person_means, rank_shares
from eupnea.identification.fusion import RECORDING, WINDOW
from eupnea.identification.normalise import cllr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.fusion import Unit
    from eupnea.identification.null import NullDraws
    from eupnea.identification.samples import Samples

FMR_POINTS = (0.01, 0.001)
"""False match rates at which the false non-match rate is reported."""
CMC_RANKS = (5, 10)
"""Ranks of the cumulative match characteristic that are reported beside the first."""


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
        rows += _cumulative_rows(table, unit, columns)
        if draws is not None:
            rows += [_shuffled_row(f"rank1_{unit.level}", draws, columns), _binomial_row(table, unit, columns)]
    return rows


def _cumulative_rows(table: pd.DataFrame, unit: Unit, columns: dict[str, Any]) -> list[MetricRow]:
    """Make the rows of the cumulative match characteristic at the ranks that are quoted, where more are enrolled."""
    rows = []
    ranks = np.array([rank for rank in CMC_RANKS if rank < table["n_enrolled"].min()], dtype=np.intp)
    shares = rank_shares(table, ranks, int(table["person"].max()) + 1)
    for rank, of_people in zip(ranks, shares, strict=True):
        interval = proportion_interval(of_people)
        chance = float((rank / table["n_enrolled"]).mean())
        numbers = columns | interval.as_columns() | {"chance": chance}
        rows.append(metric_row("identification", f"rank{rank}_{unit.level}", interval.estimate, **numbers))
    return rows


def plain_rows(context: Context, results: list[FoldScores], null: NullDraws | None) -> list[MetricRow]:
    """Make the rows of a control or a cell of the matrix: rank-1 and EER; without a null, chance is the theoretical."""
    made = closed_set_rows(context, results, [WINDOW, RECORDING], null)
    first = [row for row in made if row["analysis"] == "identification" and str(row["metric"]).startswith("rank1_")]
    rows = [{"chance": 1.0 / row["gallery_size"]} | row for row in first]
    table = comparisons(context.samples, results)
    own = (table["owner"] == table["claimed"]).to_numpy()
    score = table["score"].to_numpy()
    eer = equal_error_rate(score[own], score[~own])
    columns = {"chance": 0.5} | null_columns(eer, null.eer if null is not None else None, greater_is_better=False)
    return [*rows, metric_row("verification", "eer", eer, **_verification_columns(context, table) | columns)]


def verification_rows(context: Context, results: list[FoldScores], null: NullDraws | None) -> list[MetricRow]:
    """Make the rows of verification by whole recordings: EER, FNMR at FMR points, d′, Cllr; intervals of `selected`."""
    table = comparisons(context.samples, results)
    ratios = comparisons(context.samples, results, calibrated=True)["score"].to_numpy()
    columns = _verification_columns(context, table)
    own = (table["owner"] == table["claimed"]).to_numpy()
    score = table["score"].to_numpy()
    genuine, impostor = score[own], score[~own]
    is_headline = context.columns["model"] == SELECTED
    intervals = verification_intervals(context, table, ratios=ratios) if is_headline else {}
    told = {name: columns | interval.as_columns() for name, interval in intervals.items()}
    draws = null.eer if null is not None else None
    eer = equal_error_rate(genuine, impostor)
    tested = null_columns(eer, draws, greater_is_better=False)
    elsewhere = any(result.calibration.is_by_person for result in results)
    reason = "calibrated on the comparisons of other people" if elsewhere else "calibrated inside the enrolment"
    rows = [
        metric_row("verification", "eer", eer, **told.get("eer", columns), **tested),
        metric_row("verification", "d_prime", d_prime(genuine, impostor), **told.get("d_prime", columns), chance=0.0),
        *(_fmr_row(genuine, impostor, fmr, told.get(fnmr_name(fmr), columns)) for fmr in FMR_POINTS),
        metric_row(
            "verification",
            "cllr",
            cllr(ratios[own], ratios[~own]),
            **told.get("cllr", columns),
            chance=1.0,
            reason=reason,
        ),
    ]
    if draws is not None:
        rows.append(_shuffled_row("eer", draws, columns))
    return rows


def verification_intervals(
    context: Context, table: pd.DataFrame, *, ratios: NDArray[np.float64] | None = None
) -> dict[str, Interval]:
    """Give the numbers of verification their two-way bootstrap intervals over enrolled and probe people.

    Parameters
    ----------
    context, table
        What the rows have in common, and the comparisons: ``score``, ``claimed``, ``owner``.
    ratios
        Shape (n,): log-likelihood ratio of each comparison, for Cllr.

    Returns
    -------
    intervals
        By metric: ``eer``, ``d_prime``, ``fnmr_at_fmr_…``, ``cllr`` where `ratios` are given. A rate of no errors has
        the exact bound of as many people.
    """
    score, claimed, owner = (table[name].to_numpy() for name in ("score", "claimed", "owner"))
    own = claimed == owner
    estimates = {
        "eer": equal_error_rate(score[own], score[~own]),
        "d_prime": d_prime(score[own], score[~own]),
        **{fnmr_name(fmr): fnmr_at_fmr(score[own], score[~own], fmr) for fmr in FMR_POINTS},
    }
    if ratios is not None:
        estimates["cllr"] = cllr(ratios[own], ratios[~own])
    seed = [*context.seed, 1]
    draws = two_way_draws(score, claimed, owner, n_boot=context.n_boot, seed=seed, ratios=ratios, fmr_points=FMR_POINTS)
    people = len(np.unique(owner))
    return {name: _two_way_interval(name, estimate, draws[name], people) for name, estimate in estimates.items()}


def _two_way_interval(metric: str, estimate: float, draws: NDArray[np.float64], people: int) -> Interval:
    draws = draws[np.isfinite(draws)]
    if draws.size < 2 or people < 3 or not np.isfinite(estimate):
        return Interval(estimate, *[float("nan")] * 3)
    spread = float(draws.std(ddof=1))
    if metric == "eer" or metric.startswith("fnmr"):
        return rate_interval(estimate, spread, people)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(estimate, spread, float(min(low, estimate)), float(max(high, estimate)))


def _closed_set_columns(context: Context, table: pd.DataFrame, unit: Unit, means: Any) -> dict[str, Any]:
    window_s = context.samples.window_s
    seconds = window_s * unit.k if unit.k else _recording_seconds(context, table)
    return context.columns | {
        "level": unit.level,
        "probe_s": seconds,
        "gallery_size": float(table["n_enrolled"].mean()),
        "n_participants": int(np.isfinite(means).sum()),
        "n_recordings": _n_recordings(table),
        "n_observations": len(table),
    }


def _recording_seconds(context: Context, table: pd.DataFrame) -> float:
    counts = np.bincount(context.samples.recording, minlength=len(context.samples.recordings))
    return float(counts[table["recording"].to_numpy(dtype=np.intp)].mean() * context.samples.window_s)


def _n_recordings(table: pd.DataFrame) -> int:
    """Count the recordings, once for every fold in which they are probes."""
    recording = table["recording"].to_numpy(dtype=np.intp)
    return sum(len(np.unique(recording[rows])) for rows in table.groupby("fold", sort=False).indices.values())


def _verification_columns(context: Context, table: pd.DataFrame) -> dict[str, Any]:
    return context.columns | {
        "level": "recording",
        "gallery_size": float(table["claimed"].nunique()),
        "n_participants": int(table["owner"].nunique()),
        "n_recordings": _n_recordings(table),
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
    from scipy.special import bdtrc

    chance = float((1.0 / table["n_enrolled"]).mean())
    per_person = (table["rank"] == 1).groupby(table["person"]).mean()
    hits, n = int(np.floor(per_person.sum() + 1e-9)), len(per_person)
    return metric_row(
        "control",
        f"rank1_{unit.level}",
        float(per_person.mean()),
        **columns | {"control": "binomial_tail"},
        p_value=max(float(bdtrc(hits - 1, n, chance)) if hits else 1.0, float(np.finfo(float).tiny)),
        chance=chance,
        reason="one trial per person: a yardstick, the permutation test is the evidence",
    )


def _fmr_row(genuine: Any, impostor: Any, fmr: float, columns: dict[str, Any]) -> MetricRow:
    metric = fnmr_name(fmr)
    if supports_fmr(len(impostor), fmr):
        return metric_row("verification", metric, fnmr_at_fmr(genuine, impostor, fmr), **columns)
    reason = f"{len(impostor)} impostor comparisons: fewer than {MIN_IMPOSTOR_ERRORS} expected errors at FMR {fmr:g}"
    return missing_row("verification", metric, reason, status="not_supported", **columns)
