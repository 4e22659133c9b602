"""What a check of a dataset finds, in words for the person who must act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from eupnea.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

Level = Literal["error", "set_aside", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "set_aside", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a recording, a participant or the study.

    Attributes
    ----------
    level
        ``error``: the study cannot run. ``set_aside``: something is left out and the study goes on. ``warning``:
        used, but look at it. ``note``: good to know.
    recording
        The recording or participant; empty for the whole study.
    what, where, change
        What it is; the file, line, channel or key; what to do.
    """

    level: Level
    recording: str
    what: str
    where: str = ""
    change: str = ""

    @property
    def sentence(self) -> str:
        """Everything in one line, for the column `reason`."""
        where = f" [{self.where}]" if self.where else ""
        change = f"; {self.change}" if self.change else ""
        return f"{self.what}{where}{change}"


def finding_of(error: InputError, *, level: Level = "set_aside", recording: str = "") -> Finding:
    """Turn an error into a finding."""
    found = f" (found {error.found})" if error.found is not None else ""
    allowed = f" (allowed: {error.allowed})" if error.allowed is not None else ""
    return Finding(level, recording, f"{error.what}{found}{allowed}", error.where, error.change or "")


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return one row per finding: level, recording, what, where, change; the gravest first."""
    import pandas as pd

    ordered = sorted(findings, key=lambda one: (LEVELS.index(one.level), one.recording, one.what, one.where))
    columns = ["level", "recording", "what", "where", "change"]
    rows = [[one.level, one.recording, one.what, one.where, one.change] for one in ordered]
    return pd.DataFrame(rows, columns=columns, dtype="str")
