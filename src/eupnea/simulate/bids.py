"""Write physiology as BIDS: compressed text, fast and with the same bytes for the same samples."""

from __future__ import annotations

import gzip
import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.compiled import JIT
from eupnea.errors import InputError
from eupnea.io.files import replacing

Integers = NDArray[np.int64]

_ROWS = 1 << 14
"""Rows that are turned into text at once: they stay in the processor's cache."""
_WIDEST = 24
"""Characters of the longest number with its sign, point and separator."""
_TAB, _NEWLINE, _MINUS, _POINT, _ZERO = b"\t\n-.0"
_N, _SLASH, _A = b"n/a"
_LARGEST = 10**15
_MISSING = np.iinfo(np.int64).min
_LEVEL = 1
"""Level of compression: the fastest. The standard library and not igzip, whose bytes differ from run to run."""


class Written(NamedTuple):
    """Size and sha256 of a file that was written."""

    bytes: int
    sha256: str


def write_physio(columns: Mapping[str, NDArray], path: str | Path, *, decimals: Mapping[str, int]) -> Written:
    """Write ``_physio.tsv.gz``: numbers without a header, ``n/a`` where samples are missing.

    Parameters
    ----------
    columns
        Name -> samples, shape (n,) each, in the order of the sidecar's ``Columns``; NaN is missing.
    path
        The file; its folder is made when missing. Written whole or not at all.
    decimals
        Name -> digits after the point; samples are rounded to them. 0 writes integers.

    Returns
    -------
    Written
        Size and sha256 of the compressed file.

    Raises
    ------
    InputError
        Columns of different length, or numbers too large for the digits asked for.
    """
    lengths = {name: values.size for name, values in columns.items()}
    if len(set(lengths.values())) != 1:
        raise InputError("The columns differ in length", where=str(path), found=lengths, allowed="the same for all")
    count = next(iter(lengths.values()))
    digits = np.array([decimals[name] for name in columns])
    codes = np.empty((len(columns), _ROWS), dtype=np.int64)
    text = np.empty(len(columns) * _ROWS * _WIDEST, dtype=np.uint8)
    digest, size = hashlib.sha256(), 0
    with replacing(path) as temporary, temporary.open("wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0) as file:
            for first in range(0, count, _ROWS):
                rows = min(_ROWS, count - first)
                for code, (name, values) in zip(codes, columns.items(), strict=True):
                    _encode(values[first : first + rows], decimals[name], code, f"{path}: {name}")
                file.write(text[: _rows(codes[:, :rows], digits, text)].data)
        raw.flush()
        content = temporary.read_bytes()
        digest.update(content)
        size = len(content)
    return Written(size, digest.hexdigest())


def _encode(values: NDArray, decimals: int, codes: Integers, where: str) -> None:
    """Write samples in steps of the last digit into `codes`; missing samples become the smallest integer."""
    if np.issubdtype(values.dtype, np.integer):
        codes[: values.size] = values.astype(np.int64) * 10**decimals
        return
    largest = _rounded(np.asarray(values, dtype=float), 10.0**decimals, codes)
    if not largest < _LARGEST:
        raise InputError(
            "A sample is too large to be written with these digits",
            where=where,
            found=f"{largest / 10**decimals:g}",
            allowed=f"below {_LARGEST / 10**decimals:g}",
        )


@numba.njit(**JIT)
def _rounded(values: NDArray[np.float64], factor: float, codes: Integers) -> float:
    """Write samples times a factor, rounded (half to even), into `codes`; return the largest size."""
    largest = 0.0
    for i in range(values.size):
        scaled = np.rint(values[i] * factor)
        if math.isnan(scaled):
            codes[i] = _MISSING
        else:
            largest = max(largest, abs(scaled))
            codes[i] = np.int64(scaled) if abs(scaled) < _LARGEST else 0
    return largest


@numba.njit(**JIT)
def _rows(codes: Integers, decimals: Integers, text: NDArray[np.uint8]) -> int:
    """Write rows of numbers in steps of 10^-decimals, columns apart by tabs, into `text`; return its length."""
    at = 0
    digits = np.empty(20, np.uint8)
    for i in range(codes.shape[1]):
        for column in range(codes.shape[0]):
            code, places = codes[column, i], decimals[column]
            if code == _MISSING:
                text[at], text[at + 1], text[at + 2] = _N, _SLASH, _A
                at += 3
            else:
                if code < 0:
                    text[at] = _MINUS
                    at += 1
                rest, n = np.uint64(abs(code)), 0
                while rest > 0 or n <= places:
                    tenth = rest // np.uint64(10)
                    digits[n] = np.uint8(rest - tenth * np.uint64(10)) + _ZERO
                    rest = tenth
                    n += 1
                while n > 0:
                    if n == places:
                        text[at] = _POINT
                        at += 1
                    n -= 1
                    text[at] = digits[n]
                    at += 1
            text[at] = _TAB
            at += 1
        text[at - 1] = _NEWLINE
    return at
