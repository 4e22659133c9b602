"""WFDB records: a header (``.hea``) and its signal files."""

from __future__ import annotations

from eupnea.errors import RecordingError
from eupnea.recordings.readers.base import Content, Request, beside, check_claim, checked_rate, samples, unique_names
from eupnea.recordings.signal import RawSignal
from eupnea.recordings.wfdb_header import WfdbHeader, read_header


def read_wfdb(request: Request) -> Content:
    """Read a WFDB record in its physical units, with the day of its header.

    Raises
    ------
    RecordingError
        The header cannot be read, announces more than its signal files hold, or a signal file is missing.
    """
    header = read_header(request.path, request.where)
    rate = checked_rate(header.sampling_hz, request)
    per_frame = sum(one.samples_per_frame for one in header.signals)
    check_claim(float(header.samples) * per_frame, request)
    _check_files(header, request)
    import wfdb

    record = wfdb.rdrecord(str(request.path.with_suffix("")), smooth_frames=False)
    names = unique_names(one.name or f"channel {number}" for number, one in enumerate(header.signals, start=1))
    signals = {
        name: RawSignal(samples(values), rate * line.samples_per_frame, unit=line.unit)
        for name, line, values in zip(names, header.signals, record.e_p_signal, strict=True)
    }
    declared = header.samples / rate if header.samples else float("nan")
    return Content(signals, declared_s=declared, day=header.day)


def _check_files(header: WfdbHeader, request: Request) -> None:
    if not header.signals:
        raise RecordingError("The WFDB header names no signal", where=request.where, change="fetch the header again")
    for name, needed in header.bytes_needed.items():
        signal = next(f"signal {number}" for number, one in enumerate(header.signals, start=1) if one.file == name)
        path = beside(request, name, field=f"file of {signal}")
        if not header.samples:  # a header may leave its number to the size of the files
            check_claim(path.stat().st_size, request)
        if path.stat().st_size < int(needed):
            raise RecordingError(
                "The signal file is shorter than its WFDB header says",
                where=f"{request.where}, file of {signal}",
                found=f"{path.stat().st_size} bytes",
                allowed=f"{int(needed)} bytes",
                change="fetch both files again",
            )
