"""What the signal viewers of the report hold: a stretch of each recording with its breaths, beats and quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.errors import InputError
from eupnea.report.page import render_viewer

if TYPE_CHECKING:
    from eupnea.study import Study

HEART_HZ = 100.0
"""The heart is drawn with at most so many samples per second."""
HEART_STEPS = 999
"""Heights that the heart's waveform is written in: whole numbers keep the page small."""
HEART_SPREAD = (0.2, 99.8)
"""Percentiles of the waveform that the drawing spans."""
FRAME_HEIGHT_PX = 480


def signal_viewer(study: Study, recording: str, *, start_s: float | None = None, seconds: float = 300.0) -> Any:
    """Show the report's signal viewer of one recording in a notebook: zoom, drag, breaths, beats, quality.

    It needs no network and no kernel: it still works in a notebook that was exported to HTML.

    Parameters
    ----------
    study
        The results.
    recording
        Name of a used recording.
    start_s
        Start of the stretch, s on the recording's clock; None: around the recording's worst epoch.
    seconds
        Length of the stretch, s.

    Returns
    -------
    IPython.display.HTML
        A frame that holds the viewer.

    Raises
    ------
    InputError
        The recording is not known, is not used, or has no waveform to show.
    """
    import html

    from IPython.display import HTML

    ranked = worst_first(study)
    rows = ranked[ranked["recording"] == recording]
    viewer = viewer_of(study, rows.iloc[0], seconds=seconds, start_s=start_s) if len(rows) else None
    if viewer is None:
        raise InputError(
            "There is no signal of this recording to show",
            where=str(study.folder),
            found=recording,
            allowed="a recording with the status 'used' and a waveform",
        )
    about = f"{viewer['signal']}, {100 * rows['usable_share'].iloc[0]:.0f} % of the recording's epochs are usable"
    page = html.escape(render_viewer(viewer, about=about), quote=True)
    size = f'width="100%" height="{FRAME_HEIGHT_PX}" style="border:0"'
    return HTML(f'<div><iframe srcdoc="{page}" title="{html.escape(recording)}" {size}></iframe></div>')


def worst_first(study: Study) -> pd.DataFrame:
    """Return the used recordings with their share of usable epochs, the worst first."""
    used = study.recordings[study.recordings["status"] == "used"]
    share = study.quality.groupby("recording")["is_usable"].mean()
    ranked = used.assign(usable_share=used["recording"].map(share).astype(float))
    return ranked.sort_values(["usable_share", "recording"], kind="stable", ignore_index=True)


def viewer_of(
    study: Study, recording: pd.Series, *, seconds: float, start_s: float | None = None
) -> dict[str, Any] | None:
    """Return the data of one viewer: breathing and heart in one stretch.

    Parameters
    ----------
    study
        The results.
    recording
        A row of `worst_first`.
    seconds
        Length of the stretch, s.
    start_s
        Its start, s; None: around the recording's worst epoch.

    Returns
    -------
    dict or None
        None when the recording has neither respiration nor a cardiac waveform to show.
    """
    name = recording["recording"]
    quality = study.quality[study.quality["recording"] == name]
    found = _samples(study, name)
    if found is None or quality.empty:
        return None
    signal, times, values = found
    epochs = quality[quality["signal"] == signal] if (quality["signal"] == signal).any() else quality
    start = _start(epochs, float(times[0]), float(times[-1]), seconds) if start_s is None else float(start_s)
    inside = (times >= start) & (times < start + seconds)
    if not inside.any():
        return None
    breaths = _of(study.breaths(recording["participant"]), name, signal)
    beats = _of(study.beats(recording["participant"]), name, None)
    is_breath, is_beat = breaths["is_valid"].to_numpy(dtype=bool), (beats["artefact"] == "normal").to_numpy(dtype=bool)
    shown = values[inside]
    finite = shown[np.isfinite(shown)]
    return {
        "recording": name,
        "signal": signal,
        "start_s": round(float(times[inside][0]), 3),
        "hz": round(1 / float(np.median(np.diff(times))), 6),
        "values": [None if not np.isfinite(value) else round(float(value), 4) for value in shown],
        "low": round(float(finite.min()), 4) if finite.size else 0.0,
        "high": round(float(finite.max()), 4) if finite.size else 1.0,
        "inhale": _times(breaths, "inhale_onset_s", start, seconds),
        "exhale": _times(breaths, "exhale_onset_s", start, seconds),
        "left_out": _times(breaths[~is_breath], "inhale_onset_s", start, seconds),
        "sighs": _times(breaths[breaths["is_sigh"].to_numpy(dtype=bool)], "exhale_onset_s", start, seconds),
        "beats": _times(beats[is_beat], "time_s", start, seconds),
        "odd_beats": _times(beats[~is_beat], "time_s", start, seconds),
        "heart": _heart(study, name, start, seconds),
        "epochs": [
            [round(float(begin), 2), round(float(begin + length), 2), bool(usable)]
            for begin, length, usable in zip(epochs["start_s"], epochs["duration_s"], epochs["is_usable"], strict=True)
            if begin + length > start and begin < start + seconds
        ],
    }


def _samples(study: Study, name: str) -> tuple[str, np.ndarray, np.ndarray] | None:
    respiration = study.main_respiration(name)
    if len(respiration):
        rows = respiration.iloc[::2]
        return str(rows["signal"].iloc[0]), rows["time_s"].to_numpy(), rows["detection"].to_numpy(dtype=float)
    cardiac = study.cardiac(name)
    for row in cardiac.itertuples():
        if row.kind in ("ecg", "ppg") and len(row.values):
            values = np.asarray(row.values, dtype=float)
            return str(row.signal), row.start_s + np.arange(values.size) / row.sampling_hz, values
    return None


def _heart(study: Study, name: str, start: float, seconds: float) -> dict[str, Any] | None:
    """Return the cardiac waveform of a stretch in whole steps of its height; None where there is no waveform."""
    rows = study.cardiac(name)
    for row in rows[rows["kind"].isin(["ecg", "ppg"])].itertuples():
        step = max(1, int(row.sampling_hz // HEART_HZ))
        first = max(0, round((start - row.start_s) * row.sampling_hz))
        values = np.asarray(row.values, dtype=float)[first : round((start + seconds - row.start_s) * row.sampling_hz)]
        values = values[::step]
        if not np.isfinite(values).any():
            return None
        low, high = np.nanpercentile(values, HEART_SPREAD)
        height = np.clip((values - low) / (high - low or 1.0), 0, 1) * HEART_STEPS
        return {
            "signal": str(row.signal),
            "start_s": round(row.start_s + first / row.sampling_hz, 4),
            "hz": row.sampling_hz / step,
            "values": [round(float(value)) if np.isfinite(value) else None for value in height],
        }
    return None


def _start(epochs: pd.DataFrame, first: float, last: float, seconds: float) -> float:
    bad = epochs.loc[~epochs["is_usable"], "start_s"]
    middle = float(bad.iloc[0]) if len(bad) else first + seconds / 2
    return float(np.clip(middle - seconds / 2, first, max(first, last - seconds)))


def _of(table: pd.DataFrame, recording: str, signal: str | None) -> pd.DataFrame:
    rows = table["recording"] == recording
    if signal is not None:
        rows &= table["signal"] == signal
    return table[rows]


def _times(table: pd.DataFrame, column: str, start: float, seconds: float) -> list[float]:
    times = table[column].dropna().to_numpy(dtype=float)
    return [round(float(time), 3) for time in times[(times >= start) & (times < start + seconds)]]
