"""Describe the recordings of a chunk of participants: every file read, checked, aligned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.errors import InputError
from eupnea.io.contract import CHANNELS, INTERVALS, RECORDINGS
from eupnea.recordings.alignment import SAME_CLOCK, ClockAlignment, align_clocks, cardiac_clock, reference_clock
from eupnea.recordings.channels import CARDIAC_KINDS, RESPIRATION_KINDS
from eupnea.recordings.discovery import discover
from eupnea.recordings.events import Interval, annotation_events, intervals_of, read_events, used_and_excluded
from eupnea.recordings.findings import Finding, finding_of, findings_frame
from eupnea.recordings.found import FoundChannel, FoundRecording, read_recording
from eupnea.recordings.nostrils import with_the_nose
from eupnea.recordings.pseudonyms import errors_without_file_names, file_aliases, without_file_names
from eupnea.recordings.sessions import bids_day, day_differences, with_sessions
from eupnea.recordings.triggers import to_recording_clock

if TYPE_CHECKING:
    from datetime import date

    from eupnea.config.dataset import DatasetConfig
    from eupnea.config.recordings import RecordingsConfig
    from eupnea.recordings.entry import Entry

_MAX_NAMES = 8


@dataclass(frozen=True, slots=True)
class ChunkDescription:
    """The recordings of a chunk.

    Attributes
    ----------
    recordings, channels, intervals
        In the contracts RECORDINGS, CHANNELS and INTERVALS.
    findings
        Everything worth knowing: level, recording, what, where, change.
    """

    recordings: pd.DataFrame
    channels: pd.DataFrame
    intervals: pd.DataFrame
    findings: pd.DataFrame


@dataclass(slots=True)
class _Described:
    found: FoundRecording
    alignments: dict[str, ClockAlignment]
    intervals: list[Interval]
    row: dict[str, Any]


def describe_chunk(
    dataset: DatasetConfig, config: RecordingsConfig, base: Path, participants: Sequence[str], chunk: int
) -> ChunkDescription:
    """Read, check and describe every recording of some participants.

    Parameters
    ----------
    dataset
        Where the recordings are and what is in them.
    config
        What a recording must be to be used.
    base
        Folder of the dataset.
    participants
        Labels (``sub-01``). Memory is bounded by one recording.
    chunk
        Number of the chunk, for the column.

    Returns
    -------
    ChunkDescription
        A recording that cannot be used stands in it with status ``set_aside`` and the reason.
    """
    wanted = set(participants)
    # A chunk without people reads nothing: the dataset may still be in the making by other chunks.
    entries = [one for one in discover(dataset, base) if one.participant in wanted] if wanted else []
    described: list[_Described] = []
    aliases = file_aliases(dataset, base) if wanted else {}
    for participant in dict.fromkeys(one.participant for one in entries):
        own = [one for one in entries if one.participant == participant]
        with errors_without_file_names(aliases):
            described += _participant(own, dataset, config, Path(base))
    recordings = _frame([one.row | {"chunk": chunk} for one in described], RECORDINGS)
    channels = _frame([row for one in described for row in with_the_nose(_channel_rows(one))], CHANNELS)
    findings = findings_frame(finding for one in described for finding in one.found.findings)
    return ChunkDescription(
        recordings=without_file_names(recordings, aliases),
        channels=without_file_names(channels, aliases),
        intervals=_frame([row for one in described for row in _interval_rows(one)], INTERVALS),
        findings=without_file_names(findings, aliases),
    )


def _frame(rows: list[dict[str, Any]], contract: Any) -> pd.DataFrame:
    return contract.conform(pd.DataFrame(rows)) if rows else contract.empty()


def _participant(
    entries: list[Entry], dataset: DatasetConfig, config: RecordingsConfig, base: Path
) -> list[_Described]:
    described = [_recording(entry, dataset, config, base) for entry in entries]
    days: dict[str, date | None] = {
        one.found.entry.recording: one.found.day or bids_day(base, one.found.entry) for one in described
    }
    _set_copies_aside(described)
    completed = with_sessions(entries, days) if dataset.entities.sessions_from_dates else {}
    differences = day_differences(days)
    for one in described:
        entry = one.found.entry
        named = completed.get(entry.recording, entry)
        one.row["day"] = differences[entry.recording]
        one.row |= {"recording": named.recording, "session": named.session}
        if dataset.entities.sessions_from_dates and not named.session:
            one.row["reason"] = _joined(one.row["reason"], "its header tells no date, so it belongs to no session")
        one.found.findings = [_renamed(finding, named.recording) for finding in one.found.findings]
        one.found.entry = named
    return described


def _set_copies_aside(described: list[_Described]) -> None:
    """Set aside what has a signal of an earlier recording: a copy as enrolment and probe would recognise itself."""
    first: dict[str, str] = {}
    for one in described:
        entry = one.found.entry
        copied = [(channel, first[channel.samples]) for channel in one.found.used if channel.samples in first]
        for channel in one.found.used:
            first.setdefault(channel.samples, entry.recording)
        if copied and one.row["status"] == "used":
            channel, other = copied[0]
            what = f"Its {channel.rule.kind} has the samples of {other}: one is a copy of the other"
            finding = Finding("set_aside", entry.recording, what, channel.where, "leave the wrong file out")
            one.found.findings.append(finding)
            one.row |= {"status": "set_aside", "reason": finding.sentence, "used_s": 0.0}


def _renamed(finding: Finding, recording: str) -> Finding:
    return Finding(finding.level, recording, finding.what, finding.where, finding.change)


def _recording(entry: Entry, dataset: DatasetConfig, config: RecordingsConfig, base: Path) -> _Described:
    found = read_recording(entry, dataset, config, base)
    alignments = align_clocks(found, config.alignment)
    start, end = _span(found, alignments)
    intervals: list[Interval] = []
    try:
        intervals = _intervals(found, alignments, dataset, base, start, end)
        event_problem = None
    except InputError as error:
        event_problem = finding_of(error, recording=entry.recording)
        found.findings.append(event_problem)
    used, excluded = used_and_excluded(intervals, start_s=start, end_s=end)
    reason = _why_set_aside(found, config, used, event_problem)
    row = _recording_row(found, alignments, config)
    row |= {"used_s": used if not reason else 0.0, "excluded_s": excluded, "duration_s": end - start}
    row |= {"status": "set_aside" if reason else "used", "reason": reason or row["reason"]}
    return _Described(found, alignments, intervals, row)


def _span(found: FoundRecording, alignments: dict[str, ClockAlignment]) -> tuple[float, float]:
    """Return start and end of the first respiration (else cardiac) signal on the recording's clock, s."""
    main = _main_channel(found)
    if main is None:
        return 0.0, 0.0
    fit = alignments[main.source.clock]
    span = np.array([main.start_s, main.start_s + main.duration_s])
    start, end = to_recording_clock(span, offset_s=fit.offset_s, drift_ppm=fit.drift_ppm)  # type: ignore[misc]
    return float(start), float(end)


