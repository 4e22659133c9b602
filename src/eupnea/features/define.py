"""A short way to write down what a feature of breathing or of a sensor is, and to put values into its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eupnea.features.registry import RESPIRATION_KINDS, Feature

Floats = NDArray[np.float64]

OWN = "own definition"
CLASSIC = "Noto et al. (2018), Chem Senses 43:583"
"""The 24 parameters of nasal airflow."""


def breathing(
    family: str,
    name: str,
    unit: str,
    definition: str,
    source: str = OWN,
    *,
    breaths: float = float("nan"),
    seconds: float = float("nan"),
    kinds: str = RESPIRATION_KINDS,
    level: Literal["window", "recording"] = "window",
    one_gain: bool = True,
) -> Feature:
    """Describe one feature of breathing; its unit holds ``au`` or it compares two sensors, else no gain changes it."""
    free = "au" not in unit and one_gain
    return Feature(
        "respiration",
        family,
        name,
        unit,
        free,
        kinds,
        definition,
        source,
        min_breaths=breaths,
        min_duration_s=seconds,
        level=level,
    )


def in_columns(
    features: Sequence[Feature],
    values: Mapping[str, ArrayLike],
    *,
    window_s: Floats,
    n_breaths: Floats | None = None,
) -> pd.DataFrame:
    """Put values into the columns of `features`; missing where the window holds too little.

    Parameters
    ----------
    features
        What to answer, in this order.
    values
        Per feature name, shape (n_windows,). Infinite ones become missing, features without values too.
    window_s, n_breaths
        Shape (n_windows,): length of the windows, s, and valid breaths in them.
    """
    found = np.full((len(window_s), len(features)), np.nan)
    for column, feature in enumerate(features):
        if feature.name in values:
            found[:, column] = values[feature.name]
    enough = ~(window_s[:, None] < np.array([feature.min_duration_s for feature in features]) - 1e-9)
    if n_breaths is not None:
        enough &= ~(n_breaths[:, None] < np.array([feature.min_breaths for feature in features]))
    found[~(enough & np.isfinite(found))] = np.nan
    return pd.DataFrame(found, columns=[feature.column for feature in features])


def missing(features: Sequence[Feature], n_windows: int) -> pd.DataFrame:
    """Return a frame with a missing value for every feature and window."""
    return pd.DataFrame(np.nan, columns=[feature.column for feature in features], index=range(n_windows), dtype=float)
