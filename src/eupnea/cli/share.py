"""``eupnea share``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

import eupnea
from eupnea.report.share import share


def run_share(results: Path, *, output: Path | None, more: list[str]) -> Path:
    """Pack what may be published, and say what was left out and why."""
    study = eupnea.load(results)
    target = output or Path(f"{study.name}-shared.zip")
    judged = share(study, target, more=more)
    console = Console()
    console.print(f"{sum(one.is_open for one in judged)} files are packed: {target}")
    for reason, count in sorted(Counter(one.reason for one in judged if not one.is_open).items()):
        console.print(f"{count} left out: {reason}", highlight=False)
    return target
