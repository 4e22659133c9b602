"""Figures of the traits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from eupnea.figures.drawing import COLOURS, DOUBLE_COLUMN_IN, SINGLE_COLUMN_IN, Drawn, NotAnswerableError, legend_below
from eupnea.report.words import (
    METRIC_WORDS,
    SHORT_MODALITY_WORDS,
    TARGET_UNITS,
    TRAIT_MODEL_WORDS,
    number,
    target_words,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from eupnea.study import Study

MODALITIES = ("all", "respiration", "cardiac", "coupling")
ERROR_FIRST = ("mae", "auc", "balanced_accuracy")
SHOWN_FAMILIES = 14
SHOWN_EFFECTS = 6
PANELS_ACROSS = 3
"""Panels side by side: more leave no room for the names of models between them."""


def trait_scatter(study: Study) -> Drawn:
    """Draw predicted against true values, with conformal intervals, of every numeric target."""
    rows = _selected(study)
    numeric = rows[(rows["class"] == "") & rows["y_pred"].notna()]
    targets = list(dict.fromkeys(numeric["target"]))
    if not targets:
        message = "no numeric target could be predicted"
        raise NotAnswerableError(message)
    width = min(DOUBLE_COLUMN_IN, 2.9 * len(targets) + 0.4)
    figure, axes = plt.subplots(1, len(targets), figsize=(width, 2.7), squeeze=False, layout="constrained")
    shown = []
    for axis, target in zip(axes[0], targets, strict=True):
        one = numeric[numeric["target"] == target]
        modality = next(name for name in (*MODALITIES, *one["modality"]) if (one["modality"] == name).any())
        people = _per_person(one[one["modality"] == modality])
        unit = f", {TARGET_UNITS[target]}" if target in TARGET_UNITS else ""
        _scatter(axis, people, f"{target_words(target)}{unit}, from {SHORT_MODALITY_WORDS.get(modality, modality)}")
        shown.append(people.assign(target=target, modality=modality))
    axes[0, 0].set_ylabel("predicted")
    caption = (
        "Predicted against true values of people not seen in training, mean over repeats of the cross-validation; "
        "bars: conformal intervals, orange where they miss the truth; dashed: perfect prediction; dotted: mean of all "
        "people."
    )
    return Drawn(figure, pd.concat(shown, ignore_index=True), "Predicted and true", caption)


def _scatter(axes: Axes, people: pd.DataFrame, title: str) -> None:
    low = (people["y_pred"] - people["y_low"]).clip(lower=0).fillna(0)
    high = (people["y_high"] - people["y_pred"]).clip(lower=0).fillna(0)
    is_outside = (people["y_true"] < people["y_low"]) | (people["y_true"] > people["y_high"])
    for part, colour in ((~is_outside, "#0072B2"), (is_outside, "#D55E00")):
        axes.errorbar(
            people.loc[part, "y_true"],
            people.loc[part, "y_pred"],
            yerr=[low[part], high[part]],
            fmt="o",
            markersize=3,
            linewidth=0.4,
            color=colour,
        )
    ends = [people["y_true"].min(), people["y_true"].max()]
    axes.plot(ends, ends, color="black", linestyle="--", linewidth=0.8)
    axes.axhline(people["y_true"].mean(), color=COLOURS["chance"], linestyle=":", linewidth=0.8)
    axes.set(xlabel="true", title=title)


def baseline_ladder(study: Study) -> Drawn:
    """Draw the error of every model and modality of each target beside the baseline."""
    metrics = study.metrics
    rows = metrics[
        (metrics["analysis"] == "traits")
        & (metrics["status"] == "ok")
        & (metrics["control"] == "")
        & (metrics["subset"] == "")
    ]
    rows = rows[(rows["family"] == "") & (rows["feature"] == "") & rows["metric"].isin(ERROR_FIRST)]
    targets = [target for target in dict.fromkeys(rows["target"]) if target]
    if not targets:
        message = "no target could be predicted"
        raise NotAnswerableError(message)
    figure, axes = _panels(len(targets), height=3.4)
    shown = [_ladder(axis, rows[rows["target"] == target], target) for axis, target in zip(axes, targets, strict=True)]
    caption = (
        f"Models against baselines: error (or accuracy) of every model on {_main_words(rows)} (circles), and of the "
        "selected model (diamonds) on every group of features, with 95 % intervals over people; best on top. Dashed: "
        "the median or majority baseline; for the area under the curve, chance."
    )
    return Drawn(figure, pd.concat(shown, ignore_index=True), "Models and baselines", caption)


def _panels(count: int, *, height: float) -> tuple[Figure, list[Axes]]:
    """Make one panel per target, few side by side so that their labels have room; `height` of a row in inches."""
    rows = -(-count // PANELS_ACROSS)
    figure, axes = plt.subplots(
        rows, min(count, PANELS_ACROSS), figsize=(DOUBLE_COLUMN_IN, height * rows), squeeze=False, layout="constrained"
    )
    panels = list(axes.flat)
    for panel in panels[count:]:
        panel.remove()
    return figure, panels[:count]


def _ladder(axes: Axes, rows: pd.DataFrame, target: str) -> pd.DataFrame:
    metric = next(name for name in ERROR_FIRST if (rows["metric"] == name).any())
    rows = rows[rows["metric"] == metric].drop_duplicates(["modality", "model", "level"])
    rows = _shown_models(rows)
    baseline = rows.loc[rows["model"] == "baseline", "value"]
    models = rows[rows["model"] != "baseline"].sort_values("value", ascending=metric != "mae", kind="stable")
    for place, (_, row) in enumerate(models.iterrows()):
        colour = COLOURS["demographics" if row["model"] == "demographics" else row["modality"]]
        axes.plot(row["value"], place, "D" if row["model"] == "selected" else "o", color=colour, markersize=3.5)
        axes.hlines(place, row["ci_low"], row["ci_high"], color=colour, linewidth=0.9)
    axes.set_yticks(range(len(models)), [_ladder_label(row) for _, row in models.iterrows()], fontsize=6)
    reference = float(baseline.iloc[0]) if len(baseline) else 0.5
    axes.axvline(reference, color=COLOURS["chance"], linestyle="--", linewidth=0.8)
    words = "chance" if not len(baseline) else "median" if metric == "mae" else "majority"
    unit = f"{TARGET_UNITS[target]}; " if metric == "mae" and target in TARGET_UNITS else ""
    axes.set(xlabel=f"{METRIC_WORDS[metric]}\n({unit}{words}: {number(reference)})", title=target_words(target))
    axes.xaxis.label.set_fontsize(7)
    return rows[["target", "modality", "model", "metric", "value", "ci_low", "ci_high", "p_value"]]


def _ladder_label(row: pd.Series) -> str:
    modality = SHORT_MODALITY_WORDS.get(row["modality"], row["modality"])
    if row["model"] == "demographics":
        return TRAIT_MODEL_WORDS["demographics"]
    if row["model"] == "selected":
        return f"selected: {modality}"
    return TRAIT_MODEL_WORDS.get(row["model"], str(row["model"]))


def _main_modality(rows: pd.DataFrame) -> str:
    return next((name for name in (*MODALITIES, *rows["modality"]) if (rows["modality"] == name).any()), "")


def _main_words(rows: pd.DataFrame) -> str:
    main = _main_modality(rows)
    return SHORT_MODALITY_WORDS.get(main, main)


def _shown_models(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the selected model of every modality, every model of the main one, and the baselines once."""
    main = _main_modality(rows)
    is_once = rows["model"].isin(["baseline", "demographics"]) & ~rows.duplicated(["model"])
    is_model = ~rows["model"].isin(["baseline", "demographics"])
    return rows[is_once | (is_model & ((rows["model"] == "selected") | (rows["modality"] == main)))]


