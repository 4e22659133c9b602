"""Who takes part and what is recorded of them: names and lengths only (standard library, fast to import)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eupnea.config.simulate import SimulateConfig


@dataclass(frozen=True, slots=True)
class Size:
    """Size of a cohort."""

    participants: int
    rest_minutes: float
    task_minutes: float


SCALES = {
    "small": Size(8, 2.0, 4.0),
    "demo": Size(40, 5.0, 10.0),
    "full": Size(100, 5.0, 45.0),
}
"""What the config key ``scale`` stands for; ``full`` is the real protocol."""

MIN_DIGITS = 3


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """One recording to be made; labels as in the results contract, `order` counts the person's recordings of a day."""

    participant: str
    session: str
    mode: str
    task: str
    order: int


def cohort_size(config: SimulateConfig) -> Size:
    """Return how many people there are and how long they are recorded."""
    preset = SCALES[config.scale]
    return Size(
        preset.participants if config.participants is None else config.participants,
        preset.rest_minutes if config.rest_minutes is None else config.rest_minutes,
        preset.task_minutes if config.task_minutes is None else config.task_minutes,
    )


def participant_labels(config: SimulateConfig) -> list[str]:
    """Return the labels of all participants: ``sub-001``, ``sub-002`` and so on.

    They are padded with zeros to the size of the cohort (three digits at least).
    """
    count = cohort_size(config).participants
    digits = max(MIN_DIGITS, len(str(count)))
    return [f"sub-{number:0{digits}d}" for number in range(1, count + 1)]


def session_labels(config: SimulateConfig) -> list[str]:
    """Return the labels of the sessions; one empty label when there is a single session."""
    if config.sessions == 1:
        return [""]
    return [f"ses-{number}" for number in range(1, config.sessions + 1)]


def planned_recordings(config: SimulateConfig, participant: str, *, oral_first: dict[str, bool]) -> list[RecordingPlan]:
    """List the recordings of one person in the order they are made.

    Parameters
    ----------
    config
        Modes, sessions and task.
    participant
        Label of the person.
    oral_first
        Per session label, whether oral breathing comes first.
    """
    tasks = ["rest"] + ([config.task_name] if cohort_size(config).task_minutes > 0 else [])
    plans = []
    for session in session_labels(config):
        modes = sorted(config.modes, key=lambda mode: (mode == "oral") != oral_first[session])
        made = [(mode, task) for mode in modes for task in tasks]
        plans += [
            RecordingPlan(participant, session, mode, task, order) for order, (mode, task) in enumerate(made, start=1)
        ]
    return plans
