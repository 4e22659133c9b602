"""Series of intervals between heartbeats: Polar and Kubios style text, Polar ``.hrm``, Empatica E4."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import RecordingError
from eupnea.recordings.intervals import ms_per_value
from eupnea.recordings.readers.base import Content, Request, check_claim, checked_rate, samples
from eupnea.recordings.readers.bounded import read_bytes
from eupnea.recordings.signal import RawSignal

_MS_PER_S = 1000.0
_CHANNEL = "rr"
_MOST_BEATS = 1_000_000
"""More than a week of heartbeats."""
_MOST_SAMPLES = 20_000_000
"""Three days at the 64 Hz of an E4; its battery lasts two."""
_BYTES_PER_LINE = 32
_LONGEST_LINE = 10_000
_MOST_COLUMNS = 8
_SEPARATOR = re.compile(r"[\t; ]+|,(?=\s)|,(?=\d*\.)")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


def read_rr_text(request: Request) -> Content:
    """Read RR intervals: one per line, or a time and an interval; in the declared unit, else ms or s.

    Lines of text are skipped; the intervals stay in the unit of the file.

    Raises
    ------
    RecordingError
        There is no interval, an interval is not above zero, or the text is longer than any series of a heart.
    """
    content = _lines(request, most=_MOST_BEATS)
    _, marker, after = content.partition(b"[HRData]")
    rows = [row for row in (_numbers(line) for line in _decoded(after if marker else content, request)) if row]
    check_claim(float(sum(map(len, rows))), request)
    if not rows:
        raise RecordingError("The file holds no RR interval", where=request.where, change="export the file again")
    width = min(len(row) for row in rows)
    table = np.array([row[:width] for row in rows], dtype=float)
    return Content({_CHANNEL: _intervals(table, request)})


def _lines(request: Request, *, most: int) -> bytes:
    """Return the text with line feeds at the ends of its lines, and refuse what is longer than `most` such lines."""
    content = read_bytes(request).removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = content.count(b"\n") + 1
    if lines > most or len(content) > most * _BYTES_PER_LINE:
        raise RecordingError(
            "The text is longer than a series of a heart can be",
            where=request.where,
            found=f"{lines} lines, {len(content)} bytes",
            allowed=f"at most {most} lines of {_BYTES_PER_LINE} bytes",
            change="check what the file is; export days one by one",
        )
    return content


def _decoded(content: bytes, request: Request) -> Iterator[str]:
    for line in io.BytesIO(content):
        if len(line) > _LONGEST_LINE:
            raise RecordingError(
                "A line is too long for a table of intervals",
                where=request.where,
                found=f"{len(line)} bytes",
                allowed=f"at most {_LONGEST_LINE}",
                change="give one interval per line",
            )
        yield line.decode("utf-8", errors="replace").strip()


def _numbers(line: str) -> list[float]:
    cells = [cell for cell in _SEPARATOR.split(line, _MOST_COLUMNS) if cell]
    if not cells or not all(_NUMBER.fullmatch(cell) for cell in cells):
        return []
    return [float(cell.replace(",", ".")) for cell in cells[:2]]


def _intervals(table: NDArray[np.float64], request: Request) -> RawSignal:
    rr = samples(table[:, -1])
    if not np.isfinite(rr).all() or (rr <= 0).any():
        raise RecordingError(
            "An RR interval is not above zero",
            where=request.where,
            found=f"{np.nanmin(rr):g}" if np.isfinite(rr).any() else "no number",
            change="export the file again",
        )
    declared = request.unit_of(_CHANNEL)
    in_ms, is_guessed = ms_per_value(float(np.median(rr)), declared)
    unit = declared or ("s" if is_guessed else "ms")
    ends = np.cumsum(rr) * in_ms / _MS_PER_S
    if table.shape[1] > 1 and (np.diff(table[:, 0]) > 0).all():
        ends = table[:, 0] * _seconds_per_step(table[:, 0], ends, in_ms)
    return RawSignal(rr, float("nan"), float(ends[0]), unit=unit, times_s=np.asarray(ends, dtype=np.float64))


def _seconds_per_step(times: NDArray[np.float64], ends: NDArray[np.float64], in_ms: float) -> float:
    """Return the unit of a column of times, s: seconds, ms, or that of the intervals, whichever spans what they do."""
    span = (times[-1] - times[0]) / max(ends[-1] - ends[0], 1e-9)
    own = in_ms / _MS_PER_S
    candidates = (1.0, own if own < 1 else 1 / _MS_PER_S)
    return min(candidates, key=lambda unit: abs(np.log(max(span * unit, 1e-300))))


def read_empatica(request: Request) -> Content:
    """Read ``BVP.csv``, ``HR.csv`` or ``IBI.csv`` of an Empatica E4 session.

    The first line is the start (s since 1970; only its difference to the session's other files is used), the second
    the rate; ``IBI.csv`` has times and intervals in seconds instead.

    Raises
    ------
    RecordingError
        The first lines are others, or a sample is not a number.
    """
    lines = (line for line in _decoded(_lines(request, most=_MOST_SAMPLES), request) if line)
    name = request.where.rsplit("/", 1)[-1]
    try:
        started = float(_first_cell(next(lines, "")))
        if name == "IBI.csv":
            table = np.array([[float(cell) for cell in line.split(",")] for line in lines]).reshape(-1, 2)
            values, times = samples(table[:, 1] * _MS_PER_S), samples(table[:, 0])
            first = float(times[0]) if times.size else 0.0
            signal = RawSignal(values, float("nan"), first, unit="ms", times_s=times)
            return Content({"IBI": signal}, started_s=started)
        rate = checked_rate(float(_first_cell(next(lines, ""))), request)
        values = samples(np.fromiter((float(_first_cell(line)) for line in lines), dtype=np.float64))
        check_claim(float(values.size), request)
    except ValueError as error:
        raise RecordingError(
            "The Empatica file does not begin with start and rate, or holds text",
            where=request.where,
            change="take the files as the E4 manager exports them",
        ) from error
    unit = "bpm" if name == "HR.csv" else "au"
    return Content({name.removesuffix(".csv"): RawSignal(values, rate, unit=unit)}, started_s=started)


def _first_cell(line: str) -> str:
    return line.partition(",")[0]
