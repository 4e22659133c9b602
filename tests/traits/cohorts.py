"""Small made-up cohorts whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd


def make_cohort(
    *,
    n_people: int = 30,
    n_features: int = 20,
    age_effect: float = 0.0,
    sex_effect: float = 0.0,
    person_sd: float = 1.0,
    n_windows: int = 4,
    seed: int = 0,
    modality: str = "respiration",
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Make windows, recordings, participants and targets; age (per SD) and sex shift the first five features."""
    rng = np.random.default_rng(seed)
    age, sex = rng.uniform(20, 70, n_people), np.where(rng.permutation(n_people) % 2 == 0, "F", "M")
    bmi = rng.normal(25, 4, n_people)
    base = rng.normal(0, person_sd, (n_people, n_features))
    base[:, :5] += age_effect * ((age - 45) / 14.4)[:, None] + sex_effect * (sex == "M")[:, None]
    values = np.repeat(base, 2 * n_windows, axis=0)
    values += rng.standard_normal(values.shape)
    people = [f"sub-{number:03d}" for number in range(n_people)]
    names = [f"{modality}__{'first' if i < 5 else 'second'}__f{i:02d}" for i in range(n_features)]
    windows = pd.DataFrame(values, columns=names)
    task = np.tile(np.repeat(["rest", "work"], n_windows), n_people)
    start = np.tile(np.arange(n_windows) * 60.0, 2 * n_people)
    keys = pd.DataFrame({"participant": np.repeat(people, 2 * n_windows), "session": "", "mode": "", "task": task})
    keys["recording"] = keys["participant"] + "_task-" + keys["task"]
    keys = keys.assign(run="", start_s=start, window_s=60.0, block="", time_on_task_s=start, quality=1.0)
    windows = pd.concat([keys, windows], axis=1)
    participants = pd.DataFrame({"participant": people, "age": age, "sex": sex, "bmi": bmi})
    recordings = windows[["recording", "participant", "task"]].drop_duplicates()
    return windows, recordings, participants, long_targets(participants)


def long_targets(participants: pd.DataFrame) -> pd.DataFrame:
    """Turn participant columns into the long table of targets."""
    rows = participants.melt("participant", var_name="name", value_name="value")
    return rows.assign(session="", recording="", level="participant")
