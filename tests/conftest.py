"""Fixtures that every room uses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from workflow_support import Clone, make_clone

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of a real recording or dataset, or skip with the reason when it is not there."""
    base = Path(os.environ.get("EUPNEA_TEST_DATA", ROOT.parent / "shared" / "data"))

    def find(name: str) -> Path:
        path = base / name
        if not path.exists():
            pytest.skip(f"real recordings are not here: {path} (set EUPNEA_TEST_DATA to the folder that holds them)")
        return path

    return find


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Give a clone in which bare ``snakemake --cores 2`` has run the small study. Tests must leave it as it is."""
    clone = make_clone(tmp_path_factory.mktemp("finished"))
    clone.config()
    clone.snakemake("--cores", "2")
    return clone


@pytest.fixture
def copied(finished: Clone, tmp_path: Path) -> Clone:
    """Give a copy of the finished clone that a test may change; times of files are kept."""
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder, symlinks=True)
    (folder / "src").unlink()
    shutil.copytree(ROOT / "src", folder / "src")
    return Clone(folder)
