"""Config of the signals: how they are cleaned, and what counts as breathing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eupnea.config.base import Block

RespirationKind = Literal["airflow", "nasal_pressure", "thermistor", "belt", "co2"]


class QualityConfig(Block):
    """When an epoch of a signal may be used."""

    epoch_s: float = Field(default=10.0, ge=1.0, le=60.0)
    """Length of the epochs that quality is told for, s."""

    max_flat_share: float = Field(default=0.3, ge=0, le=1)
    """An epoch with more samples in flat stretches than this is not used."""

    max_clipped_share: float = Field(default=0.1, ge=0, le=1)
    """An epoch with more samples at the rails than this is not used."""

    max_gap_share: float = Field(default=0.2, ge=0, le=1)
    """An epoch with more samples missing than this is not used."""

    max_motion_share: float = Field(default=0.3, ge=0, le=1)
    """An epoch with more samples in motion artefacts than this is not used."""

    max_out_of_band_share: float = Field(default=0.8, ge=0, le=1)
    """An epoch with a larger share of its power outside the band where physiology lives is not used."""


class SignalsConfig(Block):
    """How signals are cleaned, and what counts as breathing."""

    longest_bridge_s: float = Field(default=2.0, ge=0, le=10)
    """Missing stretches up to this length are bridged (and marked as not valid); longer ones split the signal, s."""

    shortest_piece_s: float = Field(default=8.0, gt=0)
    """Pieces between long gaps that are shorter than this are left out, s."""

    breathing_max_hz: dict[RespirationKind, float] = {}
    """Upper edge of the breathing band per kind of sensor, Hz; kinds not named keep their preset (0.7 for belt,
    thermistor and CO2, 3 for airflow and nasal pressure). What lies above never enters respiration features."""

    estimate_polarity: bool = True
    """Whether signals with polarity ``auto`` are turned so that inspiration goes up; else they stay as recorded."""

    ecg_max_hz: float = Field(default=250.0, ge=100)
    """ECGs sampled faster are brought to this rate, Hz."""

    ppg_max_hz: float = Field(default=100.0, ge=25)
    """Pulse waves sampled faster are brought to this rate, Hz."""

    quality: QualityConfig = Field(default_factory=QualityConfig)
    """When an epoch of a signal may be used."""
