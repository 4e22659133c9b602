"""Make the environment ``.venv`` with the exact versions of ``requirements.lock``; needs Python 3.11 to 3.13 only."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)


def main() -> int:
    """Make the environment, install the lock with hashes, and the package itself so that edits take effect."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"eupnea needs Python 3.11 to 3.13, found {found}. Name another one: make PYTHON=python3.12 setup")
        return 1
    if not (VENV / "bin" / "python").exists():
        print("Making .venv ...", flush=True)
        venv.create(VENV, with_pip=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    print("Installing the versions of requirements.lock (about 200 packages, some minutes) ...", flush=True)
    for arguments in (
        ["install", "--quiet", "--require-hashes", "-r", "requirements.lock"],
        ["install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."],
    ):
        subprocess.run([*pip, *arguments], cwd=ROOT, env=environment, check=True)
    (VENV / "ready").touch()
    print("Ready. Start the default study with: make study")
    return 0


if __name__ == "__main__":
    sys.exit(main())
