"""Figures of the identification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, ScalarFormatter
from scipy.stats import norm

from eupnea.figures.drawing import (
    COLOURS,
    DOUBLE_COLUMN_IN,
    SINGLE_COLUMN_IN,
    Drawn,
    NotAnswerableError,
    chance_line,
    legend_below,
)
from eupnea.report.words import rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eupnea.study import Study

MODALITIES = ("respiration", "cardiac", "coupling", "all", "device", "cardiogenic", "demographics")
PROTOCOLS = (
    "within_nasal",
    "within_oral",
    "nasal_to_oral",
    "oral_to_nasal",
    "rest_to_task",
    "task_to_rest",
    "leave_one_run_out",
    "leave_one_session_out",
)
DET_TICKS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8)
DET_LIMITS = (0.001, 0.8)
"""Error rates outside are drawn at the limit, inside the axes."""

DET_EDGES = (0.0007, 0.85)


def cmc(study: Study) -> Drawn:
    """Draw cumulative match characteristics: how often the right person is among the first k."""
    curves = _curves(study, "cmc")
    chosen = _main_protocols(curves)
    figure, axes = _row_of_axes(len(chosen))
    for axis, protocol in zip(axes, chosen, strict=True):
        rows = curves[curves["protocol"] == protocol]
        for modality in _modalities(rows):
            _line(axis, rows[rows["modality"] == modality], modality)
        size = rows["x"].max()
        axis.plot([1, size], [1 / size, 1], color=COLOURS["chance"], linestyle="--", linewidth=0.8, label="chance")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set(xlabel="rank", ylim=(0, 1.02), xlim=(1, max(2.0, min(size, 20.0))), title=_words(protocol))
    axes[0].set_ylabel("people named within rank")
    legend_below(figure, axes[0])
    caption = (
        "Cumulative match characteristics per window: share of probes whose person is among the first k of the "
        f"gallery, by protocol and modality, window {_window(curves)}; dashed: chance. Model 'selected'."
    )
    return Drawn(figure, curves, "Cumulative match", caption)


def det(study: Study) -> Drawn:
    """Draw detection error trade-offs on probit axes."""
    curves = _curves(study, "det")
    chosen = _main_protocols(curves)
    figure, axes = _row_of_axes(len(chosen))
    for axis, protocol in zip(axes, chosen, strict=True):
        rows = curves[curves["protocol"] == protocol]
        for modality in _modalities(rows):
            one = rows[rows["modality"] == modality].sort_values(["x", "y"], ascending=[True, False], kind="stable")
            x, y = (norm.ppf(one[name].clip(*DET_LIMITS)) for name in ("x", "y"))
            axis.plot(x, y, color=COLOURS.get(modality), label=modality, drawstyle="steps-post", linewidth=1.0)
        ticks = norm.ppf(DET_TICKS)
        axis.plot(ticks, -ticks, color=COLOURS["chance"], linestyle="--", linewidth=0.8, label="chance")
        axis.plot(*[norm.ppf(DET_EDGES)] * 2, color="#cccccc", linewidth=0.6)
        labels = [f"{100 * tick:g}" for tick in DET_TICKS]
        axis.set_xticks(ticks, labels)
        axis.set_yticks(ticks, labels)
        axis.set(xlim=norm.ppf(DET_EDGES), ylim=norm.ppf(DET_EDGES), xlabel="false matches, %", title=_words(protocol))
    axes[0].set_ylabel("false non-matches, %")
    legend_below(figure, axes[0])
    caption = (
        "Detection error trade-off per recording: false non-match rate against false match rate on probit axes, by "
        "protocol and modality. The thin diagonal crosses each curve at its equal error rate; dashed: chance."
    )
    return Drawn(figure, curves, "Detection error trade-off", caption)


def matrix(study: Study) -> Drawn:
    """Draw rank-1 for every pair of enrolment and probe condition."""
    rows = study.metrics[study.metrics["subset"].str.contains(" -> ") & (study.metrics["metric"] == "rank1_window")]
    rows = rows[(rows["model"] == "selected") & (rows["control"] == "") & (rows["status"] == "ok")]
    if rows.empty:
        message = "there are not two conditions (modes, tasks) with the same people"
        raise NotAnswerableError(message)
    rows = rows[rows["window_s"] == rows["window_s"].min()]
    shown = [name for name in ("respiration", "cardiac", "all") if (rows["modality"] == name).any()]
    figure, axes = plt.subplots(
        1, len(shown), figsize=(min(DOUBLE_COLUMN_IN, 2.6 * len(shown) + 0.8), 2.9), squeeze=False, layout="constrained"
    )
    for axis, modality in zip(axes[0], shown, strict=True):
        _matrix(axis, rows[rows["modality"] == modality], modality)
    caption = (
        "Rank-1 per window for every pair of enrolment (rows) and probe (columns) condition, mode/task. On the "
        "diagonal: another run of the same condition where there is one, else a later part of the same recording. "
        f"Chance {rows['chance'].median():.3f}."
    )
    return Drawn(figure, rows[["modality", "subset", "value", "ci_low", "ci_high", "chance"]], "Mode × task", caption)


def _matrix(axes: Axes, rows: pd.DataFrame, modality: str) -> None:
    pairs = rows["subset"].str.split(" -> ", expand=True)
    grid = rows.assign(enrol=pairs[0], probe=pairs[1]).pivot_table(index="enrol", columns="probe", values="value")
    axes.imshow(grid.to_numpy(), vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(*grid.shape):
        value = grid.iloc[i, j]
        if pd.notna(value):
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", color="white" if value < 0.6 else "black")
    axes.set_xticks(range(grid.shape[1]), list(grid.columns), rotation=40, ha="right")
    axes.set_yticks(range(grid.shape[0]), list(grid.index))
    axes.set(xlabel="probe", ylabel="enrolment", title=f"{modality} (chance {rows['chance'].median():.3f})")
    axes.tick_params(length=0)


def length(study: Study) -> Drawn:
    """Draw rank-1 against the length of the probe, for several lengths of enrolment."""
    curves = _curves(study, "length")
    curves = curves[curves["modality"] == _first_modality(curves)]
    figure, axes = plt.subplots(figsize=(SINGLE_COLUMN_IN, 3.2), layout="constrained")
    labels = list(dict.fromkeys(curves["label"]))
    for label, rows in curves.groupby("label", sort=False):
        ordered = rows.sort_values("x", kind="stable")
        (line,) = axes.plot(ordered["x"], ordered["y"], marker="o", label=label)
        if label in (labels[0], labels[-1]):
            axes.fill_between(ordered["x"], ordered["y_low"], ordered["y_high"], color=line.get_color(), alpha=0.15)
    measured = rows_of(study.metrics, metric="rank1_length", modality=_first_modality(curves))
    chance_line(axes, measured["chance"].median())
    axes.set(xlabel="probe, s", ylabel="rank-1", ylim=(0, 1.02), title=_first_modality(curves))
    legend_below(figure, axes, title="enrolment", columns=4)
    axes.set_xticks(sorted(curves["x"].unique()))
    caption = (
        f"How much signal is enough: rank-1 from {_first_modality(curves)} against the seconds of the probe, by "
        "seconds of enrolment per person. Bands: 95 % intervals over people, of the shortest and the longest "
        "enrolment; dashed: chance."
    )
    return Drawn(figure, curves, "Length of enrolment and probe", caption)


def gallery(study: Study) -> Drawn:
    """Draw rank-1 against the number of enrolled people, and its extrapolation."""
    curves = _curves(study, "gallery")
    figure, axes = plt.subplots(figsize=(SINGLE_COLUMN_IN, 3.2), layout="constrained")
    for modality in _modalities(curves):
        rows = curves[curves["modality"] == modality].sort_values("x", kind="stable")
        beyond = rows["label"].str.contains("extrapol", case=False)
        joined = pd.concat([rows[~beyond].tail(1), rows[beyond]])
        for part, dash in ((rows[~beyond], "-"), (joined, ":")):
            axes.plot(part["x"], part["y"], dash, color=COLOURS.get(modality), label=modality if dash == "-" else "_")
            axes.fill_between(
                part["x"].astype(float), part["y_low"], part["y_high"], color=COLOURS.get(modality), alpha=0.12
            )
    sizes = np.sort(curves["x"].unique())
    axes.plot(sizes, 1 / sizes, color=COLOURS["chance"], linestyle="--", linewidth=0.8, label="chance")
    axes.set(xlabel="people in the gallery", ylabel="rank-1", ylim=(0, 1.02), xscale="log")
    axes.xaxis.set_major_formatter(ScalarFormatter())
    legend_below(figure, axes, columns=4)
    caption = (
        "Rank-1 per window against gallery size, by resampling people; dotted: extrapolated beyond the enrolled people "
        "by the stated model, with its uncertainty; dashed: chance."
    )
    return Drawn(figure, curves, "Gallery size", caption)


def modalities(study: Study) -> Drawn:
    """Draw the headline numbers of all modalities and controls side by side, with chance."""
    rows = rows_of(study.metrics, analysis="identification", model="selected", metric="rank1_window", subset="")
    rows = rows[rows["control"].isin(["", "amplitude_free"]) & rows["protocol"].isin(PROTOCOLS)]
    if rows.empty:
        message = "no protocol could be answered"
        raise NotAnswerableError(message)
    rows = rows[rows["window_s"] == rows["window_s"].min()]
    protocols = [name for name in PROTOCOLS if (rows["protocol"] == name).any()]
    figure, axes = plt.subplots(figsize=(DOUBLE_COLUMN_IN, 3.0), layout="constrained")
    shown = [name for name in MODALITIES if (rows["modality"] == name).any()]
    for number, modality in enumerate(shown):
        one = rows[(rows["modality"] == modality) & (rows["control"] == "")].drop_duplicates("protocol")
        one = one.set_index("protocol").reindex(protocols)
        x = np.arange(len(protocols)) + (number - len(shown) / 2) * 0.09
        error = [one["value"] - one["ci_low"], one["ci_high"] - one["value"]]
        marker = "o" if modality in MODALITIES[:4] else "s"
        axes.errorbar(x, one["value"], yerr=error, fmt=marker, color=COLOURS[modality], label=modality, linewidth=0.9)
    for number, protocol in enumerate(protocols):
        level = rows.loc[rows["protocol"] == protocol, "chance"].median()
        axes.hlines(level, number - 0.45, number + 0.4, color=COLOURS["chance"], linestyle="--", linewidth=0.8)
    axes.set_xticks(range(len(protocols)), [_words(name) for name in protocols], rotation=20, ha="right")
    axes.set(ylabel="rank-1 per window", ylim=(0, 1.02))
    legend_below(figure, axes)
    caption = (
        "Rank-1 per window by protocol and group of features, with 95 % intervals for new people; squares: controls "
        "that are not breathing; dashed: chance (mean over random assignments of recordings to people)."
    )
    columns = ["protocol", "modality", "control", "value", "ci_low", "ci_high", "p_value", "chance", "n_participants"]
    return Drawn(figure, rows[columns], "Modalities and controls", caption)


def zoo(study: Study) -> Drawn:
    """Draw how well each person is recognised, and how well each is matched by others."""
    people = study.people
    if people.empty:
        message = "no protocol could be answered"
        raise NotAnswerableError(message)
    protocol = next((name for name in ("leave_one_run_out", *PROTOCOLS) if (people["protocol"] == name).any()), "")
    rows = people[people["protocol"] == protocol] if protocol else people
    rows = rows[rows["modality"] == _first_modality(rows)]
    rows = rows[rows["window_s"] == rows["window_s"].min()]
    figure, axes = plt.subplots(figsize=(SINGLE_COLUMN_IN, 2.9), layout="constrained")
    colours = axes.scatter(rows["genuine_score"], rows["impostor_score"], c=rows["rank1_window"], vmin=0, vmax=1, s=16)
    worst = rows.nsmallest(3, "rank1_window")
    for _, row in worst.iterrows():
        axes.annotate(
            row["participant"],
            (row["genuine_score"], row["impostor_score"]),
            fontsize=6,
            xytext=(3, 3),
            textcoords="offset points",
        )
    ends = [rows["impostor_score"].min(), rows["impostor_score"].max()]
    axes.plot(ends, ends, color=COLOURS["chance"], linestyle="--", linewidth=0.8)
    figure.colorbar(colours, ax=axes, label="rank-1 per window")
    axes.set(xlabel="mean genuine score", ylabel="mean impostor score", title=_words(protocol))
    caption = (
        f"The zoo, {_words(protocol)}, {_first_modality(rows)}: mean score of each person against themselves and "
        "against others; colour: share of their windows named correctly. The three hardest people are named. "
        "On the dashed line somebody is as like others as like themselves: chance."
    )
    return Drawn(figure, rows, "People: easy and hard", caption)


def scores(study: Study) -> Drawn:
    """Draw the distributions of genuine and impostor scores."""
    runs = study.score_runs
    if runs.empty:
        message = "no protocol could be answered"
        raise NotAnswerableError(message)
    protocol = next((name for name in ("leave_one_run_out", *PROTOCOLS) if (runs["protocol"] == name).any()), "")
    modality = _first_modality(runs)
    shown = runs[(runs["protocol"] == protocol) & (runs["modality"] == modality)]
    rows = study.scores_of(protocol, modality, shown["window_s"].min())
    rows = rows[rows["level"] == "recording"]
    edges = np.histogram_bin_edges(rows["score"].dropna(), bins=40)
    figure, axes = plt.subplots(figsize=(SINGLE_COLUMN_IN, 2.8), layout="constrained")
    counted = []
    for name, is_genuine, colour in (("genuine", True, "#009E73"), ("impostor", False, "#D55E00")):
        values = rows.loc[rows["genuine"] == is_genuine, "score"].dropna()
        density, _ = np.histogram(values, bins=edges, density=len(values) > 0)
        axes.stairs(density, edges, fill=True, alpha=0.45, color=colour, label=f"{name} ({len(values)})")
        counted.append(pd.DataFrame({"comparison": name, "score_low": edges[:-1], "density": density}))
    chance_line(axes, 0.0, along="x")
    axes.set(xlabel="log-likelihood ratio", ylabel="density", title=f"{_words(protocol)}, {modality}")
    legend_below(figure, axes)
    caption = (
        f"Scores of recordings against enrolled people, {_words(protocol)}, {modality}, model "
        "'selected': comparisons with the right person and with others. Dashed: says nothing either way."
    )
    return Drawn(figure, pd.concat(counted), "Score distributions", caption)


def _curves(study: Study, curve: str) -> pd.DataFrame:
    curves = study.curves("identification")
    if curves.empty or "curve" not in curves:
        message = "no protocol could be answered"
        raise NotAnswerableError(message)
    curves = curves[(curves["curve"] == curve) & (curves["model"] == "selected")]
    if curves.empty:
        message = "no protocol could be answered"
        raise NotAnswerableError(message)
    return curves[curves["window_s"] == curves["window_s"].min()]


def _main_protocols(curves: pd.DataFrame) -> list[str]:
    found = [name for name in PROTOCOLS if (curves["protocol"] == name).any()]
    return found[:4] or sorted(curves["protocol"].unique())[:4]


def _row_of_axes(count: int) -> tuple[plt.Figure, np.ndarray]:
    width = min(DOUBLE_COLUMN_IN, 2.1 * count + 1.4)
    figure, axes = plt.subplots(1, count, figsize=(width, 2.6), squeeze=False, layout="constrained")
    return figure, axes[0]


def _line(axes: Axes, rows: pd.DataFrame, modality: str) -> None:
    ordered = rows.sort_values("x", kind="stable")
    axes.plot(ordered["x"], ordered["y"], color=COLOURS.get(modality), label=modality)


def _modalities(rows: pd.DataFrame) -> list[str]:
    return [name for name in MODALITIES if (rows["modality"] == name).any()]


def _first_modality(rows: pd.DataFrame) -> str:
    return next(iter(_modalities(rows)), "")


def _window(rows: pd.DataFrame) -> str:
    return f"{rows['window_s'].min():.0f} s"


def _words(protocol: str) -> str:
    return protocol.replace("_", " ")
