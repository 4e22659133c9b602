"""Constants per kind of signal, with unit and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eupnea.errors import InputError

RESPIRATION_HZ = 25.0
"""Rate of cleaned respiration, Hz: 2.5 times the fastest detail of nasal airflow that is kept."""

BASELINE_HZ = 0.02
"""Below this, respiration is baseline, Hz: a third of the slowest breathing that is looked for (4 /min)."""

ANTI_ALIAS_HZ = 10.0
"""Low-pass before respiration is brought to 25 Hz."""


@dataclass(frozen=True, slots=True)
class RespirationPreset:
    """What a respiration sensor shows, and in which bands.

    Attributes
    ----------
    form
        ``flow``: inspiration is where the signal is above zero. ``volume``: inspiration is where the signal rises.
    usual_polarity
        Which way inspiration goes in the raw signal when the physics of the sensor says so: 1 up, -1 down, 0 unknown.
    detection_max_hz
        Upper edge of the band that breaths are detected in.
    breathing_max_hz
        Upper edge of the band that features are computed from.
    physiology_max_hz
        Above this there is no physiology in the channel: what is left is the device.
    square_root
        Whether the signal goes with the square of flow, so that sign·√ restores flow.
    has_pauses
        Whether the signal can tell a pause from flow (the CO2 plateau cannot).
    rate_bpm
        Breathing rates that are looked for, breaths per minute.
    source
        Where the numbers come from.
    """

    form: Literal["flow", "volume"]
    usual_polarity: int
    detection_max_hz: float
    breathing_max_hz: float
    physiology_max_hz: float
    square_root: bool = False
    has_pauses: bool = True
    rate_bpm: tuple[float, float] = (4.0, 40.0)
    source: str = ""


_FLOW = "shape of nasal flow to 3 Hz (study design); cardiogenic oscillation to 8 Hz"
_VOLUME = "0.7 Hz is 42 breaths/min, above lie pulse and sensor noise (measured on ds000210)"

RESPIRATION: dict[str, RespirationPreset] = {
    "airflow": RespirationPreset("flow", 0, 8.0, 3.0, 12.0, source=_FLOW),
    "nasal_pressure": RespirationPreset(
        "flow", 1, 8.0, 3.0, 12.0, square_root=True, source=_FLOW + "; signal goes with flow squared (Farre 2001)"
    ),
    "thermistor": RespirationPreset(
        "flow", 0, 2.0, 0.7, 5.0, source=_VOLUME + "; time constant of the bead about 0.5 s"
    ),
    "belt": RespirationPreset("volume", 1, 5.0, 0.7, 5.0, source=_VOLUME + "; circumference rises with inspiration"),
    "co2": RespirationPreset(
        "volume", -1, 5.0, 0.7, 8.0, has_pauses=False, source=_VOLUME + "; CO2 falls to zero with inspired air"
    ),
}
"""Presets of respiration, per kind. The site (nasal, oral, left, right) changes none of them: the two nostrils and
nose and mouth recorded at once are signals of their own with the preset of their kind."""


@dataclass(frozen=True, slots=True)
class CardiacPreset:
    """What a cardiac sensor shows.

    Attributes
    ----------
    physiology_hz
        Band where its physiology lives, Hz.
    longest_flat_s
        A living heart does not leave the signal unchanged for longer, s.
    """

    physiology_hz: tuple[float, float]
    longest_flat_s: float


CARDIAC: dict[str, CardiacPreset] = {
    "ecg": CardiacPreset((0.5, 45.0), 1.5),
    "ppg": CardiacPreset((0.3, 12.0), 1.5),
}
"""Presets of sampled cardiac signals (ECG: monitoring band of IEC 60601-2-27 widened to 45 Hz; PPG: Elgendi 2013)."""

SERIES_KINDS = ("rr", "heart_rate")
"""Cardiac kinds that are series of values, not waveforms."""


def respiration_preset(kind: str) -> RespirationPreset:
    """Return the preset of a kind of respiration signal.

    Raises
    ------
    InputError
        The kind is not known.
    """
    if kind not in RESPIRATION:
        raise InputError(
            "Unknown kind of respiration signal", where="preset", found=kind, allowed=", ".join(RESPIRATION)
        )
    return RESPIRATION[kind]
