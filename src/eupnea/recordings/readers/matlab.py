"""MATLAB files (versions 4 to 7): vectors, matrices, and what ``wfdb2mat`` exports."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import RecordingError
from eupnea.recordings.readers.base import Content, Request, check_channels, check_claim, samples
from eupnea.recordings.readers.timed import signals_with_times

_RATE_NAMES = ("fs", "sampling_rate", "samplingrate", "sampling_hz", "srate", "sample_rate", "samplerate")
_NUMERIC = {
    "double",
    "single",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "logical",
}
_HDF5_MAGIC = b"MATLAB 7.3"


def read_matlab(request: Request) -> Content:
    """Read the numeric arrays of a MATLAB file; objects, structures and cells are not touched.

    A vector is a channel of its own name; a matrix gives ``name_1``, ``name_2``, … along its shorter side. The rate
    is a number called ``fs`` (or alike) in the file, or declared. With a WFDB header of the same name beside it, the
    file is a WFDB record.

    Raises
    ------
    RecordingError
        Version 7.3 (HDF5), no numeric array, or no rate.
    """
    header = request.path.with_suffix(".hea")
    if header.is_file() and not header.is_symlink():
        from eupnea.recordings.readers.wfdb_record import read_wfdb

        where = f"{request.where.rsplit('.', 1)[0]}.hea"
        return read_wfdb(replace(request, path=header, where=where))
    return _from_arrays(_numeric_arrays(request), request)


def _numeric_arrays(request: Request) -> dict[str, NDArray[np.float64]]:
    from scipy.io import loadmat, whosmat

    with request.path.open("rb") as file:
        if file.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC:
            raise RecordingError(
                "MATLAB 7.3 files cannot be read", where=request.where, change="save it with -v7, or as Parquet or CSV"
            )
    names = [(name, shape) for name, shape, kind in whosmat(request.path) if kind in _NUMERIC]
    check_channels(len(names), request)
    check_claim(float(sum(prod(map(float, shape)) for _, shape in names)), request)
    loaded = loadmat(request.path, variable_names=[name for name, _ in names]) if names else {}
    return {name: np.asarray(loaded[name], dtype=np.float64) for name, _ in names if not np.iscomplexobj(loaded[name])}


def _from_arrays(arrays: dict[str, NDArray[np.float64]], request: Request) -> Content:
    rate = request.sampling_hz
    columns: dict[str, NDArray[np.float64]] = {}
    for name, array in arrays.items():
        if array.size == 1:
            rate = float(array.item()) if name.lower() in _RATE_NAMES and not np.isfinite(rate) else rate
        elif array.ndim == 2 and 1 in array.shape:
            columns[name] = samples(array)
        elif array.ndim == 2 and array.size:
            rows = array if array.shape[0] < array.shape[1] else array.T
            columns |= {f"{name}_{number}": samples(row) for number, row in enumerate(rows, start=1)}
    return by_length(columns, replace(request, sampling_hz=rate))


def by_length(columns: dict[str, NDArray[np.float64]], request: Request) -> Content:
    """Turn named arrays into signals: those of the length of most samples; others are not recordings.

    Raises
    ------
    RecordingError
        There is no array, or no rate.
    """
    if not columns:
        raise RecordingError(
            "The file holds no array of numbers", where=request.where, change="save samples as vectors of numbers"
        )
    longest = max(array.size for array in columns.values())
    return signals_with_times({name: array for name, array in columns.items() if array.size == longest}, request)
