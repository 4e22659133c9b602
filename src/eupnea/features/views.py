"""What a family of features sees of one recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SiteSignal:
    """A respiration signal that was recorded beside the main one.

    Attributes
    ----------
    kind
        Kind of the sensor.
    time_s, breathing, is_valid
        Shape (n,), as the table of respiration signals has them.
    """

    kind: str
    time_s: NDArray[np.float64]
    breathing: NDArray[np.float32]
    is_valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RecordingView:
    """One recording, ready for features.

    A family module offers ``FEATURES`` and ``compute(view, windows)``; `windows` has the columns ``start_s`` and
    ``window_s``, and the answer is a frame with one row per window in the same order, one column per feature.

    Attributes
    ----------
    recording
        Name of the recording.
    respiration_kind
        Kind of the respiration signal, ``""`` when there is none.
    sampling_hz
        Rate of the respiration arrays, Hz (25).
    time_s, detection, breathing, above, is_valid
        Shape (n,): the respiration signal as the table of respiration signals has it; empty when there is none.
    breaths
        Rows of the breath table of that signal.
    cardiac_kind
        Kind of the cardiac signal, ``""`` when there is none.
    beats
        Rows of the beat table of the cardiac signal.
    cardiac_hz, cardiac_start_s, cardiac
        The cardiac waveform (ECG, PPG) on the recording's clock; empty when there is none.
    quality
        Rows of the quality table of the recording, of all signals.
    is_aligned
        Whether respiration and heart are known to share their time within 0.2 s.
    respiration_signal, cardiac_signal
        Names of the two signals, ``""`` when there is none.
    sites
        Airflow by site (``nasal``, ``oral``, ``nasal_left``, ``nasal_right``) where the channels tell it.
    mode
        The breathing mode that was told: ``nasal``, ``oral``, or ``""``.
    """

    recording: str
    respiration_kind: str
    sampling_hz: float
    time_s: NDArray[np.float64]
    detection: NDArray[np.float32]
    breathing: NDArray[np.float32]
    above: NDArray[np.float32]
    is_valid: NDArray[np.bool_]
    breaths: pd.DataFrame
    cardiac_kind: str
    beats: pd.DataFrame
    cardiac_hz: float
    cardiac_start_s: float
    cardiac: NDArray[np.float32]
    quality: pd.DataFrame
    is_aligned: bool
    respiration_signal: str = ""
    cardiac_signal: str = ""
    sites: Mapping[str, SiteSignal] = field(default_factory=dict)
    mode: str = ""
