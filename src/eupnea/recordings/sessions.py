"""Sessions and days from dates, which themselves are never written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from eupnea.errors import EupneaError
from eupnea.recordings.bids import parse_name
from eupnea.recordings.entry import Entry
from eupnea.recordings.labels import recording_label
from eupnea.recordings.paths import inside
from eupnea.recordings.tsv import read_tsv


def with_sessions(entries: Sequence[Entry], days: Mapping[str, date | None]) -> dict[str, Entry]:
    """Complete session and name of recordings whose sessions come from dates.

    Parameters
    ----------
    entries
        All recordings of one participant, with empty sessions.
    days
        Preliminary name -> day of the recording; None where the header tells none.

    Returns
    -------
    dict
        Preliminary name -> entry with session (``ses-1`` for the first day) and final name. Without a day the
        session stays empty.
    """
    ordinals = {day: f"ses-{number}" for number, day in enumerate(sorted({d for d in days.values() if d}), start=1)}
    completed = {}
    for entry in entries:
        day = days.get(entry.recording)
        session = ordinals[day] if day else ""
        name = recording_label(entry.participant, session=session, task=entry.task, mode=entry.mode, run=entry.run)
        completed[entry.recording] = replace(entry, session=session, recording=name)
    return completed


def day_differences(days: Mapping[str, date | None]) -> dict[str, float]:
    """Return days since the first day of a participant per recording; NaN where the day is not known."""
    known = [day for day in days.values() if day]
    first = min(known) if known else None
    return {name: float((day - first).days) if day and first else float("nan") for name, day in days.items()}


def bids_day(base: Path, entry: Entry) -> date | None:
    """Find the day of a recording in ``*_scans.tsv`` or ``*_sessions.tsv`` (column ``acq_time``)."""
    own = {source.path for source in entry.sources}
    for relative in entry.files:
        name = parse_name(relative.rsplit("/", 1)[-1])
        if name is None or name.suffix not in ("scans", "sessions"):
            continue
        folder = relative.rpartition("/")[0]
        for row in read_rows(base, relative):
            file = f"{folder}/{row.get('filename', '')}" if folder else row.get("filename", "")
            session = row.get("session_id", "")
            session = session if session.startswith("ses-") else f"ses-{session}"
            if (name.suffix == "scans" and file in own) or (name.suffix == "sessions" and session == entry.session):
                day = _day(row.get("acq_time", ""))
                if day:
                    return day
    return None


def read_rows(base: Path, relative: str) -> list[dict[str, str]]:
    """Read the rows of a small TSV of the dataset; an unreadable one has none."""
    try:
        table = read_tsv(inside(base, relative), relative)
    except (EupneaError, OSError):
        return []
    return [row for _, row in table.rows]


def _day(text: str) -> date | None:
    match = re.match(r"(\d{4})-(\d{2})-(\d{2})", text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
