"""Heartbeats: R peaks of the ECG, pulses of the PPG, intervals of a strap; classified and corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eupnea.beats.chunk import beats_of_chunk
    from eupnea.beats.series import even_heart_rate

__all__ = ["beats_of_chunk", "even_heart_rate"]

_HOMES = {"beats_of_chunk": "eupnea.beats.chunk", "even_heart_rate": "eupnea.beats.series"}


def __getattr__(name: str) -> object:
    """Import scipy and sleepecg only when somebody asks for beats."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
