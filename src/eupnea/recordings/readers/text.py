"""Physiology in text: BIDS ``_physio.tsv.gz`` with its sidecar, and CSV or TSV with a header line."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as pa_csv

from eupnea.errors import RecordingError
from eupnea.recordings.cells import described
from eupnea.recordings.readers.base import (
    BYTES_PER_MEGABYTE,
    TOLD,
    Content,
    Request,
    check_claim,
    checked_rate,
    column_samples,
    unique_names,
)
from eupnea.recordings.readers.bounded import read_bytes, read_json
from eupnea.recordings.readers.timed import signals_with_times
from eupnea.recordings.signal import RawSignal

MISSING = ["n/a", "N/A", "NA", "nan", "NaN", "NAN", "null", "-", ""]
_SNIFFED_BYTES = 65536
_BLOCK_BYTES = 4 * 1024 * 1024
_MOST_COLUMNS = 1000
_PLACES = {"column": r"In CSV column #(\d+):", "columns": r"Expected (\d+) columns, got (\d+)"}
_MOST_BLANKS_BYTES = 100 * BYTES_PER_MEGABYTE


def read_bids_physio(request: Request) -> Content:
    """Read a BIDS physiology file: numbers without header, described by its sidecars.

    Raises
    ------
    RecordingError
        Sidecar missing, or without ``SamplingFrequency`` or ``Columns``, or contradicting the file; text where
        numbers belong; a cut-off file.
    """
    about, where = _sidecar(request)
    rate = checked_rate(about.get("SamplingFrequency"), request, where=where, key="SamplingFrequency")
    columns = _columns(about.get("Columns"), where)
    start, declares_start = _start(about, where)
    content = read_bytes(request)
    first = _first_line(content)
    if not first:
        raise RecordingError("The file is empty", where=request.where, change="fetch or export the file again")
    fields = first.split("\t")
    if len(fields) != len(columns):
        raise RecordingError(
            "The sidecar contradicts the file: the number of columns differs",
            where=f"{where} and {request.where}",
            found=f"{len(columns)} in the sidecar, {len(fields)} in the file",
            change="correct Columns in the sidecar",
        )
    check_claim(content.count(b"\n") * len(columns), request)
    table = _parsed(content, request, names=columns, skip=int(fields == columns), delimiter="\t", numbers_only=True)
    del content  # the samples need its room
    arrays = {name: column_samples(table.column(name)) for name in columns}
    units = {name: _unit(about, name) for name in columns}
    signals = _bids_signals(arrays, rate, start, units, request, where)
    return Content(
        signals,
        declares_start=declares_start,
        told={name: _told(about.get(name)) for name in columns},
        unknown_words={name: words for name in columns if (words := _unknown_words(about.get(name)))},
    )


def _told(described: object) -> dict[str, str]:
    """Return kind, site and polarity that a sidecar gives a column (keys ``Kind``, ``Site``, ``Polarity``)."""
    return {key: word for key, word in _words(described).items() if word in TOLD[key]}


def _unknown_words(described: object) -> dict[str, str]:
    return {key: word for key, word in _words(described).items() if word not in TOLD[key]}


def _words(described: object) -> dict[str, str]:
    if not isinstance(described, dict):
        return {}
    found = {key: str(described.get(key.capitalize(), "")).strip().lower() for key in TOLD}
    return {key: word for key, word in found.items() if word}


def _bids_signals(
    arrays: dict[str, NDArray[np.float64]],
    rate: float,
    start: float,
    units: dict[str, str],
    request: Request,
    where: str,
) -> dict[str, RawSignal]:
    times = arrays.get("time")
    if times is not None and np.isfinite(times).sum() > 2:
        step = float(np.nanmedian(np.diff(times)))
        if step > 0 and abs(1 / step / rate - 1) > request.limits.rate_tolerance:
            raise RecordingError(
                "The sidecar contradicts the file: the sampling rate differs from the times in the column 'time'",
                where=f"{where} and {request.where}",
                found=f"SamplingFrequency {rate:g}, times every {step:g} s ({1 / step:g} Hz)",
                change="correct SamplingFrequency in the sidecar",
            )
    return {name: RawSignal(values, rate, start, units[name]) for name, values in arrays.items()}


def read_text(request: Request) -> Content:
    """Read a CSV or TSV: a header line (or none), numbers, perhaps a column of times.

    Separators (tab, semicolon, comma, blanks) and the decimal comma are told from the first lines. Columns of text
    are left out. Without a column of times the rate must be declared.

    Raises
    ------
    RecordingError
        No numeric column, rows of different length, no sampling rate.
    """
    content = read_bytes(request)
    head = content[:_SNIFFED_BYTES].decode("utf-8", errors="replace").lstrip("\ufeff")
    lines = [line for line in head.splitlines() if line.strip()]
    if not lines:
        raise RecordingError("The file is empty", where=request.where, change="export the file again")
    skip = next((number for number, line in enumerate(lines) if not line.startswith(("#", "%"))), 0)
    delimiter, decimal = _dialect(lines[skip : skip + 20])
    fields = [field.strip().strip('"') for field in lines[skip].split(delimiter)]
    has_header = not all(_is_number(field, decimal) for field in fields)
    if len(fields) > _MOST_COLUMNS:
        raise RecordingError(
            "The table has too many columns",
            where=request.where,
            found=f"{len(fields)} or more",
            allowed=f"at most {_MOST_COLUMNS}, one per channel",
            change="give each sample a line of its own",
        )
    names = unique_names(fields if has_header else [str(number) for number in range(1, len(fields) + 1)])
    check_claim(content.count(b"\n") * len(names), request)
    table = _parsed(content, request, names=names, skip=skip + int(has_header), delimiter=delimiter, decimal=decimal)
    del content  # the samples need its room
    numeric = {
        name: column_samples(table.column(name))
        for name in names
        if pa.types.is_floating(table.column(name).type) or pa.types.is_integer(table.column(name).type)
    }
    return signals_with_times(numeric, request)


def _sidecar(request: Request) -> tuple[dict[str, Any], str]:
    if not request.sidecars:
        raise RecordingError(
            "The sidecar is missing",
            where=request.where,
            allowed="a JSON file of the same name, or one that applies by inheritance, with SamplingFrequency and "
            "Columns",
            change="write the sidecar",
        )
    merged: dict[str, Any] = {}
    for path, where in request.sidecars:
        merged |= read_json(path, where)
    return merged, request.sidecars[-1][1]


def _columns(columns: object, where: str) -> list[str]:
    names = [name.strip() for name in columns if isinstance(name, str)] if isinstance(columns, list) else []
    if not names or not all(names) or not isinstance(columns, list) or len(set(names)) < len(columns):
        raise RecordingError(
            "The sidecar does not name the columns",
            where=where,
            found=described(columns),
            allowed="Columns: a list of different names",
            change="correct Columns in the sidecar",
        )
    return names


def _start(about: dict[str, Any], where: str) -> tuple[float, bool]:
    start = about.get("StartTime")
    if start is None:
        return 0.0, False
    if isinstance(start, bool) or not isinstance(start, int | float) or not np.isfinite(start):
        raise RecordingError(
            "StartTime in the sidecar is not a number",
            where=where,
            found=described(start),
            change="correct StartTime in the sidecar",
        )
    return float(start), True


def _unit(about: dict[str, Any], name: str) -> str:
    described = about.get(name)
    unit = described.get("Units") if isinstance(described, dict) else None
    return unit.strip()[:20] or "au" if isinstance(unit, str) else "au"


def _first_line(content: bytes) -> str:
    return content[: content.find(b"\n") if b"\n" in content else None][:100_000].decode(errors="replace").strip("\r\n")


def _parsed(
    content: bytes,
    request: Request,
    *,
    names: list[str],
    skip: int,
    delimiter: str,
    decimal: str = ".",
    numbers_only: bool = False,
) -> pa.Table:
    separator = delimiter if len(delimiter) == 1 and delimiter != " " else "\t"
    if delimiter == " ":
        content = _tabs_for_blanks(content, request)
    try:
        return pa_csv.read_csv(
            io.BytesIO(content),
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=_BLOCK_BYTES, column_names=names, skip_rows=skip
            ),
            parse_options=pa_csv.ParseOptions(delimiter=separator),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.float64()) if numbers_only else None,
                null_values=MISSING,
                strings_can_be_null=True,
                decimal_point=decimal,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise RecordingError(
            "The table of samples cannot be read: text where numbers belong, or rows of different length",
            where=request.where,
            found=_place(str(error)),
            change="correct or export the file again",
        ) from error


def _place(problem: str) -> str | None:
    """Return what Arrow tells of the place, without the content that it quotes."""
    found = {name: re.search(pattern, problem) for name, pattern in _PLACES.items()}
    if found["columns"]:
        return f"a row of {found['columns'][2]} columns, not {found['columns'][1]}"
    return f"column {int(found['column'][1]) + 1}" if found["column"] else None


def _tabs_for_blanks(content: bytes, request: Request) -> bytes:
    """Put one tab where one or more blanks or tabs separate columns; none at the ends of lines."""
    if len(content) > _MOST_BLANKS_BYTES:
        raise RecordingError(
            "The table is too long for columns that are separated by blanks",
            where=request.where,
            allowed=f"{_MOST_BLANKS_BYTES // BYTES_PER_MEGABYTE} MB",
            change="export it with tabs or commas between the columns",
        )
    content = content.replace(b"\r\n", b"\n").replace(b"\t", b" ")
    while b"  " in content:
        content = content.replace(b"  ", b" ")
    return content.replace(b" \n", b"\n").replace(b"\n ", b"\n").strip(b" ").replace(b" ", b"\t")


def _dialect(lines: list[str]) -> tuple[str, str]:
    for delimiter in ("\t", ";"):
        if all(delimiter in line for line in lines):
            return delimiter, "," if _decimal_commas(lines, delimiter) else "."
    if all("," in line for line in lines):
        return ",", "."
    return (" ", ".") if all(len(line.split()) > 1 for line in lines) else (",", ".")


def _decimal_commas(lines: list[str], delimiter: str) -> bool:
    cells = [cell.strip() for line in lines for cell in line.split(delimiter)]
    return any(re.fullmatch(r"-?\d+,\d+", cell) for cell in cells) and not any("." in cell for cell in cells[-4:])


def _is_number(field: str, decimal: str) -> bool:
    try:
        float(field.replace(decimal, "."))
    except ValueError:
        return field in MISSING
    return True
