"""Figure of the recordings: who was recorded, how long, and what was set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from eupnea.figures.drawing import DOUBLE_COLUMN_IN, Drawn, NotAnswerableError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eupnea.study import Study

CONDITION = ["session", "mode", "task", "run"]


def design(study: Study) -> Drawn:
    """Draw the design: participants x conditions, seconds used, and age and sex of the people."""
    recordings = study.recordings
    if recordings.empty:
        message = "there is no recording"
        raise NotAnswerableError(message)
    recordings = recordings.assign(condition=_condition(recordings))
    minutes = recordings.assign(minutes=recordings["used_s"].where(recordings["status"] == "used", 0.0) / 60)
    grid = minutes.pivot_table(index="participant", columns="condition", values="minutes", aggfunc="sum", sort=True)
    height = float(np.clip(0.09 * len(grid) + 1.2, 2.4, 7.0))
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(DOUBLE_COLUMN_IN, height), width_ratios=[2.2, 1], layout="constrained"
    )
    _grid(left, grid)
    _people(right, study.participants)
    n_used = int((recordings["status"] == "used").sum())
    caption = (
        f"Design and data. Left: minutes of signal that windows may use, per participant (rows) and condition "
        f"(columns); white: not recorded; 0: set aside. {recordings['participant'].nunique()} participants with "
        f"{len(recordings)} recordings, {n_used} of them used. Right: age and sex of the participants."
    )
    data = recordings[["recording", "participant", "condition", "duration_s", "used_s", "status", "reason"]]
    return Drawn(figure, data, "Design and data", caption)


def _condition(recordings: pd.DataFrame) -> pd.Series:
    parts = [recordings[name] for name in CONDITION]
    return pd.Series([" ".join(filter(None, row)) for row in zip(*parts, strict=True)], index=recordings.index)


def _grid(axes: Axes, grid: pd.DataFrame) -> None:
    shown = grid.iloc[:, :40]
    image = axes.imshow(shown.to_numpy(), aspect="auto", interpolation="nearest", vmin=0)
    axes.set_xticks(range(shown.shape[1]), list(shown.columns), rotation=60, ha="right")
    step = -(-len(shown) // 24)
    axes.set_yticks(range(0, len(shown), step), list(shown.index[::step]))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.figure.colorbar(image, ax=axes, label="minutes used", pad=0.02)
    axes.set_title("Recordings")


def _people(axes: Axes, participants: pd.DataFrame) -> None:
    if "age" not in participants or participants["age"].notna().sum() == 0:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "ages are not known", ha="center", va="center")
        return
    sex = participants.get("sex", pd.Series("", index=participants.index)).fillna("").replace("", "not told")
    ages = [participants.loc[sex == value, "age"].dropna() for value in sorted(sex.unique())]
    lowest, highest = participants["age"].min(), participants["age"].max()
    edges = np.linspace(np.floor(lowest), max(np.ceil(highest), lowest + 1) + 1e-9, 12).tolist()
    axes.hist(ages, bins=edges, stacked=True, label=sorted(sex.unique()))
    axes.set(xlabel="age, years", ylabel="participants", title="People")
    axes.legend()
