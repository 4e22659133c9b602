"""Every family of features, in the order of the columns.

Apart from the registry, so that what only asks for a kind of sensor does not depend on the code of every feature.
"""

from __future__ import annotations

from eupnea.features import cardiogenic, coupling, device, heart, heartbeat, respiration
from eupnea.features.registry import Feature


def all_features() -> tuple[Feature, ...]:
    """Return every feature of every family: those of windows first, in the order of the columns, then of recordings."""
    of_windows = (respiration, heart, coupling, device, cardiogenic)
    of_recordings = (respiration, heart, coupling, heartbeat)
    return (
        *(feature for family in of_windows for feature in family.FEATURES),
        *(feature for family in of_recordings for feature in family.RECORDING_FEATURES),
    )
