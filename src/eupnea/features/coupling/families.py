"""All families of the coupling, behind the one interface of a family module."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.features.coupling import direction, sinus_arrhythmia, spectral, synchrony
from eupnea.features.coupling.together import window_pairs
from eupnea.features.heart.define import named_columns
from eupnea.features.registry import Feature
from eupnea.features.views import RecordingView

__all__ = ["FEATURES", "RECORDING_FEATURES", "compute", "compute_recording"]

_FAMILIES = (sinus_arrhythmia, spectral, synchrony, direction)

FEATURES: tuple[Feature, ...] = tuple(feature for family in _FAMILIES for feature in family.FEATURES)
RECORDING_FEATURES: tuple[Feature, ...] = ()


def compute(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Compute the features of the coupling of every window of a recording.

    Parameters
    ----------
    view
        The recording: respiration with its breaths, and a signal with beats.
    windows
        Columns ``start_s`` and ``window_s``, s.

    Returns
    -------
    DataFrame
        One row per window, one column per feature; all missing when the two signals are not aligned, when one is
        missing, and in windows that lack valid breaths or beats.
    """
    windows = windows[["start_s", "window_s"]].reset_index(drop=True)
    values = {feature.name: np.full(len(windows), np.nan) for feature in FEATURES}
    for row, pair in enumerate(window_pairs(view, windows)):
        if pair is not None:
            for family in _FAMILIES:
                for name, value in family.describe(pair).items():
                    values[name][row] = value
    return named_columns(FEATURES, values, windows)


def compute_recording(view: RecordingView) -> dict[str, float]:
    """Return no features: nothing of the coupling needs more length than a window."""
    return {}
