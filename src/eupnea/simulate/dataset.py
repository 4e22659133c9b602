"""Write the cohort as a BIDS dataset; the truth goes into tables outside of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.io.files import write_text
from eupnea.io.tables import write_table
from eupnea.simulate.bids import write_physio
from eupnea.simulate.cohort import RecordingPlan, participant_labels, planned_recordings, session_labels
from eupnea.simulate.constants import CONSTANTS
from eupnea.simulate.people import Person, draw_person, style_seed
from eupnea.simulate.recording import SimulatedRecording, simulate_recording

if TYPE_CHECKING:
    from eupnea.config.simulate import SimulateConfig

DECIMALS = {"airflow": 4, "nasal_flow": 4, "oral_flow": 4, "thermistor": 4, "ecg": 3, "trigger": 0}
"""Digits after the point; as fine as the steps of the converters."""

README = """SIMULATED breathing and heart recordings

Nobody was recorded for this dataset: a generator with known truth made it, and nothing in it is a finding about people.
People breathe through the nose (acq-nasal) and through the mouth (acq-oral), at rest and during a task, in random order
(column `order` of the scans files). One device recorded the airflow (recording-resp), another one the ECG
(recording-ecg). Their clocks differ in start and rate; both saw the same trigger pulses. Times in the events files are
on the clock of the respiration device.
"""


def write_dataset_root(config: SimulateConfig, seed: int, folder: Path) -> None:
    """Write what the dataset has once: its description, the participants, and the sidecars that all files inherit.

    Parameters
    ----------
    config, seed
        Who takes part.
    folder
        The dataset's folder; made when missing.
    """
    folder = Path(folder)
    for name, content in _sidecars(config).items():
        write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", folder / name)
    write_text(README, folder / "README")
    people = [draw_person(config, seed, label) for label in participant_labels(config)]
    table = pd.concat([person.traits for person in people], ignore_index=True)
    table.insert(0, "participant_id", [person.participant for person in people])
    table["sex"] = table["sex"].str[0].str.upper()
    write_table(table, folder / "participants.tsv")


def _sidecars(config: SimulateConfig) -> dict[str, Any]:
    sidecars: dict[str, Any] = {
        "dataset_description.json": {
            "Name": "SIMULATED breathing and heart of people who do not exist",
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "License": "CC0",
            "GeneratedBy": [{"Name": "eupnea simulate"}],
        },
        "participants.json": {
            "age": {"Description": "age", "Units": "years"},
            "sex": {"Description": "sex", "Levels": {"F": "female", "M": "male"}},
            "height_cm": {"Description": "height", "Units": "cm"},
            "weight_kg": {"Description": "weight", "Units": "kg"},
        },
        "scans.json": {
            "order": {"Description": "place of the recording in the day, from 1"},
            "mood": {"Description": "mood asked before the recording, 0 (bad) to 100 (good)"},
        },
        "events.json": {"trial_type": {"Description": "instruction, rest, block<number>, speech, break"}},
        "recording-resp_physio.json": _respiration_sidecar(config, "airflow"),
        "recording-ecg_physio.json": _ecg_sidecar(config),
    }
    if config.oral_sensor == "thermistor":
        sidecars["acq-oral_recording-resp_physio.json"] = _respiration_sidecar(config, "thermistor")
    if config.sessions > 1:
        sidecars["sessions.json"] = {
            "day": {"Description": "days since the first session", "Units": "d"},
            "mood": {"Description": "mean mood of the day, 0 (bad) to 100 (good)"},
        }
    return sidecars


_TRIGGER = {"Description": "pulses that both devices see", "Units": "au"}


def _respiration_sidecar(config: SimulateConfig, sensor: str) -> dict[str, Any]:
    if sensor == "thermistor":
        columns = {"thermistor": ("temperature of the breath", "au", "thermistor", "oral", "thermistor at the lips")}
    elif config.split_flow:
        columns = {
            "nasal_flow": ("airflow through the nose", "l/s", "airflow", "nasal", "mask with two chambers"),
            "oral_flow": ("airflow through the mouth", "l/s", "airflow", "oral", "mask with two chambers"),
        }
    else:
        columns = {"airflow": ("airflow through nose and mouth", "l/s", "airflow", "oronasal", "oronasal mask")}
    described = {
        name: {
            "Description": f"{about}, inspiration up",
            "Units": unit,
            "Kind": kind,
            "Site": site,
            "Placement": placement,
            "Polarity": "up",
        }
        for name, (about, unit, kind, site, placement) in columns.items()
    }
    return {
        "SamplingFrequency": config.airflow_hz,
        "StartTime": 0,
        "Columns": [*described, "trigger"],
        "Manufacturer": "simulated respiration device",
        **described,
        "trigger": _TRIGGER,
    }


def _ecg_sidecar(config: SimulateConfig) -> dict[str, Any]:
    lead = {"Description": "ECG, lead II", "Units": "mV", "Kind": "ecg", "Site": "chest", "Placement": "lead II"}
    return {
        "SamplingFrequency": config.ecg_hz,
        "StartTime": 0,
        "Columns": ["ecg", "trigger"],
        "Manufacturer": "simulated ECG device with a clock of its own",
        "ecg": lead,
        "trigger": _TRIGGER,
    }


def write_participants(
    config: SimulateConfig, seed: int, folder: Path, participants: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate and write some participants; the others need not exist, and do not change them.

    Parameters
    ----------
    config, seed
        How people are drawn.
    folder
        The dataset's folder.
    participants
        Labels.

    Returns
    -------
    files
        One row per file: path (relative to `folder`), bytes, sha256.
    truth
        One row per recording: labels, offset and drift of the ECG device, counts, mood, and the true style
        (``true_…``, in the units of `eupnea.simulate.constants.STYLE`).
    """
    files: list[dict[str, object]] = []
    truth: list[dict[str, object]] = []
    for participant in participants:
        _write_participant(config, seed, Path(folder), participant, files, truth)
    return (
        pd.DataFrame(files, columns=["path", "bytes", "sha256"]),
        pd.DataFrame(truth) if truth else pd.DataFrame(columns=["recording"], dtype="str"),
    )


