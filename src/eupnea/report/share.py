"""Pack what may be published of a study: numbers about the cohort, never a row about a person."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from eupnea.config.dataset import Role, Site
from eupnea.errors import InputError
from eupnea.io.files import replacing
from eupnea.report.small_groups import SMALLEST_CELL, has_small_groups, without_small_commands, without_small_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eupnea.study import Study

OPEN = (
    "metrics.tsv",
    "manifest.json",
    "features/dictionary.tsv",
    "numbers.tex",
    "figures/*",
    "tables/*",
    "thesis/*",
)
"""Files that hold numbers about the cohort. Everything else has rows per person, recording, window, breath or beat."""
_PERSONAL = {"participant", "recording", "probe_participant", "claimed"}
"""Columns that name people or recordings. In a table for readers, ``recording`` heads what holds per recording."""
_PLACES = ("path", "recordings_table", "feature_table")
"""Keys of the dataset's config that name files and folders: these may be called after people, wards or days."""
_SHORTEST_WORD, _DIGITS_OF_A_DAY = 3, 6
"""Letters of a label that is looked for without ``sub-``, too; digits that may be a day or an identifier."""
_TEXT = {".tsv", ".tex", ".json", ".svg", ".bib", ".md"}
_DRAWN = {".png", ".pdf"}
"""Judged by the table of the figure."""
_LINK = "is a link to another file"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Choice:
    """One file of the results: whether it may be published, and why not."""

    name: str
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may be published."""
        return not self.reason


def choices(study: Study) -> list[Choice]:
    """Judge every result of a study, sorted by name.

    Parameters
    ----------
    study
        The results. Those of simulated people may all be published.

    Returns
    -------
    list of Choice
        A figure is judged by its table: when that has rows per person, no format of it is open.

    Raises
    ------
    InputError
        The study has not come to its end.
    """
    config = study.manifest.get("config")
    missing = [name for name in ("manifest.json", "report.html") if not (study.folder / name).is_file()]
    if config is None or missing:
        raise InputError(
            "The study has not finished",
            where=str(study.folder),
            found=f"no {' and no '.join(missing)}" if missing else "a manifest without the config",
            change="run the study to its end first",
        )
    files = {path.relative_to(study.folder).as_posix(): path for path in sorted(study.folder.rglob("*"))}
    names = [name for name, path in files.items() if path.is_file() and not path.name.startswith(".")]
    if config["dataset"]["source"] == "simulated":
        return [Choice(name, _LINK if files[name].is_symlink() else "") for name in names]
    labels = _labels(study)
    smallest = int(config["tables"]["suppress_below"])
    reasons = {name: _reason(study, name, labels, smallest) for name in names}
    for name in names:
        table = f"{name.rsplit('.', 1)[0]}.tsv"
        if name.startswith(("figures/", "tables/")) and reasons.get(table):
            reasons[name] = reasons[table]
        elif not reasons[name] and Path(name).suffix in _DRAWN and table not in files:
            reasons[name] = "is a picture without a table that tells what is drawn"
    return [Choice(name, reasons[name]) for name in names]


def _labels(study: Study) -> re.Pattern[str]:
    """Return what finds a participant: the label, also in the name of a recording; without ``sub-`` where it is a word.

    Sessions, tasks and runs that hold a day or an identifier are found, too.
    """
    people = {str(one).removeprefix("sub-") for one in study.participants["participant"]}
    table = study.recordings
    named = {str(one) for column in ("session", "task", "run") for one in table[column].unique()}
    usual = {str(one).lower() for one in (*table["task"], *table["mode"], *get_args(Role), *get_args(Site))}
    words = {one for one in people if len(one) >= _SHORTEST_WORD and not one.isdecimal() and one.lower() not in usual}
    words |= {one.removeprefix("ses-") for one in named if len(re.sub(r"\D", "", one)) >= _DIGITS_OF_A_DAY}
    either = rf"sub-(?:{_either(people)})|{_either(words)}"
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE)


def _either(words: set[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(words, key=lambda one: (-len(one), one))) or r"(?!)"


def _reason(study: Study, name: str, labels: re.Pattern[str], smallest: int) -> str:
    path = study.folder / name
    if not any(Path(f"/{name}").match(f"/{pattern}") for pattern in OPEN):  # the whole name: logs/figures/* is another
        return "has rows, signals or logs of single people"
    if smallest < SMALLEST_CELL and name.startswith("tables/participants"):
        return f"shows groups of fewer than {SMALLEST_CELL} people: raise tables.suppress_below and run the study again"
    if path.is_symlink():
        return _LINK
    if labels.search(name):
        return "names participants"
    if path.suffix in _DRAWN:
        return ""
    if path.suffix not in _TEXT:
        return "is of a kind that cannot be searched for people"
    text = _content(study, name).decode("utf-8", errors="replace")
    personal = _PERSONAL - {"recording"} if name.startswith("tables/") else _PERSONAL
    if path.suffix == ".tsv" and personal & set(text.partition("\n")[0].strip().split("\t")):
        return "has one row per person or recording"
    if path.suffix == ".tsv" and has_small_groups(text):
        return f"shows groups of fewer than {SMALLEST_CELL} people"
    return "names participants" if labels.search(text) else ""


def share(study: Study, output: str | Path, *, more: Sequence[str] = ()) -> list[Choice]:
    """Pack what may be published into a ZIP, with a list of what it holds; same results, same bytes.

    Parameters
    ----------
    study
        The results.
    output
        The ZIP to write.
    more
        Files that must be in it, relative to the results.

    Returns
    -------
    list of Choice
        What was judged, and why a file was left out.

    Raises
    ------
    InputError
        A file of `more` does not exist, or may not be published.
    """
    judged = {one.name: one for one in choices(study)}
    for name in more:
        if name not in judged or not judged[name].is_open:
            raise InputError(
                "This file may not be published" if name in judged else "This result does not exist",
                where=name,
                found=judged[name].reason if name in judged else None,
                change="leave it out; numbers about the whole cohort stand in metrics.tsv, figures and tables",
            )
    packed = [one.name for one in judged.values() if one.is_open and study.folder / one.name != Path(output).resolve()]
    with replacing(output) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = ["file\tsha256"]
        for name in packed:
            content = _content(study, name)
            listed.append(f"{name}\t{hashlib.sha256(content).hexdigest()}")
            archive.writestr(_entry(name), content)
        archive.writestr(_entry("contents.tsv"), "\n".join([*listed, ""]))
    return list(judged.values())


def _content(study: Study, name: str) -> bytes:
    """Return what is packed of a file: metrics and numbers without small groups, the manifest without names of files.

    Of the inputs one checksum of all is left: that of a single file would tell whoever has it that its owner took part.
    """
    content = (study.folder / name).read_bytes()
    if name == "metrics.tsv":
        return without_small_rows(content.decode("utf-8")).encode()
    if name == "numbers.tex":
        return without_small_commands(content.decode("utf-8")).encode()
    if name != "manifest.json":
        return content
    config = study.manifest["config"]
    dataset = {key: "…" if key in _PLACES and value else value for key, value in config["dataset"].items()}
    together = "\n".join(sorted(row["sha256"] for row in study.manifest["inputs"]))
    told = study.manifest | {
        "config": config | {"dataset": dataset},
        "inputs": {"files": len(study.manifest["inputs"]), "sha256": hashlib.sha256(together.encode()).hexdigest()},
    }
    return (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