def _main_channel(found: FoundRecording) -> FoundChannel | None:
    reference = reference_clock(found)
    return next((one for one in _ordered(found) if one.source.clock == reference), None)


def _ordered(found: FoundRecording) -> list[FoundChannel]:
    return [one for kinds in (RESPIRATION_KINDS, CARDIAC_KINDS) for one in found.used if one.rule.kind in kinds]


def _intervals(
    found: FoundRecording,
    alignments: dict[str, ClockAlignment],
    dataset: DatasetConfig,
    base: Path,
    start: float,
    end: float,
) -> list[Interval]:
    files = dict.fromkeys(file for source in found.entry.sources for file in source.events)
    events = [event for file in files for event in read_events(base, file, dataset.events.column)]
    for name, clock in found.clocks.items():
        fit = alignments.get(name, SAME_CLOCK)
        for onset, duration, label in annotation_events(clock.annotations):
            moved = to_recording_clock(onset, offset_s=fit.offset_s, drift_ppm=fit.drift_ppm)
            events.append((float(moved), duration, label))
    return intervals_of(events, dataset.events, start_s=start, end_s=end)


def _why_set_aside(
    found: FoundRecording, config: RecordingsConfig, used_s: float, event_problem: Finding | None
) -> str:
    """Return why the whole recording cannot be used; empty when it can."""
    if event_problem is not None:
        return event_problem.sentence
    double = [one for one in found.findings if one.what.startswith("Two files claim")]
    if double:
        return double[0].sentence
    if not found.used:
        if found.findings:
            return "; ".join(one.sentence for one in found.findings)
        names = ", ".join(found.unrecognised[:_MAX_NAMES]) or "none"
        problem = Finding(
            "set_aside",
            found.entry.recording,
            f"No channel is known to be breathing or heart (names: {names})",
            ", ".join(source.path for source in found.entry.sources),
            "say what they are in dataset.channels",
        )
    elif used_s < config.min_duration_s:
        problem = Finding(
            "set_aside",
            found.entry.recording,
            f"Too short: {used_s:.1f} s can be used, {config.min_duration_s:g} s are needed",
            ", ".join(source.path for source in found.entry.sources),
            "check the file and its events, or lower recordings.min_duration_s",
        )
    else:
        return ""
    found.findings.append(problem)
    return problem.sentence


