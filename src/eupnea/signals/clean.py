"""The stage *signals*: from raw signals to the tables of respiration, cardiac signals and quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from eupnea.errors import InputError
from eupnea.io.contract import CARDIAC, QUALITY, RESPIRATION
from eupnea.io.tables import concat_tables
from eupnea.signals.cardiac import clean_cardiac
from eupnea.signals.presets import RESPIRATION as RESPIRATION_PRESETS
from eupnea.signals.quality import quality_of_signal
from eupnea.signals.respiration import clean_respiration

if TYPE_CHECKING:
    from eupnea.config.signals import SignalsConfig
    from eupnea.recordings.signal import RawSignal

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
    respiration: list[pd.DataFrame] = []
    cardiac: list[dict[str, Any]] = []
    quality: list[pd.DataFrame] = []
    notes: list[dict[str, str]] = []
    for row in channels.to_dict("records"):
        key = (row["recording"], row["signal"])
        if row["status"] != "used" or key not in raw:
            continue
        names = {"recording": key[0], "signal": key[1]}
        try:
            told = _clean_one(raw[key], row, intervals, config, respiration=respiration, cardiac=cardiac)
        except InputError as error:
            told = (f"cannot be used: {error.what}",)
        notes += [names | {"note": note} for note in told]
        quality.append(_quality(raw[key], row, config).assign(**names, kind=row["kind"]))
    return CleanChunk(
        RESPIRATION.conform(concat_tables([RESPIRATION.empty(), *respiration])),
        CARDIAC.conform(pd.DataFrame(cardiac)) if cardiac else CARDIAC.empty(),
        QUALITY.conform(concat_tables([QUALITY.empty(), *quality])),
        pd.DataFrame(notes, columns=list(NOTE_COLUMNS)).astype("str"),
    )


def _clean_one(
    signal: RawSignal,
    row: dict[Any, Any],
    intervals: pd.DataFrame,
    config: SignalsConfig,
    *,
    respiration: list[pd.DataFrame],
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
        respiration.append(clean.frame().assign(**names))
        return clean.notes
    max_hz = {"ecg": config.ecg_max_hz, "ppg": config.ppg_max_hz}.get(kind, np.inf)
    heart = clean_cardiac(signal, kind=kind, max_hz=max_hz, **clock)
    columns = {name: getattr(heart, name) for name in ("sampling_hz", "start_s", "values", "times_s")}
    cardiac.append(names | {"kind": kind} | columns)
    return heart.notes


def _quality(signal: RawSignal, row: dict[Any, Any], config: SignalsConfig) -> pd.DataFrame:
    table = quality_of_signal(
        signal, kind=row["kind"], config=config.quality, offset_s=row["offset_s"], drift_ppm=row["drift_ppm"]
    )
    return table if len(table) else QUALITY.empty().drop(columns=["recording", "signal", "kind"])


def _excluded(intervals: pd.DataFrame, recording: str) -> np.ndarray:
    mine = intervals[(intervals["recording"] == recording) & (intervals["role"] == "exclude")]
    start = mine["onset_s"].to_numpy(dtype=float)
    return np.column_stack([start, start + mine["duration_s"].to_numpy(dtype=float)])
