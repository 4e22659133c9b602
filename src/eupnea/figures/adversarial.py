"""Figures of age models under attack, and of blind ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from eupnea.figures.drawing import COLOURS, DOUBLE_COLUMN_IN, Drawn, NotAnswerableError

if TYPE_CHECKING:
    from eupnea.study import Study


def robustness(study: Study) -> Drawn:
    """Draw the error of each age model against the size of the perturbation."""
    metrics = study.metrics
    rows = metrics[(metrics["analysis"] == "adversarial") & (metrics["metric"] == "mae") & (metrics["status"] == "ok")]
    rows = rows[rows["epsilon"].notna() & (rows["control"] == "")]
    if rows.empty:
        message = "age could not be predicted, or is not known"
        raise NotAnswerableError(message)
    norms = [name for name in ("inf", "2") if (rows["norm"] == name).any()]
    figure, axes = plt.subplots(
        1, len(norms), figsize=(DOUBLE_COLUMN_IN, 3.0), squeeze=False, sharey=True, layout="constrained"
    )
    for axis, norm in zip(axes[0], norms, strict=True):
        one = rows[rows["norm"] == norm]
        for model in dict.fromkeys(one["model"]):
            line = one[one["model"] == model].sort_values("epsilon", kind="stable").drop_duplicates("epsilon")
            (drawn,) = axis.plot(line["epsilon"], line["value"], marker=".", label=model)
            axis.fill_between(line["epsilon"], line["ci_low"], line["ci_high"], color=drawn.get_color(), alpha=0.08)
        axis.set(xlabel="size of the perturbation, SD of the features", title=f"norm {norm}")
    axes[0, 0].set_ylabel("mean absolute error, years")
    top = rows.loc[rows["epsilon"] <= 0.1, "value"].max()
    axes[0, 0].set_ylim(0, 2.2 * top if top == top else None)
    axes[0, -1].legend(fontsize=6)
    caption = (
        "Age models under worst-case perturbation of their features: mean absolute error against the size of the "
        "perturbation, with 95 % intervals over people. Exact for linear models; a lower bound for searched attacks."
    )
    columns = ["model", "norm", "epsilon", "attack", "value", "ci_low", "ci_high"]
    return Drawn(figure, rows[columns], "Robustness", caption)


def invariance(study: Study) -> Drawn:
    """Draw age error against what a fresh attacker still reads, for several strengths of removal."""
    metrics = study.metrics
    rows = metrics[(metrics["analysis"] == "invariance") & (metrics["status"] == "ok")]
    error = rows[rows["metric"] == "mae"]
    read = rows[rows["metric"].str.startswith("attacker")]
    keys = ["nuisance", "model", "strength"]
    points = error.merge(read, on=keys, suffixes=("", "_attacker"))
    if points.empty:
        message = "there is no nuisance with two values and a known age"
        raise NotAnswerableError(message)
    nuisances = list(dict.fromkeys(points["nuisance"]))
    figure, axes = plt.subplots(
        1, len(nuisances), figsize=(DOUBLE_COLUMN_IN, 2.7), squeeze=False, sharey=True, layout="constrained"
    )
    for axis, nuisance in zip(axes[0], nuisances, strict=True):
        one = points[points["nuisance"] == nuisance]
        for model in dict.fromkeys(one["model"]):
            line = one[one["model"] == model].sort_values("strength", kind="stable")
            axis.plot(line["value_attacker"], line["value"], marker="o", label=model)
        level = one["chance_attacker"].median()
        axis.axvline(level, color=COLOURS["chance"], linestyle="--", linewidth=0.8)
        axis.set(xlabel=str(one["metric_attacker"].iloc[0]).replace("_", " "), title=nuisance)
    axes[0, 0].set_ylabel("mean absolute error, years")
    axes[0, -1].legend(fontsize=6)
    caption = (
        "Age models made blind: age error against what a freshly trained attacker still reads of the nuisance, for "
        "several strengths of removal; dashed: chance of the attacker."
    )
    columns = [*keys, "value", "ci_low", "ci_high", "metric_attacker", "value_attacker", "chance_attacker"]
    return Drawn(figure, points[columns], "Blindness", caption)
