"""A clone of the project with a small simulated study in it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMALL = """
name: small
seed: 3
chunks: {chunks}
simulate: {{scale: small}}
features: {{window_s: [30, 60]}}
identification: {{permutations: 100, permutations_few_people: 100, bootstrap: 200, importance_repeats: 2}}
traits: {{permutations: 50, bootstraps: 200, min_participants: 6, repeats: 1, folds: 3, importance_draws: 3}}
adversarial: {{min_participants: 8, folds: 3, inner_folds: 3, disturbance_budget_s: 8}}
report: {{signal_pages: 2}}
"""
TABLES = (".tsv", ".parquet", ".tex", ".bib", ".json", ".png", ".svg", ".pdf", ".html")
NOT_RESULTS = {"logs", "benchmarks"}


@dataclass(frozen=True)
class Clone:
    """A checkout in which studies run without touching this one."""

    folder: Path

    def snakemake(self, *arguments: str, check: bool = True, timeout: float = 1500) -> subprocess.CompletedProcess[str]:
        """Run snakemake here, with the package of this checkout."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a run."""
        return [str(Path(sys.executable).parent / "snakemake"), *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment of a run: the package comes from this checkout."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "NUMBA_CACHE_DIR") if name in os.environ}
        return {**kept, "PATH": path, "PYTHONPATH": str(self.folder / "src")}

    def planned(self, *arguments: str) -> dict[str, int]:
        """Return which rules a run would start now, and how many jobs of each."""
        text = self.snakemake("--dry-run", "--cores", "2", *arguments).stdout
        counts = re.findall(r"^([a-z_]+)\s+(\d+)$", text, re.MULTILINE)
        return {name: int(count) for name, count in counts if name not in ("total", "default", "all")}

    def digests(self, study: str = "small") -> dict[str, str]:
        """Return the checksum of every result of a study, hidden files too: a finished run leaves none."""
        base = self.folder / "results" / study
        files = sorted(path for path in base.rglob("*") if path.is_file() and path.suffix in TABLES)
        return {
            path.relative_to(base).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if not NOT_RESULTS & set(path.relative_to(base).parts)
        }

    def config(self, *, chunks: int = 2, more: str = "") -> None:
        """Make the small study the default one."""
        (self.folder / "config.yaml").write_text(SMALL.format(chunks=chunks) + more, encoding="utf-8")


def make_clone(folder: Path) -> Clone:
    """Copy what git knows of this checkout as it stands; the package is linked, so that compiled code is shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        source, target = ROOT / name, folder / name
        if source.is_file() and not name.startswith("src/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    (folder / "src").symlink_to(ROOT / "src")
    return Clone(folder)
