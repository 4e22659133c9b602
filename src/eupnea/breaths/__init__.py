"""Breaths: where they start and end, their pauses, volumes and sighs."""

from __future__ import annotations

from typing import Any

_HOMES = {
    "breaths_of_chunk": "table",
    "detect_breaths": "table",
    "share_of_second": "sides",
    "sides_over_time": "sides",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
