"""All families of the heart, behind the one interface of a family module."""

from __future__ import annotations

import pandas as pd

from eupnea.features.heart import ecg_shape, frequency, nonlinear, pulse_shape, rate, time_domain
from eupnea.features.heart.define import empty_columns
from eupnea.features.heart.intervals import window_intervals
from eupnea.features.heart.recording import RECORDING_FEATURES, compute_recording
from eupnea.features.registry import Feature
from eupnea.features.views import RecordingView

__all__ = ["FEATURES", "RECORDING_FEATURES", "compute", "compute_recording"]

FEATURES: tuple[Feature, ...] = (
    *rate.FEATURES,
    *time_domain.FEATURES,
    *frequency.FEATURES,
    *nonlinear.FEATURES,
    *ecg_shape.FEATURES,
    *pulse_shape.FEATURES,
)


def compute(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Compute the features of the heart of every window of a recording.

    Parameters
    ----------
    view
        The recording. Kind ``heart_rate`` gives the family *rate* only, from ``view.cardiac`` as an even series of
        beats per minute; ``rr`` gives no shape.
    windows
        Columns ``start_s`` and ``window_s``, s.

    Returns
    -------
    DataFrame
        One row per window, one column per feature; NaN where the window is too short for the feature, has too few
        beats, or more than a fifth of its intervals had to be corrected.
    """
    if not view.cardiac_kind or len(windows) == 0:
        return empty_columns(FEATURES, len(windows))
    windows = windows[["start_s", "window_s"]].reset_index(drop=True)
    intervals = window_intervals(view.beats, windows)
    parts = [
        rate.compute(view, intervals, windows),
        time_domain.compute(intervals, windows),
        frequency.compute(intervals, windows),
        nonlinear.compute(intervals, windows),
        ecg_shape.compute(view, windows),
        pulse_shape.compute(view, windows),
    ]
    return pd.concat(parts, axis=1)
