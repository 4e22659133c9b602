"""Names of files, once participants are re-coded: a file may be called after the person, so its name stays outside."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, get_args

from eupnea.config.dataset import Role, Site
from eupnea.errors import InputError
from eupnea.recordings.discovery import discover
from eupnea.recordings.labels import natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from eupnea.config.dataset import DatasetConfig
    from eupnea.recordings.entry import Entry

_TEXTS = ("file", "reason", "what", "where", "change")
_OWN_WORDS = frozenset((*get_args(Role), *get_args(Site)))
"""Words of messages: a file ``ecg.csv`` names nobody."""


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
    """Replace every name of a file in the texts of a table by its alias; folders, bare names and their stems too."""
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
    except Exception as error:
        if not aliases:
            raise
        told_text = str(_hiding(aliases)(f"{type(error).__name__}: {error}"))
        raise RuntimeError(told_text).with_traceback(error.__traceback__) from None


def _hiding(aliases: Mapping[str, str]) -> Callable[[object], object]:
    names = {form: (re.escape(form), alias) for path, alias in aliases.items() for form in _forms(path)}
    words = {
        word: (rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", alias)
        for word, alias in _personal_words(aliases).items()
    }
    known = words | names
    longest_first = sorted(known, key=len, reverse=True)

    def hide(text: object) -> object:
        if not isinstance(text, str):
            return text
        present = [name for name in longest_first if name in text]
        either = "|".join(known[name][0] for name in present)
        return re.sub(either, lambda found: known[found[0]][1], text) if present else text

    return hide


def _forms(path: str) -> tuple[str, ...]:
    """Return how messages may name a file: by its path, by its name, by its path without the ending (WFDB records)."""
    return path, PurePosixPath(path).name, path.removesuffix(PurePosixPath(path).suffix)


def _personal_words(aliases: Mapping[str, str]) -> dict[str, str]:
    """Return folders, and names of files without endings, that stand for one participant only, with their aliases.

    What several participants' files are called names none of them. Words without a letter are left out (``100`` may be
    a rate), and so are codes.
    """
    owners: dict[str, set[str]] = {}
    for path, alias in aliases.items():
        *folders, name = PurePosixPath(path).parts
        code, numbered = alias.split("/", 1)
        owners.setdefault(name.split(".", 1)[0], set()).add(f"{code}/{numbered.split('.', 1)[0]}")
        for folder in folders:
            owners.setdefault(folder, set()).add(code)
    codes = {form for alias in aliases.values() for form in (alias.split("/", 1)[0], alias[4:].split("/", 1)[0])}
    words = {}
    for word, found in owners.items():
        people = {one.split("/", 1)[0] for one in found}
        if len(people) == 1 and len(word) > 1 and re.search("[^0-9_.-]", word) and word not in codes | _OWN_WORDS:
            words[word] = found.pop() if len(found) == 1 else people.pop()
    return words
