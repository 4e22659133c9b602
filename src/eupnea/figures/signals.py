"""Figures of the signals: example breaths, and quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from eupnea.figures.drawing import DOUBLE_COLUMN_IN, Drawn, NotAnswerableError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eupnea.study import Study

EXAMPLE_S = 45.0
EXAMPLES = 4
SHARES = {
    "flat_share": "flat",
    "clipped_share": "clipped",
    "gap_share": "missing",
    "motion_share": "motion",
    "out_of_band_share": "power out of band",
}


def breaths(study: Study) -> Drawn:
    """Draw a stretch of breathing of some people, nasal and oral where both are there, with its breaths and beats."""
    used = study.recordings[study.recordings["status"] == "used"]
    examples = [row for _, row in _examples(used).iterrows()]
    drawn = [(row, stretch) for row in examples if (stretch := _stretch(study, row)) is not None]
    if not drawn:
        message = "no recording holds breathing"
        raise NotAnswerableError(message)
    figure, axes = plt.subplots(
        len(drawn), 1, figsize=(DOUBLE_COLUMN_IN, 1.25 * len(drawn) + 0.4), squeeze=False, layout="constrained"
    )
    frames = []
    for axis, (row, stretch) in zip(axes[:, 0], drawn, strict=True):
        _trace(axis, study, row, stretch)
        frames.append(stretch.assign(recording=row["recording"])[["recording", "signal", "time_s", "breathing"]])
    axes[-1, 0].set_xlabel("time, s")
    caption = (
        f"Example breaths: {EXAMPLE_S:.0f} s of respiration in the breathing band, inspiration up, scaled to its own "
        "standard deviation. Shaded: inspiration as found; red marks: breaths that do not enter features; ticks below: "
        "heartbeats."
    )
    return Drawn(figure, pd.concat(frames, ignore_index=True), "Example breaths", caption)


def _examples(used: pd.DataFrame) -> pd.DataFrame:
    """Choose recordings at rest first, of different people and modes."""
    ranked = used.assign(is_task=used["task"] != "rest").sort_values(
        ["is_task", "participant", "mode", "run"], kind="stable"
    )
    per_mode = [group.drop_duplicates("participant") for _, group in ranked.groupby("mode", sort=True)]
    share = max(1, EXAMPLES // max(1, len(per_mode)))
    chosen = [group.head(share) for group in per_mode]
    return pd.concat(chosen) if chosen else ranked.head(0)


def _stretch(study: Study, row: pd.Series) -> pd.DataFrame | None:
    samples = study.main_respiration(row["recording"])
    if samples.empty:
        return None
    valid = samples.loc[samples["is_valid"], "time_s"]
    start = float(valid.iloc[len(valid) // 2]) if len(valid) else float(samples["time_s"].iloc[0])
    inside = (samples["time_s"] >= start) & (samples["time_s"] < start + EXAMPLE_S)
    return samples[inside]


def _trace(axes: Axes, study: Study, row: pd.Series, stretch: pd.DataFrame) -> None:
    start, stop = stretch["time_s"].iloc[0], stretch["time_s"].iloc[-1]
    values = stretch["breathing"] / (stretch["breathing"].std() or 1.0)
    axes.plot(stretch["time_s"], values, color="black", linewidth=0.8)
    found = study.breaths(row["participant"])
    found = found[(found["recording"] == row["recording"]) & (found["signal"] == stretch["signal"].iloc[0])]
    for breath in found[(found["end_s"] > start) & (found["inhale_onset_s"] < stop)].itertuples():
        axes.axvspan(
            max(breath.inhale_onset_s, start),
            min(breath.exhale_onset_s, stop),
            color="#0072B2",
            alpha=0.15,
            linewidth=0,
        )
        if not breath.is_valid:
            axes.plot((breath.inhale_onset_s + breath.end_s) / 2, values.max() * 1.15, "x", color="#B00020")
    beats = study.beats(row["participant"])
    times = beats.loc[(beats["recording"] == row["recording"]) & beats["time_s"].between(start, stop), "time_s"]
    axes.vlines(times, values.min() * 1.35, values.min() * 1.15, color="#D55E00", linewidth=0.6)
    axes.set(xlim=(start, stop), yticks=[], title=row["recording"])
    axes.spines["left"].set_visible(False)


def quality(study: Study) -> Drawn:
    """Draw what is wrong with the signals: share of time by kind of fault, and usable share per recording."""
    table = study.quality
    if table.empty:
        message = "no recording could be read"
        raise NotAnswerableError(message)
    kinds = sorted(table["kind"].unique())
    faults = table.groupby("kind")[list(SHARES)].mean()
    usable = table.groupby(["recording", "kind"])["is_usable"].mean().rename("usable_share").reset_index()
    figure, (left, right) = plt.subplots(1, 2, figsize=(DOUBLE_COLUMN_IN, 2.6), layout="constrained")
    width = 0.8 / len(kinds)
    for number, kind in enumerate(kinds):
        position = np.arange(len(SHARES)) + number * width
        left.bar(position, 100 * faults.loc[kind, list(SHARES)].to_numpy(), width=width, label=kind)
        shares = np.sort(100 * usable.loc[usable["kind"] == kind, "usable_share"].to_numpy())
        right.plot(np.arange(1, len(shares) + 1), shares, label=kind)
    left.set_xticks(np.arange(len(SHARES)) + 0.4 - width / 2, list(SHARES.values()), rotation=30, ha="right")
    left.set(ylabel="% of time (or power)", title="Faults")
    left.legend()
    right.set(xlabel="recordings, the worst first", ylabel="% of epochs usable", ylim=(0, 102), title="Usable")
    caption = (
        "Quality of the signals. Left: share of the time that is flat, clipped, missing or in motion, and share of "
        f"power outside the band of physiology, by kind of signal. Right: share of usable epochs in each of the "
        f"{usable['recording'].nunique()} recordings."
    )
    return Drawn(figure, usable, "Quality", caption)
