"""Targets that change within people: what differs between people, and what goes along within a person, kept apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.evidence.intervals import interval_from_draws
from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.evidence.permutation import permutation_p
from eupnea.traits.nested import nested_predictions
from eupnea.traits.outputs import SELECTABLE, Output
from eupnea.traits.scores import regression_scores
from eupnea.traits.smoothers import Smoother
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]


def person_level_rows(
    task: Task, families: list[Smoother], selected: Output, null_y: FloatArray | None
) -> list[MetricRow]:
    """Correlate predictions with a target of sessions or recordings between people and within people.

    Between: person means, with the relabelling of people as null. Within: deviations from the person mean, with labels
    shuffled inside each person and all nested steps repeated.

    Parameters
    ----------
    task, families
        The task; nothing is given for participant-level targets and for classes.
    selected
        The headline predictions of the first repeat.
    null_y
        The relabelled targets behind `selected.null`.

    Returns
    -------
    list of MetricRow
        ``pearson_r`` with subset ``between_people`` and ``within_people``.
    """
    if task.target.level == "participant" or task.target.is_class or null_y is None or selected.null is None:
        return []
    shuffled = _within_shuffles(task, null_y.shape[1])
    fit = nested_predictions(families, task.labels(shuffled), selected.folds)
    within_null = task.target.inverse(fit.predict(fit.choose(SELECTABLE)))
    y, predicted = task.y[:, None], selected.score
    pairs = {
        "between_people": (_means(task, y), _means(task, predicted), _means(task, null_y), _means(task, selected.null)),
        "within_people": (
            _deviations(task, y),
            _deviations(task, predicted),
            _deviations(task, shuffled),
            _deviations(task, within_null),
        ),
    }
    return [_row(task, subset, *arrays) for subset, arrays in pairs.items()]


def _row(
    task: Task, subset: str, y: FloatArray, predicted: FloatArray, null_y: FloatArray, null: FloatArray
) -> MetricRow:
    n = task.design.n_people
    counts = task.rng("bootstrap").multinomial(n, np.full(n, 1 / n), size=task.config.bootstraps).T.astype(float)
    rows = np.arange(n) if len(y) == n else task.design.people
    value = float(regression_scores(y, predicted)["pearson_r"][0])
    draws = regression_scores(y, predicted, counts[rows])["pearson_r"]
    singles = regression_scores(y, predicted, (1.0 - np.eye(n))[rows])["pearson_r"]
    chance = regression_scores(null_y, null)["pearson_r"]
    return metric_row(
        "traits",
        "pearson_r",
        value,
        **{**task.columns, "model": "selected", "subset": subset, "n_observations": len(y)},
        **interval_from_draws(value, draws, singles).as_columns(),
        p_value=permutation_p(value, chance),
        n_permutations=chance.size,
        chance=float(chance.mean()),
    )


def _means(task: Task, values: FloatArray) -> FloatArray:
    people = task.design.people
    belongs = (people == np.arange(task.design.n_people)[:, None]).astype(float)
    return (belongs / belongs.sum(axis=1, keepdims=True)) @ values


def _deviations(task: Task, values: FloatArray) -> FloatArray:
    return values - _means(task, values)[task.design.people]


def _within_shuffles(task: Task, n_draws: int) -> FloatArray:
    people, rng = task.design.people, task.rng("within")
    position = np.argsort(people, kind="stable")
    order = np.argsort(people[:, None] + rng.random((len(people), n_draws)), axis=0)
    shuffled = np.empty((len(people), n_draws))
    shuffled[position] = task.y[order]
    return shuffled
