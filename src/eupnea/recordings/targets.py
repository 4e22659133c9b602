"""Everything that may be predicted: columns of participants, sessions, scans and phenotype tables, in long form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.errors import ConfigError
from eupnea.recordings.bids import parse_name
from eupnea.recordings.discovery import discover, participant_codes
from eupnea.recordings.labels import participant_label, session_label
from eupnea.recordings.participants import whitelisted
from eupnea.recordings.paths import inside
from eupnea.recordings.tsv import read_tsv

if TYPE_CHECKING:
    from eupnea.config.dataset import DatasetConfig

TARGET_COLUMNS = ("participant", "session", "recording", "name", "level", "value")
_OWN_COLUMNS = ("participant", "n_recordings", "has_recordings")

_Row = tuple[str, str, str, str, str, str]


def targets_table(
    dataset: DatasetConfig, base: Path, recordings: pd.DataFrame, participants: pd.DataFrame
) -> pd.DataFrame:
    """Return every known value of everything that may be predicted.

    Parameters
    ----------
    dataset
        `targets` names the columns to keep beside those of the participants table.
    base
        Folder of the dataset.
    recordings
        In the contract RECORDINGS.
    participants
        What `participants_table` returns.

    Returns
    -------
    DataFrame
        Columns participant, session, recording, name, level (participant, session, recording), value (text: numbers
        with all their digits; only known values have a row).
    """
    base = Path(base)
    rows = [*_of_participants(participants), *_of_phenotype(dataset, base), *_of_bids(dataset, base, recordings)]
    known = set(recordings["participant"])
    kept = sorted({row for row in rows if row[-1] != "" and row[0] in known})
    return pd.DataFrame(kept, columns=list(TARGET_COLUMNS), dtype="str")


def _of_participants(participants: pd.DataFrame) -> Iterable[_Row]:
    for name in participants.columns:
        if name not in _OWN_COLUMNS:
            for participant, value in zip(participants["participant"], participants[name], strict=True):
                text = "" if pd.isna(value) else repr(float(value)) if isinstance(value, float) else str(value)
                yield participant, "", "", name, "participant", text


def _of_phenotype(dataset: DatasetConfig, base: Path) -> Iterable[_Row]:
    codes = participant_codes(dataset)
    for file, wanted in dataset.targets.phenotype.items():
        relative = f"phenotype/{file}.tsv"
        if not (base / relative).is_file():
            raise ConfigError(
                "A phenotype table does not exist",
                where=f"dataset.targets.phenotype.{file}",
                found=relative,
                change="correct the key",
            )
        for row, values in whitelisted(read_tsv(inside(base, relative), relative), wanted):
            participant = _participant(row, codes)
            session = session_label(row.get("session_id", ""))
            for name, value in values.items():
                yield participant, session, "", name, "session" if session else "participant", value


def _participant(row: dict[str, str], codes: dict[str, str] | None) -> str:
    participant = participant_label(row.get("participant_id", ""))
    return participant if codes is None else codes.get(participant, "")


def _of_bids(dataset: DatasetConfig, base: Path, recordings: pd.DataFrame) -> Iterable[_Row]:
    """Yield values of ``*_sessions.tsv`` and ``*_scans.tsv``."""
    if not dataset.targets.sessions and not dataset.targets.scans:
        return
    codes = participant_codes(dataset)
    known = set(recordings["recording"])
    for row, values in _rows(base, "sessions.tsv", dataset.targets.sessions):
        for name, value in values.items():
            yield _participant(row, codes), session_label(row.get("session_id", "")), "", name, "session", value
    for entry in discover(dataset, base):
        about = {one: parse_name(one.rsplit("/", 1)[-1]) for one in entry.files}
        own = {source.path for source in entry.sources}
        for relative, name_of_file in about.items():
            if name_of_file is None or name_of_file.suffix not in ("sessions", "scans") or relative == "sessions.tsv":
                continue
            is_scans = name_of_file.suffix == "scans"
            wanted = dataset.targets.scans if is_scans else dataset.targets.sessions
            folder = relative.rpartition("/")[0]
            for row, values in _rows(base, relative, wanted):
                session = session_label(row.get("session_id", ""))
                if is_scans and f"{folder}/{row.get('filename', '')}" in own and entry.recording in known:
                    for name, value in values.items():
                        yield entry.participant, entry.session, entry.recording, name, "recording", value
                elif not is_scans and session:
                    for name, value in values.items():
                        yield entry.participant, session, "", name, "session", value


def _rows(base: Path, relative: str, wanted: dict[str, str]) -> list[tuple[dict[str, str], dict[str, str]]]:
    if not wanted or not (base / relative).is_file():
        return []
    return whitelisted(read_tsv(inside(base, relative), relative), wanted)


def check_targets(targets: pd.DataFrame, names: Sequence[tuple[str, str]], *, key: str = "traits.targets") -> None:
    """Make sure that every target exists and varies.

    Parameters
    ----------
    targets
        What `targets_table` returns.
    names
        (name, level) of the targets that the study asks for by name.
    key
        Config key that holds them, for messages.

    Raises
    ------
    ConfigError
        A target has no column, no known value, or the same value for everybody.
    """
    for name, level in names:
        problem = target_problem(targets, name, level, key=key)
        if problem is not None:
            raise problem


def target_problem(
    targets: pd.DataFrame, name: str, level: str = "participant", *, key: str = "traits.targets"
) -> ConfigError | None:
    """Return why a target cannot be predicted, or None when it exists and varies."""
    values = targets.loc[(targets["name"] == name) & (targets["level"] == level), "value"]
    if values.empty:
        known = targets[["name", "level"]].drop_duplicates().sort_values(["name", "level"])
        available = [f"{row.name_} ({row.level})" for row in known.rename(columns={"name": "name_"}).itertuples()]
        return ConfigError(
            "A target does not exist in the dataset, or no participant with recordings has a value",
            where=key,
            found=f"{name} ({level})",
            allowed=", ".join(available) or "none: the dataset has no usable column",
            change="correct the key, or keep the column with dataset.participants.columns or dataset.targets",
        )
    if values.nunique() < 2:
        return ConfigError(
            "A target has the same value for everybody",
            where=key,
            found=f"{name} = {values.iloc[0]}",
            change="leave the target out",
        )
    return None
