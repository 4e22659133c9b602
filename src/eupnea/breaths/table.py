"""The stage *breaths*: from cleaned respiration to the table of breaths."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.internals import create_dataframe_from_blocks

from eupnea.breaths.detect import FoundBreaths, find_breaths
from eupnea.breaths.measures import MEASURES, measured, share_missing
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
FLOATS = (*MEASURES, "post_sigh_pause_s")
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
    config = config or _default_config()
    signal = np.asarray(values, dtype=float)
    finite = np.isfinite(signal)
    whole = signal if finite.all() else fill_gaps(signal)
    if np.count_nonzero(finite) < MIN_SECONDS * sampling_hz or whole.min() == whole.max():
        return BREATHS.empty().drop(columns=["recording", "signal"])
    believed = finite if is_valid is None else finite & np.asarray(is_valid, dtype=bool)
    found = find_breaths(whole, sampling_hz, sensor=sensor)
    hz, least_s = sampling_hz / found.step, config.min_pause_s if sensor.has_pauses else np.inf
    block = np.empty((len(FLOATS), found.times.shape[1]))
    block[:-1] = measured(found.flow, found.volume, found.times, hz, start_s, least_s)
    columns = dict(zip(FLOATS, block, strict=True))
    reason = _reasons(found, columns, believed, finite, config)
    is_sigh = _sighs(columns["inhale_volume_au"], reason == 0, config)
    block[-1] = np.where(is_sigh, columns["exhale_pause_s"], np.nan)
    return _frame(block, is_sigh, reason, found.rule)


@cache
def _default_config() -> BreathsConfig:
    return BreathsConfig()


def _frame(block: Floats, is_sigh: Bools, reason: NDArray[np.intp], rule: str) -> pd.DataFrame:
    """Return the table from one block per type: from 23 single columns it takes longer to make than all breaths."""
    n = reason.size
    blocks = (
        (("breath",), np.arange(n)[None]),
        (FLOATS, block),
        (("is_sigh", "is_valid"), np.array([is_sigh, reason == 0])),
        (("onset_rule",), _repeated(rule, n)),
        (("reason",), _texts(REASONS).take(reason) if reason.any() else _repeated(REASONS[0], n)),
    )
    return create_dataframe_from_blocks(
        [(values, _places(names)) for names, values in blocks], index=pd.RangeIndex(n), columns=_names()
    )


@cache
def _names() -> pd.Index:
    """Return the columns of the contract from `breath` on."""
    return pd.Index([column.name for column in BREATHS.columns if column.name not in ("recording", "signal")])


@cache
def _places(names: tuple[str, ...]) -> NDArray[np.intp]:
    return _names().get_indexer(pd.Index(names))


@cache
def _texts(words: tuple[str, ...]) -> Any:
    """Return words in the type that text has in tables, which takes longer to make than all breaths."""
    return pd.array(list(words), dtype="str")


def _repeated(word: str, n: int) -> Any:
    """Return a column of one word: a view of a longer one."""
    return _at_least(word, max(n - 1, 0).bit_length())[:n]


@lru_cache(maxsize=32)
def _at_least(word: str, bits: int) -> Any:
    return _texts((word,)).take(np.zeros(2**bits, dtype=np.intp))


def _reasons(
    found: FoundBreaths, columns: dict[str, Floats], believed: Bools, finite: Bools, config: BreathsConfig
) -> NDArray[np.intp]:
    """Return why each breath is not valid, as a position in `REASONS`."""
    first, last = found.step * found.times[0], found.step * found.times[4]
    total, shortest = columns["total_s"], np.minimum(columns["inhale_s"], columns["exhale_s"])
    lost, doubted = (
        np.zeros(total.size) if mask.all() else share_missing(mask, first, last) for mask in (finite, believed)
    )
    code = np.zeros(total.size, dtype=np.intp)
    for number, is_so in (  # the last one that holds is the reason
        (5, (columns["inhale_volume_au"] <= 0) | (columns["exhale_volume_au"] <= 0)),
        (4, total > config.max_breath_s),
        (3, (total < config.min_breath_s) | (shortest < config.min_phase_s)),
        (2, doubted > config.max_invalid_share),
        (1, lost > 0),
    ):
        code[is_so] = number
    return code


def _sighs(inhale_volume: Floats, is_valid: Bools, config: BreathsConfig) -> Bools:
    volume = np.where(is_valid, inhale_volume, np.nan)
    return np.asarray(volume >= config.sigh_ratio * medians(volume, config.sigh_window_breaths // 2))
