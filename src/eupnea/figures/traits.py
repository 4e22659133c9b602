"""Figures of the traits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from eupnea.figures.drawing import COLOURS, DOUBLE_COLUMN_IN, SINGLE_COLUMN_IN, Drawn, NotAnswerableError, legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eupnea.study import Study

MODALITIES = ("all", "respiration", "cardiac", "coupling")
ERROR_FIRST = ("mae", "auc", "balanced_accuracy")


def trait_scatter(study: Study) -> Drawn:
    """Draw predicted against true values, with conformal intervals, of every numeric target."""
    rows = _selected(study)
    numeric = rows[(rows["class"] == "") & rows["y_pred"].notna()]
    targets = list(dict.fromkeys(numeric["target"]))
    if not targets:
        message = "no numeric target could be predicted"
        raise NotAnswerableError(message)
    width = min(DOUBLE_COLUMN_IN, 2.5 * len(targets) + 0.4)
    figure, axes = plt.subplots(1, len(targets), figsize=(width, 2.6), squeeze=False, layout="constrained")
    shown = []
    for axis, target in zip(axes[0], targets, strict=True):
        one = numeric[numeric["target"] == target]
        modality = next(name for name in (*MODALITIES, *one["modality"]) if (one["modality"] == name).any())
        people = _per_person(one[one["modality"] == modality])
        _scatter(axis, people, f"{target} from {modality}")
        shown.append(people.assign(target=target, modality=modality))
    axes[0, 0].set_ylabel("predicted")
    caption = (
        "Predicted against true values of people not seen in training, mean over repeats of the cross-validation; "
        "bars: conformal intervals; dashed: perfect prediction; dotted: mean of all people."
    )
    return Drawn(figure, pd.concat(shown, ignore_index=True), "Predicted and true", caption)


def _scatter(axes: Axes, people: pd.DataFrame, title: str) -> None:
    low = (people["y_pred"] - people["y_low"]).clip(lower=0).fillna(0)
    high = (people["y_high"] - people["y_pred"]).clip(lower=0).fillna(0)
    axes.errorbar(
        people["y_true"], people["y_pred"], yerr=[low, high], fmt="o", markersize=3, linewidth=0.4, color="#0072B2"
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
    figure, axes = plt.subplots(1, len(targets), figsize=(DOUBLE_COLUMN_IN, 3.4), squeeze=False, layout="constrained")
    shown = [
        _ladder(axis, rows[rows["target"] == target], target) for axis, target in zip(axes[0], targets, strict=True)
    ]
    caption = (
        "Models against baselines: error (or accuracy) of every model on the main group of features, and of the "
        "selected model (diamonds) on every group, with 95 % intervals over people; best on top; the dashed line is "
        "the median or majority baseline."
    )
    return Drawn(figure, pd.concat(shown, ignore_index=True), "Models and baselines", caption)


def _ladder(axes: Axes, rows: pd.DataFrame, target: str) -> pd.DataFrame:
    metric = next(name for name in ERROR_FIRST if (rows["metric"] == name).any())
    rows = rows[rows["metric"] == metric].drop_duplicates(["modality", "model", "level"])
    rows = _shown_models(rows)
    baseline = rows.loc[rows["model"] == "baseline", "value"]
    models = rows[rows["model"] != "baseline"].sort_values("value", ascending=metric != "mae", kind="stable")
    for number, (_, row) in enumerate(models.iterrows()):
        colour = COLOURS.get(row["modality"], "black")
        axes.plot(row["value"], number, "D" if row["model"] == "selected" else "o", color=colour)
        axes.hlines(number, row["ci_low"], row["ci_high"], color=colour, linewidth=0.9)
    labels = [
        row["model"] if row["model"] == "demographics" else f"{row['model']}, {row['modality']}".replace("_", " ")
        for _, row in models.iterrows()
    ]
    axes.set_yticks(range(len(models)), labels, fontsize=6)
    if len(baseline):
        axes.axvline(baseline.iloc[0], color=COLOURS["chance"], linestyle="--", linewidth=0.8)
    axes.set(xlabel=metric.replace("_", " "), title=target)
    return rows[["target", "modality", "model", "metric", "value", "ci_low", "ci_high", "p_value"]]


def _shown_models(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the selected model of every modality, every model of the main one, and the baselines once."""
    main = next((name for name in (*MODALITIES, *rows["modality"]) if (rows["modality"] == name).any()), "")
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
    axes.set(xlabel="age, years", ylabel="predicted − age, years", title=f"from {modality}")
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
    figure, axes = plt.subplots(1, len(targets), figsize=(DOUBLE_COLUMN_IN, 2.8), squeeze=False, layout="constrained")
    for axis, target in zip(axes[0], targets, strict=True):
        one = rows[rows["target"] == target].sort_values("value", kind="stable").tail(14)
        axis.barh(one["family"].str.replace("__", " ").str.replace("_", " "), one["value"], color="#0072B2")
        axis.hlines(range(len(one)), one["ci_low"], one["ci_high"], color="black", linewidth=0.8)
        axis.axvline(0, color="black", linewidth=0.6)
        axis.set(title=target, xlabel=str(one["metric"].iloc[0]).replace("_", " "))
    caption = (
        f"What carries the prediction from {modality}: loss of performance when the values of one family of features "
        "are shuffled among people not seen in training."
    )
    return Drawn(
        figure, rows[["target", "modality", "family", "metric", "value", "ci_low", "ci_high"]], "Families", caption
    )


def _selected(study: Study) -> pd.DataFrame:
    rows = study.predictions
    return rows[rows["model"] == "selected"]


def _per_person(rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["y_true", "y_pred", "y_pred_corrected", "y_low", "y_high"]
    return rows.groupby(["participant", "recording"], sort=True)[columns].mean().reset_index()
