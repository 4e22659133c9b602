"""Tell what a killed run left from what a living one holds: locks, and files that were being written.

Snakemake's lock outlives a killed run, and the same command then refuses to start. Each run therefore notes its host,
process and start time beside the locks; a lock without any living owner is removed.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from eupnea.io.files import remove_abandoned, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator


def claim(workdir: str | Path, results: str | Path) -> list[str]:
    """Note that this process runs a study in `workdir`, and remove locks and half-written files of killed runs.

    Parameters
    ----------
    workdir
        The folder that holds ``.snakemake``.
    results
        The study's folder; what nobody writes any more is removed from it (`eupnea.io.files.remove_abandoned`).

    Returns
    -------
    list of str
        Names of the removed lock files. Locks stay when there is a living owner, an owner on another host (which
        cannot be seen from here), or no note of any owner.
    """
    state = Path(workdir) / ".snakemake"
    owners = state / "owners"
    owners.mkdir(parents=True, exist_ok=True)
    with _alone(owners):
        locks = _claim(state, owners)
    if left := remove_abandoned(results):
        print(f"Removed {len(left)} half-written files of steps that were killed", file=sys.stderr)
    return locks


@contextmanager
def _alone(owners: Path) -> Iterator[None]:
    """Let one run claim after the other: two at once would take each other's new lock for that of a dead one."""
    with (owners / "claiming").open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _claim(state: Path, owners: Path) -> list[str]:
    notes = _notes(owners)
    locks = sorted((state / "locks").glob("*.lock")) if notes else []
    removed = []
    if locks and not any(_lives(note) for note in notes.values()):
        for lock in locks:
            lock.unlink(missing_ok=True)
            removed.append(lock.name)
    elif locks:
        living = [f"process {note.get('pid')} on {note.get('host')}" for note in notes.values() if _lives(note)]
        print(
            f"Another run works in this folder ({', '.join(living)}): wait for it, or end it. If it was killed on "
            "another machine or in another container, which cannot be seen from here: snakemake --unlock",
            file=sys.stderr,
        )
    for path, note in notes.items():
        if not _lives(note):
            path.unlink(missing_ok=True)
    host, pid = socket.gethostname(), os.getpid()
    note = {"host": host, "pid": pid, "started": psutil.Process(pid).create_time()}
    write_text(json.dumps(note), owners / f"{host}-{pid}.json")
    if removed:
        print(f"Removed the lock of a run that was killed: {', '.join(removed)}", file=sys.stderr)
    return removed


def _notes(owners: Path) -> dict[Path, dict[str, object]]:
    notes = {}
    for path in sorted(owners.glob("*.json")):
        try:
            notes[path] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):
            path.unlink(missing_ok=True)
    return notes


def _lives(note: dict[str, object]) -> bool:
    if note.get("host") != socket.gethostname():
        return True
    try:
        started = psutil.Process(int(str(note["pid"]))).create_time()
    except (psutil.NoSuchProcess, KeyError, ValueError):
        return False
    return abs(started - float(str(note.get("started", 0)))) < 1.0
