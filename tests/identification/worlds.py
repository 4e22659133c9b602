"""Window tables of worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.recordings.labels import recording_label


def make_world(
    *,
    people: int = 12,
    modes: tuple[str, ...] = ("nasal", "oral"),
    tasks: tuple[str, ...] = ("rest", "nback"),
    sessions: tuple[str, ...] = ("",),
    runs: tuple[str, ...] = ("1",),
    windows: int | dict[str, int] = 5,
    features: int = 12,
    signature: float = 1.0,
    sensor: float = 0.0,
    recording_sd: float = 0.7,
    mode_sd: float = 0.5,
    window_s: float = 60.0,
    missing: float = 0.02,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return windows, recordings, participants and dictionary.

    `signature` is the between-person SD of every physiological feature (windows scatter by 1 within a recording,
    recordings by `recording_sd`, the modes of one person by `mode_sd`), `sensor` the same for the device features.
    """
    rng = np.random.default_rng(seed)
    names = {
        "respiration": [f"respiration__family{j % 3}__f{j}" for j in range(features)],
        "cardiac": [f"cardiac__rate__f{j}" for j in range(features // 2)],
        "device": [f"device__raw__f{j}" for j in range(features // 2)],
    }
    columns = [name for group in names.values() for name in group]
    strength = np.array([sensor if name.startswith("device") else signature for name in columns])
    rows, recordings = [], []
    for i in range(people):
        participant = f"sub-{i + 1:02d}"
        trait = rng.normal(size=len(columns)) * strength
        of_mode = {mode: rng.normal(size=len(columns)) * strength * mode_sd for mode in modes}
        for session in sessions:
            for mode in modes:
                for task in tasks:
                    for run in runs:
                        keys = {"participant": participant, "session": session, "mode": mode, "task": task, "run": run}
                        name = recording_label(participant, session=session, mode=mode, task=task, run=run)
                        level = trait + of_mode[mode] + recording_sd * rng.normal(size=len(columns))
                        n = windows[task] if isinstance(windows, dict) else windows
                        X = level + rng.normal(size=(n, len(columns)))
                        X[rng.uniform(size=X.shape) < missing] = np.nan
                        recordings.append({"recording": name, **keys, "signals": "airflow,ecg", "status": "used"})
                        rows += [
                            {"recording": name, **keys, "start_s": k * window_s, "window_s": window_s, "quality": 1.0}
                            | dict(zip(columns, X[k], strict=True))
                            for k in range(n)
                        ]
    participants = pd.DataFrame(
        {
            "participant": [f"sub-{i + 1:02d}" for i in range(people)],
            "age": rng.integers(20, 60, people).astype(float),
            "sex": rng.choice(["F", "M"], people),
            "bmi": rng.normal(24, 3, people),
        }
    )
    dictionary = pd.DataFrame(
        {
            "name": columns,
            "modality": [name.split("__")[0] for name in columns],
            "family": [name.split("__")[1] for name in columns],
            "unit": "1",
            "amplitude_free": [j % 2 == 0 for j in range(len(columns))],
            "comparable_kinds": "airflow,nasal_pressure,thermistor,belt,co2,ecg,ppg,rr",
            "level": "window",
        }
    )
    return pd.DataFrame(rows), pd.DataFrame(recordings), participants, dictionary
