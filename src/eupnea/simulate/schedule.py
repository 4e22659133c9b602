"""What happens in a recording: instruction, blocks, spoken answers, a break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.simulate.cohort import cohort_size
from eupnea.simulate.constants import CONSTANTS

if TYPE_CHECKING:
    from eupnea.config.simulate import SimulateConfig


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a recording, s on its clock; `label` as in the events file, `condition` as breathing knows it."""

    start_s: float
    end_s: float
    label: str
    condition: str


def schedule(config: SimulateConfig, task: str) -> list[Stretch]:
    """Return the stretches of a recording, in order and without gaps.

    Rest: instruction, rest. Task: instruction, then blocks, each followed by a spoken answer, with a break in the
    middle. Both end with a short tail.
    """
    size = cohort_size(config)
    parts = [("instruction", CONSTANTS["instruction_s"], "rest")]
    parts += [("rest", size.rest_minutes * 60, "rest")] if task == "rest" else _task(size.task_minutes * 60)
    parts.append(("end", CONSTANTS["tail_s"], "rest"))
    stretches: list[Stretch] = []
    for label, length, condition in parts:
        start = stretches[-1].end_s if stretches else 0.0
        stretches.append(Stretch(start, start + length, label, condition))
    return stretches


def _task(task_s: float) -> list[tuple[str, float, str]]:
    count = max(int(CONSTANTS["min_blocks"]), round(task_s / CONSTANTS["block_s"]))
    parts: list[tuple[str, float, str]] = []
    for block in range(1, count + 1):
        parts.append((f"block{block}", task_s / count, "task"))
        parts.append(("speech", CONSTANTS["speech_s"], "speech"))
        if block == count // 2:
            parts.append(("break", CONSTANTS["break_s"], "break"))
    return parts


def events_table(stretches: list[Stretch]) -> pd.DataFrame:
    """Return the events file of a recording: onset (s), duration (s), trial_type."""
    rows = [(one.start_s, one.end_s - one.start_s, one.label) for one in stretches if one.label != "end"]
    return pd.DataFrame(rows, columns=["onset", "duration", "trial_type"]).round(3)
