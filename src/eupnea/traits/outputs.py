"""Run the models of a task and collect what each predicts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eupnea.traits.age_gap import corrected_predictions
from eupnea.traits.conformal import cv_plus
from eupnea.traits.models import slow_predictions
from eupnea.traits.nested import NestedFit, nested_predictions
from eupnea.traits.scores import platt_probability
from eupnea.traits.smoothers import Smoother, mean_smoother, radial_smoother, ridge_smoother, window_smoother
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

SELECTABLE = ("mean", "ridge", "ridge_windows", "kernel_ridge")
"""Models that the nested selection chooses from: those with a closed form, so that each permutation repeats it. The
training mean is among them: where nothing is learnt, nothing should be claimed."""

SLOW_STANDARD = ("elastic_net", "xgboost")
SLOW_THOROUGH = ("elastic_net", "svm", "random_forest", "xgboost")


@dataclass(slots=True)
class Output:
    """Predictions of one model in one repeat.

    Attributes
    ----------
    model, repeat
        Which.
    folds
        Shape (n,).
    score
        Shape (n, group): predicted number, or score of the class(es) around 0 (above: predicted).
    probability
        Shape (n, group): probability of the positive class, or of each class; NaN for numbers.
    corrected, low, high
        Shape (n,): NaN where the model has none.
    null
        Shape (n, m · group): the same scores under relabelling, None where they were not made.
    """

    model: str
    repeat: int
    folds: IndexArray
    score: FloatArray
    probability: FloatArray
    corrected: FloatArray
    low: FloatArray
    high: FloatArray
    null: FloatArray | None = field(default=None)


def smoothers_of(task: Task, *, confounds: FloatArray | None = None) -> list[Smoother]:
    """Give the closed forms of a task: training mean, ridge on summaries and on windows, kernel ridge on means.

    Distances between people get lost in noisy summaries, so the kernel sees the means only.
    """
    design, how = task.design, task.how
    if task.modality == "demographics":
        return [
            mean_smoother("mean"),
            ridge_smoother("ridge", design.demographics, how),
            radial_smoother("kernel_ridge", design.demographics, how),
        ]
    families = [
        mean_smoother("mean"),
        ridge_smoother("ridge", design.summary, how, confounds),
        radial_smoother("kernel_ridge", design.summary[:, design.means], how, confounds),
    ]
    if confounds is None and design.n_windows.max() > 1:
        families.insert(2, window_smoother("ridge_windows", design.windows, design.owner, how))
    if confounds is None and design.demographics.shape[1]:
        families.append(ridge_smoother("demographics", design.demographics, how))
    return families


def closed_form_outputs(
    task: Task, families: list[Smoother], repeat: int, null_labels: FloatArray | None
) -> tuple[list[Output], NestedFit]:
    """Run nested cross-validation of the closed forms in one repeat.

    Parameters
    ----------
    task, families, repeat
        What to run.
    null_labels
        Shape (n, m): relabelled targets, or None.

    Returns
    -------
    outputs
        Baseline, every family, their stack (not for several classes), and the nested selection.
    fit
        The fit behind them.
    """
    group, folds = task.group, task.folds(repeat)
    labels = task.labels()
    if null_labels is not None:
        labels = np.hstack([labels, task.labels(null_labels)])
    fit = nested_predictions(families, labels, folds, n_kept=group)
    names = [family.model for family in families if family.model != "mean"]
    outputs = [_baseline(task, repeat, folds)]
    outputs += [_output(task, fit, name, (name,), repeat) for name in names]
    outputs.append(_output(task, fit, "selected", SELECTABLE, repeat))
    if group == 1:
        outputs.append(_stack(task, fit, [name for name in names if name in SELECTABLE], repeat))
    return outputs, fit


def slow_output(task: Task, name: str, y: FloatArray | None = None) -> Output:
    """Run a model without a closed form in the first repeat; `y` replaces the target (permutations)."""
    folds, group = task.folds(0), task.group
    labels = task.labels(y)
    predicted = slow_predictions(
        name,
        task.design.summary,
        labels,
        folds,
        how=task.how,
        is_class=task.target.is_class,
        trees=task.config.trees,
        seed=int(task.rng("model", name).integers(2**31)),
    )
    centre = _fold_means(labels, folds)
    score = predicted - centre if task.target.is_class else task.target.inverse(predicted)
    probability = np.clip(predicted, 0.01, 0.99) if task.target.is_class else np.full_like(predicted, np.nan)
    if group > 1:
        probability = probability / probability.sum(axis=1, keepdims=True)
    nothing = np.full(len(folds), np.nan)
    return Output(name, 0, folds, score, probability, nothing, nothing, nothing)


def _output(task: Task, fit: NestedFit, name: str, candidates: tuple[str, ...], repeat: int) -> Output:
    group, chosen = task.group, fit.choose(candidates, task.group)
    predicted = fit.predict(chosen, group)
    score = predicted - fit.centre if task.target.is_class else task.target.inverse(predicted)
    null = score[:, group:] if score.shape[1] > group else None
    nothing = np.full(len(fit.folds), np.nan)
    if task.target.is_class:
        probability = _probabilities(task, fit, chosen[:, 0], score[:, :group])
        return Output(name, repeat, fit.folds, score[:, :group], probability, nothing, nothing, nothing, null)
    own, without, inverse = chosen[:, 0], fit.without[..., 0], task.target.inverse
    low, high = cv_plus(task.labels()[:, 0], without, fit.folds, own, task.config.coverage)
    low, high = inverse(low), inverse(high)
    corrected = corrected_predictions(task.y, score[:, 0], inverse(without), fit.folds, own)
    missing = np.full((len(task.y), 1), np.nan)
    return Output(name, repeat, fit.folds, score[:, :1], missing, corrected, low, high, null)


def _probabilities(task: Task, fit: NestedFit, chosen: IndexArray, score: FloatArray) -> FloatArray:
    labels, probability = task.labels(), np.empty_like(score)
    for fold in np.unique(fit.folds):
        train, test = np.flatnonzero(fit.folds != fold), np.flatnonzero(fit.folds == fold)
        for column in range(task.group):
            inner = fit.without[fold, chosen[fold], train, column] - labels[train, column].mean()
            probability[test, column] = platt_probability(inner, labels[train, column], score[test, column])
    return probability / probability.sum(axis=1, keepdims=True) if task.group > 1 else probability


def _stack(task: Task, fit: NestedFit, names: list[str], repeat: int) -> Output:
    from scipy.optimize import nnls

    chosen = np.column_stack([fit.choose((name,))[:, 0] for name in names])
    y, predicted = task.labels()[:, 0], np.empty(len(task.y))
    for fold in np.unique(fit.folds):
        train, test = np.flatnonzero(fit.folds != fold), np.flatnonzero(fit.folds == fold)
        centre = y[train].mean()
        inner = fit.without[fold, chosen[fold]][:, train, 0].T - centre
        weights, _ = nnls(inner, y[train] - centre)
        weights = weights / max(float(weights.sum()), 1.0)
        predicted[test] = centre + (fit.outer[chosen[fold]][:, test, 0].T - centre) @ weights
    centre = fit.centre[:, :1]
    nothing = np.full(len(task.y), np.nan)
    score = predicted[:, None] - centre if task.target.is_class else task.target.inverse(predicted[:, None])
    probability = np.clip(predicted[:, None], 0.01, 0.99) if task.target.is_class else np.full_like(score, np.nan)
    return Output("stacked", repeat, fit.folds, score, probability, nothing, nothing, nothing)


def _baseline(task: Task, repeat: int, folds: IndexArray) -> Output:
    labels = task.labels()
    score = np.empty_like(labels)
    probability = np.full_like(labels, np.nan)
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        if not task.target.is_class:
            score[test] = np.median(task.y[train])
            continue
        share = labels[train].mean(axis=0)
        probability[test] = share
        score[test] = share - 0.5 if task.group == 1 else share
    nothing = np.full(len(folds), np.nan)
    return Output("baseline", repeat, folds, score, probability, nothing, nothing, nothing)


def _fold_means(labels: FloatArray, folds: IndexArray) -> FloatArray:
    means = np.empty_like(labels)
    for fold in np.unique(folds):
        means[folds == fold] = labels[folds != fold].mean(axis=0)
    return means
