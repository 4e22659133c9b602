"""The data dictionary is that of the contract."""

from __future__ import annotations

from pathlib import Path

from tools_support import load_tool

ROOT = Path(__file__).resolve().parents[2]


def test_the_data_dictionary_is_current() -> None:
    written = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == load_tool("reference").dictionary(), "run: make reference"
