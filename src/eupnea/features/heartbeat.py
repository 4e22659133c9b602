"""Take the heartbeat out of a breathing band that is wide enough to hold it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eupnea.features.views import RecordingView
from eupnea.signals.cardiogenic import remove_cardiogenic
from eupnea.signals.presets import RESPIRATION

NARROW_HZ = 1.0
"""A breathing band that ends below this holds no heartbeat that could be told from breathing, Hz."""


def without_heartbeat(view: RecordingView) -> RecordingView:
    """Move what is locked to the beats from the breathing band to what lies above it.

    Airflow is used up to 3 Hz, where the heartbeat pushes the air too. It is measured against the beats and handed to
    the control *cardiogenic*. Recordings without beats on the same clock, and narrow bands, stay as they are.
    """
    kind, beats = view.respiration_kind, view.beats["time_s"].to_numpy(dtype=float)
    is_narrow = kind not in RESPIRATION or RESPIRATION[kind].breathing_max_hz < NARROW_HZ
    if is_narrow or not view.is_aligned or beats.size == 0 or view.time_s.size == 0:
        return view
    found = remove_cardiogenic(view.breathing, np.unique(beats), view.sampling_hz, start_s=float(view.time_s[0]))
    above = view.above.astype(float) + found.oscillation
    return replace(view, breathing=found.breathing.astype(np.float32), above=above.astype(np.float32))
