"""Write physiology as BIDS: compressed text, fast and with the same bytes for the same samples."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import InputError
from eupnea.io.files import replacing

Bytes = NDArray[np.uint8]

_ROWS = 1 << 17
"""Rows that are turned into text at once: bounds the memory."""
_MISSING = b"n/a"
_TAB, _NEWLINE, _MINUS, _POINT, _ZERO = b"\t\n-.0"
_LARGEST = 10**15
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
    codes = {name: _codes(values, decimals[name], f"{path}: {name}") for name, values in columns.items()}
    tables = {name: _table(code, decimals[name]) for name, code in codes.items()}
    count = next(iter(lengths.values()))
    digest, size = hashlib.sha256(), 0
    with replacing(path) as temporary, temporary.open("wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0) as file:
            for first in range(0, count, _ROWS):
                file.write(_rows(codes, tables, decimals, slice(first, first + _ROWS)))
        raw.flush()
        content = temporary.read_bytes()
        digest.update(content)
        size = len(content)
    return Written(size, digest.hexdigest())


def _codes(values: NDArray, decimals: int, where: str) -> NDArray[np.int64]:
    """Round samples to steps of the last digit; missing samples become the smallest integer."""
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(np.int64) * 10**decimals
    scaled = np.rint(np.asarray(values, dtype=float) * 10.0**decimals)
    missing = np.isnan(scaled)
    if scaled.size and not (np.abs(np.where(missing, 0, scaled)) < _LARGEST).all():
        raise InputError(
            "A sample is too large to be written with these digits",
            where=where,
            found=f"{np.nanmax(np.abs(values)):g}",
            allowed=f"below {_LARGEST / 10**decimals:g}",
        )
    return np.where(missing, np.iinfo(np.int64).min, np.where(missing, 0, scaled).astype(np.int64))


class _Table(NamedTuple):
    """Text of every value between the smallest and the largest; the last row is the missing value."""

    lowest: int
    text: Bytes | None


def _table(codes: NDArray[np.int64], decimals: int) -> _Table:
    """Prepare the text of all values once, when there are fewer values than samples."""
    known = codes[codes != np.iinfo(np.int64).min]
    if not known.size:
        return _Table(0, _text(np.array([np.iinfo(np.int64).min]), decimals))
    lowest, highest = int(known.min()), int(known.max())
    if highest - lowest >= max(codes.size, _ROWS):
        return _Table(lowest, None)
    every = np.r_[np.arange(lowest, highest + 1), np.iinfo(np.int64).min]
    return _Table(lowest, _text(every, decimals))


def _rows(
    codes: Mapping[str, NDArray[np.int64]],
    tables: Mapping[str, _Table],
    decimals: Mapping[str, int],
    rows: slice,
) -> bytes:
    """Return rows of all columns as text."""
    blocks: list[Bytes] = []
    for name, code in codes.items():
        part, table = code[rows], tables[name]
        if table.text is None:
            text = _text(part, decimals[name])
        else:
            last = table.text.shape[0] - 1
            text = table.text[np.where(part == np.iinfo(np.int64).min, last, part - table.lowest)]
        blocks += [text, np.full((part.size, 1), _TAB, dtype=np.uint8)]
    blocks[-1][:] = _NEWLINE
    block = np.concatenate(blocks, axis=1).ravel()
    return block[block != 0].tobytes()


def _text(codes: NDArray[np.int64], decimals: int) -> Bytes:
    """Return the decimal text of integers in steps of 10^-decimals, shape (n, width); unused places are 0."""
    missing = codes == np.iinfo(np.int64).min
    rest = np.abs(np.where(missing, 0, codes))
    digits = max(len(str(int(rest.max(initial=0)))), decimals + 1)
    width = 1 + digits + (1 if decimals else 0)
    text = np.zeros((codes.size, max(width, len(_MISSING))), dtype=np.uint8)
    place = text.shape[1] - 1
    for digit in range(digits):
        if decimals and digit == decimals:
            text[:, place] = _POINT
            place -= 1
        rest, value = np.divmod(rest, 10)
        needed = (digit <= decimals) | (value > 0) | (rest > 0)
        text[:, place] = np.where(needed, value + _ZERO, 0)
        place -= 1
    text[:, 0] = np.where(codes < 0, _MINUS, text[:, 0])
    text[missing] = 0
    text[missing, : len(_MISSING)] = np.frombuffer(_MISSING, dtype=np.uint8)
    return text
