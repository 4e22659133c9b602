"""Names of files, once participants are re-coded: a file may be called after the person, so its name stays outside."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from eupnea.errors import InputError
from eupnea.recordings.discovery import discover
from eupnea.recordings.labels import natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from eupnea.config.dataset import DatasetConfig
    from eupnea.recordings.entry import Entry

_TEXTS = ("file", "reason", "what", "where", "change")


def file_aliases(dataset: DatasetConfig, base: Path) -> dict[str, str]:
    """Return path -> alias of every file of a re-coded dataset; empty when participants keep their labels.

    An alias is the participant's code, a number among the participant's files, and the file's ending:
    ``sub-p01/file-003.edf``.
    """
    return _aliases(discover(dataset, base)) if dataset.participants.codes is not None else {}


def _aliases(entries: list[Entry]) -> dict[str, str]:
    files: dict[str, set[str]] = {}
    for entry in entries:
        files.setdefault(entry.participant, set()).update(entry.files)
    return {
        path: f"sub-{participant.removeprefix('sub-')}/file-{number:03d}{''.join(PurePosixPath(path).suffixes[-2:])}"
        for participant, paths in files.items()
        for number, path in enumerate(sorted(paths, key=natural_key), start=1)
    }


def without_file_names(table: pd.DataFrame, aliases: Mapping[str, str]) -> pd.DataFrame:
    """Replace every name of a file in the texts of a table by its alias; folders and bare names too."""
    texts = [name for name in _TEXTS if name in table.columns]
    if not aliases or not texts:
        return table
    hide = _hiding(aliases)
    return table.assign(**{name: table[name].map(hide).astype(table[name].dtype) for name in texts})


@contextmanager
def errors_without_file_names(aliases: Mapping[str, str]) -> Iterator[None]:
    """Replace every name of a file in errors that leave the block by its alias: they are written into logs."""
    try:
        yield
    except InputError as error:
        if not aliases:
            raise
        hide = _hiding(aliases)
        told = {name: hide(getattr(error, name)) for name in ("where", "found", "allowed", "change")}
        raise type(error)(str(hide(error.what)), **told) from None  # type: ignore[arg-type]


def _hiding(aliases: Mapping[str, str]) -> Callable[[object], object]:
    names = {form: alias for path, alias in aliases.items() for form in _forms(path)}
    longest_first = sorted(names, key=len, reverse=True)

    def hide(text: object) -> object:
        if isinstance(text, str):
            for name in longest_first:
                text = text.replace(name, names[name])
        return text

    return hide


def _forms(path: str) -> tuple[str, ...]:
    """Return how messages may name a file: by its path, by its name, by its name without the ending (WFDB records)."""
    name = PurePosixPath(path).name
    return path, name, path.removesuffix(PurePosixPath(path).suffix)
