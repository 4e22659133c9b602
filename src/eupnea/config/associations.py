"""Config of the associations stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eupnea.config.base import Block

Modality = Literal["respiration", "cardiac", "coupling", "device", "cardiogenic"]


class AssociationsConfig(Block):
    """Reliability and mixed models of each feature."""

    modalities: list[Modality] = Field(default=["respiration", "cardiac", "coupling"])
    """Groups of features that are looked at."""

    window_s: float | None = Field(default=None, gt=0)
    """Length of the windows that are used, s; empty: the shortest there are."""

    min_participants: int = Field(default=5, ge=3)
    """People below which a number is not given."""

    max_windows: int = Field(default=20, ge=2)
    """Windows per participant and condition at most, evenly spread, in the reliability between windows."""

    effects: list[Literal["mode", "task", "mode_task", "session", "time_on_task", "age", "sex", "bmi"]] = Field(
        default=["mode", "task", "mode_task", "time_on_task", "age", "sex", "bmi"]
    )
    """Fixed effects of the mixed models; those that the dataset cannot tell are left out and named in a row."""

    min_effect_participants: int = Field(default=12, ge=3)
    """People that effects between people (age, sex, BMI) need to be in the model."""

    level: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage that the intervals aim at."""
