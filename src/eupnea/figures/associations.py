"""Figures of reliability and mixed models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from eupnea.figures.drawing import COLOURS, DOUBLE_COLUMN_IN, Drawn, NotAnswerableError
from eupnea.report.words import ALPHA, term_words

if TYPE_CHECKING:
    import pandas as pd

    from eupnea.study import Study

SHOWN_PER_TERM = 6


def reliability(study: Study) -> Drawn:
    """Draw the reliability of all features, by modality and by what lies between the measurements."""
    metrics = study.metrics
    rows = metrics[
        (metrics["analysis"] == "reliability")
        & (metrics["metric"] == "icc_3_1")
        & (metrics["status"] == "ok")
        & (metrics["level"] == "window")
    ]
    rows = rows[rows["window_s"] == rows["window_s"].min()]
    if rows.empty:
        message = "nobody has two recordings or windows of one condition"
        raise NotAnswerableError(message)
    rows = rows.assign(between=[_between(*pair) for pair in zip(rows["term"], rows["subset"], strict=True)])
    shown = list(dict.fromkeys(rows["between"]))[:8]
    modalities = [name for name in ("respiration", "cardiac", "coupling") if (rows["modality"] == name).any()]
    figure, axes = plt.subplots(
        figsize=(DOUBLE_COLUMN_IN, 0.36 * len(shown) * len(modalities) + 1.0), layout="constrained"
    )
    labels = []
    for i, between in enumerate(shown):
        for j, modality in enumerate(modalities):
            values = np.sort(rows.loc[(rows["between"] == between) & (rows["modality"] == modality), "value"])
            place = i * (len(modalities) + 0.6) + j
            axes.plot(values, np.full(len(values), place), "|", color=COLOURS[modality], markersize=7, alpha=0.6)
            if len(values):
                axes.plot(np.median(values), place, "D", color=COLOURS[modality])
            labels.append((place, f"{between}: {modality}"))
    axes.set_yticks([place for place, _ in labels], [label for _, label in labels])
    for level in (0.5, 0.75, 0.9):
        axes.axvline(level, color="#cccccc", linewidth=0.6, zorder=0)
    axes.axvline(0.0, color=COLOURS["chance"], linestyle="--", linewidth=0.8, zorder=0)
    axes.set(xlim=(-0.3, 1.0), xlabel="ICC(3,1)")
    axes.invert_yaxis()
    caption = (
        "Reliability of every feature (ticks) and its median (diamonds): intraclass correlation ICC(3,1), by modality "
        "and by what lies between the measurements: modes, tasks, sessions, runs, or windows within one condition. "
        "Lines: .5, .75, .9 (moderate, good, excellent); dashed: 0, people differ no more than by chance."
    )
    columns = ["feature", "modality", "term", "subset", "value", "ci_low", "ci_high", "n_participants"]
    return Drawn(figure, rows[columns], "Reliability", caption)


def _between(term: str, subset: str) -> str:
    """Write what lies between the measurements: ``between tasks``, or ``within nasal, rest`` for windows of one."""
    return f"within {', '.join(part.split('=', 1)[-1] for part in subset.split(','))}" if subset else f"between {term}"


def mixed_models(study: Study) -> Drawn:
    """Draw the clearest standardised effects of each term."""
    metrics = study.metrics
    rows = metrics[(metrics["analysis"] == "mixed_model") & (metrics["metric"] == "effect_size")]
    rows = rows[rows["p_adjusted"].notna() & (rows["status"] == "ok")]
    rows = rows[rows["window_s"] == rows["window_s"].min()]
    if rows.empty:
        message = "there are no conditions and no participant columns to compare"
        raise NotAnswerableError(message)
    clearest = rows.sort_values(["term", "p_adjusted", "p_value", "feature"], kind="stable")
    clearest = clearest.groupby("term", sort=False).head(SHOWN_PER_TERM)
    terms = list(dict.fromkeys(clearest["term"]))
    columns = min(2, len(terms))
    lines = int(np.ceil(len(terms) / columns))
    figure, axes = plt.subplots(
        lines, columns, figsize=(DOUBLE_COLUMN_IN, 1.5 * lines + 0.5), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(terms) :]:
        axis.set_axis_off()
    for axis, term in zip(axes.flat, terms, strict=False):
        _forest(axis, clearest[clearest["term"] == term], term, rows[rows["term"] == term])
    caption = (
        "Mixed models (participant as random intercept): the clearest effects of each term, in standard "
        "deviations of the feature, with 95 % intervals; filled: corrected p below .05 over all "
        "features. Titles count the filled ones among all features."
    )
    kept = ["term", "feature", "metric", "value", "ci_low", "ci_high", "p_value", "p_adjusted"]
    return Drawn(figure, rows[kept], "Mixed models", caption)


def _forest(axes: plt.Axes, rows: pd.DataFrame, term: str, family: pd.DataFrame) -> None:
    for number, (_, row) in enumerate(rows.iloc[::-1].iterrows()):
        is_clear = row["p_adjusted"] < ALPHA
        axes.plot(row["value"], number, "o", color="#0072B2", fillstyle="full" if is_clear else "none")
        axes.hlines(number, row["ci_low"], row["ci_high"], color="#0072B2", linewidth=0.9)
    names = [name.replace("__", " ").replace("_", " ")[:42] for name in rows["feature"].iloc[::-1]]
    axes.set_yticks(range(len(rows)), names, fontsize=5.5)
    axes.axvline(0, color="black", linewidth=0.6)
    words = term_words(term).removesuffix(", per minute")
    axes.set_title(f"{words}: {int((family['p_adjusted'] < ALPHA).sum())} of {len(family)}", fontsize=7.5)
    axes.set_xlabel("effect, SD of the feature" + ("" if "[" in term else " per SD"), fontsize=6.5)
