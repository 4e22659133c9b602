"""Worlds with a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd


def make_world(
    *,
    people: int = 40,
    features: int = 60,
    age_effect: float = 1.0,
    mode_effect: float = 0.0,
    identity: float = 1.0,
    windows: int = 2,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Windows and participants: the first ten features follow age, the next twenty the mode, all of them the person."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(20, 70, people)
    person = identity * rng.standard_normal((people, features))
    person[:, :10] += age_effect * ((age - 45) / 14)[:, None] * np.where(np.arange(10) % 2, 1.0, -1.0)
    mode = np.where((np.arange(features) >= 10) & (np.arange(features) < 30), mode_effect, 0.0)
    names = [f"respiration__timing__f{number:02d}" for number in range(features)]
    rows = []
    for number in range(people):
        for label in ("nasal", "oral"):
            for task in ("rest", "nback"):
                profile = person[number] + (label == "oral") * mode + 0.3 * rng.standard_normal(features)
                for window in range(windows):
                    values = profile + 0.3 * rng.standard_normal(features)
                    rows.append(
                        {
                            "recording": f"sub-{number:02d}_task-{task}_acq-{label}",
                            "participant": f"sub-{number:02d}",
                            "session": "",
                            "mode": label,
                            "task": task,
                            "run": "",
                            "start_s": 60.0 * window,
                            "window_s": 60.0,
                            "block": "",
                            "time_on_task_s": 60.0 * window,
                            "quality": 1.0,
                            **dict(zip(names, values, strict=True)),
                        }
                    )
    sexes = np.where(rng.random(people) < 0.5, "F", "M")
    participants = pd.DataFrame(
        {"participant": [f"sub-{number:02d}" for number in range(people)], "age": np.round(age), "sex": sexes}
    )
    return pd.DataFrame(rows), participants
