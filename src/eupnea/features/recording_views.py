"""Make views of recordings from the tables of a chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eupnea.features.registry import CARDIAC_KINDS, RESPIRATION_KINDS
from eupnea.features.views import RecordingView, SiteSignal
from eupnea.signals.presets import RESPIRATION_HZ, SERIES_KINDS

RATE_SERIES_HZ = 4.0
"""Rate that an uneven series of heart rates is brought to, Hz."""
LONGEST_HOLD_S = 10.0
"""A heart rate stands for at most this long, s (assumed)."""
MAX_OFFSET_SE_S = 0.2
"""Alignment that coupling needs, s (study design)."""


@dataclass(frozen=True)
class ChunkTables:
    """The tables of a chunk that views are made from, as the contract has them."""

    recordings: pd.DataFrame
    channels: pd.DataFrame
    respiration: pd.DataFrame
    cardiac: pd.DataFrame
    quality: pd.DataFrame
    breaths: pd.DataFrame
    beats: pd.DataFrame


def recording_views(tables: ChunkTables) -> Iterator[tuple[dict[str, Any], RecordingView]]:
    """Yield the row and the view of every used recording that has a signal.

    Where several respiration signals were recorded, the first whose site fits the mode is the main one, else the first;
    of two nostrils the sum of their flow, and where there is none (no sensors of flow, one that cannot be used) the one
    with more signal, as the other may be closed for hours (nasal cycle). In the same way the cardiac one: ECG before
    pulse before series.
    """
    by_signal = {
        "respiration": _split(tables.respiration, ["recording", "signal"]),
        "cardiac": _split(tables.cardiac, ["recording", "signal"]),
        "breaths": _split(tables.breaths, ["recording", "signal"]),
        "beats": _split(tables.beats, ["recording", "signal"]),
    }
    channels, quality = _split(tables.channels, ["recording"]), _split(tables.quality, ["recording"])
    for row in tables.recordings.to_dict("records"):
        name = str(row["recording"])
        if row["status"] != "used" or (name,) not in channels:
            continue
        view = _view(row, channels[(name,)], quality.get((name,), tables.quality.iloc[:0]), by_signal, tables)
        if view.respiration_kind or view.cardiac_kind:
            yield {str(key): value for key, value in row.items()}, view


def _split(frame: pd.DataFrame, keys: list[str]) -> dict[Any, pd.DataFrame]:
    return dict(iter(frame.groupby(keys, sort=False)))


def _view(
    row: Mapping[Any, Any],
    channels: pd.DataFrame,
    quality: pd.DataFrame,
    by_signal: Mapping[str, Mapping[Any, pd.DataFrame]],
    tables: ChunkTables,
) -> RecordingView:
    name = row["recording"]
    breathing = [one for one in channels.to_dict("records") if (name, one["signal"]) in by_signal["respiration"]]
    heart = [one for one in channels.to_dict("records") if (name, one["signal"]) in by_signal["cardiac"]]
    samples = {one["signal"]: by_signal["respiration"][name, one["signal"]] for one in breathing}
    main = main_respiration(breathing, str(row["mode"]), samples)
    beat = min(heart, key=lambda one: _cardiac_rank(one["kind"]), default={"kind": "", "signal": ""})
    signal = by_signal["respiration"].get((name, main["signal"]), tables.respiration.iloc[:0])
    waveform = _waveform(by_signal["cardiac"].get((name, beat["signal"])))
    return RecordingView(
        recording=name,
        respiration_kind=main["kind"],
        sampling_hz=RESPIRATION_HZ,
        time_s=signal["time_s"].to_numpy(dtype=float),
        detection=signal["detection"].to_numpy(dtype=np.float32),
        breathing=signal["breathing"].to_numpy(dtype=np.float32),
        above=signal["above"].to_numpy(dtype=np.float32),
        is_valid=signal["is_valid"].to_numpy(dtype=bool),
        breaths=by_signal["breaths"].get((name, main["signal"]), tables.breaths.iloc[:0]).reset_index(drop=True),
        cardiac_kind=beat["kind"],
        beats=by_signal["beats"].get((name, beat["signal"]), tables.beats.iloc[:0]).reset_index(drop=True),
        **waveform,
        quality=quality.reset_index(drop=True),
        is_aligned=_is_aligned(row),
        respiration_signal=main["signal"],
        cardiac_signal=beat["signal"],
        sites={
            one["site"]: _site(one["kind"], by_signal["respiration"][name, one["signal"]])
            for one in breathing
            if one["site"] and one["status"] != "derived"
        },
        mode=str(row["mode"]),
    )


def main_respiration(
    channels: Sequence[Mapping[Any, Any]], mode: str, samples: Mapping[str, pd.DataFrame]
) -> Mapping[Any, Any]:
    """Return the channel that breaths and shapes of a recording are those of.

    Parameters
    ----------
    channels
        Rows of the recording's cleaned respiration signals, in the contract CHANNELS.
    mode
        Breathing mode of the recording.
    samples
        Name of the signal -> its rows, in the contract RESPIRATION.

    Returns
    -------
    mapping
        A row of `channels`; kind, signal and site are empty where there is none.
    """
    main = min(channels, key=lambda one: _rank(one, mode), default={"kind": "", "signal": "", "site": ""})
    if main["site"] not in NOSTRILS:
        return main
    sides = [one for one in channels if one["site"] in NOSTRILS and one["kind"] == main["kind"]]
    return max(sides, key=lambda one: _flow(samples[one["signal"]]))


NOSTRILS = ("nasal_left", "nasal_right")


def _flow(rows: pd.DataFrame) -> float:
    """Return the mean size of a signal where it is valid; 0 where it never is."""
    values = rows["breathing"].to_numpy(dtype=float)
    good = rows["is_valid"].to_numpy(dtype=bool) & np.isfinite(values)
    return float(np.abs(values[good]).mean()) if good.any() else 0.0


def _rank(channel: Mapping[Any, Any], mode: str) -> tuple[bool, bool, int, bool]:
    site = str(channel["site"])
    fits = bool(mode) and site.split("_")[0] == mode
    kind = RESPIRATION_KINDS.split(",").index(channel["kind"])
    return not fits, site != "oronasal" and bool(mode), kind, site in NOSTRILS


def _cardiac_rank(kind: str) -> int:
    return CARDIAC_KINDS.split(",").index(kind)


def _site(kind: str, rows: pd.DataFrame) -> SiteSignal:
    return SiteSignal(
        kind,
        rows["time_s"].to_numpy(dtype=float),
        rows["breathing"].to_numpy(dtype=np.float32),
        rows["is_valid"].to_numpy(dtype=bool),
    )


def _is_aligned(row: Mapping[Any, Any]) -> bool:
    error = float(row["sync_offset_se_s"])
    return row["sync_method"] not in ("", "not_aligned") and not error > MAX_OFFSET_SE_S


def _waveform(rows: pd.DataFrame | None) -> dict[str, Any]:
    """Return the cardiac waveform; an uneven series of rates is held until the next value."""
    empty = {"cardiac_hz": float("nan"), "cardiac_start_s": 0.0, "cardiac": np.empty(0, dtype=np.float32)}
    if rows is None:
        return empty
    row = rows.iloc[0]
    values = np.asarray(row["values"], dtype=np.float32)
    if row["kind"] not in SERIES_KINDS:
        return {"cardiac_hz": float(row["sampling_hz"]), "cardiac_start_s": float(row["start_s"]), "cardiac": values}
    if row["kind"] == "rr" or values.size == 0:
        return empty
    times = np.asarray(row["times_s"], dtype=float)
    if times.size != values.size:
        times = float(row["start_s"]) + np.arange(values.size) / float(row["sampling_hz"])
    grid = np.arange(times[0], times[-1] + LONGEST_HOLD_S, 1 / RATE_SERIES_HZ)
    place = np.searchsorted(times, grid, side="right") - 1
    held = np.where(grid - times[place] < LONGEST_HOLD_S, values[place], np.nan)
    return {"cardiac_hz": RATE_SERIES_HZ, "cardiac_start_s": float(times[0]), "cardiac": held.astype(np.float32)}
