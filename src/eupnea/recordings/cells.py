"""What a message may tell of a cell of a file: numbers as they are, of anything else its kind and length.

A cell that is broken may hold anything: a patient's name in the place of a rate. Messages stand in the results.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from numbers import Real

_SHOWN_DIGITS = 6
"""Longer numbers may be days or somebody's number: only their size is told."""


def described(cell: object, *, words: Iterable[str] = ()) -> str:
    """Return what a cell holds, without its text.

    Parameters
    ----------
    cell
        Text of a header or table, or what JSON makes of it.
    words
        Words that would be right; the one that a wrong one resembles is told.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return "nothing"
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, Real):
        return _number(_as_float(cell))
    if isinstance(cell, str):
        return _text(cell, tuple(words))
    if isinstance(cell, Mapping):
        return f"a table of {len(cell)} keys"
    if isinstance(cell, list | tuple):
        return f"a list of {len(cell)}"
    return type(cell).__name__


def _as_float(cell: Real) -> float:
    try:
        return float(cell)
    except OverflowError:  # an integer of more than 308 digits
        return -math.inf if cell == -abs(cell) else math.inf


def _number(value: float) -> str:
    shown = f"{value:g}"
    is_short = value == float(shown) and len(shown.strip("-").replace(".", "").split("e")[0]) < _SHOWN_DIGITS
    return shown if is_short or not math.isfinite(value) else f"about {value:.0e}"


def _text(text: str, words: tuple[str, ...]) -> str:
    try:
        return f"the text '{_number(float(text))}'"
    except ValueError:
        alike = get_close_matches(text.strip().lower()[:40], [word for word in words if word], n=1)
        return f"text of {len(text)} characters" + (f", much like '{alike[0]}'" if alike else "")
