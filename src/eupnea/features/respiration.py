"""All families of breathing, behind the one interface of a family module."""

from __future__ import annotations

import pandas as pd

from eupnea.features import breath, route, spectrum, variability, waveform
from eupnea.features.breath_matrix import window_breaths
from eupnea.features.define import missing
from eupnea.features.long import RECORDING_FEATURES, compute_recording
from eupnea.features.registry import Feature
from eupnea.features.remeasured import remeasured
from eupnea.features.views import RecordingView

__all__ = ["FEATURES", "RECORDING_FEATURES", "compute", "compute_recording"]

FEATURES: tuple[Feature, ...] = (
    *breath.FEATURES,
    *variability.FEATURES,
    *waveform.FEATURES,
    *spectrum.FEATURES,
    *route.FEATURES,
)

MIN_VALID_SHARE = 0.5
"""Least share of believed samples, when no config says otherwise."""


def compute(view: RecordingView, windows: pd.DataFrame, *, min_valid_share: float = MIN_VALID_SHARE) -> pd.DataFrame:
    """Compute the features of breathing of every window of a recording.

    Parameters
    ----------
    view
        The recording. Only the breaths and the signal limited to the breathing band are used.
    windows
        Columns ``start_s`` and ``window_s``, s.
    min_valid_share
        Windows with a smaller share of believed samples get no spectrum.

    Returns
    -------
    DataFrame
        One row per window, one column per feature; NaN where a window holds too little.
    """
    if not view.respiration_kind or not len(windows):
        return missing(FEATURES, len(windows))
    windows = windows[["start_s", "window_s"]].reset_index(drop=True)
    inside = window_breaths(remeasured(view), windows)
    parts = [
        breath.compute(inside, windows),
        variability.compute(inside, windows),
        waveform.compute(view, inside, windows),
        spectrum.compute(view, windows, min_valid_share=min_valid_share),
        route.compute(view, windows),
    ]
    return pd.concat(parts, axis=1)
