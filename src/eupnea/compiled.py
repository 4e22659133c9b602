"""How loops are compiled, and where the compiled code is kept.

Numba looks for its kept code by the file of a function, not by those of the functions that it calls: after a change of
one of these it would go on with the old one. Here compiled code is kept by what all loops of the program are made of.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numba

JIT: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
"""Every loop: kept on disk, beside other threads, 1/0 as NumPy has it."""

SUMMING: dict[str, Any] = {**JIT, "fastmath": {"reassoc", "nsz"}}
"""Sums may be taken in another order, which the processor does several at a time."""

REORDERED: dict[str, Any] = {**JIT, "fastmath": {"reassoc", "contract", "nsz"}}
"""The same, and a product with its sum in one step."""

PACKAGE = Path(__file__).parent
_KEPT = "compiled-"


def digest_of_loops(package: Path = PACKAGE) -> str:
    """Return a digest of the modules with loops; in the order of their names, with these."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        if b"njit" in text:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + text + b"\0")
    return digest.hexdigest()[:12]


def _keep_apart() -> None:
    """Let Numba keep compiled code in a folder of its own for these loops, inside of where it would keep it."""
    given = Path(numba.config.CACHE_DIR) if numba.config.CACHE_DIR else PACKAGE / "__pycache__"
    folder = given.parent if given.name.startswith(_KEPT) else given
    numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"] = str(folder / f"{_KEPT}{digest_of_loops()}")


_keep_apart()
