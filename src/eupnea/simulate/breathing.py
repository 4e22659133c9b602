"""Breaths, one after the other, with the variability of real ones; and the airflow that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.simulate.constants import CONSTANTS
from eupnea.simulate.noise import fractional_noise

if TYPE_CHECKING:
    from eupnea.simulate.schedule import Stretch

Array = NDArray[np.float64]

SHAPES = ("inhale_peak_position", "inhale_flatness", "inhale_hump", "exhale_peak_position", "exhale_flatness")
"""Parameters of the flow shape that every breath carries."""
_GRID = 64
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class _Deviations:
    """Deviations of successive breaths, shape (n,), logarithms: inspiratory time, expiratory time, volume."""

    inhale: Array
    exhale: Array
    volume: Array


def draw_breaths(rng: np.random.Generator, style: dict[str, float], stretches: list[Stretch]) -> pd.DataFrame:
    """Draw every breath of a recording.

    Parameters
    ----------
    rng
        Source of randomness.
    style
        Style parameters in their own units (`eupnea.simulate.constants.STYLE`).
    stretches
        Stretches of the recording, without gaps; breathing changes at the first breath after a change.

    Returns
    -------
    DataFrame
        One row per breath, without gaps: inhale_onset_s, inhale_end_s, exhale_onset_s, exhale_end_s, end_s,
        inhale_pause_s, exhale_pause_s, inhale_volume_l, exhale_volume_l, is_sigh, condition, and the flow shape. It
        covers the stretches whole; the first breath starts before them, the last one ends after them.
    """
    start, end = stretches[0].start_s, stretches[-1].end_s
    period = 60 / style["rate_bpm"]
    count = int((end - start) / period * 2) + 60
    deviations = _deviations(rng, style, count)
    draws = rng.random((count, 8))
    jitter = rng.standard_normal((count, len(SHAPES)))
    columns = _breath_columns(style, deviations, draws)
    speech = _speech_columns(columns, style)
    order = _place(columns, speech, stretches, start - rng.uniform(0, 1) * period)
    table = _assembled(columns, speech, order)
    table = table.assign(**_shapes(style, jitter[: len(table)]))
    return _with_volumes(table, rng)


def _deviations(rng: np.random.Generator, style: dict[str, float], count: int) -> _Deviations:
    """Draw correlated deviations: each a mixture of long memory and white noise with the published spread."""
    c = CONSTANTS
    scale, hurst = style["variability"], float(np.clip(style["memory"], c["hurst_low"], c["hurst_high"]))
    correlation = np.array(
        [
            [1, c["inhale_exhale_r"], c["volume_inhale_r"]],
            [c["inhale_exhale_r"], 1, c["volume_exhale_r"]],
            [c["volume_inhale_r"], c["volume_exhale_r"], 1],
        ]
    )
    mix = np.linalg.cholesky(correlation)
    shares = [c[name] for name in ("inhale_memory_share", "exhale_memory_share", "volume_memory_share")]
    long = mix @ np.stack([fractional_noise(rng, count, hurst) for _ in range(3)])
    white = mix @ rng.standard_normal((3, count))
    rows = [np.sqrt(share) * a + np.sqrt(1 - share) * b for share, a, b in zip(shares, long, white, strict=True)]
    cvs = (c["inhale_cv"] * scale, c["exhale_cv"] * scale, _volume_cv_without_sighs(style) * scale)
    sds = [np.sqrt(np.log1p(cv**2)) for cv in cvs]
    inhale, exhale, volume = (sd * row - sd**2 / 2 for sd, row in zip(sds, rows, strict=True))
    return _Deviations(inhale, exhale, volume)


def sigh_probability(style: dict[str, float]) -> float:
    """Return the probability that a breath outside the refractory time is a sigh."""
    per_breath = style["sighs_per_hour"] / (60 * style["rate_bpm"])
    return per_breath / max(1 - per_breath * CONSTANTS["sigh_refractory_breaths"], 0.1)


def _volume_cv_without_sighs(style: dict[str, float]) -> float:
    """Take out of the published CV of tidal volume what sighs contribute at the average rate of sighs."""
    excess = (CONSTANTS["sigh_low"] + CONSTANTS["sigh_high"]) / 2 - 1
    share = style["sighs_per_hour"] / (60 * style["rate_bpm"])
    return float(np.sqrt(max(CONSTANTS["volume_cv"] ** 2 - share * excess**2, (CONSTANTS["volume_cv"] / 2) ** 2)))


def _breath_columns(style: dict[str, float], deviations: _Deviations, draws: Array) -> dict[str, Array]:
    """Turn deviations into times, volumes, pauses and sighs as if all breaths were quiet ones."""
    c = CONSTANTS
    period = 60 / style["rate_bpm"]
    sigh = _sighs(draws[:, 0], sigh_probability(style))
    inhale = style["duty_cycle"] * period * np.exp(deviations.inhale) * np.where(sigh, c["sigh_inhale_factor"], 1)
    exhale = (1 - style["duty_cycle"]) * period * np.exp(deviations.exhale)
    exhale = exhale * np.where(sigh, c["sigh_exhale_factor"], 1)
    volume = style["tidal_volume_l"] * np.exp(deviations.volume)
    volume = volume * np.where(sigh, c["sigh_low"] + (c["sigh_high"] - c["sigh_low"]) * draws[:, 1], 1)
    spread = np.exp(c["pause_cv"] * (draws[:, 2:4] - 0.5) * np.sqrt(12))
    inhale_pause = np.where(draws[:, 4] < style["inhale_pause_share"], c["inhale_pause_s"] * spread[:, 0], 0)
    exhale_pause = np.where(draws[:, 5] < style["exhale_pause_share"], style["exhale_pause_s"] * spread[:, 1], 0)
    inhale_pause = np.minimum(inhale_pause, c["pause_limit"] * inhale)
    exhale_pause = np.minimum(exhale_pause, c["pause_limit"] * exhale)
    low, high = c["post_sigh_pause_low"], c["post_sigh_pause_high"]
    after = np.where(sigh, low + (high - low) * draws[:, 6], 0)
    return {
        "inhale_s": inhale,
        "exhale_s": exhale + after,
        "inhale_pause_s": inhale_pause,
        "exhale_pause_s": exhale_pause + after,
        "volume_l": volume,
        "is_sigh": sigh.astype(float),
    }


def _sighs(draws: Array, probability: float) -> NDArray[np.bool_]:
    """Mark sighs; after one, none follows for some breaths."""
    chosen = np.zeros(draws.size, dtype=bool)
    free = 0
    for breath in np.flatnonzero(draws < probability):
        if breath >= free:
            chosen[breath] = True
            free = int(breath) + int(CONSTANTS["sigh_refractory_breaths"])
    return chosen


def _speech_columns(columns: dict[str, Array], style: dict[str, float]) -> dict[str, Array]:
    """Turn quiet breaths into those of speech: short inspiration, long expiration, no pauses and sighs."""
    c = CONSTANTS
    period = 60 / style["rate_bpm"]
    zero = np.zeros_like(columns["volume_l"])
    quiet = np.where(columns["is_sigh"] > 0, c["sigh_inhale_factor"], 1)
    return {
        "inhale_s": c["speech_inhale_s"] * columns["inhale_s"] / (style["duty_cycle"] * period * quiet),
        "exhale_s": c["speech_exhale_s"] * columns["inhale_s"] / (style["duty_cycle"] * period * quiet),
        "inhale_pause_s": zero,
        "exhale_pause_s": zero,
        "volume_l": np.where(columns["is_sigh"] > 0, 1, c["speech_volume_factor"]) * columns["volume_l"],
        "is_sigh": zero,
    }


@dataclass(frozen=True, slots=True)
class _Order:
    """Where breaths came to lie: number of the drawn breath, onset, factor of its times, condition."""

    breath: NDArray[np.int64]
    onset_s: Array
    factor: Array
    condition: NDArray[np.str_]


def _place(columns: dict[str, Array], speech: dict[str, Array], stretches: list[Stretch], first_s: float) -> _Order:
    """Put breaths one after the other; each takes the condition of the stretch that it starts in."""
    breath, onset = 0, first_s
    parts: list[tuple[NDArray[np.int64], Array, Array, str]] = []
    task_from = next((one.start_s for one in stretches if one.condition == "task"), np.inf)
    for stretch in stretches:
        source = speech if stretch.condition == "speech" else columns
        total = source["inhale_s"][breath:] + source["exhale_s"][breath:]
        minutes = max(stretch.start_s - task_from, 0) / 600
        factor = 1 / CONSTANTS["break_rate_factor"] if stretch.condition == "break" else 1.0
        factor *= np.exp(-CONSTANTS["task_rate_drift"] * minutes) if stretch.condition == "task" else 1.0
        ends = onset + np.cumsum(total * factor)
        starts = np.r_[onset, ends[:-1]]
        used = int(np.searchsorted(starts, stretch.end_s, side="left"))
        numbers = np.arange(breath, breath + used)
        parts.append((numbers, starts[:used], np.full(used, factor), stretch.condition))
        if used:
            breath, onset = breath + used, float(ends[used - 1])
    return _Order(
        np.concatenate([one[0] for one in parts]),
        np.concatenate([one[1] for one in parts]),
        np.concatenate([one[2] for one in parts]),
        np.concatenate([np.full(one[0].size, one[3]) for one in parts]),
    )


def _assembled(columns: dict[str, Array], speech: dict[str, Array], order: _Order) -> pd.DataFrame:
    speaking = order.condition == "speech"
    taken = {name: np.where(speaking, speech[name][order.breath], columns[name][order.breath]) for name in columns}
    inhale, exhale = taken["inhale_s"] * order.factor, taken["exhale_s"] * order.factor
    inhale_pause, exhale_pause = taken["inhale_pause_s"] * order.factor, taken["exhale_pause_s"] * order.factor
    onset, end = order.onset_s, order.onset_s + inhale + exhale
    return pd.DataFrame(
        {
            "inhale_onset_s": onset,
            "inhale_end_s": onset + inhale - inhale_pause,
            "exhale_onset_s": onset + inhale,
            "exhale_end_s": end - exhale_pause,
            "end_s": end,
            "inhale_pause_s": inhale_pause,
            "exhale_pause_s": exhale_pause,
            "inhale_volume_l": taken["volume_l"],
            "is_sigh": taken["is_sigh"] > 0,
            "condition": order.condition.astype(object),
        }
    )


def _shapes(style: dict[str, float], jitter: Array) -> dict[str, Array]:
    """Give every breath its flow shape: the person's, with a little jitter on the link scale."""
    c = CONSTANTS
    shapes: dict[str, Array] = {}
    for name, deviation in zip(SHAPES, jitter.T, strict=True):
        if name.endswith("position"):
            link = np.log(style[name] / (1 - style[name])) + c["shape_jitter"] * deviation
            shapes[name] = np.clip(1 / (1 + np.exp(-link)), c["peak_position_low"], c["peak_position_high"])
        elif name.endswith("flatness"):
            shapes[name] = style[name] * np.exp(c["shape_jitter"] * deviation)
        else:
            shapes[name] = np.clip(style[name] + c["hump_jitter"] * deviation, -c["hump_limit"], c["hump_limit"])
    return shapes


