"""Whether the samples of a channel can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eupnea.errors import RecordingError
from eupnea.recordings.findings import Finding
from eupnea.recordings.intervals import in_milliseconds
from eupnea.recordings.padding import without_padding

if TYPE_CHECKING:
    from collections.abc import Callable

    from eupnea.config.recordings import RecordingsConfig
    from eupnea.recordings.signal import RawSignal

_MIN_FLAT_BLOCK = 2
_PLAUSIBLE_BPM = (20.0, 300.0)
_LONGEST_DAYS = 31.0
"""A channel that lasts longer has wrong times; what is made of it would not fit into memory."""


def check_channel(raw: RawSignal, kind: str, config: RecordingsConfig, *, where: str, recording: str) -> Finding | None:
    """Return why a channel cannot be used, or None when it can.

    Parameters
    ----------
    raw
        Its samples, in the unit that they are taken in.
    kind
        What it measures.
    config
        The limits.
    where, recording
        File and channel, and the recording, for the message.
    """

    def problem(what: str, change: str) -> Finding:
        return Finding("set_aside", recording, what, where, change)

    raw, _ = without_padding(raw)
    known = np.isfinite(raw.values)
    if raw.values.size == 0:
        return problem("The channel has no samples", "export the file again")
    if not known.any():
        return problem("The channel holds no number (only n/a)", "check the sensor; leave the channel out")
    missing = 1 - float(known.mean())
    if missing > config.max_missing_share:
        return problem(
            f"{missing:.0%} of the samples are missing (allowed: {config.max_missing_share:.0%})",
            "check the sensor, or raise recordings.max_missing_share",
        )
    if days := _too_long(raw.duration_s):
        return problem(*days)
    if kind in ("rr", "heart_rate"):
        return _check_series(raw, kind, problem)
    lowest = config.min_sampling_hz.get(kind, 0.0)
    if raw.times_s is None and raw.sampling_hz < lowest:
        return problem(
            f"Sampled at {raw.sampling_hz:g} Hz, too slowly for {kind} (at least {lowest:g} Hz)",
            "export it at a higher rate; recordings.min_sampling_hz holds the limits",
        )
    flat = flat_share(raw)
    if flat == 1:
        return problem("A flat line: the channel never changes", "check that the sensor was connected")
    if flat > config.max_flat_share:
        return problem(
            f"A flat line during {flat:.0%} of the recording (allowed: {config.max_flat_share:.0%})",
            "check that the sensor was connected",
        )
    return None


def _too_long(duration_s: float) -> tuple[str, str] | None:
    """Return what is wrong with a duration, and what to change; None when nothing is."""
    days = duration_s / 86400
    if not days > _LONGEST_DAYS:
        return None
    return f"It lasts {days:.4g} days (allowed: {_LONGEST_DAYS:g})", "correct its times, its unit or its sampling rate"


def flat_share(raw: RawSignal) -> float:
    """Return the share of seconds in which the signal does not change; seconds without samples do not count."""
    block = _MIN_FLAT_BLOCK if raw.times_s is not None else max(_MIN_FLAT_BLOCK, round(raw.sampling_hz))
    whole = raw.values.size // block * block
    if whole == 0:
        return float(np.nanmax(raw.values) == np.nanmin(raw.values))
    blocks = raw.values[:whole].reshape(-1, block)
    highest = np.fmax.reduce(blocks, axis=1)
    lowest = np.fmin.reduce(blocks, axis=1)
    known = np.isfinite(highest)
    return float((highest[known] == lowest[known]).mean()) if known.any() else 1.0


def _check_series(raw: RawSignal, kind: str, problem: Callable[[str, str], Finding]) -> Finding | None:
    if kind == "rr":
        try:
            known, _ = in_milliseconds(raw)
        except RecordingError as error:
            return problem(f"{error.what[0].upper()}{error.what[1:]} (found {error.found})", str(error.change))
        days = _too_long(float(np.nansum(known.values)) / 1000)
        return problem(*days) if days else None
    middle = float(np.nanmedian(raw.values))
    if not _PLAUSIBLE_BPM[0] <= middle <= _PLAUSIBLE_BPM[1]:
        return problem(
            f"The median of the {kind} series is {middle:.4g}, not a human heart's",
            "give the values in beats per minute, or correct the kind of the channel",
        )
    return None
