"""Find files in a BIDS tree, with what describes them by inheritance."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from eupnea.recordings.labels import natural_key

_ENTITY = re.compile(r"([A-Za-z0-9]+)-([A-Za-z0-9+]+)")
_EXTENSIONS = (".tsv.gz", ".tsv", ".edf", ".bdf", ".vhdr")


@dataclass(frozen=True, slots=True)
class BidsName:
    """A BIDS file name taken apart."""

    entities: dict[str, str]
    suffix: str
    extension: str


def parse_name(name: str) -> BidsName | None:
    """Take a file name such as ``sub-01_task-rest_physio.tsv.gz`` apart; None when it is not one."""
    stem, dot, extension = name.partition(".")
    *pairs, suffix = stem.split("_")
    matches = [_ENTITY.fullmatch(pair) for pair in pairs]
    if not dot or not suffix or any(match is None for match in matches):
        return None
    return BidsName({match[1]: match[2] for match in matches if match}, suffix, dot + extension)


@dataclass
class Tree:
    """A BIDS folder; each directory is listed once."""

    base: Path
    _listings: dict[str, list[str]] = field(default_factory=dict)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder (relative to the base; empty: the base), in natural order."""
        if folder not in self._listings:
            try:
                names = os.listdir(self.base / folder)
            except (FileNotFoundError, NotADirectoryError):
                names = []
            self._listings[folder] = sorted((one for one in names if not one.startswith(".")), key=natural_key)
        return self._listings[folder]

    def signal_files(self, suffixes: tuple[str, ...]) -> list[str]:
        """Return the files with signals, relative to the base, participant by participant."""
        found = []
        for participant in self.names(""):
            if _ENTITY.fullmatch(participant) and participant.startswith("sub-"):
                for folder in self._data_folders(participant):
                    found += [f"{folder}/{name}" for name in self.names(folder) if _has_signals(name, suffixes)]
        return found

    def _data_folders(self, participant: str) -> list[str]:
        folders = [participant]
        for name in self.names(participant):
            folder = f"{participant}/{name}"
            if "." in name:
                continue
            folders.append(folder)
            if name.startswith("ses-"):
                folders += [f"{folder}/{inner}" for inner in self.names(folder) if "." not in inner]
        return folders

    def inherited(self, path: str, suffix: str, extension: str, *, ignore: tuple[str, ...] = ()) -> list[str]:
        """Return the files that describe `path` by the inheritance principle, the most general first.

        A file applies when it stands in the same folder or above and every entity of its name is also in the name of
        `path`. `ignore` names entities of `path` that need not agree (``recording`` for events).
        """
        own = parse_name(path.rsplit("/", 1)[-1])
        if own is None:
            return []
        folder = path.rsplit("/", 1)[0] if "/" in path else ""
        found: list[str] = []
        for above in _upwards(folder):
            here = []
            for name in self.names(above):
                other = parse_name(name) if name.endswith(f"{suffix}{extension}") else None
                if other is None and name == f"{suffix}{extension}":
                    other = BidsName({}, suffix, extension)
                if other is None or other.suffix != suffix or other.extension != extension:
                    continue
                if all(own.entities.get(key) == value for key, value in other.entities.items() if key not in ignore):
                    here.append((len(other.entities), f"{above}/{name}" if above else name))
            found += [name for _, name in sorted(here)]
        return found


def _upwards(folder: str) -> list[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


def _has_signals(name: str, suffixes: tuple[str, ...]) -> bool:
    if not name.endswith(_EXTENSIONS):
        return False
    parsed = parse_name(name)
    return parsed is not None and parsed.suffix in suffixes and parsed.extension in _EXTENSIONS