def _with_volumes(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add expired volumes: the lung returns to a level that wanders a little around its resting one."""
    from scipy.signal import lfilter

    lag = CONSTANTS["level_lag1"]
    kicks = rng.standard_normal(len(table)) * np.sqrt(1 - lag**2)
    typical = float(np.median(table["inhale_volume_l"]))
    level = CONSTANTS["level_sd"] * typical * lfilter([1.0], [1.0, -lag], kicks)
    inhaled = table["inhale_volume_l"].to_numpy()
    exhaled = np.maximum(inhaled - np.diff(level, prepend=level[0]), CONSTANTS["least_exhaled_share"] * inhaled)
    table.insert(8, "exhale_volume_l", exhaled)
    return table


def phase_of(breaths: pd.DataFrame, time_s: Array) -> NDArray[np.int64]:
    """Return the row of the breath that each time lies in (the first or last one outside)."""
    found = np.searchsorted(breaths["inhale_onset_s"].to_numpy(), time_s, side="right") - 1
    return np.clip(found, 0, len(breaths) - 1)


def flow_of_breaths(breaths: pd.DataFrame, time_s: Array) -> Array:
    """Return the airflow (l/s, inspiration positive) that breaths make at given times, shape (n,).

    Each phase is sin(π u^a)^p · (1 + h cos 4πu) with u from 0 to 1, a from the position of the peak, p the flatness, h
    the hump; scaled so that its integral is the volume of the breath. Pauses have no flow.
    """
    row = phase_of(breaths, time_s)
    flow = np.zeros(time_s.size)
    phases = (
        ("inhale_onset_s", "inhale_end_s", "inhale_volume_l", "inhale_peak_position", "inhale_flatness", 1.0),
        ("exhale_onset_s", "exhale_end_s", "exhale_volume_l", "exhale_peak_position", "exhale_flatness", -1.0),
    )
    hump = breaths["inhale_hump"].to_numpy()
    for start, end, volume, position, flatness, sign in phases:
        begin, length = breaths[start].to_numpy(), (breaths[end] - breaths[start]).to_numpy()
        exponent = np.log(0.5) / np.log(breaths[position].to_numpy())
        power = breaths[flatness].to_numpy()
        humps = hump if sign > 0 else np.zeros_like(hump)
        grid = (np.arange(_GRID) + 0.5) / _GRID
        area = _unit_flow(grid[None, :], exponent[:, None], power[:, None], humps[:, None]).mean(axis=1)
        scale = sign * breaths[volume].to_numpy() / (np.maximum(length, _EPSILON_S) * area)
        u = (time_s - begin[row]) / np.maximum(length, _EPSILON_S)[row]
        inside = np.flatnonzero((u > 0) & (u < 1))
        at = row[inside]
        flow[inside] = scale[at] * _unit_flow(u[inside], exponent[at], power[at], humps[at])
    return flow


def _unit_flow(u: Array, exponent: Array, power: Array, hump: Array) -> Array:
    """Return the flow of one phase before scaling; 0 at both ends."""
    bell = np.sin(np.pi * u**exponent)
    return np.maximum(bell, 0.0) ** power * (1 + hump * np.cos(4 * np.pi * u))


def lung_volume(breaths: pd.DataFrame, time_s: Array) -> Array:
    """Return the volume above the resting level (l), smoothly up in each inspiration and down in each expiration."""
    row = phase_of(breaths, time_s)
    columns = {
        name: breaths[name].to_numpy()[row]
        for name in ("inhale_onset_s", "inhale_end_s", "exhale_onset_s", "exhale_end_s", "inhale_volume_l")
    }
    rising = (time_s - columns["inhale_onset_s"]) / (columns["inhale_end_s"] - columns["inhale_onset_s"] + _EPSILON_S)
    falling = (time_s - columns["exhale_onset_s"]) / (columns["exhale_end_s"] - columns["exhale_onset_s"] + _EPSILON_S)
    up = (1 - np.cos(np.pi * np.clip(rising, 0, 1))) / 2
    down = (1 - np.cos(np.pi * np.clip(falling, 0, 1))) / 2
    return np.asarray(columns["inhale_volume_l"] * (up - down), dtype=float)
