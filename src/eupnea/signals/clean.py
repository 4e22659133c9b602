"""The stage *signals*: from raw signals to the tables of respiration, cardiac signals and quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from eupnea.errors import InputError
from eupnea.io.contract import CARDIAC, QUALITY, RESPIRATION
from eupnea.io.tables import concat_tables
from eupnea.recordings.nostrils import both_nostrils
from eupnea.recordings.padding import without_padding
from eupnea.signals.cardiac import clean_cardiac
from eupnea.signals.nose import quality_of_sum, sum_of_flows
from eupnea.signals.presets import RESPIRATION as RESPIRATION_PRESETS
from eupnea.signals.quality import quality_of_signal
from eupnea.signals.respiration import clean_respiration

if TYPE_CHECKING:
    from eupnea.config.signals import SignalsConfig
    from eupnea.recordings.signal import RawSignal

Key = tuple[str, str]
"""Recording and signal."""

NOTE_COLUMNS = ("recording", "signal", "note")


class CleanChunk(NamedTuple):
    """The cleaned signals of a chunk, in the contracts RESPIRATION, CARDIAC and QUALITY, and what to report.

    `notes` has the columns recording, signal, note (text).
    """

    respiration: pd.DataFrame
    cardiac: pd.DataFrame
    quality: pd.DataFrame
    notes: pd.DataFrame


def clean_chunk(
    raw: dict[tuple[str, str], RawSignal], channels: pd.DataFrame, intervals: pd.DataFrame, config: SignalsConfig
) -> CleanChunk:
    """Clean every signal of a chunk; one that cannot be cleaned is noted and left out, the others go on.

    Parameters
    ----------
    raw
        (recording, signal) -> samples on the clock of their device.
    channels
        Rows in the contract CHANNELS; the order of the results is theirs.
    intervals
        Rows in the contract INTERVALS; excluded stretches do not count for the polarity.
    config
        Options of the stage.
    """
    respiration: dict[Key, pd.DataFrame] = {}
    cardiac: list[dict[str, Any]] = []
    quality: dict[Key, pd.DataFrame] = {}
    notes: list[dict[str, str]] = []
    for row in channels.to_dict("records"):
        key = (row["recording"], row["signal"])
        if row["status"] != "used" or key not in raw:
            continue
        names = {"recording": key[0], "signal": key[1]}
        signal, told = without_padding(raw[key])
        try:
            told += _clean_one(signal, row, intervals, config, respiration=respiration, cardiac=cardiac)
        except InputError as error:
            told += (f"cannot be used: {_in_a_line(error)}",)
        notes += [names | {"note": note} for note in told]
        quality[key] = _quality(signal, row, config).assign(**names, kind=row["kind"])
    _add_noses(channels, respiration, quality, config)
    return CleanChunk(
        RESPIRATION.conform(concat_tables([RESPIRATION.empty(), *respiration.values()])),
        CARDIAC.conform(pd.DataFrame(cardiac)) if cardiac else CARDIAC.empty(),
        QUALITY.conform(concat_tables([QUALITY.empty(), *quality.values()])),
        pd.DataFrame(notes, columns=list(NOTE_COLUMNS)).astype("str"),
    )


def _clean_one(
    signal: RawSignal,
    row: dict[Any, Any],
    intervals: pd.DataFrame,
    config: SignalsConfig,
    *,
    respiration: dict[Key, pd.DataFrame],
    cardiac: list[dict[str, Any]],
) -> tuple[str, ...]:
    """Clean one signal, put it where it belongs, return its notes."""
    names = {"recording": row["recording"], "signal": row["signal"]}
    clock = {"offset_s": row["offset_s"], "drift_ppm": row["drift_ppm"]}
    kind = row["kind"]
    if kind in RESPIRATION_PRESETS:
        clean = clean_respiration(
            signal.values,
            signal.sampling_hz,
            preset=kind,
            polarity=row["polarity"] or "auto",
            start_s=signal.start_s,
            **clock,
            breathing_max_hz=config.breathing_max_hz.get(kind),
            longest_bridge_s=config.longest_bridge_s,
            shortest_piece_s=config.shortest_piece_s,
            excluded_s=_excluded(intervals, row["recording"]),
            estimate=config.estimate_polarity,
        )
        respiration[row["recording"], row["signal"]] = clean.frame().assign(**names)
        return clean.notes
    max_hz = {"ecg": config.ecg_max_hz, "ppg": config.ppg_max_hz}.get(kind, np.inf)
    heart = clean_cardiac(signal, kind=kind, max_hz=max_hz, **clock)
    columns = {name: getattr(heart, name) for name in ("sampling_hz", "start_s", "values", "times_s")}
    cardiac.append(names | {"kind": kind} | columns)
    return heart.notes


def _add_noses(
    channels: pd.DataFrame,
    respiration: dict[Key, pd.DataFrame],
    quality: dict[Key, pd.DataFrame],
    config: SignalsConfig,
) -> None:
    """Add the sum of both nostrils where the channels name one and both could be cleaned."""
    for row in channels[channels["status"] == "derived"].to_dict("records"):
        sides = both_nostrils(channels[channels["recording"] == row["recording"]].to_dict("records"))
        keys = [(row["recording"], side["signal"]) for side in sides or ()]
        if keys and all(key in respiration for key in keys):
            own = (row["recording"], row["signal"])
            flow = sum_of_flows(*(respiration[key] for key in keys))
            respiration[own] = flow.assign(recording=own[0], signal=own[1])
            left, right = (quality[key] for key in keys)
            judged = quality_of_sum(left, right, config.quality)
            quality[own] = judged.assign(recording=own[0], signal=own[1])


def _in_a_line(error: InputError) -> str:
    """Return what is wrong, what was found and what to do."""
    found = f": {error.found}" if error.found is not None else ""
    return f"{error.what}{found}" + (f"; {error.change}" if error.change else "")


def _quality(signal: RawSignal, row: dict[Any, Any], config: SignalsConfig) -> pd.DataFrame:
    clock = {"offset_s": row["offset_s"], "drift_ppm": row["drift_ppm"]}
    try:
        table = quality_of_signal(signal, kind=row["kind"], config=config.quality, **clock)
    except InputError:  # told when it was cleaned
        table = pd.DataFrame()
    return table if len(table) else QUALITY.empty().drop(columns=["recording", "signal", "kind"])


def _excluded(intervals: pd.DataFrame, recording: str) -> np.ndarray:
    mine = intervals[(intervals["recording"] == recording) & (intervals["role"] == "exclude")]
    start = mine["onset_s"].to_numpy(dtype=float)
    return np.column_stack([start, start + mine["duration_s"].to_numpy(dtype=float)])
