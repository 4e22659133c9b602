"""From predictions to rows of the metrics table: value, interval over people, permutation p-value, chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.evidence.intervals import binomial_interval, interval_from_draws, t_interval
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.evidence.permutation import permutation_p
from eupnea.traits import scores
from eupnea.traits.outputs import Output
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

MIN_SUBSET = 8
"""People that a subset (one sex) needs for numbers of its own."""


def score_columns(task: Task, y: FloatArray, score: FloatArray) -> scores.Scores:
    """Score many columns of predictions: y has shape (n, m), score (n, m · group)."""
    if not task.target.is_class:
        return scores.regression_scores(y, score)
    if task.group == 1:
        accuracy = scores.balanced_accuracy(y, (score > 0).astype(float), 2)
        return {"auc": scores.auc_columns(y, score), "balanced_accuracy": accuracy}
    stack = score.reshape(len(y), -1, task.group)
    areas = [scores.auc_columns((y == code).astype(float), stack[:, :, code]) for code in range(task.group)]
    accuracy = scores.balanced_accuracy(y, stack.argmax(axis=2).astype(float), task.group)
    return {"auc": np.mean(areas, axis=0), "balanced_accuracy": accuracy}


def score_weighted(task: Task, output: Output, weights: FloatArray) -> scores.Scores:
    """Score one output under many weightings of its observations, shape (n, m)."""
    y = task.y
    if not task.target.is_class:
        return scores.regression_scores(y[:, None], output.score, weights)
    if task.group == 1:
        score, probability = output.score[:, 0], output.probability
        return {
            "auc": scores.auc_weighted(y, score, weights),
            "balanced_accuracy": scores.balanced_accuracy(y[:, None], (score > 0)[:, None].astype(float), 2, weights),
            "brier": scores.brier(y[:, None], probability, weights),
            "calibration_slope": scores.calibration_slope(y[:, None], probability, weights),
        }
    hot = (y[:, None] == np.arange(task.group)).astype(float)
    areas = [scores.auc_weighted(hot[:, code], output.score[:, code], weights) for code in range(task.group)]
    predicted = output.score.argmax(axis=1)[:, None].astype(float)
    squared = ((hot - output.probability) ** 2).sum(axis=1)[:, None]
    return {
        "auc": np.mean(areas, axis=0),
        "balanced_accuracy": scores.balanced_accuracy(y[:, None], predicted, task.group, weights),
        "brier": (weights * squared).sum(axis=0) / weights.sum(axis=0),
    }


def output_rows(
    task: Task,
    outputs: list[Output],
    *,
    null_y: FloatArray | None = None,
    people: IndexArray | None = None,
    **columns: object,
) -> list[MetricRow]:
    """Make the rows of one model from its repeats.

    Parameters
    ----------
    task, outputs
        The task, and the outputs of one model, one per repeat.
    null_y
        Shape (n, m): the relabelled targets behind `Output.null` of the first repeat.
    people
        Participants (indices) that are scored; all when left out.
    **columns
        Further columns of the rows (control, subset).
    """
    used = np.arange(task.design.n_people) if people is None else people
    draws = _bootstrap_weights(task, used)
    singles = _jackknife_weights(task, used)
    everybody = np.isin(task.design.people, used).astype(float)[:, None]
    tables = [_mean_scores(task, outputs, weights) for weights in (everybody, draws, singles)]
    nulls = _null_scores(task, outputs, null_y, everybody[:, 0] > 0)
    base = {**task.columns, "model": outputs[0].model, **columns, "n_participants": len(used)}
    base["n_observations"] = int(everybody.sum())
    rows = []
    for name in _names(task, outputs[0]):
        interval = interval_from_draws(float(tables[0][name][0]), tables[1][name], tables[2][name])
        row = metric_row("traits", name, float(tables[0][name][0]), **base, **interval.as_columns())
        if name in nulls:
            observed, null = nulls[name]
            better = name not in scores.SMALLER_IS_BETTER
            row |= {
                "p_value": permutation_p(observed, null, greater_is_better=better),
                "n_permutations": null.size,
                "chance": float(np.nanmean(null)),
            }
        rows.append(row)
    return rows


def coverage_row(task: Task, outputs: list[Output]) -> list[MetricRow]:
    """Report how many people lie in their conformal interval, and how wide the intervals are (first repeat)."""
    output = outputs[0]
    base = {**task.columns, "model": output.model}
    name = f"coverage_{round(100 * task.config.coverage)}"
    if task.target.is_class or not np.isfinite(output.low).any():
        return []
    finite = np.isfinite(output.low) & np.isfinite(output.high)
    if not finite.all():
        reason = "too few people for intervals of this coverage"
        return [missing_row("traits", name, reason, status="not_supported", **base)]
    inside = (output.low <= task.y) & (task.y <= output.high)
    people = task.design.people
    share = np.bincount(people, weights=inside) / np.bincount(people)
    interval = binomial_interval(float(share.sum()), len(share))
    width = t_interval(np.bincount(people, weights=output.high - output.low) / np.bincount(people))
    return [
        metric_row("traits", name, float(share.mean()), **base, **interval.as_columns()),
        metric_row("traits", "interval_width", width.estimate, **base, **width.as_columns()),
    ]


def _names(task: Task, output: Output) -> list[str]:
    if task.target.is_class:
        names = ["auc", "balanced_accuracy", "brier"] + (["calibration_slope"] if task.group == 1 else [])
        return names if output.model != "baseline" else ["balanced_accuracy", "brier"]
    return list(scores.REGRESSION_SCORES if output.model != "baseline" else ("mae", "rmse", "r2"))


def _mean_scores(task: Task, outputs: list[Output], weights: FloatArray) -> scores.Scores:
    tables = [score_weighted(task, output, weights) for output in outputs]
    return {name: np.mean([table[name] for table in tables], axis=0) for name in tables[0]}


def _null_scores(
    task: Task, outputs: list[Output], null_y: FloatArray | None, scored: NDArray[np.bool_]
) -> dict[str, tuple[float, FloatArray]]:
    first = outputs[0]
    if first.null is None or null_y is None:
        return {}
    relabelled = null_y[scored, : first.null.shape[1] // task.group]
    observed = score_columns(task, task.y[scored][:, None], first.score[scored])
    null = score_columns(task, relabelled, first.null[scored])
    return {name: (float(observed[name][0]), np.asarray(null[name])) for name in observed}


def _bootstrap_weights(task: Task, people: IndexArray) -> FloatArray:
    n, rng = len(people), task.rng("bootstrap")
    counts = rng.multinomial(n, np.full(n, 1 / n), size=task.config.bootstraps).T
    return _spread(task, people, counts.astype(float))


def _jackknife_weights(task: Task, people: IndexArray) -> FloatArray:
    return _spread(task, people, 1.0 - np.eye(len(people)))


def _spread(task: Task, people: IndexArray, counts: FloatArray) -> FloatArray:
    weights = np.zeros((task.design.n_people, counts.shape[1]))
    weights[people] = counts
    return weights[task.design.people]
