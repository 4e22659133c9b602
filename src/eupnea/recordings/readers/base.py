"""What a reader is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eupnea.config.dataset import Polarity, Role, Site
from eupnea.errors import RecordingError
from eupnea.recordings.cells import described
from eupnea.recordings.paths import inside
from eupnea.recordings.signal import RawSignal

if TYPE_CHECKING:
    import pyarrow as pa

BYTES_PER_MEGABYTE = 1_000_000
MOST_CHANNELS = 10_000
"""What an EDF header can count, and more than any recording of a body has."""
TOLD = {"kind": get_args(Role), "site": get_args(Site), "polarity": get_args(Polarity)}
"""What a file may say about a channel, in the words that are known here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may claim before it is refused."""

    max_samples: int = 50_000_000
    max_bytes: int = 200 * BYTES_PER_MEGABYTE
    max_sampling_hz: float = 100_000.0
    rate_tolerance: float = 0.01


def every_channel(_: str) -> bool:
    """Tell that a channel is needed."""
    return True


def no_unit(_: str) -> str:
    """Tell that no unit of a channel is declared."""
    return ""


@dataclass(frozen=True, slots=True)
class Request:
    """A file to read.

    Attributes
    ----------
    base
        Folder of the dataset.
    path
        The file; known to lie inside the dataset.
    where
        Its name relative to the dataset folder, for messages.
    sidecars
        JSON files that describe it, the most general first: (path, name for messages).
    sampling_hz
        Rate that is declared outside the file, Hz; NaN when none is.
    limits
        What the file may claim.
    wanted
        Whether a channel of this name is needed; formats with many channels (EEG) do not read the others.
    unit_of
        Unit of a channel that is declared outside the file; empty when none is. For formats that must know it to tell
        times.
    """

    base: Path
    path: Path
    where: str
    sidecars: tuple[tuple[Path, str], ...] = ()
    sampling_hz: float = float("nan")
    limits: Limits = field(default_factory=Limits)
    wanted: Callable[[str], bool] = every_channel
    unit_of: Callable[[str], str] = no_unit


@dataclass(frozen=True, slots=True)
class Annotation:
    """An event that is written in the signal file itself; times on the file's own clock, s."""

    onset_s: float
    duration_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds.

    Attributes
    ----------
    signals
        Channel name -> samples, in the order of the file.
    declares_start
        Whether the file says when it starts on the recording's clock (BIDS StartTime).
    declared_s
        Length that the file's header declares, s; NaN when none.
    annotations
        Events in the file.
    day
        Day of the recording. Used for the order of sessions only, never written.
    started_s
        Absolute start (s since 1970), for files of one device. Never written.
    left_out
        Names of channels that nobody wanted.
    told
        What the file says about its channels: channel -> ``kind``, ``site``, ``polarity``, where it says so in words
        that are known here.
    unknown_words
        The same where it says so in words that are not known here, and not used.
    """

    signals: dict[str, RawSignal]
    declares_start: bool = False
    declared_s: float = float("nan")
    annotations: tuple[Annotation, ...] = ()
    day: date | None = None
    started_s: float = float("nan")
    left_out: tuple[str, ...] = ()
    told: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown_words: dict[str, dict[str, str]] = field(default_factory=dict)


def beside(request: Request, name: str, *, field: str) -> Path:
    """Return a file that a header names, in the header's own folder.

    Parameters
    ----------
    request
        The header.
    name
        What it names; no message repeats it.
    field
        Where in the header.

    Raises
    ------
    RecordingError
        It is not there, or is a link that leaves the dataset.
    """
    folder = request.where.rpartition("/")[0]
    try:
        return inside(request.base, f"{folder}/{name}" if folder else name)
    except RecordingError as error:
        raise RecordingError(error.what, where=f"{request.where}, {field}", change=error.change) from error


LARGEST_SAMPLE = 1e19
"""Larger numbers are broken, infinite ones too: their squares do not fit into the single precision of the tables."""


def samples(values: ArrayLike) -> NDArray[np.float64]:
    """Return samples as float64, shape (n,); those that no sensor gives become NaN."""
    array = np.asarray(values, dtype=np.float64)
    array = array if array.ndim == 1 else array.reshape(-1)
    if not array.flags.writeable or not array.flags.owndata:
        array = array.copy()
    array[array > LARGEST_SAMPLE] = np.nan  # one after the other: each needs an eighth of the samples' memory
    array[array < -LARGEST_SAMPLE] = np.nan
    return array


def column_samples(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return a column of numbers as samples, shape (n,), chunk by chunk: it is in memory twice at most."""
    values = np.empty(len(column), dtype=np.float64)
    start = 0
    for chunk in column.chunks:
        values[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        start += len(chunk)
    return samples(values)


def unique_names(names: Iterable[str]) -> list[str]:
    """Return channel names with a number after those that occur again: ``ECG``, ``ECG 2``."""
    seen: dict[str, int] = {}
    unique = []
    for number, name in enumerate(names, start=1):
        clean = " ".join(str(name).split()) or f"channel {number}"
        seen[clean] = seen.get(clean, 0) + 1
        unique.append(clean if seen[clean] == 1 else f"{clean} {seen[clean]}")
    return unique


def checked_rate(rate: object, request: Request, *, where: str = "", key: str = "sampling rate") -> float:
    """Return a sampling rate, Hz.

    Raises
    ------
    RecordingError
        It is not a number, not above zero, or absurdly high.
    """
    limit = request.limits.max_sampling_hz
    value = float(rate) if isinstance(rate, int | float | np.number) and not isinstance(rate, bool) else float("nan")
    if not 0 < value <= limit:
        raise RecordingError(
            f"The {key} cannot be right",
            where=where or request.where,
            found=described(rate),
            allowed=f"above 0, at most {limit:g} Hz",
            change="correct the rate where it is declared",
        )
    return value


def check_claim(claimed: float, request: Request) -> None:
    """Refuse a file that claims more samples than allowed, before anything is read.

    Raises
    ------
    RecordingError
        The claim is above the limit or negative.
    """
    if not 0 <= claimed <= request.limits.max_samples:
        raise RecordingError(
            "The file claims an impossible number of samples",
            where=request.where,
            found=f"{claimed:.4g}",
            allowed=f"0 to {request.limits.max_samples} (recordings.max_samples)",
            change="fetch the file again; raise recordings.max_samples if it is really that long",
        )


def check_channels(claimed: int, request: Request) -> None:
    """Refuse a file with more channels than any recording has, before they are read one by one.

    Raises
    ------
    RecordingError
        The file has too many.
    """
    if claimed > MOST_CHANNELS:
        raise RecordingError(
            "The file has too many channels",
            where=request.where,
            found=claimed,
            allowed=f"at most {MOST_CHANNELS}",
            change="export the channels that are needed",
        )


def needed_rate(request: Request, what: str) -> float:
    """Return the rate declared outside the file, for formats that hold none.

    Raises
    ------
    RecordingError
        None is declared.
    """
    if not np.isfinite(request.sampling_hz):
        raise RecordingError(
            f"The sampling rate of {what} is not known",
            where=request.where,
            change="give it in the column sampling_hz of the recordings table",
        )
    return checked_rate(request.sampling_hz, request)
