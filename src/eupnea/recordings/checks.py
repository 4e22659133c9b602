"""Whether the samples of a channel can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eupnea.recordings.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from eupnea.config.recordings import RecordingsConfig
    from eupnea.recordings.signal import RawSignal

_MIN_FLAT_BLOCK = 2
_PLAUSIBLE_RR_MS = (200.0, 3000.0)
"""RR intervals outside belong to no resting human heart (300 to 20 beats per minute)."""
_PLAUSIBLE_BPM = (20.0, 300.0)


def check_channel(raw: RawSignal, kind: str, config: RecordingsConfig, *, where: str, recording: str) -> Finding | None:
    """Return why a channel cannot be used, or None when it can.

    Parameters
    ----------
    raw
        Its samples.
    kind
        What it measures.
    config
        The limits.
    where, recording
        File and channel, and the recording, for the message.
    """

    def problem(what: str, change: str) -> Finding:
        return Finding("set_aside", recording, what, where, change)

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
    low, high = _PLAUSIBLE_RR_MS if kind == "rr" else _PLAUSIBLE_BPM
    values = raw.values[np.isfinite(raw.values)]
    if not low <= float(np.median(values)) <= high:
        unit = "ms" if kind == "rr" else "beats per minute"
        return problem(
            f"The median of the {kind} series is {np.median(values):.4g}, not a human heart's",
            f"give the values in {unit}, or correct the kind of the channel",
        )
    return None
