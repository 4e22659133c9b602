"""Write files whole or not at all, and clear away what a killed writer left."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FORGOTTEN_S = 7 * 24 * 3600.0
"""Nobody writes a table for so long without a byte of it reaching the disk (assumed)."""
_TEMPORARY = re.compile(r"\.(?P<host>[0-9a-f]{8})-[0-9a-f]{8}\..+")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` when the block ends well.

    The temporary name keeps the suffixes of `path`, starts with a dot and is unique, so that two writers cannot
    meet and no half-written file is ever taken for whole. It is removed when the block fails; what a killed process
    left under such a name, `remove_abandoned` removes.

    Parameters
    ----------
    path
        The final name. Its folder is made when missing.

    Yields
    ------
    Path
        The name to write to. An empty file stands there already; write into it, do not replace it by another.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    held, temporary = _held_file(path)
    try:
        yield temporary
        os.fsync(held)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(held)


def _held_file(path: Path) -> tuple[int, Path]:
    """Make a new file beside `path`, and lock it: the system takes the lock away when this process ends, however."""
    while True:
        temporary = path.with_name(f".{_host()}-{secrets.token_hex(4)}.{path.name}")
        held = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        with suppress(OSError):  # a disk without locks: nobody can take it for abandoned either
            fcntl.flock(held, fcntl.LOCK_EX)
        if temporary.exists():
            return held, temporary
        os.close(held)  # taken for abandoned before it was locked


def remove_abandoned(folder: str | Path) -> list[Path]:
    """Remove temporary files of `replacing` below a folder whose writer was killed.

    Whether a writer on another host lives cannot be seen from here, and many file systems do not show its lock. Its
    file is removed when nothing was written to it for `FORGOTTEN_S`. A writer that lives all the same fails with the
    name of its file, and its step runs again: a half-written file is never taken for whole either way.

    Returns
    -------
    list of Path
        What was removed. Files of living writers stay, young ones of other hosts and of disks without locks, and every
        other hidden file.
    """
    # A walk goes on where a folder vanishes meanwhile: another run may work in it.
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    temporary = [(one, match["host"] == _host()) for one in found if (match := _TEMPORARY.fullmatch(one.name))]
    return [one for one, is_own in sorted(temporary) if not one.is_symlink() and _removed(one, is_own=is_own)]


def _removed(temporary: Path, *, is_own: bool) -> bool:
    """Remove a file that nobody holds, and tell whether it was removed."""
    is_forgotten = _is_forgotten(temporary)
    if not is_own and not is_forgotten:
        return False
    try:
        found = os.open(temporary, os.O_RDWR)
    except OSError:
        return False
    try:
        if not _is_free(found) and not is_forgotten:
            return False
        temporary.unlink()
    except OSError:  # held, or gone
        return False
    finally:
        os.close(found)
    return True


def _is_forgotten(temporary: Path) -> bool:
    try:
        return time.time() - temporary.stat().st_mtime > FORGOTTEN_S
    except OSError:
        return False


def _is_free(opened: int) -> bool:
    """Whether nobody holds a file; False on a disk without locks.

    Raises
    ------
    BlockingIOError
        A living writer holds it.
    """
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _host() -> str:
    """Return what stands for this host in temporary names: its name would tell whose machine it is."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def write_text(text: str, path: str | Path) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
