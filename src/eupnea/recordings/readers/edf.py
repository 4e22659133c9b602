"""EDF, EDF+ and BDF. Of the header only rates, names, units, annotations and the day (for the order of sessions)."""

from __future__ import annotations

import re
from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

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
    from collections.abc import Iterator

    import edfio

_FIXED_HEADER_BYTES = 256
_RECORD_COUNT = slice(236, 244)
_SIGNAL_COUNT = slice(252, 256)
_RESERVED = slice(192, 197)
_SAMPLES_FIELD_START = 216
"""Bytes of each signal's header fields before the number of samples per record."""
_SAMPLES_FIELD_BYTES = 8
_ANNOTATIONS = re.compile(r"(EDF|BDF) Annotations.*")
_OF_TIME = ("EDF Annotations", "BDF Annotations")
_LABEL_BYTES = 16
_MOST_ANNOTATION_BYTES = 64_000_000
_MOST_ANNOTATIONS = 1_000_000
"""More than a day of the records' own times, ten a second."""
_LONGEST_TIME_BYTES = 32
_TIME = re.compile(rb"[+-][0-9]+(?:\.[0-9]*)?")
_BYTES_PER_SAMPLE = {".edf": 2, ".bdf": 3}


def read_edf(request: Request) -> Content:
    """Read an EDF or BDF file in its physical units.

    Raises
    ------
    RecordingError
        The header contradicts the size of the file, or the recording has gaps (EDF+D).
    """
    import edfio

    announced = _check_header(request)
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
    return Content(
        signals,
        declared_s=float(file.duration),
        annotations=_annotations(announced, request),
        day=_day(file),
        left_out=left_out,
    )


def _day(file: edfio.Edf | edfio.Bdf) -> date | None:
    try:
        return file.startdate
    except ValueError:  # anonymised or impossible date
        return None


def _annotations(channels: list[bytes], request: Request) -> tuple[Annotation, ...]:
    """Take the annotations out of their channels, sorted by time; edfio's patterns take hours on damaged ones."""
    marks = list(islice(chain.from_iterable(map(_marks, channels)), _MOST_ANNOTATIONS + 1))
    if len(marks) > _MOST_ANNOTATIONS:
        raise _contradiction(request, f"more than {_MOST_ANNOTATIONS} annotations")
    timed = [(onset, duration, label) for onset, duration, label in marks if np.isfinite(onset)]
    if marks and not timed:
        raise _contradiction(request, "annotations without a time")
    first = timed[0][0] if timed else 0.0
    found = sorted((round(onset - first, 12), duration, label) for onset, duration, label in timed if label)
    return tuple(Annotation(*one) for one in found)


def _marks(channel: bytes) -> Iterator[tuple[float, float, str]]:
    """Yield onset (NaN where there is none), duration and label of what stands in a channel of annotations.

    A time, perhaps a duration behind 0x15, then texts, separated by 0x14 and ended by a zero byte. The times of the
    records have no text.
    """
    for match in re.finditer(rb"[^\0]+", channel):
        timing, _, texts = match[0].partition(b"\x14")
        onset, _, duration = timing.partition(b"\x15")
        if len(timing) > _LONGEST_TIME_BYTES or _TIME.fullmatch(onset) is None:
            yield float("nan"), 0.0, ""
            continue
        duration_s = float(duration) if _TIME.fullmatch(b"+" + duration) else 0.0
        yield float(onset), duration_s, ""
        for text in re.finditer(rb"[^\x14]+", texts):
            yield float(onset), duration_s, " ".join(text[0].decode("utf-8", errors="replace").split())


def _check_header(request: Request) -> list[bytes]:
    """Refuse a header that contradicts the file; return the content of the channels of annotations."""
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
    return _annotation_channels(request, per_signal, per_record, records, width)


def _annotation_channels(
    request: Request, per_signal: bytes, per_record: list[int], records: int, width: int
) -> list[bytes]:
    n_signals, head = len(per_record), _FIXED_HEADER_BYTES * (1 + len(per_record))
    labels = [per_signal[at * _LABEL_BYTES :][:_LABEL_BYTES].decode("latin-1").strip() for at in range(n_signals)]
    ends = np.cumsum(np.array(per_record) * width)
    places = [slice(ends[at] - per_record[at] * width, ends[at]) for at in range(n_signals) if labels[at] in _OF_TIME]
    if records < 0:  # left open by the recorder
        records = (request.path.stat().st_size - head) // max(int(ends[-1]), 1)
    claimed = records * sum(int(place.stop - place.start) for place in places)
    if claimed > _MOST_ANNOTATION_BYTES:
        raise _contradiction(request, f"{claimed} bytes of annotations, more than {_MOST_ANNOTATION_BYTES}")
    if not claimed:
        return []
    content = np.memmap(request.path, np.uint8, "r", offset=head, shape=(records, int(ends[-1])))
    return [np.pad(content[:, place], ((0, 0), (0, 1))).tobytes() for place in places]  # each record ends its texts


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
