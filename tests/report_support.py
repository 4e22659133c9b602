"""A results folder by the contract, small enough to be checked by eye."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from eupnea.config.figures import FiguresConfig
from eupnea.config.report import ReportConfig
from eupnea.evidence.metrics import metric_row, metrics_frame, missing_row
from eupnea.figures.registry import FIGURES
from eupnea.figures.stage import draw_stage
from eupnea.io import contract
from eupnea.io.columns import TableContract
from eupnea.io.tables import write_table
from eupnea.report.write import write_report
from eupnea.study import Study

HOSTILE = "<script>alert(1)</script>"
IDENTIFIED = {"level": "recording", "model": "selected", "window_s": 60.0, "n_participants": 12.0}
RANK1 = 0.4321
METRICS = [
    metric_row(
        "identification",
        "rank1_recording",
        RANK1,
        protocol="within_nasal",
        modality="respiration",
        ci_low=0.3123,
        ci_high=0.5678,
        p_value=0.0123,
        p_adjusted=0.0246,
        n_permutations=999.0,
        chance=0.0833,
        **IDENTIFIED,
    ),
    missing_row(
        "identification",
        "rank1_recording",
        f"no oral recording {HOSTILE}",
        protocol="within_oral",
        **{"modality": "respiration", "model": "selected"},
    ),
    metric_row(
        "verification", "eer", 0.21, protocol="within_nasal", modality="respiration", p_adjusted=0.05, **IDENTIFIED
    ),
    metric_row(
        "comparison",
        "rank1_window_difference",
        0.25,
        protocol="leave_one_run_out",
        modality="all",
        comparator="respiration",
        ci_low=0.05,
        ci_high=0.45,
        p_value=0.01,
        p_adjusted=0.03,
        **IDENTIFIED | {"level": "window"},
    ),
    metric_row(
        "traits",
        "mae",
        7.654,
        target="age",
        level="participant",
        modality="all",
        model="selected",
        ci_low=5.5,
        ci_high=9.9,
        p_value=0.2,
        chance=8.5,
        n_participants=12.0,
    ),
    metric_row("traits", "mae", 8.25, target="age", level="participant", modality="all", model="baseline"),
    *[
        metric_row(
            "identification",
            "rank1_length",
            value,
            protocol="leave_one_run_out",
            modality="respiration",
            model="selected",
            window_s=60.0,
            enrolment_s=enrolment,
            probe_s=60.0,
            n_participants=12.0,
            chance=0.0833,
        )
        for enrolment, value in ((60.0, 0.2), (300.0, 0.55), (600.0, 0.6))
    ],
    *[
        metric_row(
            "adversarial",
            "mae",
            value,
            target="age",
            modality="all",
            model=model,
            norm=norm,
            epsilon=epsilon,
            ci_low=value - 1,
            ci_high=value + 1,
        )
        for model, values in {"adversarial_inf": (9.0, 9.5), "ridge_clean": (8.0, 19.0)}.items()
        for (norm, epsilon), value in zip((("", 0.0), ("inf", 0.1)), values, strict=True)
    ],
    *[
        metric_row(
            "invariance",
            metric,
            value,
            modality="all",
            nuisance="mode",
            model=model,
            strength=strength,
            subset=subset,
            p_value=p,
            chance=0.5 if subset else float("nan"),
        )
        for model, strength, reading, error in (
            ("ridge_none", 0.0, 0.71, 8.0),
            ("ridge_linear_erasure", 1.0, 0.52, 8.4),
        )
        for metric, value, subset, p in (
            ("balanced_accuracy_strongest", reading, "features", 0.3 if strength else 0.01),
            ("mae", error, "", float("nan")),
        )
    ],
    *[
        metric_row(
            "mixed_model",
            metric,
            value,
            modality="respiration",
            feature="respiration__breath__rate_bpm",
            term="mode[oral]",
            window_s=60.0,
            p_value=0.001,
            p_adjusted=0.002,
            ci_low=value - 1,
            ci_high=value + 1,
        )
        for metric, value in (("effect_size", 1.25), ("beta", 77.7))
    ],
]


def make_results(folder: Path, *, simulated: bool = True, people: int = 12) -> Study:
    """Write a minimal results folder with known numbers."""
    labels = [f"sub-{number:02d}" for number in range(1, people + 1)]
    keys = {"mode": "nasal", "task": "rest", "run": "1", "chunk": 0, "signals": "airflow", "sites": "nasal"}
    rows = [
        {
            "recording": f"{name}_task-rest_acq-nasal_run-1",
            "participant": name,
            **keys,
            "duration_s": 300.0,
            "used_s": 300.0,
            "status": "used",
        }
        for name in labels
    ]
    rows[-1] |= {"status": "set_aside", "reason": f"flat {HOSTILE}", "used_s": 0.0}
    _write(folder / "recordings/recordings.tsv", pd.DataFrame(rows), contract.RECORDINGS)
    sexes = ["female"] * (people - 3) + ["male"] * 3
    participants = pd.DataFrame({"participant": labels, "age": [20.0 + 2 * i for i in range(people)], "sex": sexes})
    _write(folder / "recordings/participants.tsv", participants)
    _write(folder / "recordings/findings.tsv", pd.DataFrame({"what": [HOSTILE]}))
    _write(folder / "metrics.tsv", metrics_frame(METRICS), contract.METRICS)
    dictionary = pd.DataFrame({"name": ["respiration__breath__rate_bpm"], "definition": ["60 / T_tot, 50 % & more"]})
    known = contract.DICTIONARY.column_names
    kinds = {column.name: column.kind for column in contract.DICTIONARY.columns}
    for name in known:
        if name not in dictionary and kinds[name] in ("integer", "boolean"):
            dictionary[name] = 0
    _write(folder / "features/dictionary.tsv", dictionary, contract.DICTIONARY)
    _write(folder / "features/set_aside.parquet", pd.DataFrame({"window_s": [60.0], "reason": ["clipped"]}))
    for name, table in (
        ("identification/scores.parquet", contract.SCORES),
        ("identification/failures.tsv", contract.FAILURES),
        ("traits/predictions.parquet", contract.TRAIT_PREDICTIONS),
    ):
        _write(folder / name, table.empty(), table)
    for name in ("identification/curves.parquet", "identification/people.parquet", "traits/curves.parquet"):
        _write(folder / name, pd.DataFrame({"protocol": pd.Series(dtype="str")}))
    _write_signals(folder, str(rows[0]["recording"]))
    if simulated:
        _write(folder / "simulate/oracle.tsv", pd.DataFrame({"quantity": ["d_prime"], "value": [1.0]}))
    manifest = {"eupnea": "0", "code": "abc", "config": {"seed": 1, "title": HOSTILE}, "packages": {}, "inputs": []}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Study(folder)


def _write_signals(folder: Path, recording: str) -> None:
    """Write two minutes of one recording's breathing, 15 breaths per minute, with its breaths and quality."""
    time = np.arange(0, 120, 0.04)
    wave = np.sin(2 * np.pi * time / 4)
    columns = {"recording": recording, "signal": "airflow"}
    samples = pd.DataFrame(
        {**columns, "time_s": time, "detection": wave, "breathing": wave, "above": 0.0, "is_valid": True}
    )
    onsets = np.arange(0, 116, 4.0)
    breaths = pd.DataFrame({**columns, "breath": range(len(onsets)), "inhale_onset_s": onsets})
    breaths = breaths.assign(exhale_onset_s=onsets + 2, end_s=onsets + 4, onset_rule="first_flow")
    for column in contract.BREATHS.columns:
        if column.kind == "boolean":
            breaths[column.name] = column.name == "is_valid"
    belt = samples.assign(signal="belt", detection=0.1, breathing=0.1)  # stands first, but flow is what features are of
    samples = pd.concat([belt, samples], ignore_index=True)
    channels = pd.DataFrame({"recording": recording, "signal": ["belt", "airflow"], "kind": ["belt", "airflow"]})
    channels = channels.assign(site=["chest", "nasal"], status="used")
    epochs = pd.DataFrame({**columns, "kind": "airflow", "start_s": [0.0, 60.0], "duration_s": 60.0})
    epochs["is_usable"] = [True, False]
    _write(folder / "recordings/chunk-000/channels.parquet", channels, contract.CHANNELS)
    _write(folder / "signals/chunk-000.parquet", samples, contract.RESPIRATION)
    _write(folder / "signals/cardiac-000.parquet", contract.CARDIAC.empty(), contract.CARDIAC)
    _write(folder / "signals/quality-000.parquet", epochs, contract.QUALITY)
    _write(folder / "signals/notes-000.parquet", pd.DataFrame({"recording": [recording], "note": [HOSTILE]}))
    _write(folder / "breaths/chunk-000.parquet", breaths, contract.BREATHS)
    _write(folder / "beats/chunk-000.parquet", contract.BEATS.empty(), contract.BEATS)


