"""Fixtures that every room uses."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

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
