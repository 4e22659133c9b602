"""What a BIDS folder looks like: the ground on which `eupnea init` writes a study."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from eupnea.config.dataset import DatasetConfig, EventsConfig
from eupnea.errors import EupneaError, InputError
from eupnea.recordings.bids import Tree, parse_name
from eupnea.recordings.channels import rule_for
from eupnea.recordings.events import read_events, roles_of
from eupnea.recordings.labels import natural_key
from eupnea.recordings.participants import kept_columns
from eupnea.recordings.paths import inside
from eupnea.recordings.readers.bounded import read_json
from eupnea.recordings.tsv import read_tsv

SUFFIXES = ("physio", "eeg", "ecg", "resp")
_MODE = re.compile(r"nasal|nose|oral|mouth", re.IGNORECASE)
_REST = re.compile(r"rest|baseline|eyes(open|closed)", re.IGNORECASE)
_MAX_FILES_READ = 40
_MAX_LABELS = 30


@dataclass(frozen=True, slots=True)
class BidsSurvey:
    """What was found in a BIDS folder.

    Attributes
    ----------
    n_files, n_participants, suffixes
        Signal files, people with any, and the BIDS suffixes of the files.
    entities
        Entity -> its values.
    mode_entity, mode_pattern, task_pattern
        Where nasal and oral are told apart; empty when nowhere.
    rest_value
        The task (without the mode) that looks like rest.
    columns
        Channel names -> kind; empty when not recognised.
    participant_columns, kept_columns
        Columns of the participants table, and those that the default whitelist keeps (with their name here).
    event_labels
        Event labels -> role; empty when nothing is done with them.
    """

    n_files: int
    n_participants: int
    suffixes: tuple[str, ...]
    entities: dict[str, list[str]]
    mode_entity: str
    mode_pattern: str
    task_pattern: str
    rest_value: str
    columns: dict[str, str]
    participant_columns: tuple[str, ...]
    kept_columns: dict[str, str]
    event_labels: dict[str, str]


def survey_bids(folder: Path) -> BidsSurvey:
    """Look at a BIDS folder: names, sidecars, the participants table and events.

    Raises
    ------
    InputError
        The folder is missing, or nothing in it looks like a recording.
    """
    if not folder.is_dir():
        raise InputError("The folder does not exist", where=str(folder), change="give the path of a BIDS folder")
    tree = Tree(folder)
    files = tree.signal_files(SUFFIXES)
    if not files:
        raise InputError(
            "Nothing in the folder looks like a recording",
            where=str(folder),
            allowed=f"sub-*/[ses-*/]*/sub-*_{{{','.join(SUFFIXES)}}}.tsv.gz (.tsv, .edf, .bdf, .vhdr)",
            change="give a BIDS folder; other files need a recordings table (docs/own-data.md)",
        )
    entities, suffixes = _entities(files)
    mode_entity = next((key for key, values in entities.items() if any(map(_MODE.search, values))), "")
    in_task = mode_entity == "task"
    tasks = [_MODE.sub("", value) if in_task else value for value in entities.get("task", [])]
    people = tree.base / "participants.tsv"
    participant_columns = read_tsv(people, people.name).columns if people.is_file() else ()
    return BidsSurvey(
        n_files=len(files),
        n_participants=len(entities["sub"]),
        suffixes=suffixes,
        entities=entities,
        mode_entity=mode_entity,
        mode_pattern="(?i)(nasal|oral|nose|mouth)" if _needs_pattern(entities.get(mode_entity, [])) else "",
        task_pattern="(?i)^(.*?)(?:nasal|oral|nose|mouth)" if in_task else "",
        rest_value=next((task for task in tasks if _REST.search(task)), ""),
        columns=_columns(tree, files),
        participant_columns=participant_columns,
        kept_columns=kept_columns(participant_columns, DatasetConfig().participants.columns),
        event_labels=_event_labels(tree, files),
    )


def _needs_pattern(values: list[str]) -> bool:
    return any(_MODE.search(value) and not _MODE.fullmatch(value) for value in values)


def _entities(files: list[str]) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    suffixes = set()
    for path in files:
        name = parse_name(path.rsplit("/", 1)[-1])
        if name is not None:
            suffixes.add(name.suffix)
            for key, value in name.entities.items():
                found.setdefault(key, set()).add(value)
    ordered = tuple(one for one in SUFFIXES if one in suffixes)
    return {key: sorted(values, key=natural_key) for key, values in found.items()}, ordered


def _columns(tree: Tree, files: list[str]) -> dict[str, str]:
    dataset = DatasetConfig()
    names: dict[str, None] = {}
    for sidecar in dict.fromkeys(one for path in files for one in tree.inherited(path, "physio", ".json")):
        try:
            columns = read_json(inside(tree.base, sidecar), sidecar).get("Columns")
        except EupneaError:
            continue
        names |= dict.fromkeys(str(one) for one in columns) if isinstance(columns, list) else {}
    rules = {name: rule_for(name, dataset) for name in names}
    return {name: rule.kind if rule else "" for name, rule in rules.items()}


def _event_labels(tree: Tree, files: list[str]) -> dict[str, str]:
    config = EventsConfig()
    labels: dict[str, None] = {}
    paths = dict.fromkeys(one for path in files for one in tree.inherited(path, "events", ".tsv")[-1:])
    for path in list(paths)[:_MAX_FILES_READ]:
        try:
            labels |= dict.fromkeys(label for _, _, label in read_events(tree.base, path, config.column))
        except EupneaError:
            continue
    return {label: ", ".join(roles_of(label, config)) for label in list(labels)[:_MAX_LABELS]}
