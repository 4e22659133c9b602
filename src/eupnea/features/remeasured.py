"""Flow and volume of breaths, measured again in the breathing band.

Breaths are found in a wider band than features may use: what a belt shows above 0.7 Hz is heartbeat and noise, and
peak flows read there would carry them into the features. So when a breath starts and turns is kept, and how large it
is comes from the signal limited to the breathing band.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.views import RecordingView
from eupnea.signals.presets import RESPIRATION

Floats = NDArray[np.float64]

GRID = 48
"""Points of an inspiration or expiration."""


def is_volume(kind: str) -> bool:
    """Say whether a kind of sensor shows volume (belt, CO2), so that its slope is flow."""
    return kind in RESPIRATION and RESPIRATION[kind].form == "volume"


def breathing_at(view: RecordingView, when: Floats) -> Floats:
    """Return the signal of the breathing band at some times; NaN in gaps."""
    if view.time_s.size == 0 or when.size == 0:
        return np.full(when.shape, np.nan)
    return np.interp(when.ravel(), view.time_s, view.breathing.astype(float)).reshape(when.shape)


def remeasured(view: RecordingView) -> pd.DataFrame:
    """Return the valid breaths with peaks and volumes as the breathing band has them.

    Flow of a flow sensor is counted from the line between its values at the ends of inspiration (of expiration), where
    the breath table puts the zero of flow; a belt's flow is its slope, its volume the difference of levels. Volumes and
    peaks that are not positive are missing.
    """
    breaths = view.breaths[view.breaths["is_valid"].to_numpy(dtype=bool)].reset_index(drop=True)
    onset, turn, end = (breaths[name].to_numpy(dtype=float) for name in ("inhale_onset_s", "exhale_onset_s", "end_s"))
    measured = {}
    for side, sign, start, stop in (("inhale", 1.0, onset, turn), ("exhale", -1.0, turn, end)):
        peak, where, volume = _measure(view, start, stop, sign)
        measured[f"{side}_peak_au"] = np.where(peak > 0, peak, np.nan)
        measured[f"{side}_peak_time_s"] = where
        measured[f"{side}_volume_au"] = np.where(volume > 0, volume, np.nan)
    return breaths.assign(**measured)


def _measure(view: RecordingView, start: Floats, stop: Floats, sign: float) -> tuple[Floats, Floats, Floats]:
    """Return peak flow, its time, and volume of one side of every breath."""
    place = (np.arange(GRID) + 0.5) / GRID
    when = start[:, None] + (stop - start)[:, None] * place
    first, last = breathing_at(view, start), breathing_at(view, stop)
    if is_volume(view.respiration_kind):
        slope = np.gradient(view.breathing.astype(float)) * view.sampling_hz if view.time_s.size > 1 else np.empty(0)
        flow = sign * np.interp(when.ravel(), view.time_s, slope).reshape(when.shape) if slope.size else when * np.nan
        volume = sign * (last - first)
    else:
        flow = sign * (breathing_at(view, when) - first[:, None] - (last - first)[:, None] * place)
        volume = flow.mean(axis=1) * (stop - start)
    top = np.where(np.isfinite(flow), flow, -np.inf).argmax(axis=1) if len(flow) else np.zeros(0, dtype=np.intp)
    rows = np.arange(len(flow))
    return flow[rows, top], when[rows, top], volume
