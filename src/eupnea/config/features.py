"""Config of the features: windows, and which of them are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eupnea.config.base import Block


class TimeseriesConfig(Block):
    """tsfresh's features of every window, as the family ``timeseries`` of a modality."""

    settings: Literal["none", "minimal", "efficient", "comprehensive"] = "none"
    """Which of tsfresh's sets. ``none`` is the default: the efficient set has some 760 columns per modality, four times
    as many as all other features of it, and what is fitted to them afterwards takes as much longer."""

    modalities: tuple[Literal["respiration", "cardiac"], ...] = Field(default=("respiration", "cardiac"), min_length=1)
    """What they are computed from: the breathing band of the respiration signal (every window with mean 0 and standard
    deviation 1, so that no sensor's gain enters), and the intervals between beats."""

    respiration_hz: float | None = Field(default=None, gt=0, le=25.0)
    """Samples per second of the breathing band, brought to the next whole fraction of 25. Empty: the fewest that carry
    the band of the kind (belt, thermistor, CO2: 1.56; airflow, nasal pressure: 8.33). More would make features of lags
    and fine scales tell what the filter left of the heartbeat and the sensor; a study that widens the band
    (``signals: breathing_max_hz``) needs at least twice its edge."""

    rr_hz: float = Field(default=4.0, ge=1.0, le=10.0)
    """Samples per second that the intervals between beats are brought to."""


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

    timeseries: TimeseriesConfig = Field(default_factory=TimeseriesConfig)
    """tsfresh's features of every window."""