def _recording_row(
    found: FoundRecording, alignments: dict[str, ClockAlignment], config: RecordingsConfig
) -> dict[str, Any]:
    entry, channels = found.entry, _ordered(found)
    reference = reference_clock(found)
    sync = alignments.get(cardiac_clock(found, reference), SAME_CLOCK)
    main = _main_channel(found)
    notes = [one.sentence for one in found.findings]
    if sync.method == "not_aligned":
        finding = Finding(
            "warning",
            entry.recording,
            f"The devices cannot be aligned: {sync.fit.problem}",
            ", ".join(source.path for source in entry.sources),
            "features of the coupling will be missing; record a shared trigger or declare start times",
        )
        found.findings.append(finding)
        notes.append(finding.sentence)
    if main is not None and abs(main.duration_s - found.declared_s) > config.declared_tolerance_s:
        what = f"{main.duration_s:.1f} s found, {found.declared_s:.1f} s declared"
        found.findings.append(Finding("note", entry.recording, what, main.where, "check whether it is whole"))
        notes.append(what)
    return {
        "recording": entry.recording,
        "participant": entry.participant,
        "session": entry.session,
        "mode": entry.mode,
        "task": entry.task,
        "run": entry.run,
        "signals": ",".join(one.rule.kind for one in channels),
        "sites": ",".join(one.rule.site for one in channels),
        "declared_s": found.declared_s,
        "sampling_hz": main.sampling_hz if main is not None else np.nan,
        "sync_method": sync.method,
        "sync_offset_s": sync.fit.offset_s,
        "sync_offset_se_s": sync.fit.offset_se_s,
        "sync_drift_ppm": sync.fit.drift_ppm,
        "sync_drift_se_ppm": sync.fit.drift_se_ppm,
        "reason": "; ".join(notes),
    }


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _channel_rows(described: _Described) -> list[dict[str, Any]]:
    aside = described.row["status"] == "set_aside"
    rows = []
    for one in described.found.channels:
        fit = described.alignments.get(one.source.clock, SAME_CLOCK)
        reason = one.problem.sentence if one.problem else described.row["reason"] if aside else ""
        rows.append(
            {
                "recording": described.row["recording"],
                "signal": one.signal,
                "kind": one.rule.kind,
                "site": one.rule.site,
                "unit": one.unit,
                "polarity": one.rule.polarity,
                "file": one.source.path,
                "format": one.source.format,
                "channel": one.channel,
                "clock": one.source.clock,
                "samples": one.samples,
                "sampling_hz": one.sampling_hz,
                "start_s": one.start_s,
                "offset_s": fit.offset_s,
                "drift_ppm": fit.drift_ppm,
                "status": "used" if one.is_used and not aside else "set_aside",
                "reason": reason,
            }
        )
    return rows


def _interval_rows(described: _Described) -> list[dict[str, Any]]:
    return [
        {
            "recording": described.row["recording"],
            "onset_s": one.onset_s,
            "duration_s": one.duration_s,
            "role": one.role,
            "label": one.label,
        }
        for one in described.intervals
    ]
