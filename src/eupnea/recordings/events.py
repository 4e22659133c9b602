"""Events: which stretches of a recording are used, excluded, or blocks."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eupnea.errors import RecordingError
from eupnea.recordings.cells import described
from eupnea.recordings.paths import inside
from eupnea.recordings.tsv import is_missing, read_tsv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from eupnea.config.dataset import EventsConfig
    from eupnea.recordings.readers.base import Annotation


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A stretch of a recording, on its clock, s."""

    onset_s: float
    duration_s: float
    role: str
    label: str

    @property
    def end_s(self) -> float:
        """End, s."""
        return self.onset_s + self.duration_s


def read_events(base: Path, relative: str, column: str) -> list[tuple[float, float, str]]:
    """Read ``*_events.tsv``: onset (s), duration (s; 0 when missing) and label of each event.

    Raises
    ------
    RecordingError
        A column is missing, or an onset is not a number; the line is named.
    """
    table = read_tsv(inside(base, relative), relative)
    missing = [name for name in ("onset", column) if name not in table.columns]
    if missing:
        raise RecordingError(
            "The table of events lacks a column",
            where=relative,
            found=f"{len(table.columns)} columns",
            allowed=", ".join(missing),
            change="correct the table, or dataset.events.column",
        )
    return [_event(row, column, f"{relative}, line {line}") for line, row in table.rows]


def _event(row: dict[str, str], column: str, where: str) -> tuple[float, float, str]:
    onset, duration = _number(row.get("onset"), where), _number(row.get("duration"), where)
    if not math.isfinite(onset):
        raise RecordingError("An event has no onset", where=where, change="correct the table of events")
    return onset, max(duration, 0.0) if math.isfinite(duration) else 0.0, (row.get(column) or "").strip()


def _number(text: str | None, where: str) -> float:
    if text is None or is_missing(text):
        return math.nan
    try:
        return float(text)
    except ValueError as error:
        raise RecordingError(
            "An event has a time that is not a number",
            where=where,
            found=described(text),
            change="correct the table of events",
        ) from error


def intervals_of(
    events: Iterable[tuple[float, float, str]], config: EventsConfig, *, start_s: float, end_s: float
) -> list[Interval]:
    """Turn events into intervals with a role, inside the recording.

    Parameters
    ----------
    events
        Onset (s), duration (s), label.
    config
        Which labels mean what; other events are left out.
    start_s, end_s
        The recording; what lies outside is cut off.

    Returns
    -------
    list of Interval
        A block is labelled as the event is. Any other event may be free text ("talking to Mrs Smithson") of which
        nothing more is needed: it is labelled by what its pattern put in brackets (*talking*), else by the pattern.
    """
    found = set()
    for onset, duration, label in events:
        for role, match in _matches(label, config):
            margin = config.margin_s if role == "exclude" else 0.0
            first, last = max(onset - margin, start_s), min(onset + duration + margin, end_s)
            if last > first:
                shown = label if role == "block" else (match.re.groups and match[1]) or match.re.pattern
                found.add(Interval(first, last - first, role, shown))
    return sorted(found)


def roles_of(label: str, config: EventsConfig) -> list[str]:
    """Return what an event of this label is: ``use``, ``exclude``, ``block``, or nothing."""
    return [role for role, _ in _matches(label, config)]


def _matches(label: str, config: EventsConfig) -> Iterator[tuple[str, re.Match[str]]]:
    for role, patterns in (("use", config.use), ("exclude", config.exclude), ("block", config.block)):
        matches = (re.fullmatch(one, label, re.IGNORECASE) for one in patterns)
        if first := next((one for one in matches if one), None):
            yield role, first


def annotation_events(annotations: Iterable[Annotation]) -> list[tuple[float, float, str]]:
    """Turn annotations of a signal file into events, on the file's clock."""
    return [(one.onset_s, one.duration_s, one.label) for one in annotations]


def used_and_excluded(intervals: Sequence[Interval], *, start_s: float, end_s: float) -> tuple[float, float]:
    """Return the seconds that windows may use, and the seconds excluded by events."""
    use = [(one.onset_s, one.end_s) for one in intervals if one.role == "use"] or [(start_s, end_s)]
    exclude = _union([(one.onset_s, one.end_s) for one in intervals if one.role == "exclude"])
    excluded = sum(end - start for start, end in exclude)
    overlap = sum(max(0.0, min(end, stop) - max(start, first)) for start, end in _union(use) for first, stop in exclude)
    return sum(end - start for start, end in _union(use)) - overlap, excluded


def _union(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
