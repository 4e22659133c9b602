"""EDF, EDF+ and BDF. Of the header only rates, names, units, annotations and the day (for the order of sessions)."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from eupnea.errors import RecordingError
from eupnea.recordings.readers.base import (
    Annotation,
    Content,
    Request,
    check_claim,
    checked_rate,
    samples,
    unique_names,
)
from eupnea.recordings.signal import RawSignal

if TYPE_CHECKING:
    import edfio

_FIXED_HEADER_BYTES = 256
_RECORD_COUNT = slice(236, 244)
_SIGNAL_COUNT = slice(252, 256)
_RESERVED = slice(192, 197)
_SAMPLES_FIELD_START = 216
"""Bytes of each signal's header fields before the number of samples per record."""
_SAMPLES_FIELD_BYTES = 8
_ANNOTATIONS = re.compile(r"(EDF|BDF) Annotations.*")
_BYTES_PER_SAMPLE = {".edf": 2, ".bdf": 3}


def read_edf(request: Request) -> Content:
    """Read an EDF or BDF file in its physical units.

    Raises
    ------
    RecordingError
        The header contradicts the size of the file, or the recording has gaps (EDF+D).
    """
    import edfio

    _check_header(request)
    is_edf = request.where.lower().endswith(".edf")
    read = edfio.read_edf if is_edf else edfio.read_bdf
    file = read(request.path, header_encoding="latin-1")
    channels = [one for one in file.signals if not _ANNOTATIONS.fullmatch(one.label)]
    named = dict(zip(unique_names(one.label for one in channels), channels, strict=True))
    wanted = {name: one for name, one in named.items() if request.wanted(name)}
    check_claim(sum(float(one.sampling_frequency) * file.duration for one in wanted.values()), request)
    signals = {
        name: RawSignal(
            samples(one.data),
            checked_rate(float(one.sampling_frequency), request),
            unit=one.physical_dimension.strip() or "au",
        )
        for name, one in wanted.items()
    }
    left_out = tuple(name for name in named if name not in wanted)
    annotations = tuple(
        Annotation(float(one.onset), float(one.duration or 0.0), " ".join(one.text.split())) for one in file.annotations
    )
    return Content(signals, declared_s=float(file.duration), annotations=annotations, day=_day(file), left_out=left_out)


def _day(file: edfio.Edf | edfio.Bdf) -> date | None:
    try:
        return file.startdate
    except ValueError:  # anonymised or impossible date
        return None


def _check_header(request: Request) -> None:
    size = request.path.stat().st_size
    with request.path.open("rb") as file:
        fixed = file.read(_FIXED_HEADER_BYTES)
        records, n_signals = _integer(fixed[_RECORD_COUNT], request), _integer(fixed[_SIGNAL_COUNT], request)
        per_signal = file.read(_FIXED_HEADER_BYTES * max(n_signals, 0))
    if n_signals < 1 or len(per_signal) < _FIXED_HEADER_BYTES * n_signals:
        raise _contradiction(request, f"{n_signals} signals announced, header of {len(fixed) + len(per_signal)} bytes")
    start = _SAMPLES_FIELD_START * n_signals
    fields = [per_signal[start + number * _SAMPLES_FIELD_BYTES :][:_SAMPLES_FIELD_BYTES] for number in range(n_signals)]
    per_record = [_integer(field, request) for field in fields]
    if min(per_record) < 0 or records < -1:
        raise _contradiction(request, "negative counts")
    width = next(width for suffix, width in _BYTES_PER_SAMPLE.items() if request.where.lower().endswith(suffix))
    needed = _FIXED_HEADER_BYTES * (1 + n_signals) + max(records, 0) * sum(per_record) * width
    if size < needed:
        raise _contradiction(request, f"{size} bytes, {needed} announced: the file is cut off")
    if fixed[_RESERVED] in (b"EDF+D", b"BDF+D"):
        raise RecordingError(
            "The recording has gaps (discontinuous EDF+)",
            where=request.where,
            change="export it as continuous EDF, one file per stretch",
        )


def _integer(field: bytes, request: Request) -> int:
    try:
        return int(field.decode("ascii").strip("\0 "))
    except (UnicodeDecodeError, ValueError) as error:
        raise _contradiction(request, "a count that is not a number") from error


def _contradiction(request: Request, found: str) -> RecordingError:
    return RecordingError(
        "The EDF header contradicts the file",
        where=request.where,
        found=found,
        change="fetch or export the file again",
    )
