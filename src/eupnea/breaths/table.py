"""The stage *breaths*: from cleaned respiration to the table of breaths."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eupnea.breaths.detect import ONSET_RULES, FoundBreaths, find_breaths
from eupnea.breaths.measures import between_samples, peaks_between, share_missing
from eupnea.breaths.swings import medians
from eupnea.config.breaths import BreathsConfig
from eupnea.io.contract import BREATHS
from eupnea.io.tables import concat_tables
from eupnea.signals.presets import RESPIRATION_HZ, RespirationPreset, respiration_preset
from eupnea.signals.runs import fill_gaps

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

REASONS = ("", "gap", "not_valid_signal", "too_short", "too_long", "no_volume")
"""Why a breath is not valid; the first is of valid ones."""
MIN_SECONDS = 5.0
"""Shorter signals hold no breath that could be compared with others, s."""


def breaths_of_chunk(respiration: pd.DataFrame, channels: pd.DataFrame, config: BreathsConfig) -> pd.DataFrame:
    """Find the breaths of every respiration signal of a chunk.

    Parameters
    ----------
    respiration
        Rows in the contract RESPIRATION.
    channels
        Rows in the contract CHANNELS: the kind of each signal.
    config
        Options of the stage.

    Returns
    -------
    DataFrame
        Rows in the contract BREATHS, in the order of the signals.
    """
    kinds = {(row.recording, row.signal): row.kind for row in channels.itertuples(index=False)}
    tables = []
    for (recording, signal), rows in respiration.groupby(["recording", "signal"], sort=False):
        found = detect_breaths(
            rows["detection"].to_numpy(dtype=float),
            RESPIRATION_HZ,
            preset=kinds[recording, signal],
            is_valid=rows["is_valid"].to_numpy(dtype=bool),
            start_s=float(rows["time_s"].iloc[0]),
            config=config,
        )
        tables.append(found.assign(recording=recording, signal=signal))
    return BREATHS.conform(concat_tables([BREATHS.empty(), *tables]))


def detect_breaths(
    values: ArrayLike,
    sampling_hz: float,
    *,
    preset: str | RespirationPreset,
    is_valid: ArrayLike | None = None,
    start_s: float = 0.0,
    config: BreathsConfig | None = None,
) -> pd.DataFrame:
    """Find the breaths of one respiration signal.

    Parameters
    ----------
    values
        Shape (n,): cleaned signal with inspiration up: flow (airflow, nasal pressure, thermistor), or volume (belt,
        CO2 turned upside down). NaN in gaps.
    sampling_hz
        Its rate, Hz.
    preset
        Kind of the sensor, or a preset.
    is_valid
        Shape (n,): samples that are believed; all finite ones by default.
    start_s
        Time of the first sample, s.
    config
        Options of the stage.

    Returns
    -------
    DataFrame
        One row per breath, in the columns of the breath contract from `breath` on.
    """
    sensor = respiration_preset(preset) if isinstance(preset, str) else preset
    config = config or BreathsConfig()
    signal = np.asarray(values, dtype=float)
    finite = np.isfinite(signal)
    whole = fill_gaps(signal)
    if np.count_nonzero(finite) < MIN_SECONDS * sampling_hz or whole.min() == whole.max():
        return BREATHS.empty().drop(columns=["recording", "signal"])
    believed = finite if is_valid is None else finite & np.asarray(is_valid, dtype=bool)
    found = find_breaths(whole, sampling_hz, sensor=sensor)
    columns = _columns(found, sampling_hz / found.step, start_s, sensor, config)
    columns |= _judged(found, columns, believed, finite, config)
    columns |= _sighs(columns, config)
    rule = np.full(columns["breath"].size, ONSET_RULES.index(found.rule))
    texts = {"onset_rule": _texts(ONSET_RULES).take(rule), "reason": _texts(REASONS).take(columns["reason"])}
    return pd.DataFrame(columns | texts)


@cache
def _texts(words: tuple[str, ...]) -> Any:
    """Return words in the type that text has in tables, which takes longer to make than all breaths."""
    return pd.array(list(words), dtype="str")


def _columns(
    found: FoundBreaths, sampling_hz: float, start_s: float, sensor: RespirationPreset, config: BreathsConfig
) -> dict[str, NDArray]:
    onset, turn, end = (start_s + at / sampling_hz for at in (found.inhale_onset, found.exhale_onset, found.end))
    stop_in, stop_out = (start_s + at / sampling_hz for at in (found.inhale_end, found.exhale_end))
    has_pauses = sensor.has_pauses
    pause_in = np.where((turn - stop_in >= config.min_pause_s) & has_pauses, turn - stop_in, 0.0)
    pause_out = np.where((end - stop_out >= config.min_pause_s) & has_pauses, end - stop_out, 0.0)
    level = [between_samples(found.volume, at) for at in (found.inhale_onset, found.exhale_onset, found.end)]
    inhale_peak, inhale_at = peaks_between(found.flow, found.inhale_onset, found.exhale_onset, 1.0)
    exhale_peak, exhale_at = peaks_between(found.flow, found.exhale_onset, found.end, -1.0)
    return {
        "breath": np.arange(onset.size),
        "inhale_onset_s": onset,
        "inhale_end_s": turn - pause_in,
        "exhale_onset_s": turn,
        "exhale_end_s": end - pause_out,
        "end_s": end,
        "inhale_s": turn - onset,
        "exhale_s": end - turn,
        "total_s": end - onset,
        "inhale_pause_s": pause_in,
        "exhale_pause_s": pause_out,
        "duty_cycle": (turn - onset) / (end - onset),
        "inhale_peak_au": inhale_peak,
        "inhale_peak_time_s": start_s + inhale_at / sampling_hz,
        "exhale_peak_au": exhale_peak,
        "exhale_peak_time_s": start_s + exhale_at / sampling_hz,
        "inhale_volume_au": level[1] - level[0],
        "exhale_volume_au": level[1] - level[2],
    }


def _judged(
    found: FoundBreaths, columns: dict[str, NDArray], believed: Bools, finite: Bools, config: BreathsConfig
) -> dict[str, NDArray]:
    first, last = found.step * found.inhale_onset, found.step * found.end
    lost, doubted = (share_missing(mask, first, last) for mask in (finite, believed))
    total, shortest = columns["total_s"], np.minimum(columns["inhale_s"], columns["exhale_s"])
    code = np.zeros(total.size, dtype=np.intp)
    for number, is_so in (  # the last one that holds is the reason
        (5, (columns["inhale_volume_au"] <= 0) | (columns["exhale_volume_au"] <= 0)),
        (4, total > config.max_breath_s),
        (3, (total < config.min_breath_s) | (shortest < config.min_phase_s)),
        (2, doubted > config.max_invalid_share),
        (1, lost > 0),
    ):
        code[is_so] = number
    return {"is_valid": code == 0, "reason": code}


def _sighs(columns: dict[str, NDArray], config: BreathsConfig) -> dict[str, NDArray]:
    volume = np.where(columns["is_valid"], columns["inhale_volume_au"], np.nan)
    usual = medians(volume, config.sigh_window_breaths // 2)
    is_sigh = columns["is_valid"] & (volume >= config.sigh_ratio * usual)
    return {"is_sigh": is_sigh, "post_sigh_pause_s": np.where(is_sigh, columns["exhale_pause_s"], np.nan)}
