"""The stage *features*: from signals, breaths and beats to one row per window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.features import cardiogenic, coupling, device, heart, heartbeat, respiration, waveform, window_series
from eupnea.features.define import missing
from eupnea.features.families import all_features
from eupnea.features.recording_views import ChunkTables, recording_views
from eupnea.features.windows import SET_ASIDE_COLUMNS, WINDOW_COLUMNS, cut_windows, poor_windows, stretches
from eupnea.io.contract import KEYS, RECORDING_FEATURES, WINDOWS

if TYPE_CHECKING:
    from eupnea.config.features import FeaturesConfig
    from eupnea.features.views import RecordingView

ROUNDING = 1e-6
"""Rounding of a share of a window."""
KEY_NAMES = [key.name for key in KEYS]


@dataclass(frozen=True, slots=True)
class FeatureChunk:
    """The features of a chunk.

    Attributes
    ----------
    windows
        Rows in the contract WINDOWS, then every feature of the dictionary, in its order.
    recordings
        Rows in the contract RECORDING_FEATURES, then the features that need length.
    set_aside
        Windows that are not used, as a whole or for what is named: recording, start_s, window_s, reason.
    """

    windows: pd.DataFrame
    recordings: pd.DataFrame
    set_aside: pd.DataFrame


def features_of_chunk(
    recordings: pd.DataFrame,
    intervals: pd.DataFrame,
    channels: pd.DataFrame,
    respiration: pd.DataFrame,
    cardiac: pd.DataFrame,
    quality: pd.DataFrame,
    breaths: pd.DataFrame,
    beats: pd.DataFrame,
    config: FeaturesConfig,
) -> FeatureChunk:
    """Cut every recording of a chunk into windows and compute their features.

    Parameters
    ----------
    recordings, intervals, channels, respiration, cardiac, quality, breaths, beats
        Rows of the chunk in the contracts of the same names.
    config
        Options of the stage.

    Returns
    -------
    FeatureChunk
        A chunk without usable recordings gives empty tables with all columns.
    """
    tables = ChunkTables(recordings, channels, respiration, cardiac, quality, breaths, beats)
    windows, whole, aside = [], [], []
    for row, view in recording_views(tables):
        own = intervals[intervals["recording"] == view.recording]
        kept, lost = recording_windows(view, own, config)
        keys = {name: row[name] for name in KEY_NAMES}
        locked = heartbeat.measured(view)
        seen = heartbeat.without_heartbeat(view, locked) if config.remove_heartbeat else view
        features = window_features(seen, kept, config)
        windows.append(pd.concat([kept.assign(**keys), features], axis=1))
        whole.append(keys | recording_features(view) | heartbeat.locked_share(view, locked))
        aside.append(lost.assign(recording=view.recording))
    return FeatureChunk(_window_table(windows, config), _recording_table(whole), _aside_table(aside))


def recording_windows(
    view: RecordingView, intervals: pd.DataFrame, config: FeaturesConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut one recording: windows that are kept, and those set aside as a whole, for the heart or for shapes."""
    quality = view.quality[view.quality["signal"] == (view.respiration_signal or view.cardiac_signal)]
    start, end = _span(view, quality)
    parts = stretches(intervals, start_s=start, end_s=end)
    kept, lost = cut_windows(parts, quality, window_s=config.window_s, min_quality=config.min_quality)
    lost = pd.concat([lost, waveform.without_shape(view, kept)], ignore_index=True)
    if not view.cardiac_signal:
        return kept.assign(cardiac_quality=np.nan), lost
    heart = view.quality[view.quality["signal"] == view.cardiac_signal]
    share, without = poor_windows(heart, kept, min_quality=config.min_quality)
    return kept.assign(cardiac_quality=share), pd.concat([lost, without], ignore_index=True)


def window_features(view: RecordingView, windows: pd.DataFrame, config: FeaturesConfig) -> pd.DataFrame:
    """Compute every feature of the windows of one recording, in the order of the dictionary.

    Features of the heart and of the coupling are missing where the column ``cardiac_quality`` is too low.
    """
    has_breathing = bool(view.respiration_kind)
    parts = [
        respiration.compute(view, windows, min_valid_share=config.min_valid_share),
        heart.compute(view, windows),
        coupling.compute(view, windows)
        if has_breathing and view.cardiac_kind
        else missing(coupling.FEATURES, len(windows)),
        device.compute(view, windows),
        cardiogenic.compute(view, windows) if has_breathing else missing(cardiogenic.FEATURES, len(windows)),
        window_series.compute(view, windows, config.timeseries, min_valid_share=config.min_valid_share),
    ]
    features = pd.concat(parts, axis=1).reindex(columns=window_columns(config))
    if "cardiac_quality" in windows:
        poor = (windows["cardiac_quality"] < config.min_quality - ROUNDING).to_numpy()
        if poor.any():  # assigning to some hundred columns takes as long as computing them
            of_heart = [name for name in features if name.startswith(("cardiac__", "coupling__"))]
            features.loc[poor, of_heart] = np.nan
    return features


def recording_features(view: RecordingView) -> dict[str, float]:
    """Compute the features of a whole recording, but for the share that is locked to the beats."""
    families = (respiration, heart, coupling)
    return {name: value for family in families for name, value in family.compute_recording(view).items()}


def window_columns(config: FeaturesConfig) -> list[str]:
    """Return the feature columns of the window table, in order."""
    return [feature.column for feature in all_features(config.timeseries) if feature.level == "window"]


def recording_columns() -> list[str]:
    """Return the feature columns of the recording table, in order."""
    return [feature.column for feature in all_features() if feature.level == "recording"]


def _span(view: RecordingView, quality: pd.DataFrame) -> tuple[float, float]:
    """Return where the signal that windows are judged on starts and ends, s."""
    if not len(quality):
        return 0.0, 0.0
    start = quality["start_s"].to_numpy(dtype=float)
    end = start + quality["duration_s"].to_numpy(dtype=float)
    last = float(end.max())
    if view.time_s.size:
        last = max(last, float(view.time_s[-1]) + 1 / view.sampling_hz)
    return float(start.min()), last


def _window_table(frames: list[pd.DataFrame], config: FeaturesConfig) -> pd.DataFrame:
    columns = [*KEY_NAMES, *WINDOW_COLUMNS, "cardiac_quality"]
    features = window_columns(config)
    full = [frame for frame in frames if len(frame)]
    if full:
        stacked = pd.concat(full, ignore_index=True)[columns + features]
        return WINDOWS.conform(stacked).copy()  # in one piece, so that columns can be added
    nothing = pd.DataFrame(np.empty((0, len(features))), columns=features)
    return pd.concat([WINDOWS.empty(), nothing], axis=1)


def _recording_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    features = recording_columns()
    if rows:
        return RECORDING_FEATURES.conform(pd.DataFrame(rows)[KEY_NAMES + features])
    nothing = pd.DataFrame(np.empty((0, len(features))), columns=features)
    return pd.concat([RECORDING_FEATURES.empty(), nothing], axis=1)


def _aside_table(frames: list[pd.DataFrame]) -> pd.DataFrame:
    types = {"recording": "str", "start_s": "float64", "window_s": "float64", "reason": "str"}
    full = [frame for frame in frames if len(frame)]
    table = pd.concat(full, ignore_index=True) if full else pd.DataFrame(columns=list(SET_ASIDE_COLUMNS))
    return table[list(SET_ASIDE_COLUMNS)].astype(types)
