"""A small study that is disturbed, and the same study left in peace."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from workflow_support import SMALL, Clone, make_clone

from eupnea.cli.simulate import run_simulate

TEXT = SMALL.format(chunks=2).replace("simulate: {scale: small}\n", "") + "dataset: {source: bids, path: dataset}\n"
STAGES = ("recordings", "signals", "features")
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in STAGES[1:]]


@dataclass(frozen=True)
class Undisturbed:
    """The tables of a run that nothing disturbed, and how to start the same run elsewhere."""

    dataset: Path
    until: tuple[str, ...]
    tables: dict[str, str]
    seconds: float
    megabytes: float

    def clone(self, folder: Path) -> Clone:
        """Return a fresh checkout with the dataset and the config of the study, and no results."""
        clone = make_clone(folder)
        shutil.copytree(self.dataset, clone.folder / "dataset")
        (clone.folder / "config.yaml").write_text(TEXT, encoding="utf-8")
        return clone

    def run(self, clone: Clone) -> dict[str, str]:
        """Give the command of the study, which must end well, and return the tables."""
        clone.snakemake("--cores", "2", *self.until)
        return tables(clone)


def tables(clone: Clone) -> dict[str, str]:
    """Return the checksums of the tables that are there."""
    return {name: one for name, one in clone.digests().items() if name.endswith((".parquet", ".tsv"))}


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four simulated people, a few minutes each."""
    folder = tmp_path_factory.mktemp("simulated") / "dataset"
    run_simulate(folder, participants=4, scale="small", seed=5)
    return folder


@pytest.fixture(scope="session", params=["recordings", *SLOW])
def undisturbed(request: pytest.FixtureRequest, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give the study up to the recordings (quick), up to the signals, and up to the features."""
    plain = Undisturbed(dataset, ("--until", *STAGES[: STAGES.index(request.param) + 1]), {}, 0.0, 0.0)
    clone = plain.clone(tmp_path_factory.mktemp("undisturbed") / "clone")
    started = time.monotonic()
    found = plain.run(clone)
    assert len(found) > 8
    seconds = time.monotonic() - started
    # A disk counts whole pages.
    bytes_written = sum(-(-path.stat().st_size // 4096) * 4096 for path in (clone.folder / "results").rglob("*.*"))
    return Undisturbed(dataset, plain.until, found, seconds, bytes_written / 2**20)