def age_gap(study: Study) -> Drawn:
    """Draw predicted minus true age against age, as predicted and corrected."""
    rows = _selected(study)
    rows = rows[(rows["target"] == "age") & rows["y_pred"].notna()]
    if rows.empty:
        message = "age could not be predicted"
        raise NotAnswerableError(message)
    modality = next(name for name in (*MODALITIES, *rows["modality"]) if (rows["modality"] == name).any())
    people = _per_person(rows[rows["modality"] == modality])
    figure, axes = plt.subplots(figsize=(SINGLE_COLUMN_IN, 2.6), layout="constrained")
    for column, label, colour in (("y_pred", "as predicted", "#0072B2"), ("y_pred_corrected", "corrected", "#D55E00")):
        gap = people[column] - people["y_true"]
        if gap.notna().any():
            axes.plot(people["y_true"], gap, "o", color=colour, markersize=3, label=label)
            slope, middle = np.polyfit(people.loc[gap.notna(), "y_true"], gap.dropna(), 1)
            ends = np.array([people["y_true"].min(), people["y_true"].max()])
            axes.plot(ends, middle + slope * ends, color=colour, linewidth=0.8)
    axes.axhline(0, color="black", linewidth=0.6)
    words = SHORT_MODALITY_WORDS.get(modality, modality)
    axes.set(xlabel="age, years", ylabel="predicted − age, years", title=f"age gap, from {words}")
    legend_below(figure, axes)
    caption = (
        "Age gap: predicted minus true age of people not seen in training, against age. As predicted, young people "
        "come out too old and old people too young; the correction is fitted in the training folds only."
    )
    return Drawn(figure, people, "Age gap", caption)


