"""The dictionary of all features, and which of them may be compared."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from eupnea.features.families import all_features
from eupnea.features.registry import dictionary_frame

if TYPE_CHECKING:
    import pandas as pd

    from eupnea.config.features import TimeseriesConfig


def dictionary(timeseries: TimeseriesConfig | None = None) -> pd.DataFrame:
    """Return ``features/dictionary.tsv``: one row per feature, in the order of the columns.

    Parameters
    ----------
    timeseries
        Which time-series features the study asks for; none without it.
    """
    return dictionary_frame(all_features(timeseries))


def amplitude_free_columns(dictionary: pd.DataFrame) -> list[str]:
    """Return the features that gain and offset of the sensor cannot change.

    Parameters
    ----------
    dictionary
        Rows in the contract DICTIONARY.
    """
    return dictionary.loc[dictionary["amplitude_free"].to_numpy(dtype=bool), "name"].tolist()


def comparable_columns(dictionary: pd.DataFrame, kinds: Collection[str]) -> list[str]:
    """Return the features that mean the same for all of some kinds of sensors.

    Parameters
    ----------
    dictionary
        Rows in the contract DICTIONARY.
    kinds
        Kinds of respiration sensors, or of cardiac ones. With a single kind everything is comparable that it has.
    """
    wanted = set(kinds)
    rows = zip(dictionary["name"], dictionary["comparable_kinds"], strict=True)
    return [name for name, text in rows if wanted <= set(text.split(","))]
