"""Which windows enrol and which are probes: splitters that take the recordings' metadata."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.errors import ConfigError
from eupnea.identification.samples import lengths_of, starts_of

if TYPE_CHECKING:
    from eupnea.config.identification import ProtocolConfig, RecordingFilter
    from eupnea.identification.samples import Rows, Samples

FOLD_KEY = {
    "leave_one_run_out": "block",
    "leave_one_session_out": "session",
    "leave_one_mode_out": "mode",
    "leave_one_task_out": "task",
}
MAX_FOLDS = 10
"""Folds at most: where people have more, or differently named, runs than that, several are left out at once."""
PARTS = {"early": 0.0, "middle": 0.5, "late": 1.0}
"""Where the stretch of matched length lies, as a share of what can be left out."""


@dataclass(frozen=True)
class Fold:
    """One split: positions of the windows that enrol, and of those to be recognised."""

    name: str
    enrol: Rows
    probe: Rows


@dataclass(frozen=True)
class Split:
    """What a protocol makes of a dataset: its folds, or the reason why there are none."""

    folds: tuple[Fold, ...]
    reason: str = ""


def matches(recordings: pd.DataFrame, wanted: RecordingFilter) -> NDArray[np.bool_]:
    """Say which recordings a filter lets through; shape (R,)."""
    passed = np.ones(len(recordings), dtype=bool)
    for key in ("mode", "task", "session", "run"):
        labels = getattr(wanted, key)
        allowed = [label for label in labels if not label.startswith("!")]
        refused = [label[1:] for label in labels if label.startswith("!")]
        values = recordings[key]
        passed &= values.isin(allowed).to_numpy() if allowed else True
        passed &= ~values.isin(refused).to_numpy() if refused else True
    return passed


def split_samples(protocol: ProtocolConfig, samples: Samples, *, min_people: int, name: str = "protocol") -> Split:
    """Apply a protocol to a dataset.

    Parameters
    ----------
    protocol
        The rule.
    samples
        The windows.
    min_people
        People who must have both enrolment and probe windows.
    name
        Name of the protocol, for messages.

    Returns
    -------
    Split
        Without folds, and with the reason, when the dataset cannot answer.

    Raises
    ------
    ConfigError
        The protocol lets one recording both enrol and be a probe.
    """
    recordings = samples.recordings
    enrol, probe = matches(recordings, protocol.enrol), matches(recordings, protocol.probe)
    for side, passed, wanted in (("enrol", enrol, protocol.enrol), ("probe", probe, protocol.probe)):
        if not passed.any():
            return Split((), f"no recording can {side}: {_describe(wanted)}")
    if protocol.split == "given" and (enrol & probe).any():
        raise ConfigError(
            "A protocol lets the same recording enrol and be a probe",
            where=f"identification.protocols.{name}",
            found=str(recordings.loc[enrol & probe, "recording"].iloc[0]),
            change="separate the filters of enrol and probe, or choose a leave_one_…_out or in_time split",
        )
    folds = tuple(_folds(protocol, samples, enrol, probe))
    return _answerable(_with_both_sides(_limited(folds, protocol, samples), samples), protocol, samples, min_people)


def matched(split: Split, samples: Samples, *, matched_s: float, part: str) -> Split:
    """Limit every recording to a stretch of equal length from its ``early``, ``middle`` or ``late`` part."""
    first, last = _extent(samples)
    begin = first + PARTS[part] * np.maximum(last - first - matched_s, 0.0)
    start, length = samples.start_s, samples.window_s
    # half a window of slack: the stretch need not begin on a window's edge
    low = begin[samples.recording] - length / 2
    inside = (start >= low) & (start + length <= low + matched_s + length)
    taken = inside & (_count_before(inside, samples.recording) < max(1, int(matched_s // length)))
    keep = tuple(replace(f, enrol=f.enrol[taken[f.enrol]], probe=f.probe[taken[f.probe]]) for f in split.folds)
    return Split(_with_both_sides(keep, samples), split.reason)


def _folds(
    protocol: ProtocolConfig, samples: Samples, enrol: NDArray[np.bool_], probe: NDArray[np.bool_]
) -> list[Fold]:
    recordings, of_window = samples.recordings, samples.recording
    if protocol.split in FOLD_KEY:
        key = recordings[FOLD_KEY[protocol.split]].to_numpy()
        if len(set(key[probe])) > MAX_FOLDS:
            key = _places(recordings)
        values = sorted(set(key[probe]))
        pairs = [(str(value), enrol & (key != value), probe & (key == value)) for value in values]
    elif protocol.split == "first_recording":
        first = _first_recordings(recordings, enrol)
        pairs = [("first", first, probe & ~first)]
    elif protocol.split == "in_time":
        return [_in_time(protocol, samples, enrol & probe)]
    else:
        pairs = [("given", enrol, probe)]
    return [Fold(name, np.flatnonzero(a[of_window]), np.flatnonzero(b[of_window])) for name, a, b in pairs]


def _places(recordings: pd.DataFrame) -> NDArray[np.object_]:
    """Deal each person's recordings to folds in turn, so that every one is once the probe."""
    ordered = recordings.sort_values(["person", "session", "run", "task", "mode"], kind="stable")
    place = ordered.groupby("person").cumcount() % MAX_FOLDS
    return np.array([f"part {k + 1:02d}" for k in place.reindex(recordings.index)], dtype=object)