def feature_families(study: Study) -> Drawn:
    """Draw how much worse predictions get when a family of features is shuffled."""
    metrics = study.metrics
    rows = metrics[(metrics["analysis"] == "traits") & (metrics["family"] != "") & (metrics["status"] == "ok")]
    rows = rows[rows["metric"].str.contains("importance") & rows["modality"].isin(["all", "respiration", "cardiac"])]
    if rows.empty:
        message = "no target could be predicted"
        raise NotAnswerableError(message)
    rows = rows.drop_duplicates(["target", "modality", "family"])
    modality = next(name for name in MODALITIES if (rows["modality"] == name).any())
    rows = rows[rows["modality"] == modality]
    targets = list(dict.fromkeys(rows["target"]))
    figure, axes = _panels(len(targets), height=2.8)
    for axis, target in zip(axes, targets, strict=True):
        one = rows[rows["target"] == target].sort_values("value", kind="stable").tail(SHOWN_FAMILIES)
        names = [_family_label(name) for name in one["family"]]
        axis.barh(range(len(one)), one["value"], color="#0072B2")
        axis.set_yticks(range(len(one)), names, fontsize=6)
        axis.hlines(range(len(one)), one["ci_low"], one["ci_high"], color="black", linewidth=0.8)
        axis.axvline(0, color="black", linewidth=0.6)
        is_error = one["metric"].iloc[0] == "importance_mae"
        unit = f", {TARGET_UNITS[target]}" if is_error and target in TARGET_UNITS else ""
        axis.set(title=target_words(target), xlabel=f"{'error gained' if is_error else 'area under curve lost'}{unit}")
    caption = (
        f"What carries the prediction by ridge from {SHORT_MODALITY_WORDS[modality]}: loss of performance when the "
        "values of one family of features are shuffled among people not seen in training, with 95 % intervals over "
        "people. Families that tell the same stand in for each other, so that each may seem to matter little."
    )
    columns = ["target", "modality", "family", "metric", "value", "ci_low", "ci_high"]
    return Drawn(figure, rows[columns], "Families of features", caption)


