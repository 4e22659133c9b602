"""The people: whitelisted columns of ``participants.tsv`` and of file headers, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.errors import EupneaError, InputError
from eupnea.recordings.cells import described
from eupnea.recordings.discovery import discover, participant_codes
from eupnea.recordings.findings import Finding
from eupnea.recordings.labels import is_label, natural_key, participant_label
from eupnea.recordings.paths import inside
from eupnea.recordings.tsv import SmallTable, is_missing, read_tsv
from eupnea.recordings.wfdb_header import read_header

if TYPE_CHECKING:
    from eupnea.config.dataset import DatasetConfig, ParticipantsConfig

_LABEL_COLUMNS = ("participant_id", "participant", "subject", "subject_id")
_UNITS = {"height_cm": {"cm": 1.0, "m": 100.0, "in": 2.54}, "weight_kg": {"kg": 1.0, "g": 1e-3, "lb": 0.45359237}}
"""Factors to the unit in the column's name."""
_PLAUSIBLE = {"height_cm": (100.0, 230.0), "weight_kg": (25.0, 300.0), "age": (0.0, 125.0), "bmi": (10.0, 80.0)}
"""Adults and older children; values outside point to another unit or to a typing error."""
_CM_PER_M = 100.0
_NUMBERS = ("age", "height_cm", "weight_kg", "bmi")


@dataclass(frozen=True, slots=True)
class People:
    """The participants' table and what is worth knowing about it."""

    table: pd.DataFrame
    findings: tuple[Finding, ...]