def _write_participant(
    config: SimulateConfig,
    seed: int,
    folder: Path,
    participant: str,
    files: list[dict[str, object]],
    truth: list[dict[str, object]],
) -> None:
    person = draw_person(config, seed, participant)
    sessions = session_labels(config)
    oral_first = {one: bool(style_seed(seed, participant, "order", one).random() < 0.5) for one in sessions}
    scans: dict[str, list[tuple[str, int, float]]] = {session: [] for session in sessions}
    for plan in planned_recordings(config, participant, oral_first=oral_first):
        made = simulate_recording(
            config, seed, participant=participant, session=plan.session, mode=plan.mode, task=plan.task, person=person
        )
        for path in _write_recording(made, folder, files):
            scans[plan.session].append((path, plan.order, made.state.mood))
        truth.append(_truth_row(made, plan, person))
    for session, rows in scans.items():
        stem = "_".join(part for part in (participant, session) if part)
        table = pd.DataFrame(rows, columns=["filename", "order", "mood"])
        _write_tsv(table, folder, f"{_base(participant, session)}/{stem}_scans.tsv", files)
    if len(sessions) > 1:
        table = _sessions_table(seed, participant, scans)
        _write_tsv(table, folder, f"{participant}/{participant}_sessions.tsv", files)


def _base(participant: str, session: str) -> str:
    return f"{participant}/{session}" if session else participant


def _write_recording(made: SimulatedRecording, folder: Path, files: list[dict[str, object]]) -> list[str]:
    """Write the files of a recording; return those with signals, relative to the session's folder."""
    base = _base(made.participant, made.session)
    signals = []
    for device, columns in (("resp", made.respiration), ("ecg", made.cardiac)):
        name = f"beh/{made.recording}_recording-{device}_physio.tsv.gz"
        written = write_physio(columns, folder / base / name, decimals=DECIMALS)
        files.append({"path": f"{base}/{name}", "bytes": written.bytes, "sha256": written.sha256})
        signals.append(name)
    _write_tsv(made.events, folder, f"{base}/beh/{made.recording}_events.tsv", files)
    return signals


def _write_tsv(table: pd.DataFrame, folder: Path, path: str, files: list[dict[str, object]]) -> None:
    import hashlib

    write_table(table, folder / path)
    content = (folder / path).read_bytes()
    files.append({"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})


def _sessions_table(seed: int, participant: str, scans: dict[str, list[tuple[str, int, float]]]) -> pd.DataFrame:
    c = CONSTANTS
    gaps = style_seed(seed, participant, "days").integers(int(c["days_low"]), int(c["days_high"]) + 1, len(scans) - 1)
    mood = [round(float(np.mean([row[2] for row in rows])), 1) for rows in scans.values()]
    return pd.DataFrame({"session_id": list(scans), "day": np.r_[0, np.cumsum(gaps)], "mood": mood})


def _truth_row(made: SimulatedRecording, plan: RecordingPlan, person: Person) -> dict[str, object]:
    traits = person.traits.iloc[0]
    return {
        "recording": made.recording,
        "participant": made.participant,
        "session": made.session,
        "mode": made.mode,
        "task": made.task,
        "order": plan.order,
        "duration_s": made.duration_s,
        "sync_offset_s": made.clock.offset_s,
        "sync_drift_ppm": made.clock.drift_ppm,
        "n_triggers": int(made.triggers_s.size),
        "n_breaths": len(made.breaths),
        "n_sighs": int(made.breaths["is_sigh"].sum()),
        "n_beats": len(made.beats),
        "n_ectopic": int(made.beats["is_ectopic"].sum()),
        "n_motion": sum(burst.kind == "motion" for burst in made.bursts),
        "n_dropouts": sum(burst.kind in ("missing", "flat") for burst in made.bursts),
        "n_swallows": sum(burst.kind == "swallow" for burst in made.bursts),
        "oral_share": made.state.oral_share,
        "mood": made.state.mood,
        "age": int(traits["age"]),
        "sex": str(traits["sex"]),
        "bmi": float(traits["weight_kg"] / (traits["height_cm"] / 100) ** 2),
        **{f"true_{name}": value for name, value in made.state.style.items()},
    }
