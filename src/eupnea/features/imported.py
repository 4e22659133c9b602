"""Start a study from a table of features instead of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from eupnea.config.dataset import DatasetConfig, ParticipantsConfig
from eupnea.errors import InputError
from eupnea.features.columns import CONTROL_MODALITIES, MODALITIES
from eupnea.io.contract import DICTIONARY, RECORDINGS, WINDOWS
from eupnea.recordings.discovery import codes_of
from eupnea.recordings.labels import recording_label
from eupnea.recordings.participants import kept_columns, typed_people

FAMILY = "imported"
"""Family of columns that do not name one."""

LABELS = ("participant", "participant_id")
"""Names of the column that tells the person."""

_TEXTS = {"participant": "str", "participant_id": "str", "session": "str", "run": "str"}

PLURALS = {"participant": "people", "session": "sessions", "recording": "recordings"}
CONFIG_KEYS = {
    "participant": "dataset.participants.columns",
    "session": "dataset.targets.sessions",
    "recording": "dataset.targets.scans",
}
"""Keys of the config that say which columns describe what."""

PREFIXES = {"participant": "sub-", "session": "ses-"}
"""Prefixes that labels get when they lack them."""


@dataclass(frozen=True, slots=True)
class ImportedFeatures:
    """A feature table in the form of the pipeline.

    Attributes
    ----------
    windows
        One row per observation: ``features/windows.parquet``.
    dictionary
        ``features/dictionary.tsv``.
    participants
        One row per participant, with the columns that describe people.
    targets
        The same as a long table: participant, session, recording, name, level, value.
    """

    windows: pd.DataFrame
    dictionary: pd.DataFrame
    participants: pd.DataFrame
    targets: pd.DataFrame


def import_features(
    source: str | Path | pd.DataFrame,
    *,
    dataset: DatasetConfig | None = None,
    modality_of: Mapping[str, str] | None = None,
    default_modality: str = "respiration",
    window_s: float = float("nan"),
) -> ImportedFeatures:
    """Read a table with one row per observation.

    Parameters
    ----------
    source
        A ``.parquet`` or ``.tsv`` file, or the table itself. Columns session, mode, task, run, recording, start_s,
        window_s, block, time_on_task_s, quality are taken as what they are where they exist; other columns of numbers
        are features.
    dataset
        Which columns are no features: those that describe people (``participants``: their names here, values and
        units), and targets of sessions and of recordings (``targets``). The defaults of the config when left out.
    modality_of
        Feature → modality, for columns not called ``<modality>__<family>__<name>``.
    default_modality
        Modality of the columns that neither their name nor `modality_of` places; they are part of ``all`` in any case.
    window_s
        Length of what a row was computed from, s, where the table does not tell.

    Raises
    ------
    InputError
        The participant column is missing, a participant has no code, a modality is unknown, a column is neither number
        nor known, what describes a person (a session, a recording) differs between its rows, there is no feature at
        all, or recordings have names of their own although participants are re-coded.
    """
    table = source.reset_index(drop=True) if isinstance(source, pd.DataFrame) else _read(Path(source))
    where = "feature table" if isinstance(source, pd.DataFrame) else str(source)
    dataset = DatasetConfig() if dataset is None else dataset
    label = next((name for name in LABELS if name in table.columns), None)
    if label is None:
        raise InputError(
            "The feature table has no participant column",
            where=where,
            found=", ".join(map(str, table.columns[:10])),
            allowed=" or ".join(LABELS),
            change="name the column that tells the person",
        )
    table = table.rename(columns={label: "participant"})
    keys = _keys(table, window_s, dataset, where)
    people = kept_columns(tuple(map(str, table.columns)), dataset.participants.columns)
    told = {"session": dataset.targets.sessions, "recording": dataset.targets.scans}
    known = {*WINDOWS.column_names, *people, *(name for columns in told.values() for name in columns)}
    features = {
        name: _modality(str(name), modality_of or {}, default_modality, where) for name in table if name not in known
    }
    values = _numbers(table[list(features)], where)
    values.columns = [_column(str(name), modality) for name, modality in features.items()]
    if not len(values.columns):
        raise InputError("The feature table has no feature", where=where, allowed="at least one column of numbers")
    participants = _people(table, keys, people, dataset.participants, where)
    return ImportedFeatures(
        WINDOWS.conform(pd.concat([keys, values], axis=1)),
        _dictionary(list(values.columns), where),
        participants,
        _targets(participants, table, keys, told, where),
    )


def recordings_of(windows: pd.DataFrame) -> pd.DataFrame:
    """Return the recordings that the observations of a feature table come from, in the contract RECORDINGS."""
    keys = ["recording", "participant", "session", "mode", "task", "run"]
    grouped = windows.groupby(keys, sort=True, dropna=False)["window_s"].sum().rename("used_s").reset_index()
    return RECORDINGS.conform(grouped.assign(chunk=0, duration_s=grouped["used_s"], status="used"))


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError("The feature table does not exist", where=str(path), change="give the path of the table")
    if path.suffix not in (".parquet", ".tsv", ".csv"):
        raise InputError("A feature table has an unknown file type", where=str(path), allowed=".parquet, .tsv, .csv")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        separator = "\t" if path.suffix == ".tsv" else ","
        return pd.read_csv(path, sep=separator, na_values=["n/a", ""], keep_default_na=False, dtype=_TEXTS)
    except (ValueError, TypeError, KeyError, OSError, OverflowError) as error:
        raise InputError(
            "The feature table cannot be read: it is damaged, or not what its name says",
            where=str(path),
            found=type(error).__name__,
            change="export the table again, as UTF-8",
        ) from error


def _floats(table: pd.DataFrame, name: str, where: str) -> pd.Series:
    try:
        return table[name].astype(float)
    except (ValueError, TypeError) as error:
        raise InputError(
            "A column of the feature table holds text where numbers belong",
            where=f"{where}: {name}",
            change="correct the column",
        ) from error


def _keys(table: pd.DataFrame, window_s: float, dataset: DatasetConfig, where: str) -> pd.DataFrame:
    keys = pd.DataFrame(index=table.index)
    for name in ("participant", "session", "mode", "task", "run", "block"):
        text = table[name] if name in table.columns else pd.Series("", index=table.index)
        text = text.astype("str").where(text.notna(), "")
        prefix = PREFIXES.get(name, "")
        keys[name] = [value if not value or value.startswith(prefix) else prefix + value for value in text]
    codes = codes_of(keys["participant"], dataset)
    if codes is not None:
        keys["participant"] = keys["participant"].map(codes)
    if "recording" in table.columns:
        if codes is not None:
            raise InputError(
                "The names of recordings may tell the participants that are re-coded",
                where=f"{where}: recording",
                change="take the column out; session, mode, task and run name the recordings then",
            )
        keys["recording"] = table["recording"].astype("str")
    else:
        keys["recording"] = [
            recording_label(row.participant, session=row.session, task=row.task, mode=row.mode, run=row.run)
            for row in keys.itertuples()
        ]
    order = keys.groupby("recording").cumcount().astype(float)
    keys["window_s"] = _floats(table, "window_s", where) if "window_s" in table.columns else window_s
    length = keys["window_s"].fillna(1.0)
    keys["start_s"] = _floats(table, "start_s", where) if "start_s" in table.columns else order * length
    for name in ("time_on_task_s", "quality"):
        keys[name] = _floats(table, name, where) if name in table.columns else np.nan
    return keys


def _modality(name: str, modality_of: Mapping[str, str], default: str, where: str) -> str:
    allowed = (*MODALITIES, *CONTROL_MODALITIES)
    named = name.split("__")[0] if name.count("__") >= 2 else ""
    modality = modality_of.get(name, named if named in allowed else default)
    if modality not in allowed:
        raise InputError(
            "A feature is mapped to an unknown modality",
            where=f"{where}: {name}",
            found=modality,
            allowed=", ".join(allowed),
        )
    return modality


def _column(name: str, modality: str) -> str:
    if name.count("__") >= 2 and name.split("__")[0] == modality:
        return name
    return f"{modality}__{FAMILY}__{name.replace('__', '_')}"


def _numbers(values: pd.DataFrame, where: str) -> pd.DataFrame:
    text = [str(name) for name in values.columns if not pd.api.types.is_numeric_dtype(values[name])]
    if text:
        raise InputError(
            "The feature table has columns that are not numbers",
            where=where,
            found=", ".join(text[:10]),
            allowed="numbers, keys of recordings, and columns that describe people",
            change="name columns that describe people in dataset.participants.columns, or take the others out",
        )
    return values.astype(float).replace([np.inf, -np.inf], np.nan)


def _people(
    table: pd.DataFrame, keys: pd.DataFrame, columns: Mapping[str, str], config: ParticipantsConfig, where: str
) -> pd.DataFrame:
    texts = {name: _constant(table[column], keys["participant"], column, where) for column, name in columns.items()}
    rows = {person: {name: text[person] for name, text in texts.items()} for person in keys["participant"].unique()}
    return typed_people(rows, config, [])


def _constant(values: pd.Series, owner: pd.Series, column: str, where: str) -> pd.Series:
    """Give the one text of every owner, empty where it is missing."""
    texts = values.map(_text)
    grouped = texts[texts != ""].groupby(owner)
    different = grouped.nunique()
    if (different > 1).any():
        raise InputError(
            f"A column that describes {PLURALS[str(owner.name)]} differs between the rows of one",
            where=f"{where}: {column}",
            found=str(different.idxmax()),
            change=f"give one value per {owner.name}, or leave the column out of {CONFIG_KEYS[str(owner.name)]}",
        )
    return grouped.first().reindex(owner.unique()).fillna("")


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:.17g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value).strip()


def _targets(
    participants: pd.DataFrame,
    table: pd.DataFrame,
    keys: pd.DataFrame,
    told: Mapping[str, Mapping[str, str]],
    where: str,
) -> pd.DataFrame:
    rows = participants.melt("participant", var_name="name", value_name="value")
    parts = [rows.assign(session="", recording="", level="participant")]
    for level, columns in told.items():
        owner = keys["recording"] if level == "recording" else keys["participant"] + "|" + keys["session"]
        first = keys[["participant", "session", "recording"]].groupby(owner.to_numpy()).first()
        for column, name in columns.items():
            if column not in table.columns:
                raise InputError(
                    "A target is not a column of the feature table",
                    where=where,
                    found=column,
                    change=f"correct {CONFIG_KEYS[level]}",
                )
            values = _constant(table[column], owner.rename(level), column, where)
            own = first.assign(name=name, level=level, value=values.reindex(first.index))
            parts.append(own if level == "recording" else own.assign(recording=""))
    long = pd.concat(parts, ignore_index=True)
    long["value"] = pd.Series([_text(value) for value in long["value"]], index=long.index, dtype="str")
    order = ["participant", "session", "recording", "name", "level", "value"]
    return long.loc[long["value"] != "", order].reset_index(drop=True)


def _dictionary(columns: list[str], where: str) -> pd.DataFrame:
    parts = [name.split("__") for name in columns]
    frame = pd.DataFrame(
        {
            "name": columns,
            "modality": [part[0] for part in parts],
            "family": [part[1] for part in parts],
            "unit": "",
            "amplitude_free": False,
            "comparable_kinds": "",
            "level": "window",
            "definition": "given by the user",
            "source": Path(where).name,
        }
    )
    return DICTIONARY.conform(frame)