def _first_recordings(recordings: pd.DataFrame, enrol: NDArray[np.bool_]) -> NDArray[np.bool_]:
    order = recordings[enrol].assign(later=lambda r: (r["task"] != "rest").astype(int))
    order = order.sort_values(["person", "session", "later", "run", "mode", "task"], kind="stable")
    first = np.zeros(len(recordings), dtype=bool)
    first[order.drop_duplicates("person").index.to_numpy()] = True
    return first


def _in_time(protocol: ProtocolConfig, samples: Samples, wanted: NDArray[np.bool_]) -> Fold:
    first, last = _extent(samples)
    cut = (first + protocol.enrol_share * (last - first))[samples.recording]
    here, end = wanted[samples.recording], samples.start_s + samples.window_s
    later = samples.start_s >= cut + protocol.guard_s
    return Fold("in_time", np.flatnonzero(here & (end <= cut)), np.flatnonzero(here & later))


def _extent(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = len(samples.recordings)
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, samples.recording, samples.start_s)
    np.maximum.at(last, samples.recording, samples.start_s + samples.window_s)
    return first, last


def _limited(folds: tuple[Fold, ...], protocol: ProtocolConfig, samples: Samples) -> tuple[Fold, ...]:
    first, _ = _extent(samples)
    used = samples.start_s + samples.window_s - first[samples.recording]
    for side, seconds in (("enrol", protocol.enrol_s), ("probe", protocol.probe_s)):
        if seconds is not None:
            short = used <= seconds + 1e-6
            folds = tuple(replace(fold, **{side: getattr(fold, side)[short[getattr(fold, side)]]}) for fold in folds)
    return folds


def _with_both_sides(folds: tuple[Fold, ...], samples: Samples) -> tuple[Fold, ...]:
    """Keep the people who are enrolled and probed somewhere; in each fold, probes of those who are enrolled."""
    person = samples.person
    probed = np.zeros(len(samples.people), dtype=bool)
    for fold in folds:
        probed[np.intersect1d(person[fold.enrol], person[fold.probe])] = True
    kept = []
    for fold in folds:
        enrol = fold.enrol[probed[person[fold.enrol]]]
        probe = fold.probe[np.isin(person[fold.probe], person[enrol])]
        if enrol.size and probe.size:
            kept.append(replace(fold, enrol=enrol, probe=probe))
    return tuple(kept)


def _answerable(folds: tuple[Fold, ...], protocol: ProtocolConfig, samples: Samples, min_people: int) -> Split:
    people = {int(p) for fold in folds for p in samples.person[fold.probe]}
    if len(people) >= min_people:
        return Split(folds)
    values = sorted(set(samples.recordings[FOLD_KEY.get(protocol.split, "block")]))
    if protocol.split in FOLD_KEY and len(values) < 2:
        what = protocol.split.removeprefix("leave_one_").removesuffix("_out")
        only = f" ('{values[0]}')" if values and values[0] else ""
        return Split((), f"every person has one {what} only{only}")
    return Split((), f"{len(people)} people have both enrolment and probe, {min_people} are needed")


def _count_before(taken: NDArray[np.bool_], groups: Rows) -> Rows:
    total: Rows = (np.cumsum(taken) - taken).astype(np.intp)
    if not groups.size:
        return total
    starts = starts_of(groups)
    return total - np.repeat(total[starts], lengths_of(starts, groups.size))


def _describe(wanted: RecordingFilter) -> str:
    parts = [f"{key} {' or '.join(labels)}" for key, labels in wanted.model_dump().items() if labels]
    return "none with " + ", ".join(parts) + " is in the dataset" if parts else "there is none"
