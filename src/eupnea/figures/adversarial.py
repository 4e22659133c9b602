"""Figures of age models under attack, and of blind ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from eupnea.figures.drawing import COLOURS, DOUBLE_COLUMN_IN, Drawn, NotAnswerableError, legend_below
from eupnea.report.words import feature_words

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
    "xgboost_noise": "boosted trees, noise added",
    "mlp": "network",
    "mlp_attacked_inf": "network, attacked, norm ∞",
}
"""Models that are drawn; the table beside the figure has them all."""

DISTURBED_MODEL = "adversarial_inf"
"""The model that the disturbances of recordings are drawn for; the table beside the figure has them all."""

CHOOSER = "adversarial_inf_robust"
"""The model whose chosen features are drawn; the table beside the figure has the stability of all."""

SERIES_MODELS = {
    "median": "median",
    "cnn": "network",
    "cnn_attacked_inf": "network, attacked, norm ∞",
    "cnn_attacked_2": "network, attacked, norm 2",
}

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
        "error against the size of the perturbation. Solid: exact; dotted: searched attack, a lower bound of the "
        "damage; shaded: 95 % intervals for new people. Errors beyond 2.2 times that of the median are cut off."
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
            colour = f"C{list(MODELS).index(model) % 8}"
            shape = ("o", "s")[list(MODELS).index(model) // 8]
            axis.plot(
                line["epsilon"], line["value"], ":" if is_searched else "-", marker=shape, color=colour, label=words
            )
            axis.fill_between(line["epsilon"], line["ci_low"], line["ci_high"], color=colour, alpha=0.06, linewidth=0)
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


def price_of_robustness(study: Study) -> Drawn:
    """Draw what each robust model loses unperturbed, and what it gains under attack, against its plain counterpart."""
    rows = _main_modality(_known(study, "adversarial"))
    price = rows[rows["metric"] == "price_of_robustness"]
    if price.empty:
        message = "age could not be predicted, or is not known"
        raise NotAnswerableError(message)
    differences = rows[(rows["metric"] == "mae_difference") & (rows["epsilon"] > 0)]
    attacked = price[["model", "comparator"]].merge(differences, on=["model", "comparator"])
    figure, axes = plt.subplots(
        1, 2, figsize=(DOUBLE_COLUMN_IN, 0.9 + 0.2 * len(price)), sharey=True, layout="constrained"
    )
    names = list(price["model"])[::-1]
    for axis, part in zip(axes, (price, attacked), strict=True):
        for row in part.iloc:
            place = names.index(row["model"])
            axis.plot([row["ci_low"], row["ci_high"]], [place, place], color="C0", linewidth=1)
            axis.plot(row["value"], place, "o", color="C0")
        axis.axvline(0, color=COLOURS["chance"], linestyle="--", linewidth=0.8)
    labels = dict(zip(price["model"], price["comparator"], strict=True))
    axes[0].set_yticks(range(len(names)), [f"{_name(one)} − {_name(labels[one])}" for one in names])
    axes[0].set(xlabel="error lost, years", title="unperturbed: the price")
    size = f"{attacked['epsilon'].iloc[0]:g}" if len(attacked) else "…"
    axes[1].set(xlabel="difference of error, years", title=f"under attack, {size} SD, norm ∞")
    caption = (
        f"Age models from {price['modality'].iloc[0]}: mean absolute error minus that of the plain counterpart, paired "
        "on the same people, with 95 % intervals; left of zero is better. Attacks on trees, kernels and networks are "
        "lower bounds, so that comparisons under attack favour those."
    )
    columns = ["metric", "modality", "model", "comparator", "epsilon", "value", "ci_low", "ci_high"]
    return Drawn(figure, pd.concat([price, attacked])[columns], "Price of robustness", caption)


def transfer(study: Study) -> Drawn:
    """Draw the error of each model under the perturbations that were made for each other one."""
    rows = _main_modality(_known(study, "adversarial"))
    rows = rows[rows["metric"] == "mae_transfer"]
    if rows.empty:
        message = "age could not be predicted, or is not known"
        raise NotAnswerableError(message)
    names = [name for name in MODELS if name in set(rows["model"])]
    sources = [name for name in names if name in set(rows["comparator"])]
    table = rows.pivot_table(index="model", columns="comparator", values="value").loc[names, sources]
    figure, axes = plt.subplots(figsize=(DOUBLE_COLUMN_IN, 1.5 + 0.27 * len(names)), layout="constrained")
    image = axes.imshow(table.to_numpy(), aspect="auto", cmap="viridis_r")
    middle = float(table.to_numpy().min() + table.to_numpy().max()) / 2
    for (y, x), value in np.ndenumerate(table.to_numpy()):
        axes.text(x, y, f"{value:.1f}", ha="center", va="center", color="white" if value > middle else "black")
    axes.set_xticks(range(len(sources)), [_name(name) for name in sources], rotation=35, ha="right")
    axes.set_yticks(range(len(names)), [_name(name) for name in names])
    axes.set(xlabel="perturbation made for", ylabel="error of")
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="mean absolute error, years", shrink=0.8)
    caption = (
        f"Age models from {rows['modality'].iloc[0]}: mean absolute error, years, of each model (row) under the norm-∞ "
        f"perturbation of {rows['epsilon'].iloc[0]:g} SD that was made for another one (column), n = "
        f"{rows['n_participants'].max():.0f}. Intervals stand in the table. A perturbation made for another model is a "
        "lower bound of what its own could do."
    )
    columns = ["modality", "model", "comparator", "norm", "epsilon", "value", "ci_low", "ci_high", "reason"]
    return Drawn(figure, rows[columns], "Transfer of perturbations", caption)


def stability(study: Study) -> Drawn:
    """Draw how alike the features are that each model chooses in different folds, and which ones it chooses."""
    rows = _main_modality(_known(study, "adversarial"))
    rows = rows[rows["metric"].isin(["selection_stability", "n_features_used"])]
    alike = rows[(rows["metric"] == "selection_stability") & rows["value"].notna()]
    if alike.empty:
        message = "no model chooses among features"
        raise NotAnswerableError(message)
    used = rows[rows["metric"] == "n_features_used"].set_index("model")["value"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(DOUBLE_COLUMN_IN, 3.0), layout="constrained")
    names = list(alike["model"])[::-1]
    for row in alike.iloc:
        place = names.index(row["model"])
        left.plot([row["ci_low"], row["ci_high"]], [place, place], color="C0", linewidth=1)
        left.plot(row["value"], place, "o", color="C0")
    left.set_yticks(range(len(names)), [f"{_name(name)} ({used[name]:.0f})" for name in names])
    left.set(xlabel="stability of the choice", title="models (features used)", xlim=(min(0, left.get_xlim()[0]), 1.02))
    left.axvline(0, color=COLOURS["chance"], linestyle="--", linewidth=0.8)
    shares = study.curves("adversarial")
    chosen = shares[(shares["curve"] == "features") & (shares["model"] == CHOOSER)]
    chosen = chosen[chosen["modality"] == alike["modality"].iloc[0]]
    best = chosen.sort_values(["value", "feature"], ascending=[False, True], kind="stable").head(12).iloc[::-1]
    right.barh([feature_words(name) for name in best["feature"]], best["value"], color="C0")
    right.set(xlabel="share of folds that choose it", title=_name(CHOOSER), xlim=(0, 1))
    right.tick_params(axis="y", labelsize="x-small")
    caption = (
        f"Features that age models from {alike['modality'].iloc[0]} choose in different folds. Left: stability of the "
        "choice (Nogueira and colleagues 2018), 1 always the same, 0 (dashed) as alike as by chance, with 95 % "
        "intervals over folds, which share people and are too narrow therefore; in brackets the mean number of "
        f"features used. Right: the features chosen most often by one model ({_name(CHOOSER)})."
    )
    told = alike.assign(feature="")[["metric", "model", "feature", "value", "ci_low", "ci_high"]]
    each = chosen.assign(metric="selection_share")[["metric", "model", "feature", "value", "ci_low", "ci_high"]]
    return Drawn(figure, pd.concat([told, each]), "Stability of the chosen features", caption)


def series_networks(study: Study) -> Drawn:
    """Draw the error of networks on respiration and RR series against the size of the perturbation."""
    rows = _known(study, "adversarial")
    rows = rows[rows["metric"] == "mae_series"]
    if rows.empty:
        message = "networks on series are trained with 'adversarial: models: thorough' and recordings only"
        raise NotAnswerableError(message)
    panels = list(rows[["family", "norm"]].drop_duplicates().itertuples(index=False))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(DOUBLE_COLUMN_IN, 2.9), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, (family, norm) in zip(axes[0], panels, strict=True):
        one = rows[rows["family"] == family]
        one = one[(one["norm"] == norm) | (one["epsilon"] == 0)]
        for place, model in enumerate(SERIES_MODELS):
            line = one[one["model"] == model].sort_values("epsilon", kind="stable").drop_duplicates("epsilon")
            style = "-" if model == "median" else ":"
            axis.plot(line["epsilon"], line["value"], style, marker="o", color=f"C{place}", label=SERIES_MODELS[model])
            axis.fill_between(
                line["epsilon"], line["ci_low"], line["ci_high"], color=f"C{place}", alpha=0.1, linewidth=0
            )
        words = "RR intervals" if family == "rr" else "breathing"
        axis.set(xlabel="size, SD of the series", title=f"{words}, norm {'∞' if norm == 'inf' else norm}")
    axes[0, 0].set_ylabel("mean absolute error, years")
    axes[0, 0].set_ylim(0, None)
    legend_below(figure, axes[0, 0])
    caption = (
        "Age from the cleaned series themselves by convolutional networks, trained plainly or against perturbations, "
        f"on {rows['n_participants'].max():.0f} people not seen in training: mean absolute error against the size of a "
        "perturbation of every sample (norm ∞) or of all samples together (norm 2). Dotted: projected gradient, lower "
        "bounds of the damage; shaded: 95 % intervals; solid: median of the training people."
    )
    columns = ["family", "model", "norm", "epsilon", "attack", "value", "ci_low", "ci_high", "n_participants", "reason"]
    return Drawn(figure, rows[columns], "Networks on series", caption)


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
            spread = [[line["value"] - line["ci_low"], line["ci_high"] - line["value"]]]
            spread += [
                [line["value_attacker"] - line["ci_low_attacker"], line["ci_high_attacker"] - line["value_attacker"]]
            ]
            told = {"marker": "o", "color": f"C{place}", "label": _model_words(model), "elinewidth": 0.5}
            axis.errorbar(line["value_attacker"], line["value"], yerr=spread[0], xerr=spread[1], **told)
        axis.axvline(one["chance_attacker"].median(), color=COLOURS["chance"], linestyle="--", linewidth=0.8)
        if len(floor := _floor(study, nuisance)):
            axis.axvline(floor.iloc[0], color="C3", linestyle="-.", linewidth=0.8, label="floor: true age alone")
        words = str(one["metric_attacker"].iloc[0]).removesuffix("_strongest").replace("_", " ")
        axis.set(xlabel=f"attacker's\n{words.replace('eer', 'equal error rate')}", title=nuisance)
    axes[0, 0].set_ylabel("mean absolute error of age, years")
    handles = {
        label: handle for axis in axes[0] for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4)
    caption = (
        f"Age models from {points['modality'].iloc[0]} made blind: age error against what the strongest freshly "
        "trained attacker still reads of the nuisance, one point per strength of removal; dashed: chance of the "
        "attacker; thin lines: 95 % intervals. For identity, reading less means a higher equal error rate, and the "
        "dash-dotted line is the floor that knowing the true age alone allows."
    )
    columns = ["nuisance", "model", "strength", "value", "ci_low", "ci_high", "metric_attacker", "value_attacker"]
    columns += ["ci_low_attacker", "ci_high_attacker", "chance_attacker"]
    return Drawn(figure, points[columns], "Blindness", caption)


def _points(study: Study) -> pd.DataFrame:
    """Return age error and strongest reading side by side; the model without removal starts every curve."""
    metrics = study.metrics
    rows = _main_modality(metrics[(metrics["analysis"] == "invariance") & (metrics["status"] == "ok")])
    error = rows[rows["metric"] == "mae"]
    read = rows[rows["metric"].isin(ATTACKERS) & (rows["subset"] == "features")]
    keys = ["nuisance", "model", "strength"]
    told = read[[*keys, "metric", "value", "ci_low", "ci_high", "chance"]]
    return error.merge(told, on=keys, suffixes=("", "_attacker"))


def _floor(study: Study, nuisance: str) -> pd.Series:
    """Return the equal error rate that knowing the true age alone allows; empty for other nuisances than identity."""
    rows = _main_modality(_known(study, "invariance"))
    return rows.loc[(rows["nuisance"] == nuisance) & (rows["metric"] == "eer_floor"), "value"]


def _known(study: Study, analysis: str) -> pd.DataFrame:
    metrics = study.metrics
    return metrics[(metrics["analysis"] == analysis) & (metrics["status"] == "ok") & (metrics["control"] == "")]


def _main_modality(rows: pd.DataFrame) -> pd.DataFrame:
    modality = next((name for name in (*MODALITIES, *rows["modality"]) if (rows["modality"] == name).any()), "")
    return rows[rows["modality"] == modality]


def _name(model: str) -> str:
    return MODELS.get(model, model.replace("_", " "))


def _model_words(model: str) -> str:
    return model.removeprefix("ridge_").replace("_", " ")
