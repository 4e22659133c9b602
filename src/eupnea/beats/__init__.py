"""Heartbeats: R peaks of the ECG, pulses of the PPG, intervals of a strap; classified and corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eupnea.beats.chunk import beats_of_chunk

__all__ = ["beats_of_chunk"]


def __getattr__(name: str) -> object:
    """Import scipy and sleepecg only when somebody asks for beats."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from eupnea.beats import chunk

    return getattr(chunk, name)
