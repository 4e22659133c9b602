"""BIOPAC AcqKnowledge (``.acq``), plain and compressed. Journals and dates are not read."""

from __future__ import annotations

import io
import logging
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
_MAX_HEADER_READS = 30_000
"""A good file with ten thousand markers needs fewer; a damaged one would be searched for minutes."""

logging.getLogger("bioread").addHandler(logging.NullHandler())


class _CountedFile(io.IOBase):
    """A file that refuses to be read in ever more small pieces."""

    def __init__(self, file: BinaryIO, where: str) -> None:
        super().__init__()
        self._file, self._where, self._reads = file, where, 0

    def read(self, size: int = -1) -> bytes:
        """Read as the file does, and count."""
        self._reads += 1
        if self._reads > _MAX_HEADER_READS:
            raise RecordingError(
                "The headers of the AcqKnowledge file lead nowhere",
                where=self._where,
                change="export the recording again",
            )
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the file."""
        return self._file.tell()


def read_acqknowledge(request: Request) -> Content:
    """Read an AcqKnowledge file in its own units.

    Raises
    ------
    RecordingError
        It claims more samples than it holds, or its compressed channels are longer than announced.
    """
    from bioread.data_reader import DataReader
    from bioread.reader import Reader

    with request.path.open("rb") as file:
        reader = Reader.read_headers(_CountedFile(file, request.where))
        if reader.read_errors or reader.datafile is None:
            raise RecordingError(
                "The AcqKnowledge file is damaged", where=request.where, change="export the recording again"
            )
        data = reader.datafile
        check_claim(float(sum(channel.point_count for channel in data.channels)), request)
        if reader.is_compressed:
            _check_compressed(file, reader, request)
        DataReader(file, data, reader.data_start_offset).read_data()
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
