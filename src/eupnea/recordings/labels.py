"""Names of recordings."""

from __future__ import annotations

import re


def recording_label(participant: str, *, session: str = "", task: str = "", mode: str = "", run: str = "") -> str:
    """Name a recording by its entities, in BIDS order; empty ones are left out.

    Parameters
    ----------
    participant, session
        With their prefixes: ``sub-01``, ``ses-1``.
    task, mode, run
        Without prefix; mode stands in the ``acq`` entity.
    """
    parts = [participant, session, task and f"task-{task}", mode and f"acq-{mode}", run and f"run-{run}"]
    return "_".join(part for part in parts if part)


def participant_label(value: str) -> str:
    """Give a participant label its prefix: ``01`` and ``sub-01`` both become ``sub-01``."""
    return value if value.startswith("sub-") else f"sub-{value}"


def session_label(value: str) -> str:
    """Give a session label its prefix; empty stays empty."""
    return value if not value or value.startswith("ses-") else f"ses-{value}"


def is_label(value: str) -> bool:
    """Whether a label can stand in names of recordings and files: letters and digits, after an optional prefix."""
    return re.fullmatch(r"((sub|ses)-)?[A-Za-z0-9+]+", value) is not None


def natural_key(text: str) -> tuple[tuple[int, int, str, str], ...]:
    """Key that sorts ``rec_2`` before ``rec_10``, the same on every machine."""
    return tuple(_part_key(part) for part in re.findall(r"[0-9]+|[^0-9]+", text))


def _part_key(part: str) -> tuple[int, int, str, str]:
    """Sort digits by their value: by their number, then by themselves; they may be thousands."""
    if not (part.isdecimal() and part.isascii()):
        return 1, 0, part, ""
    digits = part.lstrip("0")
    return 0, len(digits), digits, part
