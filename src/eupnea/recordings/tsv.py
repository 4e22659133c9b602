"""Small tables of a dataset (participants, sessions, scans, events, phenotype), read without trusting them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from eupnea.errors import RecordingError

MAX_TSV_BYTES = 64 * 1024 * 1024
MAX_TSV_CELLS = 5_000_000
"""Fifty columns of 100,000 people; each cell takes about a hundred bytes of memory."""


@dataclass(frozen=True, slots=True)
class SmallTable:
    """Columns, and rows with the number of their line; cells are text without blanks at the ends."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_tsv(path: Path, where: str) -> SmallTable:
    """Read a TSV with a header line; quotes around a cell are taken off, short rows are filled with empty cells.

    Raises
    ------
    RecordingError
        The file is too large, or cannot be opened.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_TSV_BYTES + 1)
    except OSError as error:
        raise RecordingError(
            "The table cannot be opened", where=where, found=error.strerror, change="check its permissions and the disk"
        ) from error
    if len(raw) > MAX_TSV_BYTES:
        raise RecordingError("The table is too large", where=where, allowed=f"{MAX_TSV_BYTES} bytes")
    if (claimed := _cells_claimed(raw)) > MAX_TSV_CELLS:
        raise RecordingError(
            "The table is too large",
            where=where,
            found=f"{claimed} cells",
            allowed=f"{MAX_TSV_CELLS} cells",
            change="take out the columns that are not needed",
        )
    lines = re.split(r"\r\n|\r|\n", raw.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd"))
    columns = tuple(_cells(lines[0])) if lines and lines[0].strip() else ()
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            cells = _cells(line)
            cells += [""] * (len(columns) - len(cells))
            rows.append((number, dict(zip(columns, cells, strict=False))))
    return SmallTable(columns, tuple(rows))


def _cells_claimed(raw: bytes) -> int:
    """Count cells before any is made: short rows are filled to the columns of the first line."""
    first = re.split(rb"[\r\n]", raw, maxsplit=1)[0]
    rows = raw.count(b"\n") + raw.count(b"\r")
    return max((first.count(b"\t") + 1) * rows, raw.count(b"\t"))


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in line.split("\t")]
    return [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in cells]


def is_missing(cell: str) -> bool:
    """Whether a cell says that the value is not known."""
    return cell.strip().lower() in ("", "n/a", "na", "nan", "null", "none", "unknown")