def add_pulse(study: Study) -> None:
    """Give the recording that has signals a pulse of 60 beats per minute; the interval before the fifth is odd."""
    recording = str(study.respiration(str(study.recordings["recording"].iloc[0]))["recording"].iloc[0])
    columns = {"recording": recording, "signal": "pulse"}
    wave = np.cos(2 * np.pi * np.arange(0, 120, 0.02)).astype(np.float32)
    row = {**columns, "kind": "ppg", "sampling_hz": 50.0, "start_s": 0.0, "values": wave, "times_s": np.empty(0)}
    beats = pd.DataFrame({**columns, "beat": range(119), "time_s": np.arange(1.0, 120.0), "is_valid": True})
    beats["artefact"] = np.where(beats["time_s"] == 5.0, "ectopic", "normal")
    _write(study.folder / "signals/cardiac-000.parquet", pd.DataFrame([row]), contract.CARDIAC)
    _write(study.folder / "beats/chunk-000.parquet", beats, contract.BEATS)


def make_report(study: Study) -> str:
    """Draw all figures of a results folder, write its report, and return the page."""
    for stage in FIGURES:
        draw_stage(study, stage, config=FiguresConfig(formats=("png",), png_dpi=40), folder=study.folder / "figures")
    path = study.folder / "report.html"
    write_report(study, path, title=f"Study {HOSTILE}", config=ReportConfig(), dpi=40)
    return path.read_text(encoding="utf-8")


def _write(path: Path, frame: pd.DataFrame, table: TableContract | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(frame if table is None else table.conform(frame), path)
