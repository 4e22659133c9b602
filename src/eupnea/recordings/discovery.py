"""Find every recording of a dataset from names alone; fast, because the workflow does it whenever it is read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from eupnea.errors import ConfigError, EupneaError, InputError
from eupnea.recordings.bids import Tree, parse_name
from eupnea.recordings.entities import Labels, labels_from
from eupnea.recordings.entry import Entry, Source
from eupnea.recordings.formats import format_of
from eupnea.recordings.labels import is_label, natural_key, participant_label
from eupnea.recordings.recordings_table import read_recordings_table
from eupnea.recordings.tsv import read_tsv

if TYPE_CHECKING:
    from eupnea.config.dataset import DatasetConfig

__all__ = ["Entry", "Source", "discover"]

_PLACEHOLDER = re.compile(r"\{(participant|session|mode|task|run)\}|(\*)")
_PLACEHOLDER_ENTITIES = {"participant": "sub", "session": "session", "mode": "mode", "task": "task", "run": "run"}


def discover(dataset: DatasetConfig, base: Path) -> list[Entry]:
    """List the recordings of a dataset, without opening a signal file.

    Parameters
    ----------
    dataset
        How names tell participant, session, mode, task and run.
    base
        Folder of the dataset.

    Returns
    -------
    list of Entry
        Sorted by participant, session, task, mode and run. Empty when the source is a feature table.

    Raises
    ------
    InputError
        The folder is missing, or nothing in it looks like a recording; says which pattern was looked for.
    """
    base = Path(base)
    if dataset.source == "features":
        return []
    if not base.is_dir():
        raise InputError(
            "The dataset folder does not exist",
            where="dataset.path",
            found=str(dataset.path or base.name),
            change="correct the key, or fetch the dataset",
        )
    if dataset.recordings_table is not None:
        found, looked_for = _from_table(dataset, base), f"the rows of {dataset.recordings_table}"
    elif dataset.source == "files":
        found, looked_for = _from_pattern(dataset, base), dataset.pattern
    else:
        found = _from_bids(dataset, base)
        looked_for = f"sub-*/[ses-*/]*/sub-*_{{{','.join(dataset.suffixes)}}}.tsv.gz (.tsv, .edf, .bdf, .vhdr)"
    if not found:
        raise InputError(
            "No recordings found in the dataset folder",
            where=str(dataset.path or base.name),
            found="nothing that matches",
            allowed=looked_for,
            change="correct dataset.path, dataset.pattern, dataset.suffixes or the recordings table",
        )
    return _entries(_recoded(found, dataset))


_Found = tuple[Labels, Source, tuple[str, ...]]


def _from_bids(dataset: DatasetConfig, base: Path) -> list[_Found]:
    tree = Tree(base)
    found: list[_Found] = []
    for path in tree.signal_files(dataset.suffixes):
        name = parse_name(path.rsplit("/", 1)[-1])
        if name is None or "sub" not in name.entities:
            continue
        sidecars = tree.inherited(path, name.suffix, ".json")
        events = tree.inherited(path, "events", ".tsv")[-1:]
        about = [*tree.inherited(path, "scans", ".tsv"), *tree.inherited(path, "sessions", ".tsv")]
        reader = "bids_physio" if name.extension in (".tsv.gz", ".tsv") else format_of(path)
        clock = "shared" if dataset.clocks == "shared" else name.entities.get("recording", "")
        source = Source(path, reader, clock, sidecars=tuple(sidecars), events=tuple(events))
        header = _siblings(tree, path) if reader == "brainvision" else []
        labels = labels_from(name.entities, dataset.entities, where=path)
        found.append((labels, source, (path, *header, *sidecars, *events, *about)))
    return found


def _siblings(tree: Tree, path: str) -> list[str]:
    folder, name = path.rsplit("/", 1)
    stem = name.rsplit(".", 1)[0]
    return [f"{folder}/{one}" for one in tree.names(folder) if one.rsplit(".", 1)[0] == stem and one != name]


def _from_pattern(dataset: DatasetConfig, base: Path) -> list[_Found]:
    expression = _expression(dataset.pattern)
    config = dataset.entities
    named = {name: getattr(config, name) for name in ("session", "mode", "task", "run")}
    by_placeholder = config.model_copy(
        update={name: one.model_copy(update={"entity": name}) for name, one in named.items()}
    )
    found: list[_Found] = []
    for path in _walk(base):
        match = expression.fullmatch(path)
        reader = format_of(path)
        if match is None or not reader:
            continue
        values = {_PLACEHOLDER_ENTITIES[key]: value for key, value in match.groupdict().items()}
        labels = labels_from(values, by_placeholder, where=path)
        clock = "shared" if dataset.clocks == "shared" else "empatica" if reader == "empatica" else ""
        found.append((labels, Source(path, reader, clock), _dependencies(base, path, reader)))
    return found


def _expression(pattern: str) -> re.Pattern[str]:
    parts, end, seen = [], 0, set()
    for match in _PLACEHOLDER.finditer(pattern):
        parts.append(re.escape(pattern[end : match.start()]))
        name = match[1]
        if name is None:
            parts.append("[^/]*")
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            parts.append(f"(?P<{name}>[A-Za-z0-9+]+)")
            seen.add(name)
        end = match.end()
    return re.compile("".join([*parts, re.escape(pattern[end:])]))


def _walk(base: Path) -> Iterable[str]:
    for folder, folders, names in os.walk(base):
        folders[:] = sorted((one for one in folders if not one.startswith(".")), key=natural_key)
        above = Path(folder).relative_to(base).as_posix()
        for name in sorted(names, key=natural_key):
            yield name if above == "." else f"{above}/{name}"


def _from_table(dataset: DatasetConfig, base: Path) -> list[_Found]:
    table = str(dataset.recordings_table)
    beside_data = base / table
    rows = read_recordings_table(beside_data if beside_data.is_file() else Path(table), table)
    by_file: dict[tuple[Labels, str], _Found] = {}
    for row in rows:
        key = (row.labels, row.path)
        rules = (row.rule,) if row.rule is not None else ()
        if key in by_file:
            labels, source, files = by_file[key]
            by_file[key] = (labels, replace(source, rules=(*source.rules, *rules)), files)
            continue
        clock = "shared" if dataset.clocks == "shared" else row.clock
        source = Source(row.path, row.format, clock, row.sampling_hz, row.start_s, row.declared_s, rules)
        by_file[key] = (row.labels, source, _dependencies(base, row.path, row.format))
    return list(by_file.values())


def _dependencies(base: Path, path: str, reader: str) -> tuple[str, ...]:
    """Return the file itself and the files that its header names, as far as they can be known cheaply."""
    if reader == "brainvision":
        stem = path.rsplit(".", 1)[0]
        beside = [f"{stem}{ending}" for ending in (".eeg", ".dat", ".vmrk")]
        return (path, *(one for one in beside if (base / one).is_file()))
    if reader == "matlab":
        header = f"{path.rsplit('.', 1)[0]}.hea"
        return (path, header) if (base / header).is_file() else (path,)
    if reader != "wfdb":
        return (path,)
    from eupnea.recordings.paths import inside
    from eupnea.recordings.wfdb_header import read_header

    try:
        header_of_record = read_header(inside(base, path), path)
    except (EupneaError, OSError):
        data = f"{path.removesuffix('.hea')}.dat"
        return (path, data) if (base / data).is_file() else (path,)
    folder = path.rpartition("/")[0]
    files = dict.fromkeys(f"{folder}/{one.file}" if folder else one.file for one in header_of_record.signals)
    return (path, *(one for one in files if (base / one).is_file()))


def _recoded(found: list[_Found], dataset: DatasetConfig) -> list[_Found]:
    codes = codes_of({labels.participant for labels, _, _ in found}, dataset)
    if codes is None:
        return found
    return [(replace(labels, participant=codes[labels.participant]), *rest) for labels, *rest in found]  # type: ignore[misc]


def codes_of(participants: Iterable[str], dataset: DatasetConfig) -> dict[str, str] | None:
    """Return participant -> code, or None when participants keep their labels.

    Raises
    ------
    ConfigError
        The table of codes cannot be used, or one of these participants has no code.
    """
    codes = participant_codes(dataset)
    unknown = set() if codes is None else set(participants) - set(codes)
    if unknown:
        raise ConfigError(
            "Participants have no code",
            where=f"dataset.participants.codes: {dataset.participants.codes}",
            found=f"{len(unknown)} participants without a row",
            change="give each participant a row with 'participant' and 'code'",
        )
    return codes


def participant_codes(dataset: DatasetConfig) -> dict[str, str] | None:
    """Return participant -> code, or None when participants keep their labels.

    Raises
    ------
    ConfigError
        The table is missing, lacks a column, or gives two participants one code.
    """
    path = dataset.participants.codes
    if path is None:
        return None
    where = f"dataset.participants.codes: {path}"
    if not path.is_file():
        raise ConfigError("The table of participant codes does not exist", where=where, change="correct the key")
    rows = [row for _, row in read_tsv(path, where).rows]
    codes = {
        participant_label((row.get("participant") or "").strip()): participant_label((row.get("code") or "").strip())
        for row in rows
    }
    if not all(is_label(code) for code in codes.values()) or len(set(codes.values())) < len(codes):
        raise ConfigError(
            "The table of participant codes has an empty, wrong or repeated code",
            where=where,
            allowed="columns 'participant' and 'code'; letters and digits; every code once",
            change="correct the table",
        )
    return codes


def _entries(found: list[_Found]) -> list[Entry]:
    grouped: dict[Labels, list[_Found]] = {}
    for one in found:
        grouped.setdefault(one[0], []).append(one)
    order = sorted(grouped, key=lambda one: tuple(map(natural_key, _sort_fields(one))))
    return [_entry(labels, grouped[labels]) for labels in order]


def _sort_fields(labels: Labels) -> tuple[str, str, str, str, str]:
    return labels.participant, labels.session, labels.task, labels.mode, labels.run


def _entry(labels: Labels, found: list[_Found]) -> Entry:
    ordered = sorted(found, key=lambda one: natural_key(one[1].path))
    files = dict.fromkeys(file for _, _, files in ordered for file in files)
    return Entry(
        recording=labels.recording,
        participant=labels.participant,
        session=labels.session,
        mode=labels.mode,
        task=labels.task,
        run=labels.run,
        files=tuple(files),
        sources=tuple(_with_clock(source, number) for number, (_, source, _) in enumerate(ordered, start=1)),
    )


def _with_clock(source: Source, number: int) -> Source:
    """Name the clock of a file that no entity or table names; never by the file's own name, which may be a person's."""
    return source if source.clock else replace(source, clock=f"device-{number}")
