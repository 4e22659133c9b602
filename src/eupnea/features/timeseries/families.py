"""All families of calculators; importing this module registers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eupnea.features.timeseries import (  # noqa: F401  (imported for what they register)
    autoregression,
    changes,
    corridors,
    counts,
    entropy,
    first_digits,
    langevin,
    moments,
    pattern_entropy,
    peaks,
    regularity,
    ridges,
    spectrum,
    trends,
    unit_root,
    wavelets,
)
from eupnea.features.timeseries.registry import CALCULATORS, Compute, Parameters


def find(function: str | Callable[..., Any], requests: Sequence[Parameters], n_samples: int) -> Compute | None:
    """Give the function that computes these requests, or None where they are left to tsfresh."""
    found = CALCULATORS.get(function) if isinstance(function, str) else None
    return found.compute if found is not None and found.covers(requests, n_samples) else None
