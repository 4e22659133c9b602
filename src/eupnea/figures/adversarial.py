"""Figures of age models under attack, and of blind ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import pandas as pd

from eupnea.figures.drawing import COLOURS, DOUBLE_COLUMN_IN, Drawn, NotAnswerableError, legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eupnea.study import Study

MODALITIES = ("all", "respiration", "cardiac")
MODELS = {
    "median": "median",
    "ridge_clean": "ridge",
    "ridge_robust": "ridge, tuned under attack",
    "lasso_robust": "lasso, tuned under attack",
    "adversarial_inf": "adversarial, norm ∞",
    "adversarial_2": "adversarial, norm 2",
    "kernel_adversarial": "adversarial kernel",
    "xgboost": "boosted trees",
}
"""Models that are drawn; the table beside the figure has them all."""

DISTURBED_MODEL = "adversarial_inf"
"""The model that the disturbances of recordings are drawn for; the table beside the figure has them all."""

ATTACKERS = ("balanced_accuracy_strongest", "eer_strongest")


def robustness(study: Study) -> Drawn:
    """Draw the error of each age model against the size of the perturbation, of features and of recordings."""
    metrics = study.metrics
    rows = metrics[(metrics["analysis"] == "adversarial") & (metrics["status"] == "ok") & (metrics["control"] == "")]
    rows = _main_modality(rows[rows["metric"].isin(["mae", "mae_signal"]) & rows["epsilon"].notna()])
    disturbed = rows[rows["metric"] == "mae_signal"]
    shifted = rows[rows["metric"] == "mae"]
    norms = [name for name in ("inf", "2") if (shifted["norm"] == name).any()]
    if not norms:
        message = "age could not be predicted, or is not known"
        raise NotAnswerableError(message)
    figure, axes = plt.subplots(
        1,
        len(norms) + bool(len(disturbed)),
        figsize=(DOUBLE_COLUMN_IN, 3.3),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for axis, norm in zip(axes[0], norms, strict=False):
        _draw_shifted(axis, shifted, norm)
    if len(disturbed):
        _draw_disturbed(axes[0, -1], disturbed)
    axes[0, 0].set_ylabel("mean absolute error, years")
    level = shifted.loc[shifted["model"] == "median", "value"].max()
    axes[0, 0].set_ylim(0, 2.2 * level if pd.notna(level) else None)
    legend_below(figure, axes[0, 0], columns=4)
    caption = (
        f"Age models from {rows['modality'].iloc[0]} under worst-case perturbation of their features: mean absolute "
        f"error against the size of the perturbation. Solid: exact; "
        "dotted: searched attack, a lower bound of the damage. Errors beyond 2.2 times that of the median are cut off."
    )
    caption += _disturbed_words(disturbed)
    columns = ["metric", "modality", "model", "norm", "epsilon", "attack", "value", "ci_low", "ci_high", "reason"]
    return Drawn(figure, rows[columns], "Robustness", caption)


def _draw_shifted(axis: Axes, rows: pd.DataFrame, norm: str) -> None:
    """Draw one line per model: the features themselves are shifted."""
    one = rows[(rows["epsilon"] == 0) | (rows["norm"] == norm)]
    for model, words in MODELS.items():
        line = one[one["model"] == model].sort_values("epsilon", kind="stable").drop_duplicates("epsilon")
        if len(line):
            is_searched = line["reason"].str.contains("lower bound").any()
            axis.plot(line["epsilon"], line["value"], ":" if is_searched else "-", marker=".", label=words)
    axis.set(xlabel="size, SD of the features", title=f"features, norm {'∞' if norm == 'inf' else norm}")


def _draw_disturbed(axis: Axes, rows: pd.DataFrame) -> None:
    """Draw one line per disturbance of the recordings, for one model: each is the worst of a few random draws."""
    one = rows[rows["model"] == DISTURBED_MODEL]
    for number, kind in enumerate(dict.fromkeys(one["attack"])):
        line = one[one["attack"] == kind].sort_values("epsilon", kind="stable")
        label = kind.replace("_", " ")
        axis.plot(line["epsilon"], line["value"], ":", marker="osv^D"[number % 5], color=f"C{number}", label=label)
    axis.set(xlabel="size (see caption)", title="recordings")
    axis.legend(fontsize="x-small", title="lower bounds", title_fontsize="x-small", loc="lower left")


def _disturbed_words(rows: pd.DataFrame) -> str:
    if not len(rows):
        return ""
    return (
        f" Right: the recordings of {rows['n_participants'].max():.0f} people are disturbed, their features "
        f"computed again, for one model ({MODELS[DISTURBED_MODEL]}): noise and drift in standard "
        "deviations of the signal, relative change of gain, share of samples dropped, "
        "relative change of speed; the worst of a few random draws, lower bounds all."
    )


def invariance(study: Study) -> Drawn:
    """Draw age error against what a fresh attacker still reads, for several strengths of removal."""
    points = _points(study)
    if points.empty:
        message = "there is no nuisance with two values and a known age"
        raise NotAnswerableError(message)
    nuisances = list(dict.fromkeys(points["nuisance"]))
    figure, axes = plt.subplots(
        1, len(nuisances), figsize=(DOUBLE_COLUMN_IN, 2.9), squeeze=False, sharey=True, layout="constrained"
    )
    models = list(dict.fromkeys(points["model"]))
    for axis, nuisance in zip(axes[0], nuisances, strict=True):
        one = points[points["nuisance"] == nuisance]
        for place, model in enumerate(models):
            line = one[one["model"] == model].sort_values("strength", kind="stable")
            axis.plot(line["value_attacker"], line["value"], marker="o", color=f"C{place}", label=_model_words(model))
        axis.axvline(one["chance_attacker"].median(), color=COLOURS["chance"], linestyle="--", linewidth=0.8)
        words = str(one["metric_attacker"].iloc[0]).removesuffix("_strongest").replace("_", " ")
        axis.set(xlabel=f"attacker's {words.replace('eer', 'equal error rate')}", title=nuisance)
    axes[0, 0].set_ylabel("mean absolute error of age, years")
    legend_below(figure, axes[0, 0])
    caption = (
        f"Age models from {points['modality'].iloc[0]} made blind: age error against what the strongest freshly "
        "trained attacker still reads of the nuisance, one point per strength of removal; dashed: chance of the "
        "attacker. For identity, reading less means a higher equal error rate."
    )
    columns = ["nuisance", "model", "strength", "value", "ci_low", "ci_high", "metric_attacker", "value_attacker"]
    return Drawn(figure, points[[*columns, "chance_attacker"]], "Blindness", caption)


def _points(study: Study) -> pd.DataFrame:
    """Return age error and strongest reading side by side; the model without removal starts every curve."""
    metrics = study.metrics
    rows = _main_modality(metrics[(metrics["analysis"] == "invariance") & (metrics["status"] == "ok")])
    error = rows[rows["metric"] == "mae"]
    read = rows[rows["metric"].isin(ATTACKERS) & (rows["subset"] == "features")]
    keys = ["nuisance", "model", "strength"]
    return error.merge(read[[*keys, "metric", "value", "chance"]], on=keys, suffixes=("", "_attacker"))


def _main_modality(rows: pd.DataFrame) -> pd.DataFrame:
    modality = next((name for name in (*MODALITIES, *rows["modality"]) if (rows["modality"] == name).any()), "")
    return rows[rows["modality"] == modality]


def _model_words(model: str) -> str:
    return model.removeprefix("ridge_").replace("_", " ")
