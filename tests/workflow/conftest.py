"""Finished small studies for the tests of the workflow."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workflow_support import Clone, make_clone


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
    return Clone(folder)