def participants_table(dataset: DatasetConfig, base: Path, recordings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per participant: label, whitelisted columns, `n_recordings` and `has_recordings`.

    Parameters
    ----------
    dataset
        Which columns are kept, and what they and their values are called.
    base
        Folder of the dataset.
    recordings
        In the contract RECORDINGS; participants with none of them that can be used are flagged, not dropped.

    Raises
    ------
    InputError
        The table repeats a participant, or its label column is missing.
    """
    return read_people(dataset, base, recordings).table


def read_people(dataset: DatasetConfig, base: Path, recordings: pd.DataFrame) -> People:
    """Return `participants_table` together with findings: missing people, odd values, other sex values."""
    findings: list[Finding] = []
    config = dataset.participants
    raw = _raw_rows(dataset, Path(base), findings)
    with_files = list(dict.fromkeys(recordings["participant"]))
    if config.from_headers:
        _fill_from_headers(raw, dataset, Path(base))
    absent = [one for one in with_files if one not in raw]
    if absent and any(raw.values()):
        findings += [_absent(one, config) for one in absent]
    table = typed_people({**{one: {} for one in with_files}, **raw}, config, findings)
    order = table["participant"].tolist()
    used = recordings[recordings["status"] == "used"]["participant"].value_counts()
    table["n_recordings"] = [int(used.get(one, 0)) for one in order]
    table["has_recordings"] = table["n_recordings"] > 0
    without = table.loc[~table["participant"].isin(with_files), "participant"].tolist()
    if without:
        findings.append(
            Finding("note", "", f"{len(without)} participants have no recordings: {', '.join(without)}", config.file)
        )
    return People(table, tuple(findings))


def typed_people(rows: dict[str, dict[str, str]], config: ParticipantsConfig, findings: list[Finding]) -> pd.DataFrame:
    """Turn the texts of people into a table: values by their name here, numbers, units, and BMI.

    Parameters
    ----------
    rows
        Participant → {column by its name here: text}.
    config
        What values are called, units, whether BMI is computed.
    findings
        What is odd is added here.
    """
    order = sorted(rows, key=natural_key)
    table = pd.DataFrame({"participant": order})
    for name in dict.fromkeys(name for row in rows.values() for name in row):
        table[name] = _typed(name, [rows[one].get(name, "") for one in order], order, config, findings)
    _add_bmi(table, config, findings)
    return table


def _absent(participant: str, config: ParticipantsConfig) -> Finding:
    return Finding(
        "warning",
        participant,
        "The participant has recordings but no row in the participants table; age, sex and the like are missing",
        config.file,
        "add a row",
    )


def _raw_rows(dataset: DatasetConfig, base: Path, findings: list[Finding]) -> dict[str, dict[str, str]]:
    """Return participant -> {column: text} of the whitelisted columns."""
    config = dataset.participants
    if not (base / config.file).is_file():
        if not config.from_headers:
            findings.append(
                Finding("warning", "", "There is no participants table; nothing is known about the people", config.file)
            )
        return {}
    table = read_tsv(inside(base, config.file), config.file)
    label = next((name for name in table.columns if name.lower() in _LABEL_COLUMNS), None)
    if label is None:
        raise InputError(
            "The participants table has no column of participants",
            where=config.file,
            found=f"{len(table.columns)} others",
            allowed="participant_id",
            change="rename the column",
        )
    kept = kept_columns(table.columns, config.columns)
    codes = participant_codes(dataset)
    rows: dict[str, dict[str, str]] = {}
    for line, row in table.rows:
        participant = _label(row[label], f"{config.file}, line {line}", codes)
        if participant is None:
            continue
        if participant in rows:
            raise InputError(
                "The participants table names a participant twice",
                where=f"{config.file}, line {line}",
                found=participant,
                change="remove one of the rows",
            )
        rows[participant] = {name: row[column] for column, name in kept.items()}
    return rows


def _label(text: str, where: str, codes: dict[str, str] | None) -> str | None:
    if not is_label(text):
        raise InputError(
            "The participants table has a label that cannot be one",
            where=where,
            found=described(text),
            allowed="letters and digits, after 'sub-'",
            change="correct the label",
        )
    participant = participant_label(text)
    return participant if codes is None else codes.get(participant)


def kept_columns(columns: tuple[str, ...], wanted: dict[str, str]) -> dict[str, str]:
    """Return column of the table -> its name here, for the columns that the whitelist names; each name once."""
    kept: dict[str, str] = {}
    by_lower = {column.lower(): column for column in reversed(columns)}
    for key, name in wanted.items():
        column = by_lower.get(key.lower())
        if column is not None and name not in kept.values():
            kept[column] = name
    return kept


def _fill_from_headers(raw: dict[str, dict[str, str]], dataset: DatasetConfig, base: Path) -> None:
    """Add age and sex of the first header (the earliest day) of each participant, where the table has none."""
    seen: dict[str, tuple[str, dict[str, str]]] = {}
    for entry in discover(dataset, base):
        for source in entry.sources:
            if source.format != "wfdb":
                continue
            try:
                header = read_header(inside(base, source.path), source.path)
            except (EupneaError, OSError):
                continue
            day = header.day.isoformat() if header.day else "9999"
            if entry.participant not in seen or day < seen[entry.participant][0]:
                seen[entry.participant] = (day, {"age": header.age, "sex": header.sex})
    for participant, (_, person) in seen.items():
        row = raw.setdefault(participant, {})
        for name, value in person.items():
            if is_missing(row.get(name, "")):
                row[name] = value


def _typed(
    name: str, cells: list[str], people: list[str], config: ParticipantsConfig, findings: list[Finding]
) -> pd.Series:
    mapping = {key.lower(): value for key, value in config.values.get(name, {}).items()}
    texts = ["" if is_missing(cell) else mapping.get(cell.lower(), cell) for cell in cells]
    if name == "sex":
        return _sex(texts, config, findings)
    numbers = [_number(name, text) for text in texts]
    wrong = [person for person, text, one in zip(people, texts, numbers, strict=True) if text and np.isnan(one)]
    if wrong and name not in _NUMBERS:
        return pd.Series(texts, dtype="str")
    findings += [
        Finding("warning", person, f"The {name} is not a number; it is treated as missing", config.file, "correct it")
        for person in wrong
    ]
    censored = sum(text.endswith("+") for text in texts)
    if censored:
        findings.append(
            Finding("note", "", f"{censored} participants have a censored {name} (such as '89+'); the number is taken")
        )
    factor = _factor(name, config)
    values = pd.Series(numbers, dtype="float64") * factor
    return _plausible(name, values, people, config, findings)


_LONGEST_NUMBER = 40
"""Letters of a cell that may be a number: the pattern takes the square of them."""


def _number(name: str, text: str) -> float:
    if len(text) > _LONGEST_NUMBER:
        return float("nan")
    match = re.fullmatch(r"([-+]?\d*[.,]?\d+(?:[eE][-+]?\d+)?)\s*\+?", text)
    value = float(match[1].replace(",", ".")) if match else float("nan")
    return value if np.isfinite(value) else float("nan")


def _factor(name: str, config: ParticipantsConfig) -> float:
    unit = config.units.get(name)
    if unit is None:
        return 1.0
    if unit not in _UNITS.get(name, {}):
        raise InputError(
            "The unit of a participants column is not known",
            where=f"dataset.participants.units.{name}",
            found=unit,
            allowed=", ".join(_UNITS.get(name, {})) or "no unit for this column",
            change="correct the key",
        )
    return _UNITS[name][unit]


def _plausible(
    name: str, values: pd.Series, people: list[str], config: ParticipantsConfig, findings: list[Finding]
) -> pd.Series:
    if name not in _PLAUSIBLE:
        return values
    low, high = _PLAUSIBLE[name]
    odd = values.notna() & ~values.between(low, high)
    for person, value in zip(np.asarray(people)[odd], values[odd], strict=True):
        what = f"The {name} {value:g} is outside {low:g} to {high:g}; it is treated as missing"
        findings.append(
            Finding("warning", str(person), what, config.file, "correct it, or set dataset.participants.units")
        )
    return values.mask(odd)


def _sex(texts: list[str], config: ParticipantsConfig, findings: list[Finding]) -> pd.Series:
    values = pd.Series(texts, dtype="str")
    others = values[(values != "") & ~values.isin(["male", "female"])].value_counts().sort_index()
    if len(others):
        counted = ", ".join(f"{count} × {value}" for value, count in others.items())
        findings.append(
            Finding("note", "", f"Sex values other than male and female, kept and counted: {counted}", config.file)
        )
    missing = int((values == "").sum())
    if missing:
        findings.append(Finding("note", "", f"The sex of {missing} participants is not known", config.file))
    return values


def _add_bmi(table: pd.DataFrame, config: ParticipantsConfig, findings: list[Finding]) -> None:
    if not config.bmi or "bmi" in table or not {"height_cm", "weight_kg"} <= set(table.columns):
        return
    bmi = table["weight_kg"] / (table["height_cm"] / _CM_PER_M) ** 2
    table["bmi"] = _plausible("bmi", bmi, table["participant"].tolist(), config, findings)


def whitelisted(table: SmallTable, wanted: dict[str, str]) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return (row, {name here: cell}) for every row of a small table; missing cells are empty."""
    kept = kept_columns(table.columns, wanted)
    return [
        (row, {name: "" if is_missing(row[column]) else row[column] for column, name in kept.items()})
        for _, row in table.rows
    ]
