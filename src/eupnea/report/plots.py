"""Plots that tell what a point is when the pointer is over it: scores and predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eupnea.report.words import number

if TYPE_CHECKING:
    import pandas as pd

    from eupnea.study import Study

MODALITIES = ("respiration", "cardiac", "coupling", "all")
MOST_IMPOSTORS = 1500
"""Impostor comparisons drawn at most; evenly thinned in the order of their scores."""

GENUINE, IMPOSTOR = "#009e73", "#d55e00"


def plots_of(study: Study, section: str) -> list[dict[str, Any]]:
    """Return the plots of a section of the report: name, title, caption and points with their labels."""
    if section == "identification":
        return _scores(study)
    if section == "traits":
        return _predictions(study)
    return []


def _scores(study: Study) -> list[dict[str, Any]]:
    runs = study.score_runs
    runs = runs[runs["protocol"] == "leave_one_run_out"]
    modality = next((name for name in MODALITIES if (runs["modality"] == name).any()), None)
    if modality is None:
        return []
    shortest_s = runs.loc[runs["modality"] == modality, "window_s"].min()
    table = study.scores_of("leave_one_run_out", modality, shortest_s)
    rows = table[(table["level"] == "recording") & table["score"].notna()].sort_values(
        ["score", "recording", "claimed"], kind="stable", ignore_index=True
    )
    people = {name: place for place, name in enumerate(sorted(rows["probe_participant"].unique()))}
    impostors = _thinned(rows[~rows["genuine"]], MOST_IMPOSTORS)
    genuine = rows[rows["genuine"]]
    points = [
        [
            round(float(row.score), 4),
            people[row.probe_participant],
            f"{row.recording} claimed as {row.claimed}: {row.score:.2f}",
            GENUINE if row.genuine else IMPOSTOR,
        ]
        for part in (impostors, genuine)
        for row in part.itertuples()
    ]
    thinned = len(rows[~rows["genuine"]]) - len(impostors)
    caption = (
        f"Every recording (point) against every enrolled person, {modality}, windows of "
        f"{rows['window_s'].iloc[0]:.0f} s, "
        "a run that was not enrolled; one line per person. Green: the right person; orange: another one. Point at one "
        "to see which."
    )
    if thinned:
        caption += f" {thinned} of the comparisons with others are left out."
    data = _data(points, "score", "person")
    return [{"name": "scores-hover", "title": "Scores, person by person", "caption": caption, "data": data}]


def _thinned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    if len(rows) <= most:
        return rows
    return rows.iloc[np.unique(np.linspace(0, len(rows) - 1, most).astype(int))]


def _predictions(study: Study) -> list[dict[str, Any]]:
    table = study.predictions
    table = table[(table["model"] == "selected") & (table["class"] == "") & table["y_pred"].notna()]
    plots: list[dict[str, Any]] = []
    for target in dict.fromkeys(table["target"]):
        rows = table[table["target"] == target]
        modality = next((name for name in ("all", *MODALITIES) if (rows["modality"] == name).any()), None)
        if modality is None:
            continue
        rows = rows[rows["modality"] == modality]
        people = rows.groupby(["participant", "recording"], sort=True)[["y_true", "y_pred"]].mean().reset_index()
        points = [
            [
                round(float(row.y_true), 4),
                round(float(row.y_pred), 4),
                f"{row.recording or row.participant}: true {number(row.y_true)}, predicted {number(row.y_pred)}",
            ]
            for row in people.itertuples()
        ]
        title = f"{'BMI' if target == 'bmi' else target.capitalize()}, person by person"
        caption = f"Predicted from {modality} for people not seen in training; the line is perfect prediction."
        data = _data(points, f"true {target}", "predicted") | {"diagonal": True}
        plots.append({"name": f"predictions-{len(plots)}", "title": title, "caption": caption, "data": data})
    return plots


def _data(points: list[list[Any]], x_label: str, y_label: str) -> dict[str, Any]:
    x, y = ([point[place] for point in points] for place in (0, 1))
    return {
        "points": points,
        "x_label": x_label,
        "y_label": y_label,
        "x_range": _range(x),
        "y_range": _range(y),
        "diagonal": False,
    }


def _range(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 1.0
    return [round(low - margin, 4), round(high + margin, 4)]
