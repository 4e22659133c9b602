"""Disturb a recording, not its features: bounded noise, gain, drift, dropped samples, time warp.

Each disturbance is drawn at random within its ε; the worst of several draws is a lower bound of the damage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from eupnea.config.adversarial import Disturbance as Kind
from eupnea.errors import InputError
from eupnea.recordings.signal import RawSignal

Array = NDArray[np.float64]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Disturbances. What ε means: noise and drift, largest shift in standard deviations of the signal; gain, largest
relative change; dropped samples, share of samples lost; time warp, largest relative change of speed."""

KNOT_S = 20.0
"""Seconds between the points that slow disturbances (gain, drift, warp) are drawn at."""

GAP_S = 1.0
"""Length of a gap of dropped samples, s."""


def attack_signal(raw: RawSignal, kind: Kind, epsilon: float, rng: np.random.Generator) -> RawSignal:
    """Return a disturbed copy of a signal.

    Parameters
    ----------
    raw
        The signal; uneven series are disturbed in their values (or, by the time warp, in their times).
    kind
        One of `KINDS`.
    epsilon
        Size, see `KINDS`; 0 gives the signal back.
    rng
        Generator.

    Raises
    ------
    InputError
        The kind is unknown, or ε is negative, or not below one for dropped samples and time warp.
    """
    if kind not in KINDS:
        raise InputError("A disturbance is unknown", where="kind", found=kind, allowed=", ".join(KINDS))
    if not 0 <= epsilon < (1.0 if kind in ("dropped_samples", "time_warp") else np.inf):
        raise InputError("The size of a disturbance is not usable", where="epsilon", found=epsilon, allowed="0 … 1")
    if epsilon == 0 or raw.values.size == 0:
        return raw
    if kind == "time_warp":
        return _warped(raw, epsilon, rng)
    return replace(raw, values=_disturbed(raw, kind, epsilon, rng))


def _disturbed(raw: RawSignal, kind: Kind, epsilon: float, rng: np.random.Generator) -> Array:
    values, times = raw.values, _times(raw)
    if kind == "noise":
        return values + epsilon * _scale(values) * rng.choice([-1.0, 1.0], size=values.size)
    if kind == "gain":
        return values * (1 + _slow(times, epsilon, rng))
    if kind == "drift":
        return values + _scale(values) * _slow(times, epsilon, rng)
    lost = np.zeros(values.size, dtype=bool)
    seconds = max(float(times[-1] - times[0]), GAP_S)
    per_gap = max(1, round(values.size * GAP_S / seconds))
    for start in rng.permutation(np.arange(0, values.size, per_gap))[: int(epsilon * values.size / per_gap)]:
        lost[start : start + per_gap] = True
    return np.where(lost, np.nan, values)


def _warped(raw: RawSignal, epsilon: float, rng: np.random.Generator) -> RawSignal:
    times = _times(raw)
    if times.size < 2:
        return raw
    speed = 1 + _slow(times, epsilon, rng)
    steps = np.diff(times)
    moved = times[0] + np.concatenate([[0.0], np.cumsum(steps * (speed[1:] + speed[:-1]) / 2)])
    if raw.times_s is not None:
        return replace(raw, times_s=moved)
    known = np.isfinite(raw.values)
    if not known.any():
        return raw
    values = np.interp(times, moved[known], raw.values[known], left=np.nan, right=np.nan)
    gaps = np.interp(times, moved, (~known).astype(float)) > 0.5
    return replace(raw, values=np.where(gaps, np.nan, values))


def _times(raw: RawSignal) -> Array:
    if raw.times_s is not None:
        return raw.times_s
    return raw.start_s + np.arange(raw.values.size) / raw.sampling_hz


def _slow(times: Array, epsilon: float, rng: np.random.Generator) -> Array:
    """Return a curve through random points within ± ε, one every `KNOT_S` seconds; it never leaves ± ε."""
    knots = np.arange(times[0], times[-1] + 2 * KNOT_S, KNOT_S)
    return np.interp(times, knots, rng.uniform(-epsilon, epsilon, size=knots.size))


def _scale(values: Array) -> float:
    return float(np.nanstd(values)) if np.isfinite(values).any() else 0.0


def disturb(signals: Mapping[str, RawSignal], kind: Kind, epsilon: float, seed: list[int]) -> dict[str, RawSignal]:
    """Disturb every signal of a recording by the same draw; a seed gives the same draw at every ε, larger or smaller.

    Parameters
    ----------
    signals
        Raw signals by name.
    kind, epsilon
        As in `attack_signal`.
    seed
        Seed of the draw.
    """
    return {name: attack_signal(signal, kind, epsilon, np.random.default_rng(seed)) for name, signal in signals.items()}
