"""The recordings table: one row per file (or channel) that says what it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from eupnea.config.dataset import ChannelRule, Polarity, Role, Site
from eupnea.errors import ConfigError
from eupnea.recordings.cells import described
from eupnea.recordings.entities import MODES, Labels
from eupnea.recordings.formats import FORMATS, format_of
from eupnea.recordings.labels import is_label, participant_label, session_label
from eupnea.recordings.tsv import is_missing, read_tsv

COLUMNS = (
    "path",
    "participant",
    "session",
    "mode",
    "task",
    "run",
    "channel",
    "kind",
    "site",
    "unit",
    "polarity",
    "sampling_hz",
    "start_s",
    "clock",
    "declared_s",
    "format",
)
_ANY_CHANNEL = ".*"
_MOST_COLUMNS_TOLD = 5


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: labels, the file, and what one of its channels (or all) is."""

    line: int
    labels: Labels
    path: str
    format: str
    clock: str
    sampling_hz: float
    start_s: float
    declared_s: float
    rule: ChannelRule | None


def read_recordings_table(path: Path, where: str) -> list[TableRow]:
    """Read the recordings table.

    Parameters
    ----------
    path
        A TSV; `COLUMNS` says which columns it may have. ``path`` and ``participant`` are needed.
    where
        Its name in messages.

    Raises
    ------
    ConfigError
        The table is missing, has unknown columns, or a row that cannot be used; the line is named.
    """
    if not path.is_file():
        raise ConfigError(
            "The recordings table does not exist", where=where, change="correct the key dataset.recordings_table"
        )
    table = read_tsv(path, where)
    unknown = [name for name in table.columns if name not in COLUMNS]
    missing = [name for name in ("path", "participant") if name not in table.columns]
    if unknown or missing:
        raise ConfigError(
            "The recordings table has wrong columns" if unknown else "The recordings table lacks a column",
            where=where,
            found=_wrong_columns(unknown) if unknown else f"no {' and no '.join(missing)}",
            allowed=", ".join(COLUMNS),
            change="columns are separated by tabs; correct the first line",
        )
    return [_row(row, number, where) for number, row in table.rows if row["path"]]


def _wrong_columns(names: list[str]) -> str:
    """Return what is told of unknown columns: a table without a first line of names has people there."""
    return ", ".join(described(name, words=COLUMNS) for name in names[:_MOST_COLUMNS_TOLD])


def _row(raw: dict[str, str], line: int, where: str) -> TableRow:
    place = f"{where}, line {line}"
    row = {name: (raw.get(name) or "").strip() for name in COLUMNS}
    row = {name: "" if is_missing(value) else value for name, value in row.items()}
    for name in ("participant", "session", "task", "run"):
        if (row[name] or name == "participant") and not is_label(row[name]):
            raise _wrong(place, name, row[name], "letters and digits")
    _one_of(place, "mode", row["mode"], ("", *MODES))
    reader = row["format"] or format_of(row["path"])
    _one_of(place, "format", reader, FORMATS)
    rule = _rule(row, place)
    if rule is not None and rule.kind == "rr" and reader == "text" and not row["format"]:
        reader = "rr_text"
    return TableRow(
        line=line,
        labels=Labels(
            participant_label(row["participant"]), session_label(row["session"]), row["task"], row["mode"], row["run"]
        ),
        path=row["path"],
        format=reader,
        clock=row["clock"] or ("empatica" if reader == "empatica" else ""),
        sampling_hz=_number(row, "sampling_hz", place, positive=True),
        start_s=_number(row, "start_s", place),
        declared_s=_number(row, "declared_s", place, positive=True),
        rule=rule,
    )


def _rule(row: dict[str, str], place: str) -> ChannelRule | None:
    if not row["kind"]:
        return None
    _one_of(place, "kind", row["kind"], get_args(Role))
    _one_of(place, "site", row["site"], get_args(Site))
    _one_of(place, "polarity", row["polarity"] or "auto", get_args(Polarity))
    pattern = _escaped(row["channel"]) if row["channel"] else _ANY_CHANNEL
    return ChannelRule.model_validate(
        {
            "pattern": pattern,
            "kind": row["kind"],
            "site": row["site"],
            "unit": row["unit"],
            "polarity": row["polarity"] or "auto",
        }
    )


def _escaped(name: str) -> str:
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in name)


def _number(row: dict[str, str], name: str, place: str, *, positive: bool = False) -> float:
    if not row[name]:
        return math.nan
    try:
        value = float(row[name])
    except ValueError as error:
        raise _wrong(place, name, row[name], "a number") from error
    if not math.isfinite(value) or (positive and value <= 0):
        raise _wrong(place, name, row[name], "a number above zero" if positive else "a finite number")
    return value


def _one_of(place: str, name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise _wrong(place, name, value, ", ".join(one or "(empty)" for one in allowed))


def _wrong(place: str, name: str, value: str, allowed: str) -> ConfigError:
    return ConfigError(
        f"The recordings table has a wrong {name}",
        where=f"{place}, column {name}",
        found=described(value, words=allowed.split(", ")),
        allowed=allowed,
        change="correct the cell",
    )
