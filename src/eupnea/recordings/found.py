"""The signals of one recording, as they come out of its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eupnea.errors import RecordingError
from eupnea.recordings.cells import described
from eupnea.recordings.channels import CARDIAC_KINDS, RESPIRATION_KINDS, rule_for
from eupnea.recordings.checks import check_channel
from eupnea.recordings.findings import Finding, finding_of
from eupnea.recordings.readers.base import TOLD
from eupnea.recordings.readers.registry import limits_of, read_file
from eupnea.recordings.triggers import PulseTrain, pulse_train

if TYPE_CHECKING:
    from eupnea.config.dataset import ChannelRule, DatasetConfig
    from eupnea.config.recordings import RecordingsConfig
    from eupnea.recordings.entry import Entry, Source
    from eupnea.recordings.readers.base import Annotation, Content
    from eupnea.recordings.signal import RawSignal


@dataclass(frozen=True, slots=True)
class FoundChannel:
    """One usable or set-aside channel: what it is and where; its samples are not kept."""

    signal: str
    rule: ChannelRule
    source: Source
    channel: str
    unit: str
    sampling_hz: float
    start_s: float
    duration_s: float
    problem: Finding | None
    samples: str
    """Digest of the samples: equal samples are one recording, whatever their files are called."""

    @property
    def is_used(self) -> bool:
        """Whether the channel can be used."""
        return self.problem is None

    @property
    def where(self) -> str:
        """File and channel."""
        return f"{self.source.path}, channel {self.channel}"


@dataclass(slots=True)
class FoundClock:
    """One device's clock: its trigger pulses, and whether its start is declared."""

    name: str
    declares_start: bool = True
    pulses: list[PulseTrain] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)


@dataclass(slots=True)
class FoundRecording:
    """Everything that the files of one recording tell."""

    entry: Entry
    channels: list[FoundChannel] = field(default_factory=list)
    clocks: dict[str, FoundClock] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    declared_s: float = float("nan")
    day: date | None = None
    started_s: list[float] = field(default_factory=list)

    @property
    def used(self) -> list[FoundChannel]:
        """Channels that can be used."""
        return [one for one in self.channels if one.is_used]


def read_recording(entry: Entry, dataset: DatasetConfig, config: RecordingsConfig, base: Path) -> FoundRecording:
    """Read every file of a recording, recognise its channels and check them.

    Nothing raised by a file leaves this function: it becomes a finding.
    """
    found = FoundRecording(entry)
    contents = []
    for source in entry.sources:
        try:
            content = read_file(
                base,
                source.path,
                source.format,
                sidecars=source.sidecars,
                sampling_hz=source.sampling_hz,
                limits=limits_of(config),
                wanted=lambda name, source=source: _is_wanted(name, source, dataset),  # type: ignore[misc]
                unit_of=lambda name, source=source: _declared_unit(name, source, dataset),  # type: ignore[misc]
            )
        except RecordingError as error:
            found.findings.append(finding_of(error, recording=entry.recording))
            continue
        contents.append((source, content))
    first = min((one.started_s for _, one in contents if np.isfinite(one.started_s)), default=float("nan"))
    for source, content in contents:
        _add_content(found, source, content, dataset, config, first_started_s=first)
    _add_declared(found, dataset)
    found.findings += _double_claims(found)
    return found


def _is_wanted(name: str, source: Source, dataset: DatasetConfig) -> bool:
    rule = rule_for(name, dataset, rules=source.rules, reader=source.format)
    return rule is not None and rule.kind != "ignore"


def _declared_unit(name: str, source: Source, dataset: DatasetConfig) -> str:
    rule = rule_for(name, dataset, rules=source.rules, reader=source.format)
    return rule.unit if rule is not None else ""


