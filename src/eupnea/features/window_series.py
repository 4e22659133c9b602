"""tsfresh's time-series features of every window: of the breathing band, and of the intervals between beats.

A family that a study asks for (``features: timeseries``): which columns there are depends on the config.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.breath_matrix import window_breaths
from eupnea.features.heart.intervals import window_intervals
from eupnea.features.registry import BEAT_KINDS, FLOW_KINDS, RESPIRATION_KINDS, Feature
from eupnea.features.spectrum import window_samples
from eupnea.features.waveform import is_slow_enough
from eupnea.signals.presets import RESPIRATION, RESPIRATION_HZ

if TYPE_CHECKING:
    from eupnea.config.features import TimeseriesConfig
    from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]
Modality = Literal["respiration", "cardiac"]

FAMILY = "timeseries"
SOURCE = "tsfresh 0.21: Christ et al. (2018), Neurocomputing 307:72"
SIGNALS: dict[Modality, str] = {
    "respiration": "the breathing band ({hz} samples per s), every window with mean 0 and standard deviation 1",
    "cardiac": "the corrected intervals between beats (ms, joined by lines, {hz} samples per s)",
}
UNVARYING = {
    "abs_energy",
    "length",
    "mean",
    "root_mean_square",
    "standard_deviation",
    "sum_values",
    "variance",
    "variance_larger_than_standard_deviation",
    "variation_coefficient",
}
"""What mean 0 and standard deviation 1 leave to rounding alone."""
ROOM = 1.1
"""The rate is at least so many times twice the band's edge: the flank of the filter must fit (assumed)."""
PLAN_SAMPLES = 375
"""Any length of window gives the same columns."""


def features(config: TimeseriesConfig) -> tuple[Feature, ...]:
    """Return the features of this family in the order of the columns; none when the study does not ask for them."""
    return tuple(feature for modality in chosen(config) for feature in _features(modality, config))


def chosen(config: TimeseriesConfig) -> tuple[Modality, ...]:
    """Return the modalities that have time-series features."""
    return config.modalities if config.settings != "none" else ()


def settings_of(modality: Modality, config: TimeseriesConfig) -> Mapping[str, Any]:
    """Return tsfresh's settings for a modality, without what is the same for every window."""
    found = dict(_named(config.settings))
    for name in ("autocorrelation", "partial_autocorrelation"):
        if name in found:
            found[name] = [one for one in found[name] if one["lag"] != 0]
    if modality == "cardiac":
        return found
    if "fft_coefficient" in found:
        found["fft_coefficient"] = [one for one in found["fft_coefficient"] if one["coeff"] != 0]
    return {name: requests for name, requests in found.items() if name not in UNVARYING}


@cache
def _named(settings: str) -> Mapping[str, Any]:
    from tsfresh.feature_extraction import settings as sets

    named = {
        "minimal": sets.MinimalFCParameters,
        "efficient": sets.EfficientFCParameters,
        "comprehensive": sets.ComprehensiveFCParameters,
    }
    return named[settings]()


def compute(
    view: RecordingView, windows: pd.DataFrame, config: TimeseriesConfig, *, min_valid_share: float
) -> pd.DataFrame:
    """Compute the time-series features of every window of a recording.

    Parameters
    ----------
    view
        The recording. Respiration is read from ``breathing`` only, never from what lies above the breathing band.
    windows
        Columns ``start_s`` and ``window_s``, s.
    config
        Which set, for which modalities, at what rates.
    min_valid_share
        Windows with a smaller share of believed respiration samples get no values; nor do windows without usable
        intervals, or in which a narrow breathing band cannot hold the shape of such fast breaths.

    Returns
    -------
    DataFrame
        One row per window, one column per feature.
    """
    columns = [feature.column for feature in features(config)]
    values = pd.DataFrame(np.nan, columns=columns, index=range(len(windows)), dtype=float)
    windows = windows[["start_s", "window_s"]].reset_index(drop=True)
    for modality in chosen(config):
        settings = settings_of(modality, config)
        for rows, matrix in _matrices(modality, view, windows, config, min_valid_share):
            _fill(values, rows, matrix, modality, settings)
    return values


def _features(modality: Modality, config: TimeseriesConfig) -> list[Feature]:
    from eupnea.features.timeseries.plan import make_plan

    hz = f"{config.rr_hz:g}" if modality == "cardiac" else _respiration_rates(config)
    text = SIGNALS[modality].format(hz=hz)
    kinds = BEAT_KINDS if modality == "cardiac" else FLOW_KINDS
    return [
        Feature(modality, FAMILY, name, "1", True, kinds, f"tsfresh's {name} of {text}", SOURCE)
        for name in make_plan(settings_of(modality, config), PLAN_SAMPLES).names
    ]


