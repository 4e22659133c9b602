"""Numbers that few people stand behind: found in tables, and taken out of what is published."""

from __future__ import annotations

import csv
import io
import re

from eupnea.tables.numbers import SUFFIXES

SMALLEST_CELL = 5
"""Groups of fewer people are not published, whatever the study itself shows."""
_COUNTED = ("n_participants", "n")
"""Columns that tell how many people stand behind a row."""
_COMMAND = re.compile(r"\\newcommand\{\\(?P<name>[A-Za-z]+)\}\{(?P<value>.*)\}")


def has_small_groups(text: str) -> bool:
    """Whether a TSV has a row that fewer than `SMALLEST_CELL` people stand behind."""
    return without_small_rows(text) != text


def without_small_rows(text: str) -> str:
    """Return a TSV without the rows that fewer than `SMALLEST_CELL` people stand behind.

    Rows that do not tell how many people there are stay.
    """
    lines = text.splitlines(keepends=True)
    header = next(csv.reader(io.StringIO(lines[0]), delimiter="\t"), []) if lines else []
    counted = [place for place, name in enumerate(header) if name in _COUNTED]
    if not counted:
        return text
    rows = zip(lines[1:], csv.reader(lines[1:], delimiter="\t", quoting=csv.QUOTE_NONE), strict=True)
    return "".join([lines[0], *(line for line, cells in rows if not any(_is_small(cells, at) for at in counted))])


def _is_small(cells: list[str], place: int) -> bool:
    try:
        return 0 < float(cells[place]) < SMALLEST_CELL
    except (IndexError, ValueError):
        return False


def without_small_commands(text: str) -> str:
    """Return TeX commands without those of which the command that ends in ``N`` counts fewer than `SMALLEST_CELL`."""
    commands = {found["name"]: found["value"] for found in _COMMAND.finditer(text)}
    rows = {name[:-1] for name, value in commands.items() if name.endswith("N") and _is_small([value], 0)}
    small = {row + suffix for row in rows for suffix in ("", "N", *SUFFIXES)}
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not ((found := _COMMAND.match(line)) and found["name"] in small))