def _add_content(
    found: FoundRecording,
    source: Source,
    content: Content,
    dataset: DatasetConfig,
    config: RecordingsConfig,
    *,
    first_started_s: float,
) -> None:
    clock = found.clocks.setdefault(source.clock, FoundClock(source.clock))
    clock.declares_start &= content.declares_start or np.isfinite(source.start_s) or source.clock == "shared"
    shift = source.start_s if np.isfinite(source.start_s) else 0.0
    if np.isfinite(content.started_s) and len(found.entry.sources) > 1:
        shift += content.started_s - first_started_s
    clock.annotations += content.annotations
    found.day = found.day or content.day
    for candidate in (source.declared_s, content.declared_s):
        if not np.isfinite(found.declared_s):
            found.declared_s = candidate
    found.unrecognised += content.left_out
    found.findings += _unknown_words(found, source, content)
    for name, raw in content.signals.items():
        rule = rule_for(name, dataset, rules=source.rules, reader=source.format, told=content.told.get(name))
        if rule is None:
            found.unrecognised.append(name)
        elif rule.kind == "trigger":
            clock.pulses.append(_pulses(raw, shift, config))
        elif rule.kind in (*RESPIRATION_KINDS, *CARDIAC_KINDS):
            found.channels.append(_found_channel(found, source, name, raw, rule, config, shift))


def _unknown_words(found: FoundRecording, source: Source, content: Content) -> list[Finding]:
    return [
        Finding(
            "warning",
            found.entry.recording,
            f"The sidecar's {key.capitalize()} is not a word that is known here, and is not used "
            f"(found {described(word, words=TOLD[key])}) (allowed: {', '.join(filter(None, TOLD[key]))})",
            f"{source.path}, channel {name}",
            "correct the sidecar, or say it in dataset.channels",
        )
        for name, words in content.unknown_words.items()
        for key, word in words.items()
    ]


def _pulses(raw: RawSignal, shift: float, config: RecordingsConfig) -> PulseTrain:
    shifted = replace(raw, start_s=raw.start_s + shift)
    if raw.times_s is not None:
        times = raw.times_s[np.nan_to_num(raw.values) > 0] + shift
        return PulseTrain(times, shifted.start_s, shifted.start_s + raw.duration_s)
    return pulse_train(shifted, min_separation_s=config.alignment.min_separation_s)


def _found_channel(
    found: FoundRecording,
    source: Source,
    name: str,
    raw: RawSignal,
    rule: ChannelRule,
    config: RecordingsConfig,
    shift: float,
) -> FoundChannel:
    where = f"{source.path}, channel {name}"
    unit = rule.unit or raw.unit
    checked = replace(raw, unit=unit)
    problem = check_channel(checked, rule.kind, config, where=where, recording=found.entry.recording)
    if problem is not None:
        found.findings.append(problem)
    number = 1 + sum(one.rule.kind == rule.kind for one in found.channels)
    return FoundChannel(
        signal=rule.kind if number == 1 else f"{rule.kind}-{number}",
        rule=rule,
        source=source,
        channel=name,
        unit=unit,
        sampling_hz=raw.sampling_hz,
        start_s=raw.start_s + shift,
        duration_s=raw.duration_s,
        problem=problem,
        samples=_digest(raw.values),
    )


def _digest(values: np.ndarray) -> str:
    """Return a digest in letters only, which nobody who searches the results for a date can take for one."""
    hexadecimal = hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=16).hexdigest()
    return hexadecimal.translate(str.maketrans("0123456789", "ghijklmnop"))


def _add_declared(found: FoundRecording, dataset: DatasetConfig) -> None:
    declared = dataset.declared_s.get(found.entry.task, dataset.declared_s.get("*", float("nan")))
    if np.isfinite(declared):
        found.declared_s = declared


def _double_claims(found: FoundRecording) -> list[Finding]:
    claims: dict[tuple[str, str], FoundChannel] = {}
    problems = []
    for one in found.channels:
        other = claims.setdefault((one.rule.kind, one.rule.site), one)
        if other.source.path != one.source.path:
            site = f" ({one.rule.site})" if one.rule.site else ""
            problems.append(
                Finding(
                    "set_aside",
                    found.entry.recording,
                    f"Two files claim the same channel of one recording: {one.rule.kind}{site}",
                    f"{other.where} and {one.where}",
                    "tell the recordings apart with dataset.entities (run, session, mode), give the channels a site, "
                    "or leave one out with a rule of kind 'ignore' in dataset.channels",
                )
            )
    return problems
