"""Config of the simulated cohort."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from eupnea.config.base import Block


class SimulateConfig(Block):
    """The simulated cohort: its size and the strengths that studies of the method vary.

    Every other number of the generator stands in ``eupnea.simulate.constants`` with its source.
    """

    scale: Literal["small", "demo", "full"] = "demo"
    """Size of the cohort: ``small`` (8 people, rest 2 min, task 4 min), ``demo`` (40 people, 5 and 10 min), ``full``
    (the real protocol: 100 people, 5 and 45 min). The next three keys override it."""

    participants: int | None = Field(default=None, ge=1, le=100_000)
    """Number of people; empty: as ``scale`` says."""

    rest_minutes: float | None = Field(default=None, ge=0.5, le=240)
    """Length of the resting recording, minutes; empty: as ``scale`` says."""

    task_minutes: float | None = Field(default=None, ge=0, le=240)
    """Minutes spent on the task, breaks and spoken answers not counted; 0: no task. Empty: as ``scale`` says."""

    task_name: str = Field(default="nback", pattern=r"^[A-Za-z0-9]+$")
    """Name of the task in file names and results. Letters and digits."""

    modes: tuple[Literal["nasal", "oral"], ...] = Field(default=("nasal", "oral"), min_length=1, max_length=2)
    """Breathing modes that everybody is told to use, one after the other, in random order."""

    sessions: int = Field(default=1, ge=1, le=20)
    """Days per person. With one, file names carry no session."""

    signature: float = Field(default=1.0, ge=0, le=5)
    """Strength of everything that tells people (and their days) apart: breathing style, heart, beat shape, effects of
    age, sex and BMI. 0: everybody shares one style and nobody can be identified. 1: as published."""

    trait_effects: float = Field(default=1.0, ge=0, le=5)
    """Strength of the effects of age, sex and BMI on breathing and heart, on top of ``signature``; 0: none."""

    mood_effect: float = Field(default=1.0, ge=0, le=5)
    """Strength of the relation between the mood score and the breathing of the recording; 0: none."""

    sensor_signature: float = Field(default=0.0, ge=0, le=5)
    """Strength of a signature of the sensor alone: gain, offset and noise floor that stay with the person over all
    recordings, as if everybody had their own device. A control, not a fact: 0 by default."""

    sensor_variation: float | None = Field(default=None, ge=0, le=5)
    """Strength of the differences in gain, offset and noise between recordings. Empty: as ``signature`` up to 1, so
    that with ``signature: 0`` nothing tells one recording from another."""

    artefacts: float = Field(default=1.0, ge=0, le=10)
    """How often motion, dropouts, clipping and ectopic beats occur, as a multiple of the usual; 0: never."""

    airflow_hz: Literal[25, 50, 100] = 50
    """Sampling rate of the respiration device, Hz."""

    ecg_hz: Literal[125, 250, 500] = 250
    """Sampling rate of the ECG device, Hz."""

    oral_sensor: Literal["airflow", "thermistor"] = "airflow"
    """Sensor of oral breathing: the same mask as for nasal breathing, or a thermistor, which confounds mode with
    sensor as in many real studies."""

    split_flow: bool = False
    """Whether nose and mouth are measured at once (columns ``nasal_flow`` and ``oral_flow``) instead of one mask for
    both (``airflow``)."""

    @model_validator(mode="after")
    def _is_possible(self) -> SimulateConfig:
        if len(set(self.modes)) < len(self.modes):
            message = "'modes' names a mode twice"
            raise ValueError(message)
        if self.split_flow and self.oral_sensor == "thermistor":
            message = "'split_flow' needs the same sensor in both modes: set oral_sensor to 'airflow'"
            raise ValueError(message)
        if self.task_name == "rest":
            message = "'task_name' cannot be 'rest'"
            raise ValueError(message)
        return self
