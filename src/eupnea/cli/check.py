"""``eupnea check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from eupnea.config.load import load_study
from eupnea.io.tables import write_table
from eupnea.recordings.check import StudyCheck, check_study

if TYPE_CHECKING:
    import pandas as pd

_STYLES = {"error": "bold red", "set_aside": "yellow", "warning": "yellow", "note": "dim"}
_WORDS = {"error": "stops the study", "set_aside": "left out", "warning": "look at it", "note": "note"}
_PIPED_WIDTH = 200


def run_check(study: Path, *, every_note: bool = False, table: Path | None = None) -> bool:
    """Check a study, print what was found, and return whether it can run."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPED_WIDTH)
    config = load_study(study)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading recordings", total=None)
        result = check_study(config, progress=lambda done, total: bar.update(task, completed=done, total=total))
    _print(result, console, every_note=every_note)
    if table is not None:
        write_table(result.findings, table)
    return result.can_run


def _print(result: StudyCheck, console: Console, *, every_note: bool) -> None:
    shown = result.findings if every_note else result.findings[result.findings["level"] != "note"]
    if len(shown):
        console.print(_table(shown))
    hidden = len(result.findings) - len(shown)
    if hidden:
        console.print(f"[dim]{hidden} more notes: eupnea check --all[/dim]")
    if len(result.recordings):
        used = result.recordings[result.recordings["status"] == "used"]
        people = used["participant"].nunique()
        aside = len(result.recordings) - len(used)
        partly = used["recording"].isin(result.findings.loc[result.findings["level"] == "set_aside", "recording"]).sum()
        more = f" ({partly} of them without what is left out above)" if partly else ""
        console.print(f"{len(used)} recordings of {people} participants can be used{more}; {aside} are set aside.")
    if result.can_run:
        console.print("[green]The study can run.[/green]")
    else:
        console.print("[bold red]The study cannot run: see the lines marked 'stops the study'.[/bold red]")


def _table(findings: pd.DataFrame) -> Table:
    table = Table(show_lines=False, highlight=False)
    for title, ratio in (("", 2), ("recording", 4), ("what", 8), ("where", 6), ("what to do", 6)):
        table.add_column(title, ratio=ratio, overflow="fold")
    for row in findings.itertuples(index=False):
        cells = [escape(str(cell)) for cell in (row.recording or "(study)", row.what, row.where, row.change)]
        table.add_row(_WORDS[row.level], *cells, style=_STYLES[row.level])
    return table
