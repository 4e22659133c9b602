"""Series of intervals between heartbeats: Polar and Kubios style text, Polar ``.hrm``, Empatica E4."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import RecordingError
from eupnea.recordings.readers.base import Content, Request, check_claim, checked_rate, samples
from eupnea.recordings.readers.bounded import read_bytes
from eupnea.recordings.signal import RawSignal

_MS_PER_S = 1000.0
_SECONDS_BELOW = 10.0
"""A median interval below this is in seconds: no human RR interval is ten milliseconds or ten seconds."""
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


def read_rr_text(request: Request) -> Content:
    """Read RR intervals: one per line, or a time and an interval; in ms or s. Lines of text are skipped.

    Raises
    ------
    RecordingError
        There is no interval, or an interval is not above zero.
    """
    text = read_bytes(request).decode("utf-8-sig", errors="replace")
    if "[HRData]" in text:
        text = text.split("[HRData]", 1)[1]
    rows = [row for row in (_numbers(line) for line in text.splitlines()) if row]
    check_claim(float(sum(map(len, rows))), request)
    if not rows:
        raise RecordingError("The file holds no RR interval", where=request.where, change="export the file again")
    width = min(len(row) for row in rows)
    table = np.array([row[:2] if width > 1 else row[:1] for row in rows], dtype=float)
    return Content({"rr": _intervals(table, request)})


def _numbers(line: str) -> list[float]:
    cells = [cell for cell in re.split(r"[\t; ]+|,(?=\s)|,(?=\d*\.)", line.strip()) if cell]
    if not cells or not all(_NUMBER.fullmatch(cell) for cell in cells):
        return []
    return [float(cell.replace(",", ".")) for cell in cells]


def _intervals(table: NDArray[np.float64], request: Request) -> RawSignal:
    rr = samples(table[:, -1])
    if not np.isfinite(rr).all() or (rr <= 0).any():
        raise RecordingError(
            "An RR interval is not above zero",
            where=request.where,
            found=f"{np.nanmin(rr):g}" if np.isfinite(rr).any() else "no number",
            change="export the file again",
        )
    rr = rr * _MS_PER_S if np.median(rr) < _SECONDS_BELOW else rr
    ends = np.cumsum(rr) / _MS_PER_S
    if table.shape[1] > 1 and (np.diff(table[:, 0]) > 0).all():
        times = table[:, 0]
        span = times[-1] - times[0]
        in_ms = span > 0 and abs(span / max(ends[-1] - ends[0], 1e-9) / _MS_PER_S - 1) < 0.5
        ends = times / _MS_PER_S if in_ms else times
    return RawSignal(rr, float("nan"), float(ends[0]), unit="ms", times_s=np.asarray(ends, dtype=np.float64))


def read_empatica(request: Request) -> Content:
    """Read ``BVP.csv``, ``HR.csv`` or ``IBI.csv`` of an Empatica E4 session.

    The first line is the start (s since 1970; only its difference to the session's other files is used), the second
    the rate; ``IBI.csv`` has times and intervals in seconds instead.

    Raises
    ------
    RecordingError
        The first lines are others, or a sample is not a number.
    """
    text = read_bytes(request).decode("utf-8-sig", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    check_claim(float(len(lines)), request)
    name = request.where.rsplit("/", 1)[-1]
    try:
        started = float(lines[0].split(",")[0])
        if name == "IBI.csv":
            table = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]]).reshape(-1, 2)
            values, times = samples(table[:, 1] * _MS_PER_S), samples(table[:, 0])
            first = float(times[0]) if times.size else 0.0
            signal = RawSignal(values, float("nan"), first, unit="ms", times_s=times)
            return Content({"IBI": signal}, started_s=started)
        rate = checked_rate(float(lines[1].split(",")[0]), request)
        values = samples([float(line.split(",")[0]) for line in lines[2:]])
    except (IndexError, ValueError) as error:
        raise RecordingError(
            "The Empatica file does not begin with start and rate, or holds text",
            where=request.where,
            change="take the files as the E4 manager exports them",
        ) from error
    unit = "bpm" if name == "HR.csv" else "au"
    return Content({name.removesuffix(".csv"): RawSignal(values, rate, unit=unit)}, started_s=started)
