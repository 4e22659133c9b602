"""BIOPAC AcqKnowledge (``.acq``), plain and compressed. Journals and dates are not read."""

from __future__ import annotations

import zlib
from typing import BinaryIO

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

_SEGMENT_MARKER = "apnd"


def read_acqknowledge(request: Request) -> Content:
    """Read an AcqKnowledge file in its own units.

    Raises
    ------
    RecordingError
        It claims more samples than it holds, or its compressed channels are longer than announced.
    """
    from bioread.reader import Reader

    with request.path.open("rb") as file:
        reader = Reader.read_headers(file)
        if reader.read_errors:
            raise RecordingError(
                "The AcqKnowledge file is damaged", where=request.where, change="export the recording again"
            )
        channels = reader.datafile.channels
        check_claim(float(sum(channel.point_count for channel in channels)), request)
        if reader.is_compressed:
            _check_compressed(file, reader, request)
        file.seek(0)
        whole = Reader.read(file)
    data = whole.datafile
    wanted = [channel for channel in data.channels if channel.point_count]
    signals = {
        name: RawSignal(
            samples(channel.data), checked_rate(float(channel.samples_per_second), request), unit=channel.units or "au"
        )
        for name, channel in zip(unique_names(channel.name for channel in wanted), wanted, strict=True)
    }
    rate = checked_rate(float(data.samples_per_second), request)
    markers = [one for one in data.event_markers or [] if one.type_code != _SEGMENT_MARKER]
    annotations = tuple(Annotation(one.sample_index / rate, 0.0, " ".join(one.text.split())) for one in markers)
    return Content(signals, annotations=annotations)


def _check_compressed(file: BinaryIO, reader: object, request: Request) -> None:
    headers = reader.datafile.channel_compression_headers  # type: ignore[attr-defined]
    channels = reader.datafile.channels  # type: ignore[attr-defined]
    for channel, header in zip(channels, headers, strict=True):
        file.seek(header.compressed_data_offset)
        allowed = channel.point_count * channel.sample_size
        try:
            found = zlib.decompressobj().decompress(file.read(header.compressed_data_len), allowed + 1)
        except zlib.error as error:
            raise RecordingError(
                "A compressed channel is damaged", where=request.where, change="export the recording again"
            ) from error
        if len(found) != allowed:
            raise RecordingError(
                "A compressed channel is not as long as its header says",
                where=request.where,
                found=f"{'more' if len(found) > allowed else 'fewer'} than {allowed} bytes",
                change="export the recording again",
            )
