"""``eupnea init``."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console

from eupnea.config.load import load_study
from eupnea.errors import InputError
from eupnea.io.files import write_text
from eupnea.recordings.survey import BidsSurvey, survey_bids

_PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.-]*")
_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def run_init(folder: Path, *, output: Path | None, overwrite: bool) -> Path:
    """Look at a BIDS folder, write a study for it, and return the study's path.

    Raises
    ------
    InputError
        Nothing in the folder looks like a recording, or the study is there already.
    """
    survey = survey_bids(folder)
    name = _NAME.sub("-", folder.resolve().name).strip("-_") or "study"
    path = output or Path(f"{name}.yaml")
    if path.exists() and not overwrite:
        raise InputError("The study is there already", where=str(path), change="name another one, or add --overwrite")
    write_text(study_text(name, folder, survey, path), path)
    load_study(path)
    console = Console()
    console.print(
        f"{survey.n_files} signal files of {survey.n_participants} participants; study written to {path}",
        highlight=False,
    )
    console.print(f"Look at it, then: eupnea check {path}", highlight=False)
    return path


def study_text(name: str, folder: Path, survey: BidsSurvey, path: Path) -> str:
    """Return the YAML of a study, every choice explained."""
    lines = [
        f"# A study of {survey.n_participants} participants, written by 'eupnea init'. Keys left out have the defaults",
        "# that config/README.md explains.",
        f"#   eupnea check {path}",
        f"#   snakemake --cores 4 --configfile {path}",
        f"name: {name}",
        "",
        "dataset:",
        "  source: bids",
        f"  path: {_quoted(folder.as_posix())}",
        *_suffix_lines(survey),
        "",
        *_entity_lines(survey),
        "",
        *_channel_lines(survey),
        "",
        *_people_lines(survey),
        *_event_lines(survey),
    ]
    return "\n".join(lines) + "\n"


def _suffix_lines(survey: BidsSurvey) -> list[str]:
    return [] if survey.suffixes == ("physio",) else [f"  suffixes: [{', '.join(survey.suffixes)}]"]


def _entity_lines(survey: BidsSurvey) -> list[str]:
    found = [f"#   {key}: {', '.join(values[:12])}" for key, values in survey.entities.items() if key != "sub"]
    lines = ["  # Entities in the file names:", *(f"  {line}" for line in found or ["#   none beside the participant"])]
    lines.append("  entities:")
    if survey.mode_entity:
        lines += ["    mode:", f"      entity: {survey.mode_entity}        # tells nasal from oral breathing"]
        if survey.mode_pattern:
            lines.append(f"      pattern: {_quoted(survey.mode_pattern)}")
    else:
        lines.append("    # No entity tells nasal from oral breathing: questions across modes cannot be answered.")
        lines += ["    mode:", "      entity: acq"]
    lines.append("    task:")
    lines.append("      entity: task")
    if survey.task_pattern:
        lines.append(f"      pattern: {_quoted(survey.task_pattern)}    # the task without the mode")
    if survey.rest_value and survey.rest_value != "rest":
        lines.append(f"      values: {{{survey.rest_value}: rest}}       # the resting recording must be called rest")
    elif not survey.rest_value:
        lines.append("      # No task is called rest. If one is: values: {<its name>: rest}")
    return lines


def _channel_lines(survey: BidsSurvey) -> list[str]:
    lines = ["  # Columns of the files, and what they are taken for:"]
    for column, kind in survey.columns.items():
        lines.append(f"  #   {column}: {kind or 'not recognised'}")
    lines.append("  # To correct one: pattern, kind, and if known site, unit, polarity (up: inspiration goes up).")
    unknown = [column for column, kind in survey.columns.items() if not kind]
    example = unknown[0] if unknown else next(iter(survey.columns), "flow")
    lines.append("  # channels:")
    lines.append(f"  #   - {{pattern: {_quoted(re.escape(example))}, kind: airflow, site: nasal, polarity: up}}")
    if "cardiac" in survey.columns:
        lines.append("  cardiac: ppg            # what the column 'cardiac' is: ppg or ecg")
    if any(column.lower().startswith("resp") for column in survey.columns):
        lines.append("  respiratory: belt       # what the column 'respiratory' is: belt, airflow, nasal_pressure, ...")
    return lines


def _people_lines(survey: BidsSurvey) -> list[str]:
    if not survey.participant_columns:
        return ["  # There is no participants.tsv: age, sex and the like cannot be predicted."]
    lines = ["  participants:", "    columns:              # only these columns are read; name there: name here"]
    kept = survey.kept_columns
    lines += [f"      {_quoted(column)}: {name}" for column, name in kept.items()] or ["      age: age"]
    others = [column for column in survey.participant_columns[1:] if column not in kept]
    if others:
        lines.append(f"      # not read: {', '.join(others)[:150]}")
    return lines


def _event_lines(survey: BidsSurvey) -> list[str]:
    if not survey.event_labels:
        return []
    lines = ["", "  # Events found, and what is done with them (use, exclude, block; others are not needed):"]
    return [*lines, *(f"  #   {label}: {role or 'nothing'}" for label, role in survey.event_labels.items())]


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
