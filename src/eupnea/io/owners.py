"""Tell the lock of a killed run from the lock of a living one.

Snakemake's lock outlives a killed run, and the same command then refuses to start. Each run therefore notes its host,
process and start time beside the locks; a lock without any living owner is removed.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import psutil

from eupnea.io.files import write_text


def claim(workdir: str | Path) -> list[str]:
    """Note that this process runs a study in `workdir`, and remove locks that no living process owns.

    Parameters
    ----------
    workdir
        The folder that holds ``.snakemake``.

    Returns
    -------
    list of str
        Names of the removed lock files. Locks stay when there is a living owner, an owner on another host (which
        cannot be seen from here), or no note of any owner.
    """
    state = Path(workdir) / ".snakemake"
    owners = state / "owners"
    notes = _notes(owners)
    locks = sorted((state / "locks").glob("*.lock")) if notes else []
    removed = []
    if locks and not any(_lives(note) for note in notes.values()):
        for lock in locks:
            lock.unlink(missing_ok=True)
            removed.append(lock.name)
    elif locks:
        living = [f"process {note.get('pid')} on {note.get('host')}" for note in notes.values() if _lives(note)]
        print(f"Another run works in this folder ({', '.join(living)}): wait for it, or end it.", file=sys.stderr)
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
