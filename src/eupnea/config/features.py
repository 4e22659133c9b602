"""Config of the features: windows, and which of them are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from eupnea.config.base import Block


class FeaturesConfig(Block):
    """Windows, and which of them are kept."""

    window_s: tuple[Annotated[float, Field(ge=10.0)], ...] = Field(default=(60.0, 300.0), min_length=1)
    """Lengths of the windows, s. Each length is cut anew, without overlap. Short ones give many rows, long ones allow
    features that need length (very slow rhythms, scaling exponents)."""

    min_quality: float = Field(default=0.8, ge=0, le=1)
    """Windows with a smaller share of usable epochs are set aside. Judged on the respiration signal, on the cardiac one
    in recordings without respiration."""

    min_valid_share: float = Field(default=0.5, ge=0, le=1)
    """Least share of believed respiration samples that a window needs for features of its spectrum and waveform;
    below it they are missing."""

    remove_heartbeat: bool = True
    """Whether what is locked to the beats is taken out of airflow before features of breathing are computed (and given
    to the control *cardiogenic*). Changes nothing for belts, thermistors and CO2, whose band ends below the pulse, nor
    where no heart was recorded on the same clock."""
