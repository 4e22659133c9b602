"""Config of the recordings: what a recording must be to be used."""

from __future__ import annotations

from pydantic import Field

from eupnea.config.base import Block


class AlignmentConfig(Block):
    """How the clocks of several devices are brought together."""

    max_offset_s: float = Field(default=10.0, gt=0)
    """Largest difference between the clocks, beyond their declared start times, that is searched for, s."""

    max_drift_ppm: float = Field(default=500.0, gt=0)
    """Largest difference between the rates of the clocks, parts per million."""

    usual_drift_ppm: float = Field(default=100.0, gt=0)
    """How much the rates of device clocks usually differ (standard deviation), parts per million. Weighs in only where
    pulses are few or the recording is short: there the drift is drawn towards zero."""

    tolerance_s: float = Field(default=0.02, gt=0)
    """Two pulses belong together when they are nearer than this after alignment, s."""

    min_pulses: int = Field(default=4, ge=3)
    """Fewer shared pulses than this align nothing."""

    min_separation_s: float = Field(default=0.05, ge=0)
    """Edges of a trigger channel nearer than this to the edge before are bounces of one pulse, s."""

    declared_se_s: float = Field(default=0.05, ge=0)
    """How exact declared start times are taken to be (standard error), s."""


class RecordingsConfig(Block):
    """What a recording must be to be used; one that is not is set aside with its reason."""

    min_duration_s: float = Field(default=15.0, gt=0)
    """Shorter recordings are set aside, s."""

    max_missing_share: float = Field(default=0.5, ge=0, le=1)
    """A channel with more missing samples than this share is set aside."""

    max_flat_share: float = Field(default=0.9, ge=0, le=1)
    """A channel that does not change during more than this share of its seconds is set aside."""

    min_sampling_hz: dict[str, float] = Field(
        default_factory=lambda: {
            "airflow": 3.0,
            "nasal_pressure": 3.0,
            "thermistor": 3.0,
            "belt": 3.0,
            "co2": 3.0,
            "ecg": 60.0,
            "ppg": 15.0,
        }
    )
    """Channels sampled more slowly than this are set aside, per kind, Hz."""

    max_sampling_hz: float = Field(default=100_000.0, gt=0)
    """Higher sampling rates are taken for errors, Hz."""

    rate_tolerance: float = Field(default=0.01, gt=0)
    """Relative difference allowed between the declared sampling rate and the one the file's own times show."""

    declared_tolerance_s: float = Field(default=5.0, ge=0)
    """A found length that differs by more than this from the declared one is noted, s."""

    max_samples: int = Field(default=50_000_000, ge=1000)
    """Files that claim more samples (all channels that are read together) are refused; 50 million are 14 h at 1 kHz and
    take up to 1 GB of memory."""

    max_megabytes: int = Field(default=200, ge=1)
    """Text that is longer than this after decompression is refused, MB; reading takes up to five times as much memory.
    """

    alignment: AlignmentConfig = Field(default_factory=AlignmentConfig)
    """How the clocks of several devices are brought together."""
