"""Which features carry a prediction: shuffled families, contributions in boosted trees, partial dependence."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from eupnea.evidence.intervals import Interval, t_interval
from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.traits.models import fit_boosted
from eupnea.traits.nested import NestedFit
from eupnea.traits.preprocess import scale_pair
from eupnea.traits.smoothers import RELATIVE_PENALTIES
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]

SHOWN_FEATURES = 20
"""Features whose contributions are listed."""

NORMAL_95 = 1.959964
"""Standard errors to the ends of a 95 % interval."""

DEPENDENCE_POINTS = 11
"""Points of a partial dependence curve, at evenly spaced quantiles."""


def family_of(name: str, modality: str) -> str:
    """Give the family of a summary column; with its modality where several are together."""
    group, family = name.split("__")[:2]
    return f"{group}__{family}" if modality == "all" else family


def family_importance(task: Task, fit: NestedFit) -> list[MetricRow]:
    """Shuffle, between people, what each family of features adds to the out-of-fold ridge predictions.

    Parameters
    ----------
    task, fit
        The task (not several classes), and its nested fit with the model ``ridge``.

    Returns
    -------
    list of MetricRow
        ``importance_mae`` (or ``importance_auc``): how much worse the prediction gets, mean over shuffles, with its
        interval over people.
    """
    if task.group > 1 or task.modality == "demographics" or "ridge" not in fit.models:
        return []
    families, parts, base = _contributions(task, fit)
    rng = task.rng("importance")
    draws = [rng.permutation(len(task.y)) for _ in range(task.config.importance_draws)]
    whole = base + parts.sum(axis=1)
    name = "importance_auc" if task.target.is_class else "importance_mae"
    rows = []
    for place, family in enumerate(families):
        shuffled = np.column_stack([whole - parts[:, place] + parts[draw, place] for draw in draws])
        columns = {**task.columns, "model": "ridge", "family": family}
        interval = _auc_loss(task, whole, shuffled) if task.target.is_class else _error_loss(task, whole, shuffled)
        rows.append(metric_row("traits", name, interval.estimate, **interval.as_columns(), **columns))
    return rows


def _error_loss(task: Task, whole: FloatArray, shuffled: FloatArray) -> Interval:
    """Give how much larger the absolute error is with shuffled values, with its interval over people."""
    inverse, y, people = task.target.inverse, task.y, task.design.people
    loss = np.abs(inverse(shuffled) - y[:, None]).mean(axis=1) - np.abs(inverse(whole) - y)
    return t_interval(np.bincount(people, weights=loss) / np.bincount(people))


def _auc_loss(task: Task, whole: FloatArray, shuffled: FloatArray) -> Interval:
    """Give how much smaller the AUC is with shuffled values, with its interval over people.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837 (placements of people among the other class).
    """
    scores_of = np.column_stack([whole, shuffled])
    sides = [scores_of[task.y == code] for code in (1, 0)]
    placed = [_placements(one, other) for one, other in (sides, sides[::-1])]
    lost = [(place[:, 0] - place[:, 1:].mean(axis=1)) * sign for place, sign in zip(placed, (1, -1), strict=True)]
    value = float(lost[0].mean())
    se = float(np.sqrt(sum(part.var(ddof=1) / part.size for part in lost)))
    return Interval(value, se, value - NORMAL_95 * se, value + NORMAL_95 * se)


def _placements(one: FloatArray, other: FloatArray) -> FloatArray:
    """Give the share of `other` that lies below each row of `one`, ties half, column by column."""
    both = rankdata(np.vstack([one, other]), axis=0)[: len(one)]
    return np.asarray((both - rankdata(one, axis=0)) / len(other))


def _contributions(task: Task, fit: NestedFit) -> tuple[list[str], FloatArray, FloatArray]:
    """Split the out-of-fold ridge predictions into families, shape (n, n_families), and the training mean."""
    x, labels = task.design.summary, task.labels()[:, 0]
    names = [family_of(name, task.modality) for name in task.design.summary_names]
    families = sorted(set(names))
    belongs = np.array([[name == family for family in families] for name in names], dtype=float)
    settings = fit.candidates(("ridge",))
    chosen = fit.choose(("ridge",))[:, 0] - settings[0]
    parts, base = np.empty((len(labels), len(families))), np.empty(len(labels))
    for fold in np.unique(fit.folds):
        train, test = np.flatnonzero(fit.folds != fold), np.flatnonzero(fit.folds == fold)
        a, b = scale_pair(x[train], x[test], task.how)
        mean = float(labels[train].mean())
        penalty = RELATIVE_PENALTIES[chosen[fold]] * x.shape[1]
        slopes = a.T @ np.linalg.solve(a @ a.T + penalty * np.eye(len(a)), labels[train] - mean)
        parts[test] = (b * slopes) @ belongs
        base[test] = 0.0 if task.target.is_class else mean
    return families, parts, base


def boosted_explanation(task: Task) -> tuple[list[MetricRow], pd.DataFrame]:
    """Explain boosted trees fitted to everybody: mean absolute contributions (SHAP) and partial dependence.

    Parameters
    ----------
    task
        The task, not with several classes.

    Returns
    -------
    rows
        ``mean_abs_shap`` per family of features (sums over its features), in units of the target, or log odds.
    curves
        ``shap`` per feature (the largest ones) and ``partial_dependence`` of the first of them.

    References
    ----------
    Lundberg et al. (2020), Nat Mach Intell 2:56. Friedman (2001), Ann Stat 29:1189.
    """
    import xgboost

    if task.group > 1 or task.modality == "demographics":
        return [], pd.DataFrame()
    x, names = task.design.summary, task.design.summary_names
    seed = int(task.rng("model", "xgboost").integers(2**31))
    model = fit_boosted(x, task.y, is_class=task.target.is_class, trees=task.config.trees, seed=seed)
    size = np.abs(model.predict(xgboost.DMatrix(x, nthread=1), pred_contribs=True)[:, :-1]).mean(axis=0)
    families = [family_of(name, task.modality) for name in names]
    sums = pd.Series(size.astype(float)).groupby(families).sum()
    columns = {**task.columns, "model": "xgboost"}
    rows = [
        metric_row("traits", "mean_abs_shap", float(sums[name]), family=name, **columns) for name in sorted(sums.index)
    ]
    largest = [int(index) for index in np.argsort(-size, kind="stable")[:SHOWN_FEATURES] if size[index] > 0]
    base = {key: task.columns[key] for key in ("target", "level", "modality", "n_participants")} | {"model": "xgboost"}
    curves = [
        {
            **base,
            "curve": "shap",
            "family": families[i],
            "feature": names[i],
            "metric": "mean_abs_shap",
            "y": float(size[i]),
        }
        for i in largest
    ]
    for index in largest[: task.config.dependence_features]:
        curves += _dependence(model, task, index, {**base, "family": families[index], "feature": names[index]})
    return rows, pd.DataFrame(curves)


def _dependence(model: object, task: Task, index: int, base: dict[str, object]) -> list[dict[str, object]]:
    import xgboost

    x = task.design.summary
    known = x[np.isfinite(x[:, index]), index]
    grid = np.unique(np.quantile(known, np.linspace(0.05, 0.95, DEPENDENCE_POINTS)))
    repeated = np.tile(x, (len(grid), 1))
    repeated[:, index] = np.repeat(grid, len(x))
    predicted = model.predict(xgboost.DMatrix(repeated, nthread=1)).reshape(len(grid), len(x))  # type: ignore[attr-defined]
    metric = "probability" if task.target.is_class else "prediction"
    return [
        {**base, "curve": "partial_dependence", "metric": metric, "x": float(value), "y": float(row.mean())}
        for value, row in zip(grid, predicted, strict=True)
    ]
