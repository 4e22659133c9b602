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


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Key that sorts ``rec_2`` before ``rec_10``, the same on every machine."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(part), part) if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts)
