"""Config of the breaths: how they are found, and which may enter features."""

from __future__ import annotations

from pydantic import Field

from eupnea.config.base import Block


class BreathsConfig(Block):
    """How breaths are found, and which may enter features."""

    min_breath_s: float = Field(default=1.0, gt=0)
    """Shorter breaths are not valid, s."""

    min_phase_s: float = Field(default=0.25, ge=0)
    """Breaths whose inspiration or expiration is shorter are not valid, s."""

    max_breath_s: float = Field(default=20.0, gt=0)
    """Longer breaths are not valid (a pause of breathing is not a breath), s."""

    max_invalid_share: float = Field(default=0.1, ge=0, le=1)
    """A breath with more of its samples in gaps, clipping or motion than this is not valid."""

    min_pause_s: float = Field(default=0.3, ge=0)
    """Shorter stretches without flow do not count as pauses, s."""

    sigh_ratio: float = Field(default=2.0, gt=1)
    """A breath is a sigh when its inspired volume is at least this many times the running median."""

    sigh_window_breaths: int = Field(default=31, ge=5)
    """Breaths in the running median that sighs are compared with."""