def _respiration_rates(config: TimeseriesConfig) -> str:
    """Write the rates that kinds of sensors are brought to."""
    rates = {kind: RESPIRATION_HZ / sampling_step(kind, config) for kind in RESPIRATION_KINDS.split(",")}
    if len(set(rates.values())) == 1:
        return f"{rates['belt']:g}"
    return ", ".join(f"{kind} {rate:g}" for kind, rate in rates.items())


def sampling_step(kind: str, config: TimeseriesConfig) -> int:
    """Return which of 25 samples per second are kept for a kind of sensor: every, every second, ….

    Without a rate in the config as few as carry the breathing band: in more, features of lags and fine scales tell
    what the filter left of the heartbeat and the sensor.
    """
    if config.respiration_hz is not None:
        return int(RESPIRATION_HZ / config.respiration_hz)
    return int(RESPIRATION_HZ / (2 * RESPIRATION[kind].breathing_max_hz) / ROOM)


def _fill(
    values: pd.DataFrame,
    rows: NDArray[np.intp],
    matrix: Floats,
    modality: Modality,
    settings: Mapping[str, Any],
) -> None:
    from eupnea.features.timeseries import extract

    if not rows.size:
        return
    found = extract(matrix, settings)
    columns = [f"{modality}__{FAMILY}__{name}" for name in found.columns]
    answers = found.to_numpy(dtype=float)
    values.loc[rows, columns] = np.where(np.isfinite(answers), answers, np.nan)


def _matrices(
    modality: Modality, view: RecordingView, windows: pd.DataFrame, config: TimeseriesConfig, min_valid_share: float
) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    """Yield per length of window the rows that have a series, and their series; shape (rows, samples)."""
    for _, part in windows.groupby("window_s", sort=True):
        rows = part.index.to_numpy(dtype=np.intp)
        if modality == "respiration":
            if not view.respiration_kind:
                continue
            step = sampling_step(view.respiration_kind, config)
            series = breathing_series(view, part, step=step, min_share=min_valid_share)
        else:
            series = interval_series(view.beats, part, sampling_hz=config.rr_hz)
        known = np.isfinite(series).all(axis=1)
        yield rows[known], series[known]


def breathing_series(view: RecordingView, windows: pd.DataFrame, *, step: int, min_share: float = 0.5) -> Floats:
    """Cut the breathing band of windows of one length, mean 0 and standard deviation 1 in each.

    Parameters
    ----------
    view
        The recording.
    windows
        Columns ``start_s`` and ``window_s`` (the same in all).
    step
        Which of the 25 samples per second are kept, see `sampling_step`.
    min_share
        Least share of believed samples; short gaps are bridged by a line.

    Returns
    -------
    ndarray
        Shape (windows, samples); NaN in windows that cannot be used.
    """
    length = float(windows["window_s"].iloc[0])
    if not view.respiration_kind or view.time_s.size == 0:
        return np.full((len(windows), 1), np.nan)
    signal, good = window_samples(view, windows["start_s"].to_numpy(dtype=float), length)
    usable = (good.mean(axis=1) >= min_share) & is_slow_enough(view, window_breaths(view.breaths, windows))
    series = signal[:, ::step] - signal[:, ::step].mean(axis=1, keepdims=True)
    spread = series.std(axis=1, keepdims=True)
    return np.where(usable[:, None] & (spread > 0), series / np.where(spread > 0, spread, 1.0), np.nan)


def interval_series(beats: pd.DataFrame, windows: pd.DataFrame, *, sampling_hz: float) -> Floats:
    """Put the corrected intervals that lie wholly inside windows of one length on an even grid, by straight lines.

    Parameters
    ----------
    beats
        Rows of one signal in the contract BEATS.
    windows
        Columns ``start_s`` and ``window_s`` (the same in all).
    sampling_hz
        Samples per second of the grid.

    Returns
    -------
    ndarray
        Shape (windows, samples), ms; NaN in windows whose intervals cannot be used.
    """
    found = window_intervals(beats, windows)
    grid = (np.arange(round(float(windows["window_s"].iloc[0]) * sampling_hz)) + 0.5) / sampling_hz
    series = np.full((len(windows), grid.size), np.nan)
    for row, (start, first, last) in enumerate(zip(found.start_s, found.first, found.last, strict=True)):
        if last > first:
            series[row] = np.interp(start + grid, found.time_s[first:last], found.rr_ms[first:last])
    return series
