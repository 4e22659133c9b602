"""The heartbeat in a breathing band that is wide enough to hold it: how much there is, and the band without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eupnea.features.registry import FLOW_KINDS, Feature
from eupnea.features.views import RecordingView
from eupnea.signals.cardiogenic import SEGMENT_S, Cardiogenic, remove_cardiogenic
from eupnea.signals.presets import RESPIRATION

NARROW_HZ = 1.0
"""A breathing band that ends below this holds no heartbeat that could be told from breathing, Hz."""

RECORDING_FEATURES: tuple[Feature, ...] = (
    Feature(
        "cardiogenic",
        "locked",
        "share",
        "1",
        True,
        FLOW_KINDS,
        "power of the airflow that is locked to the beats over the power of the airflow, whole recording",
        "own definition",
        min_duration_s=SEGMENT_S,
        level="recording",
    ),
)


def measured(view: RecordingView) -> Cardiogenic | None:
    """Measure what is locked to the beats; None for narrow bands and without beats on the same clock."""
    kind, beats = view.respiration_kind, view.beats["time_s"].to_numpy(dtype=float)
    is_narrow = kind not in RESPIRATION or RESPIRATION[kind].breathing_max_hz < NARROW_HZ
    if is_narrow or not view.is_aligned or beats.size == 0 or view.time_s.size == 0:
        return None
    return remove_cardiogenic(view.breathing, np.unique(beats), view.sampling_hz, start_s=float(view.time_s[0]))


def locked_share(view: RecordingView, found: Cardiogenic | None) -> dict[str, float]:
    """Return the share of airflow that is locked to the beats; NaN where it cannot be told.

    `view` is the recording as it was, before `without_heartbeat`, and `found` what `measured` told of it.
    """
    long_enough = view.time_s.size >= SEGMENT_S * view.sampling_hz
    share = found.share if found is not None and long_enough else float("nan")
    return {RECORDING_FEATURES[0].column: share}


def without_heartbeat(view: RecordingView, found: Cardiogenic | None) -> RecordingView:
    """Move what is locked to the beats, as `measured` told, from the breathing band to what lies above it.

    Airflow is used up to 3 Hz, where the heartbeat pushes the air too. It is measured against the beats and handed to
    the control *cardiogenic*. Recordings without beats on the same clock, and narrow bands, stay as they are.
    """
    if found is None:
        return view
    above = view.above.astype(float) + found.oscillation
    return replace(view, breathing=found.breathing.astype(np.float32), above=above.astype(np.float32))
