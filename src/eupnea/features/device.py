"""What the raw signals tell about their sensors: a control that holds nothing of breathing or heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.breath_matrix import log_of, row_mean, row_median
from eupnea.features.define import in_columns
from eupnea.features.registry import CARDIAC_KINDS, RESPIRATION_KINDS, Feature

if TYPE_CHECKING:
    from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

_MEASURES = (
    ("offset", "au", "median over epochs of the raw signal's median"),
    ("scale_log", "log au", "log of the raw signal's standard deviation, median over epochs"),
    ("noise_log", "log au", "log of the noise beyond the physiological band, median over epochs"),
    ("noise_ratio_log", "1", "log of that noise over the standard deviation, median over epochs"),
    ("quantisation_log", "log au", "log of the smallest step between raw values, smallest of all epochs"),
    ("quantisation_ratio_log", "1", "log of that step over the standard deviation, median over epochs"),
    ("clipped_share", "1", "share of samples at the rails"),
    ("flat_share", "1", "share of samples in flat stretches"),
    ("gap_share", "1", "share of samples missing"),
)
_SENSORS = {"respiration": RESPIRATION_KINDS, "cardiac": CARDIAC_KINDS}

FEATURES: tuple[Feature, ...] = tuple(
    Feature("device", sensor, name, unit, "au" not in unit, kinds, words, "own definition", min_duration_s=10.0)
    for sensor, kinds in _SENSORS.items()
    for name, unit, words in _MEASURES
)


def compute(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Describe the sensors in every window, from the epochs of quality whose middle lies inside.

    Parameters
    ----------
    view
        The recording.
    windows
        Columns ``start_s`` and ``window_s``.

    Returns
    -------
    DataFrame
        One row per window; the part of a sensor that was not recorded is missing.
    """
    parts = []
    for sensor, signal in (("respiration", view.respiration_signal), ("cardiac", view.cardiac_signal)):
        rows = view.quality[view.quality["signal"] == signal] if signal else view.quality.iloc[:0]
        features = [feature for feature in FEATURES if feature.family == sensor]
        parts.append(in_columns(features, _measure(rows, windows), window_s=windows["window_s"].to_numpy(dtype=float)))
    return pd.concat(parts, axis=1)


def _measure(epochs: pd.DataFrame, windows: pd.DataFrame) -> dict[str, Floats]:
    middle = epochs["start_s"].to_numpy(dtype=float) + epochs["duration_s"].to_numpy(dtype=float) / 2
    start = windows["start_s"].to_numpy(dtype=float)[:, None]
    inside = (middle >= start) & (middle < start + windows["window_s"].to_numpy(dtype=float)[:, None])

    def column(name: str) -> Floats:
        return np.where(inside, epochs[name].to_numpy(dtype=float), np.nan)

    if not len(epochs):
        return {}
    scale, noise, step = (log_of(column(name)) for name in ("scale_au", "noise_au", "quantisation_au"))
    smallest = np.where(np.isfinite(step), step, np.inf).min(axis=1)
    return {
        "offset": row_median(column("offset_au")),
        "scale_log": row_median(scale),
        "noise_log": row_median(noise),
        "noise_ratio_log": row_median(noise - scale),
        "quantisation_log": smallest,
        "quantisation_ratio_log": row_median(step - scale),
        **{name: row_mean(column(name)) for name in ("clipped_share", "flat_share", "gap_share")},
    }
