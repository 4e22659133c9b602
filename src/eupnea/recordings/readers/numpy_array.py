"""NumPy files: one array (``.npy``) or several (``.npz``). Pickles are never loaded."""

from __future__ import annotations

import zipfile
from math import prod

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import RecordingError
from eupnea.recordings.readers.base import Content, Request, check_channels, check_claim, samples
from eupnea.recordings.readers.matlab import by_length

_MAX_DIMENSIONS = 2


def read_numpy(request: Request) -> Content:
    """Read arrays of numbers; the rate must be declared unless a column of an ``.npz`` is called ``time``.

    One array of shape (n,) is the channel ``values``; one of shape (n, k) or (k, n) gives ``1`` … ``k`` along its
    shorter side.

    Raises
    ------
    RecordingError
        Objects instead of numbers, more than two dimensions, or no rate.
    """
    if request.where.lower().endswith(".npz"):
        return by_length(_archive(request), request)
    try:
        array = np.load(request.path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise _not_numbers(request) from error
    return by_length(_channels(array, request), request)


def _archive(request: Request) -> dict[str, NDArray[np.float64]]:
    with zipfile.ZipFile(request.path) as archive:
        check_channels(len(archive.infolist()), request)
        check_claim(float(sum(one.file_size for one in archive.infolist())) / 8, request)
        for one in archive.infolist():
            _check_header(archive, one, request)
    columns: dict[str, NDArray[np.float64]] = {}
    try:
        with np.load(request.path, allow_pickle=False) as arrays:
            for name in arrays.files:
                channels = _channels(arrays[name], request)
                columns |= {name if len(channels) == 1 else f"{name}_{number}": one for number, one in channels.items()}
    except ValueError as error:
        raise _not_numbers(request) from error
    return columns


def _check_header(archive: zipfile.ZipFile, one: zipfile.ZipInfo, request: Request) -> None:
    """Refuse an array whose header claims more than its bytes, before NumPy makes room for it."""
    with archive.open(one) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    if prod(shape) * dtype.itemsize > one.file_size:
        raise _not_numbers(request)


def _channels(array: NDArray[np.generic], request: Request) -> dict[str, NDArray[np.float64]]:
    if array.dtype.kind not in "fiub" or array.ndim > _MAX_DIMENSIONS or array.ndim == 0:
        raise _not_numbers(request)
    check_claim(float(array.size), request)
    if array.ndim == 1:
        return {"values": samples(array)}
    rows = array if array.shape[0] < array.shape[1] else array.T
    return {str(number): samples(row) for number, row in enumerate(rows, start=1)}


def _not_numbers(request: Request) -> RecordingError:
    return RecordingError(
        "The NumPy file does not hold plain arrays of numbers, or is cut off",
        where=request.where,
        allowed="one or two dimensions of numbers, no objects",
        change="save it again with numpy.save",
    )
