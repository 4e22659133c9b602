"""The peers' environments: one each, made from a list of exact versions, outside the project's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements")
"""One list per peer, ``<peer>.txt``; biosppy 2.2 imports peakutils without asking for it."""
READY = "eupnea-peer.txt"
"""A copy of the list an environment was made from: one made from another list is brought up to date."""


class PeerMissingError(RuntimeError):
    """A peer cannot be installed."""


def peer_python(name: str, folder: Path) -> Path:
    """Return the Python of a peer's environment in `folder`, made with pip when it is not there.

    Raises
    ------
    PeerMissingError
        Its packages cannot be installed; the message ends with pip's last line.
    """
    wanted = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    home = folder.absolute() / name
    python, ready = home / "bin" / "python", home / READY
    if python.exists() and ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return python
    steps = (
        [sys.executable, "-m", "venv", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS / f"{name}.txt")],
    )
    for command in steps:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            raise PeerMissingError(f"{name} is not installed: {lines[-1] if lines else 'no reason given'}")
    ready.write_text(wanted, encoding="utf-8")
    return python


def peers_at_hand(names: tuple[str, ...], folder: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the Python of every peer that could be installed, and the reason for every other."""
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            found[name] = peer_python(name, folder)
        except PeerMissingError as error:
            missing[name] = str(error)
            print(error, file=sys.stderr)
    return found, missing
