"""Respiration with known truth, made without any knowledge of the detectors.

Breaths are drawn one by one: rates wander between 4 and 40 per minute, volumes vary by a third, some breaths are
sighs, expiration and (in part of the signals) inspiration are followed by pauses. Flow within a breath follows beta
curves whose shapes differ between signals. A belt shows the integral of flow. Breaths of the shape *round* do not rest
and go as a sinusoid does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAMPLING_HZ = 50.0
DURATION_S = 300.0
EDGE_S = 1.0
"""Onsets nearer to the ends than this do not count, s."""

CONDITIONS = (
    "clean", "white_10db", "white_0db", "in_band_10db", "drift_3sd", "cardiac_0.3sd", "gain_0.001", "inverted",
    "clipped", "nan_gaps",
)  # fmt: skip
KINDS = ("belt", "airflow")
SHAPES = ("resting", "round")
HALF_SINE = np.array([2.0, 2.0])
"""Shape of the beta curve nearest to half a sinusoid."""


@dataclass(frozen=True)
class Truth:
    """Starts of inspiration and expiration, s."""

    inhale_s: Floats
    exhale_s: Floats


def make_signal(kind: str, condition: str, seed: int, *, shape: str = "resting") -> tuple[Floats, Truth]:
    """Return a signal at 50 Hz and its truth; the breathing of a seed is the same under all conditions."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    flow, truth = _breathing(rng, is_round=shape == "round")
    volume = np.cumsum(flow) / SAMPLING_HZ
    clean = flow if kind == "airflow" else volume - volume.mean()
    clean = clean / clean.std()
    noise = np.random.default_rng([seed, KINDS.index(kind), 1 + CONDITIONS.index(condition)])
    return _spoil(clean, condition, noise), truth


def _breathing(rng: np.random.Generator, *, is_round: bool) -> tuple[Floats, Truth]:
    time_s = np.arange(int(DURATION_S * SAMPLING_HZ)) / SAMPLING_HZ
    flow = np.zeros(time_s.size)
    base_rate = np.exp(rng.uniform(np.log(6), np.log(32)))
    duty, pause_share = rng.uniform(0.3, 0.45), rng.uniform(0, 0.3)
    shapes = rng.uniform([1.5, 1.5, 1.3, 1.8], [2.2, 2.2, 1.8, 3.0])
    inhale_pause = rng.uniform(0.03, 0.08) if rng.random() < 0.3 else 0.0
    if is_round:
        duty, pause_share, inhale_pause, shapes = duty + 0.08, 0.0, 0.0, np.tile(HALF_SINE, 2)
    now, wander, after_sigh = -rng.uniform(0, 4), 0.0, False
    inhale, exhale = [], []
    while now < DURATION_S:
        wander = 0.9 * wander + 0.08 * rng.normal()
        total = 60 / np.clip(base_rate * np.exp(wander + 0.15 * rng.normal()), 4, 40)
        sigh = rng.random() < 0.02
        size = np.exp(0.3 * rng.normal()) * (rng.uniform(2.5, 4) if sigh else 1)
        size = np.clip(size, 0.45, None)
        rise = total * np.clip(duty * np.exp(0.15 * rng.normal()), 0.25, 0.55)
        hold = inhale_pause * total
        rest = (total - rise - hold) * np.clip(pause_share * np.exp(0.4 * rng.normal()), 0, 0.5)
        fall = total - rise - hold - rest
        total += rng.uniform(0.5, 3) if after_sigh and not is_round else 0.0
        volume = size * 60 / base_rate / 4
        flow += volume * _beta(time_s, now, rise, shapes[:2])
        flow -= volume * _beta(time_s, now + rise + hold, fall, shapes[2:])
        inhale.append(now)
        exhale.append(now + rise + hold)
        now, after_sigh = now + total, sigh
    return flow, Truth(np.array(inhale), np.array(exhale))


def _beta(time_s: Floats, start_s: float, length_s: float, shape: Floats) -> Floats:
    """Return a bump of area one: a beta density over the stretch."""
    from scipy.stats import beta

    inside = (time_s > start_s) & (time_s < start_s + length_s)
    bump = np.zeros(time_s.size)
    bump[inside] = beta.pdf((time_s[inside] - start_s) / length_s, *shape) / length_s
    return bump


def _spoil(clean: Floats, condition: str, rng: np.random.Generator) -> Floats:
    n = clean.size
    time_s = np.arange(n) / SAMPLING_HZ
    if condition.startswith("white"):
        return clean + rng.normal(scale=10 ** (-float(condition.split("_")[1][:-2]) / 20), size=n)
    if condition == "in_band_10db":
        return clean + 10**-0.5 * _band_noise(n, (0.1, 1.0), rng)
    if condition == "drift_3sd":
        slow = (
            np.sin(2 * np.pi * time_s / rng.uniform(100, 300) + rng.uniform(0, 6))
            + rng.normal() * time_s / n * SAMPLING_HZ
        )
        return clean + 3 * slow / slow.std()
    if condition == "cardiac_0.3sd":
        beats = np.cumsum(60 / rng.uniform(55, 85) * (1 + 0.04 * rng.normal(size=n)))
        phase = np.interp(time_s, beats, np.arange(n))
        pulse = np.sin(2 * np.pi * phase) + 0.5 * np.sin(4 * np.pi * phase + 0.8) + 0.25 * np.sin(6 * np.pi * phase + 2)
        return clean + 0.3 * pulse / pulse.std()
    if condition == "gain_0.001":
        return clean * 1e-3
    if condition == "inverted":
        return -clean
    if condition == "clipped":
        return np.clip(clean, *np.quantile(clean, [0.05, 0.93]))
    if condition == "nan_gaps":
        return _gaps(clean, rng)
    return clean


def _band_noise(n: int, band_hz: tuple[float, float], rng: np.random.Generator) -> Floats:
    spectrum = np.fft.rfft(rng.normal(size=n))
    hz = np.fft.rfftfreq(n, 1 / SAMPLING_HZ)
    spectrum[(hz < band_hz[0]) | (hz > band_hz[1])] = 0
    noise = np.fft.irfft(spectrum, n)
    return noise / noise.std()


def _gaps(clean: Floats, rng: np.random.Generator) -> Floats:
    """Lose 20 short stretches (up to 0.3 s) and three of half a second to a second and a half."""
    spoilt = clean.copy()
    lengths = np.concatenate([rng.uniform(0.02, 0.3, 20), rng.uniform(0.5, 1.5, 3)])
    for length in lengths:
        start = int(rng.uniform(0, clean.size - length * SAMPLING_HZ))
        spoilt[start : start + int(length * SAMPLING_HZ) + 1] = np.nan
    return spoilt
