"""BrainVision: a header (``.vhdr``), markers (``.vmrk``) and samples (``.eeg``)."""

from __future__ import annotations

import re

from eupnea.errors import RecordingError
from eupnea.recordings.cells import described
from eupnea.recordings.readers.base import (
    Annotation,
    Content,
    Request,
    beside,
    check_claim,
    checked_rate,
    samples,
    unique_names,
)
from eupnea.recordings.signal import RawSignal

_MAX_HEADER_BYTES = 1_000_000
_MAX_MARKER_BYTES = 16_000_000
_VOLTAGES = ("eeg", "eog", "ecg", "emg", "bio")


def read_brainvision(request: Request) -> Content:
    """Read a BrainVision recording; voltages come in volts, other channels in their own unit.

    Raises
    ------
    RecordingError
        The header names files outside its folder, or files that are not there.
    """
    from mne.io import read_raw_brainvision

    _check_files(request)
    raw = read_raw_brainvision(request.path, preload=False, verbose="error")
    names = unique_names(raw.ch_names)
    wanted = [number for number, name in enumerate(names) if request.wanted(name)]
    check_claim(float(raw.n_times) * len(wanted), request)
    rate = checked_rate(float(raw.info["sfreq"]), request)
    units = ["V" if kind in _VOLTAGES else "au" for kind in raw.get_channel_types()]
    signals = {
        names[number]: RawSignal(samples(raw.get_data(picks=[number])), rate, unit=units[number]) for number in wanted
    }
    annotations = tuple(
        Annotation(float(one["onset"]), float(one["duration"]), re.sub(r"^.*/", "", str(one["description"])))
        for one in raw.annotations
    )
    started = raw.info["meas_date"]
    left_out = tuple(name for name in names if name not in signals)
    return Content(signals, annotations=annotations, day=started.date() if started else None, left_out=left_out)


def _check_files(request: Request) -> None:
    if request.path.stat().st_size > _MAX_HEADER_BYTES:
        raise _too_long(request, "header", _MAX_HEADER_BYTES)
    text = request.path.read_text(encoding="utf-8", errors="replace")
    named = re.findall(r"^(DataFile|MarkerFile)[ \t]*=(.*)$", text, re.MULTILINE)
    names = {key: value.strip().replace("$b", request.path.stem) for key, value in named if value.strip()}
    if "DataFile" not in names:
        raise RecordingError(
            "The BrainVision header names no data file", where=request.where, change="export the recording again"
        )
    for field, name in names.items():
        if re.search(r"[/\\]", name) or name.startswith("."):
            raise RecordingError(
                "A file that the BrainVision header names is not beside it",
                where=f"{request.where}, {field}",
                found=described(name),
                change="put header, markers and data into one folder, under the names in the header",
            )
        path = beside(request, name, field=field)
        if name != names["DataFile"] and path.stat().st_size > _MAX_MARKER_BYTES:
            raise _too_long(request, field, _MAX_MARKER_BYTES)


def _too_long(request: Request, part: str, allowed: int) -> RecordingError:
    return RecordingError(
        "The BrainVision header or marker file is too long",
        where=f"{request.where}, {part}",
        allowed=f"{allowed} bytes",
        change="export the recording again",
    )
