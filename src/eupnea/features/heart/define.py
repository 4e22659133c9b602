"""A short way to write down what a feature is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.define import in_columns
from eupnea.features.registry import BEAT_KINDS, Feature

TASK_FORCE = "Task Force (1996), Circulation 93:1043"


def cardiac(
    family: str,
    name: str,
    unit: str,
    definition: str,
    source: str,
    *,
    seconds: float,
    kinds: str = BEAT_KINDS,
    amplitude_free: bool = True,
    level: str = "window",
) -> Feature:
    """Describe one feature of the heart that needs `seconds` of signal."""
    return Feature(
        "cardiac",
        family,
        name,
        unit,
        amplitude_free,
        kinds,
        definition,
        source,
        min_duration_s=seconds,
        level="recording" if level == "recording" else "window",
    )


def empty_columns(features: tuple[Feature, ...], n_windows: int) -> pd.DataFrame:
    """Return a frame with a missing value for every feature and window."""
    columns = [feature.column for feature in features]
    return pd.DataFrame(np.full((n_windows, len(columns)), np.nan), columns=columns)


def named_columns(
    features: tuple[Feature, ...], values: dict[str, NDArray[np.float64]], windows: pd.DataFrame
) -> pd.DataFrame:
    """Put values into the columns of `features`; missing where the window is shorter than the feature needs.

    Parameters
    ----------
    features
        What to answer, in this order.
    values
        Per feature name, shape (n_windows,). Infinite ones become missing.
    windows
        Column ``window_s``.
    """
    return in_columns(features, values, window_s=windows["window_s"].to_numpy(dtype=float))
