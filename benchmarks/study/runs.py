"""Run a study of simulated people, and read what every job of it cost."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eupnea.io.job import COST

ROOT = Path(__file__).resolve().parents[2]
COST_LINE = re.compile(re.escape(COST).replace(r"%\.2f", r"([\d.]+)").replace(r"%\.0f", r"([\d.]+)"))
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SIMULATED = ("simulate_chunk", "simulate_oracle")
"""Rules that make recordings: what they cost is not counted."""
STAGES = (
    "recordings",
    "signals",
    "breaths",
    "beats",
    "features",
    "identification",
    "traits",
    "adversarial",
    "associations",
    "figures",
    "tables",
    "report",
)


@dataclass(frozen=True)
class Run:
    """What one study cost from recordings to report.

    Attributes
    ----------
    people
        Number of them.
    jobs
        One row per job: ``stage``, ``job``, ``cpu_s``, ``memory_mb``, ``wall_s``.
    cpu_s, wall_s
        Of the whole, the workflow engine included.
    load
        Mean load of the machine at start and end: on a busy machine wall time says little.
    """

    people: int
    jobs: pd.DataFrame
    cpu_s: float
    wall_s: float
    load: float


def run_study(folder: Path, study: dict, *, cores: int) -> Run:
    """Simulate the recordings, then run the study on them, and measure the latter.

    Parameters
    ----------
    folder
        Where the study's folder is made.
    study
        Its config; ``name`` and ``simulate: participants`` at least.
    cores
        Jobs side by side.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{study['name']}.yaml"  # JSON is YAML
    config.write_text(json.dumps(study | {"results": str(folder / "results")}, indent=1) + "\n", encoding="utf-8")
    _snakemake(folder, config, cores, ["--until", *SIMULATED])
    before, started, load = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), os.getloadavg()[0]
    _snakemake(folder, config, cores, [])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    jobs = costs(folder / "results" / study["name"])
    people = study["simulate"]["participants"]
    return Run(people, jobs, cpu_s, time.monotonic() - started, (load + os.getloadavg()[0]) / 2)


def _snakemake(folder: Path, config: Path, cores: int, more: list[str]) -> None:
    command = ["-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--cores"]
    command += [str(cores), "--configfile", str(config), "--quiet", "all", *more]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([sys.executable, *command], check=True, env=os.environ | THREADS | {"PATH": path})


def costs(results: Path) -> pd.DataFrame:
    """Read what the jobs of a study cost, from the last lines of their logs; simulation left out.

    Parameters
    ----------
    results
        The study's folder, ``results/<name>``.
    """
    rows = []
    for log in sorted(results.glob("logs/*/*.log")):
        stage, found = log.parent.name, COST_LINE.search(log.read_text(encoding="utf-8"))
        if found is None or stage not in STAGES:
            continue
        measured = results / "benchmarks" / stage / f"{log.stem}.tsv"
        wall_s = pd.read_csv(measured, sep="\t")["s"].iloc[0] if measured.exists() else float("nan")
        row = {"stage": stage, "job": log.stem, "cpu_s": float(found[1]), "memory_mb": float(found[2])}
        rows.append(row | {"wall_s": wall_s})
    return pd.DataFrame(rows, columns=["stage", "job", "cpu_s", "memory_mb", "wall_s"])