def learning(study: Study) -> Drawn:
    """Draw the error against the number of training people."""
    rows = _curves(study, "learning")
    rows = rows[rows["modality"].isin([*MODALITIES, "demographics"])] if len(rows) else rows
    if rows.empty:
        message = "there are too few people for a learning curve"
        raise NotAnswerableError(message)
    targets = list(dict.fromkeys(rows["target"]))
    width = min(DOUBLE_COLUMN_IN, 2.6 * len(targets) + 0.4)
    figure, axes = plt.subplots(1, len(targets), figsize=(width, 2.7), squeeze=False, layout="constrained")
    for axis, target in zip(axes[0], targets, strict=True):
        one = rows[rows["target"] == target]
        for modality, part in one.groupby("modality", sort=True):
            label = SHORT_MODALITY_WORDS.get(str(modality), str(modality))
            axis.plot(part["x"], part["y"], "o-", color=COLOURS[str(modality)], markersize=3, label=label)
            axis.vlines(part["x"], part["y_low"], part["y_high"], color=COLOURS[str(modality)], linewidth=0.6)
        metric = str(one["metric"].iloc[0])
        unit = f", {TARGET_UNITS[target]}" if metric == "mae" and target in TARGET_UNITS else ""
        axis.set(title=target_words(target), xlabel="people in training", ylabel=f"{METRIC_WORDS[metric]}{unit}")
    legend_below(figure, max(axes[0], key=lambda axis: len(axis.lines)))
    caption = (
        "Learning curves of ridge: performance on people not seen in training against the number of training people; "
        "lines: range over random choices of people. A curve that still moves says that more people would help."
    )
    return Drawn(figure, rows, "Learning curves", caption)


def feature_effects(study: Study) -> Drawn:
    """Draw how predictions of boosted trees move with the features that they use most."""
    rows = _curves(study, "partial_dependence")
    if rows.empty:
        message = "no target could be predicted"
        raise NotAnswerableError(message)
    modality = next(name for name in (*MODALITIES, *rows["modality"]) if (rows["modality"] == name).any())
    rows = rows[rows["modality"] == modality]
    rows = rows[rows["target"] == rows["target"].iloc[0]]
    target, features = str(rows["target"].iloc[0]), list(dict.fromkeys(rows["feature"]))[:SHOWN_EFFECTS]
    figure, axes = plt.subplots(2, 3, figsize=(DOUBLE_COLUMN_IN, 3.6), sharey=True, layout="constrained")
    for axis in axes.flat[len(features) :]:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, features, strict=False):
        one = rows[rows["feature"] == name]
        axis.plot(one["x"], one["y"], "o-", color=COLOURS[modality], markersize=2.5)
        axis.set_xlabel(_feature_label(name), fontsize=6)
    for axis in axes[:, 0]:
        axis.set_ylabel(f"predicted {target_words(target, unit=True)}", fontsize=7)
    caption = (
        f"Partial dependence: mean prediction of {target_words(target)} by boosted trees fitted to everybody, when one "
        f"feature of {SHORT_MODALITY_WORDS.get(modality, modality)} is set to a value for all people (5th to 95th "
        "percentile); the features with the largest contributions. It describes the model, and proves nothing."
    )
    return Drawn(figure, rows, "Effects of features", caption)


def _curves(study: Study, kind: str) -> pd.DataFrame:
    curves = study.curves("traits")
    return curves[curves["curve"] == kind] if len(curves) else curves


def _family_label(name: str) -> str:
    group, _, family = name.rpartition("__")
    words = family.replace("_", " ")
    return f"{SHORT_MODALITY_WORDS.get(group, group)}: {words}" if group else words


def _feature_label(name: str) -> str:
    """Write ``cardiac__hrv_time__rmssd_ms|q10`` as ``heart, hrv time: rmssd ms (q10)``."""
    column, _, summary = name.partition("|")
    group, family, last = column.split("__", 2)
    words = f"{SHORT_MODALITY_WORDS.get(group, group)}, {family}:\n{last} ({summary})"
    return words.replace("_", " ")


def _selected(study: Study) -> pd.DataFrame:
    rows = study.predictions
    return rows[rows["model"] == "selected"]


def _per_person(rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["y_true", "y_pred", "y_pred_corrected", "y_low", "y_high"]
    return rows.groupby(["participant", "recording"], sort=True)[columns].mean().reset_index()
