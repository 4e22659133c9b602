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
from eupnea.traits.smoothers import (
    Smoother,
    family_smoother,
    mean_smoother,
    radial_smoother,
    ridge_smoother,
    window_smoother,
)
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

SELECTABLE = ("mean", "ridge", "ridge_windows", "kernel_ridge", "kernel_families")
"""Models that the nested selection chooses from: those with a closed form, so that each permutation repeats it. The
training mean is among them: where nothing is learnt, nothing should be claimed."""

STACKED_PERMUTATIONS = 199
"""Relabellings behind the p-value of the stack, whose weights are fitted anew for each."""

KEPT_NUMBERS = 20_000_000
"""Inner predictions that are held in memory; large cohorts get fewer relabellings of the stack."""

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

    Distances between people get lost in noisy summaries, so that kernels see the means only: once as they are, once
    with the families of features balanced.
    """
    design, how = task.design, task.how
    if task.modality == "demographics":
        return [
            mean_smoother("mean"),
            ridge_smoother("ridge", design.demographics, how),
            radial_smoother("kernel_ridge", design.demographics, how),
        ]
    means = design.summary[:, design.means]
    families = [
        mean_smoother("mean"),
        ridge_smoother("ridge", design.summary, how, confounds),
        radial_smoother("kernel_ridge", means, how, confounds),
        family_smoother("kernel_families", means, design.mean_families, how, confounds),
    ]
    if confounds is None and design.n_windows.max() > 1:
        families.insert(2, window_smoother("ridge_windows", design.windows, design.owner, how))
    if confounds is None and design.demographics.shape[1]:
        families.append(ridge_smoother("demographics", design.demographics, how))
    return families


def closed_form_outputs(
    task: Task, families: list[Smoother], repeat: int, null_labels: FloatArray | None, *, stack: bool = True
) -> tuple[list[Output], NestedFit]:
    """Run nested cross-validation of the closed forms in one repeat.

    Parameters
    ----------
    task, families, repeat
        What to run.
    null_labels
        Shape (n, m): relabelled targets, or None.
    stack
        Whether the stack is wanted.

    Returns
    -------
    outputs
        Baseline, every family, the nested selection, and the stack.
    fit
        The fit behind them.
    """
    folds, labels = task.folds(repeat), task.labels()
    if null_labels is not None:
        labels = np.hstack([labels, task.labels(null_labels)])
    n_kept = _kept_columns(task, families, labels.shape[1]) if stack else task.group
    fit = nested_predictions(families, labels, folds, n_kept=n_kept)
    names = [family.model for family in families if family.model != "mean"]
    outputs = [_baseline(task, repeat, folds)]
    outputs += [_output(task, fit, name, (name,), repeat) for name in names]
    outputs.append(_output(task, fit, "selected", SELECTABLE, repeat))
    if stack:
        outputs.append(_stack(task, fit, labels, [name for name in names if name in SELECTABLE], repeat))
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


def _stack(task: Task, fit: NestedFit, labels: FloatArray, names: list[str], repeat: int) -> Output:
    group = task.group
    predicted = _stacked(fit, labels, names, group)
    score = predicted - fit.centre[:, : predicted.shape[1]] if task.target.is_class else task.target.inverse(predicted)
    own, nothing = predicted[:, :group], np.full(len(task.y), np.nan)
    probability = np.clip(own, 0.01, 0.99) if task.target.is_class else np.full_like(own, np.nan)
    if group > 1:
        probability = probability / probability.sum(axis=1, keepdims=True)
    null = score[:, group:] if score.shape[1] > group else None
    return Output("stacked", repeat, fit.folds, score[:, :group], probability, nothing, nothing, nothing, null)


def _stacked(fit: NestedFit, labels: FloatArray, names: list[str], group: int) -> FloatArray:
    """Weigh the models, each with its own choice of settings, by their inner predictions of every kept column.

    Weights are not negative and sum up to at most one: what is left of one goes to the training mean.

    References
    ----------
    Breiman (1996), Mach Learn 24:49.
    """
    from scipy.optimize import nnls

    n_kept = fit.without.shape[-1]
    chosen = np.stack([fit.choose((name,), group)[:, : n_kept // group] for name in names], axis=-1)
    predicted = np.empty((len(labels), n_kept))
    for fold in np.unique(fit.folds):
        train, test = np.flatnonzero(fit.folds != fold), np.flatnonzero(fit.folds == fold)
        for column in range(n_kept):
            settings, centre = chosen[fold, column // group], fit.centre[test[0], column]
            inner = fit.without[fold, settings[:, None], train, column].T - centre
            weights, _ = nnls(inner, labels[train, column] - centre)
            weights = weights / max(float(weights.sum()), 1.0)
            predicted[test, column] = centre + (fit.outer[settings[:, None], test, column].T - centre) @ weights
    return predicted


def _kept_columns(task: Task, families: list[Smoother], n_columns: int) -> int:
    """Say for how many columns of labels inner predictions are kept: the target, and permutations for the stack."""
    n_settings = sum(family.n_settings for family in families)
    per_target = task.group * n_settings * len(task.y) * task.config.folds
    permutations = min(n_columns // task.group - 1, STACKED_PERMUTATIONS, KEPT_NUMBERS // per_target)
    return task.group * (1 + max(permutations, 0))


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
