"""Write files whole or not at all, and clear away what a killed writer left."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    Returns
    -------
    list of Path
        What was removed. Files of living writers stay, and so do those of other hosts, whose writers cannot be seen
        from here, those on disks without locks, and every other hidden file.
    """
    # A walk goes on where a folder vanishes meanwhile: another run may work in it.
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    own = [one for one in found if (match := _TEMPORARY.fullmatch(one.name)) and match["host"] == _host()]
    return [one for one in sorted(own) if not one.is_symlink() and _removed(one)]


def _removed(temporary: Path) -> bool:
    """Remove a file that nobody holds, and tell whether it was removed."""
    try:
        found = os.open(temporary, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
        temporary.unlink()
    except OSError:
        return False
    finally:
        os.close(found)
    return True


def _host() -> str:
    """Return what stands for this host in temporary names: its name would tell whose machine it is."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def write_text(text: str, path: str | Path) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
