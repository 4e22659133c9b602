"""Cleaned signals: respiration at 25 Hz with inspiration up, cardiac signals on the recording's clock, quality."""

from __future__ import annotations

from typing import Any

_HOMES = {
    "clean_chunk": "clean",
    "CleanChunk": "clean",
    "clean_respiration": "respiration",
    "remove_cardiogenic": "cardiogenic",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
