"""Headers of WFDB records (``.hea``): signals, the person's age and sex, the day.

Format: https://physionet.org/physiotools/wag/header-5.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from eupnea.errors import RecordingError
from eupnea.recordings.cells import described

MAX_HEADER_BYTES = 256 * 1024
_BYTES_PER_SAMPLE = {
    "8": 1,
    "16": 2,
    "24": 3,
    "32": 4,
    "61": 2,
    "80": 1,
    "160": 2,
    "212": 1.5,
    "310": 4 / 3,
    "311": 4 / 3,
}
_SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}


@dataclass(frozen=True, slots=True)
class WfdbSignal:
    """One signal line: the file it is in, its format, its name and its unit."""

    file: str
    format: str
    name: str
    unit: str
    samples_per_frame: int
    byte_offset: int


@dataclass(frozen=True, slots=True)
class WfdbHeader:
    """A header: record line and signals, with age, sex and day of the comments. Nothing else of them is kept."""

    sampling_hz: float
    samples: int
    signals: tuple[WfdbSignal, ...]
    age: str
    sex: str
    day: date | None

    @property
    def bytes_needed(self) -> dict[str, float]:
        """Bytes that each signal file must have."""
        needed: dict[str, float] = {}
        for one in self.signals:
            size = _BYTES_PER_SAMPLE.get(one.format, 0) * one.samples_per_frame * self.samples
            needed[one.file] = needed.get(one.file, one.byte_offset) + size
        return needed


def read_header(path: Path, where: str) -> WfdbHeader:
    """Read a WFDB header.

    Raises
    ------
    RecordingError
        It is not a header, names a multi-segment record, a signal file outside its folder, or an unknown format.
    """
    with path.open("rb") as file:
        text = file.read(MAX_HEADER_BYTES).decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines()]
    content = [line for line in lines if line and not line.startswith("#")]
    comments = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
    if not content:
        raise RecordingError("A WFDB header is empty", where=where, change="fetch the file again")
    record = content[0].split()
    if "/" in record[0]:
        raise RecordingError(
            "Multi-segment WFDB records cannot be read", where=where, change="convert it with wfdb2mat"
        )
    count, rate, samples = _record_line(record, where)
    signals = tuple(_signal_line(line, where) for line in content[1 : count + 1])
    if len(signals) != count:
        raise RecordingError(
            "A WFDB header announces more signals than it describes",
            where=where,
            found=len(signals),
            allowed=count,
            change="fetch the header again",
        )
    return WfdbHeader(rate, samples, signals, *_person(comments), _day(comments, record))


def _record_line(record: list[str], where: str) -> tuple[int, float, int]:
    try:
        rate = float(re.split(r"[/(]", record[2])[0]) if len(record) > 2 else 250.0
        return int(record[1]), rate, int(record[3]) if len(record) > 3 else 0
    except (IndexError, ValueError) as error:
        raise RecordingError(
            "The first line of a WFDB header cannot be read",
            where=where,
            found=", ".join(described(one) for one in record[1:4]),
            allowed="name, number of signals, sampling rate, number of samples",
            change="fetch the header again",
        ) from error


def _signal_line(line: str, where: str) -> WfdbSignal:
    parts = line.split(maxsplit=8)
    match = re.fullmatch(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?", parts[1]) if len(parts) > 1 else None
    if match is None or match[1] not in _BYTES_PER_SAMPLE:
        found = described(parts[1]) if len(parts) > 1 else "nothing"
        raise RecordingError(
            "A WFDB signal line has a format that cannot be read",
            where=where,
            found=found,
            allowed=", ".join(_BYTES_PER_SAMPLE),
            change="convert the record with wfdb2mat, or fetch the header again",
        )
    file = parts[0]
    if re.fullmatch(r"[A-Za-z0-9._ ()~-]+", file) is None or file.startswith("."):
        raise RecordingError(
            "A WFDB header names a signal file outside its own folder",
            where=where,
            found=described(file),
            allowed="the name of a file beside the header",
            change="move the file beside the header",
        )
    unit = re.search(r"/(\S+)", parts[2]) if len(parts) > 2 else None
    name = parts[8].strip() if len(parts) > 8 else ""
    return WfdbSignal(file, match[1], name, unit[1] if unit else "mV", int(match[2] or 1), int(match[4] or 0))


def _person(comments: list[str]) -> tuple[str, str]:
    text = "\n".join(comments)
    age = re.search(r"\bage:?\s*(\d{1,3})\b", text, re.IGNORECASE)
    sex = re.search(r"\b(?:sex|gender):?\s*(male|female|m|f)\b", text, re.IGNORECASE)
    if age is None and sex is None and (both := re.match(r"(\d{1,3}) ([MF])\b", text)):
        return both[1], _SEXES[both[2].lower()]
    return age[1] if age else "", _SEXES[sex[1].lower()] if sex else ""


def _day(comments: list[str], record: list[str]) -> date | None:
    """Find the day: ``dd/mm/yyyy`` at the end of the record line, or ``date: dd.mm.yyyy`` in a comment."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", record[5]) if len(record) > 5 else None
    for line in comments:
        found = found or re.search(r"\bdate:?\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})", line, re.IGNORECASE)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None
