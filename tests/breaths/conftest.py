"""Breathing with known truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Breathing(NamedTuple):
    """Flow and volume at 25 Hz, and where breaths start, turn and rest."""

    flow: Floats
    volume: Floats
    inhale_s: Floats
    exhale_s: Floats
    rest_s: Floats
    tidal: Floats


def breathing(
    *,
    n: int = 30,
    total_s: float = 4.0,
    duty: float = 0.4,
    rest: float = 0.2,
    jitter: float = 0.0,
    seed: int = 0,
    sighs: tuple[int, ...] = (),
) -> Breathing:
    """Make breaths of half-sine inspiration and expiration with an exhale pause, at 25 Hz."""
    rng = np.random.default_rng(seed)
    lengths = total_s * np.exp(jitter * rng.normal(size=n))
    tidal = np.exp(jitter * rng.normal(size=n))
    tidal[list(sighs)] = 3.5
    starts = 2.013 + np.concatenate([[0], np.cumsum(lengths)[:-1]])
    time_s = np.arange(int((starts[-1] + lengths[-1] + 2) * 25)) / 25
    flow = np.zeros(time_s.size)
    turns, rests = starts + duty * lengths, starts + (1 - rest) * lengths
    for start, turn, stop, volume in zip(starts, turns, rests, tidal, strict=True):
        for sign, low, high in ((1, start, turn), (-1, turn, stop)):
            inside = (time_s >= low) & (time_s < high)
            shape = np.sin(np.pi * (time_s[inside] - low) / (high - low))
            flow[inside] += sign * volume * np.pi / 2 / (high - low) * shape
    return Breathing(flow, np.cumsum(flow) / 25, starts, turns, rests, tidal)


@pytest.fixture
def make_breathing() -> Callable[..., Breathing]:
    """Give the generator."""
    return breathing
