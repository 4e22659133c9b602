"""Every family of features, in the order of the columns.

Apart from the registry, so that what only asks for a kind of sensor does not depend on the code of every feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eupnea.features import cardiogenic, coupling, device, heart, heartbeat, respiration, window_series
from eupnea.features.registry import Feature

if TYPE_CHECKING:
    from eupnea.config.features import TimeseriesConfig


def all_features(timeseries: TimeseriesConfig | None = None) -> tuple[Feature, ...]:
    """Return every feature of every family: those of windows first, in the order of the columns, then of recordings.

    `timeseries` says which of the time-series features the study asks for; without it there are none.
    """
    of_windows = (respiration, heart, coupling, device, cardiogenic)
    of_recordings = (respiration, heart, coupling, heartbeat)
    return (
        *(feature for family in of_windows for feature in family.FEATURES),
        *(window_series.features(timeseries) if timeseries is not None else ()),
        *(feature for family in of_recordings for feature in family.RECORDING_FEATURES),
    )
