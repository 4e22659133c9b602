"""A short way to write down what a feature of the coupling is."""

from __future__ import annotations

from eupnea.features.registry import RESPIRATION_KINDS, Feature


def coupling(
    family: str,
    name: str,
    unit: str,
    definition: str,
    source: str,
    *,
    seconds: float,
    breaths: float = float("nan"),
    kinds: str = RESPIRATION_KINDS,
) -> Feature:
    """Describe one feature of the coupling; `kinds` are the respiration sensors across which it means the same."""
    return Feature(
        "coupling", family, name, unit, True, kinds, definition, source, min_breaths=breaths, min_duration_s=seconds
    )
