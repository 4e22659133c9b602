"""The one registry of readers, and the one place where their failures become words."""

from __future__ import annotations

import errno
import importlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eupnea.errors import EupneaError, InputError, RecordingError
from eupnea.recordings.paths import inside
from eupnea.recordings.readers.base import (
    BYTES_PER_MEGABYTE,
    Content,
    Limits,
    Request,
    checked_rate,
    every_channel,
    no_unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from eupnea.config.recordings import RecordingsConfig

_PACKAGE = "eupnea.recordings.readers"
READERS: dict[str, tuple[str, str]] = {
    "bids_physio": ("text", "read_bids_physio"),
    "text": ("text", "read_text"),
    "rr_text": ("rr_text", "read_rr_text"),
    "empatica": ("rr_text", "read_empatica"),
    "parquet": ("parquet", "read_parquet"),
    "edf": ("edf", "read_edf"),
    "brainvision": ("brainvision", "read_brainvision"),
    "wfdb": ("wfdb_record", "read_wfdb"),
    "acqknowledge": ("acqknowledge", "read_acqknowledge"),
    "matlab": ("matlab", "read_matlab"),
    "numpy": ("numpy_array", "read_numpy"),
}
"""Name of the reader -> module and function; the module is imported when a file needs it."""


_OF_THE_FILE = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, None}
"""System errors that a file causes by itself; others (a failing disk, too many open files) come from the machine."""


def limits_of(config: RecordingsConfig) -> Limits:
    """Return what a file may claim, from the config."""
    return Limits(
        max_samples=config.max_samples,
        max_bytes=config.max_megabytes * BYTES_PER_MEGABYTE,
        max_sampling_hz=config.max_sampling_hz,
        rate_tolerance=config.rate_tolerance,
    )


def _sound(content: Content, request: Request) -> Content:
    """Make sure of what every other room relies on: finite starts and rates, rising times, as many times as values."""
    for name, signal in content.signals.items():
        times, where = signal.times_s, f"{request.where}, channel {name}"
        if times is None:
            checked_rate(signal.sampling_hz, request, where=where)
        elif times.size != signal.values.size or not np.isfinite(times).all() or (np.diff(times) < 0).any():
            raise RecordingError("The times of the samples do not rise", where=where, change="export the file again")
        if not np.isfinite(signal.start_s):
            raise RecordingError("The start of the recording is not a number", where=where, change="correct the file")
    return content


def read_file(
    base: Path,
    relative: str,
    reader: str,
    *,
    sidecars: tuple[str, ...] = (),
    sampling_hz: float = float("nan"),
    limits: Limits | None = None,
    wanted: Callable[[str], bool] | None = None,
    unit_of: Callable[[str], str] | None = None,
) -> Content:
    """Read one file of a dataset.

    Parameters
    ----------
    base
        Folder of the dataset.
    relative
        The file, relative to it.
    reader
        Name of the reader.
    sidecars
        JSON files that describe it, relative to the dataset, the most general first.
    sampling_hz
        Rate that is declared outside the file, Hz.
    limits
        What the file may claim.
    wanted
        Whether a channel of this name is needed; all of them when None. Others may still be read.
    unit_of
        Unit of a channel of this name that is declared outside the file, empty for none; None when none is at all.

    Raises
    ------
    RecordingError
        Whatever is wrong with the file.
    InputError
        The machine has no memory for it, or its disk fails; that tells nothing of the file, so that the step must
        stop, and not set the recording aside.
    """
    if reader not in READERS:
        raise RecordingError(
            "No reader knows this file", where=relative, allowed=", ".join(READERS), change="convert the file"
        )
    module, function = READERS[reader]
    read: Callable[[Request], Content] = getattr(importlib.import_module(f"{_PACKAGE}.{module}"), function)
    request = Request(
        base=Path(base),
        path=inside(base, relative),
        where=relative,
        sidecars=tuple((inside(base, one), one) for one in sidecars),
        sampling_hz=sampling_hz,
        limits=limits or Limits(),
        wanted=wanted or every_channel,
        unit_of=unit_of or no_unit,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _sound(read(request), request)
    except EupneaError:
        raise
    except (OSError, MemoryError) as error:
        raise _of_the_machine(error, relative) from error
    except Exception as error:  # Libraries fail in many ways on damaged files; their words may quote private headers.
        raise RecordingError(
            f"The file is damaged, or not what its name says (reader: {reader})",
            where=relative,
            found=type(error).__name__,
            change="fetch or export the file again",
        ) from error


def _of_the_machine(error: OSError | MemoryError, where: str) -> InputError:
    if isinstance(error, OSError) and error.errno in _OF_THE_FILE:
        return RecordingError(
            "The file cannot be opened", where=where, found=type(error).__name__, change="check its permissions"
        )
    if isinstance(error, MemoryError):
        change = "give the step more memory, then give the same command; or leave the file out if it claims too much"
        return InputError("The memory does not suffice to read a file", where=where, change=change)
    change = "see to the disk, then give the same command"
    return InputError("The machine cannot read a file", where=where, found=error.strerror, change=change)
