"""Plain signals with known truth, for tests and examples."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.simulate.breathing import draw_breaths, flow_of_breaths
from eupnea.simulate.constants import STYLE
from eupnea.simulate.heart import draw_beats, ecg_of_beats
from eupnea.simulate.schedule import Stretch

Array = NDArray[np.float64]

_MARGIN_S = 10.0
MEAN_STYLE: dict[str, float] = {one.name: one.mean for one in STYLE}
"""Style of the reference person, nasal breathing at rest, in natural units."""


def simulate_flow(
    *, duration_s: float = 300.0, sampling_hz: float = 50.0, seed: int = 1, noise_l_s: float = 0.0, **style: float
) -> tuple[Array, pd.DataFrame]:
    """Simulate airflow of quiet breathing, without device effects unless asked for.

    Parameters
    ----------
    duration_s, sampling_hz
        Length (s) and rate (Hz).
    seed
        Same seed, same signal.
    noise_l_s
        SD of white noise that is added, l/s.
    **style
        Style parameters that differ from the reference person: ``rate_bpm=30``, ``sighs_per_hour=60``,
        ``exhale_pause_share=0.9``, ``variability=0.1``, … (names and units in `eupnea.simulate.constants.STYLE`).

    Returns
    -------
    flow
        Shape (n,), l/s, inspiration positive; the first sample is at time 0.
    breaths
        The true breaths that start inside (`eupnea.simulate.breathing.draw_breaths`).

    Raises
    ------
    TypeError
        A style parameter does not exist.
    """
    rng = np.random.default_rng(seed)
    stretch = Stretch(-_MARGIN_S, duration_s + _MARGIN_S, "rest", "rest")
    breaths = draw_breaths(rng, _style(style), [stretch])
    time = np.arange(round(duration_s * sampling_hz)) / sampling_hz
    flow = flow_of_breaths(breaths, time) + noise_l_s * rng.standard_normal(time.size)
    inside = (breaths["inhale_onset_s"] >= 0) & (breaths["inhale_onset_s"] < duration_s)
    return flow, breaths[inside].reset_index(drop=True)


def simulate_ecg(
    *, duration_s: float = 300.0, sampling_hz: float = 250.0, seed: int = 1, noise_mv: float = 0.0, **style: float
) -> tuple[Array, pd.DataFrame]:
    """Simulate an ECG whose rate follows the breathing, without device effects unless asked for.

    Parameters
    ----------
    duration_s, sampling_hz, seed
        As in `simulate_flow`; the breathing behind it is that of `simulate_flow` with the same seed and style.
    noise_mv
        SD of white noise that is added, mV.
    **style
        Style parameters that differ from the reference person.

    Returns
    -------
    ecg
        Shape (n,), mV.
    beats
        The true beats: time_s, rr_s, is_ectopic.
    """
    rng = np.random.default_rng(seed)
    chosen = _style(style)
    breaths = draw_breaths(rng, chosen, [Stretch(-_MARGIN_S, duration_s + _MARGIN_S, "rest", "rest")])
    beats = draw_beats(rng, chosen, breaths, start_s=-2.0, end_s=duration_s + 2.0)
    count = round(duration_s * sampling_hz)
    one = np.ones(len(beats))
    own = beats["time_s"].to_numpy()
    ecg = ecg_of_beats(beats, chosen, own_s=own, count=count, sampling_hz=sampling_hz, amplitude=one)
    inside = (own >= 0) & (own < duration_s)
    return ecg + noise_mv * rng.standard_normal(count), beats[inside].reset_index(drop=True)


def _style(changes: dict[str, float]) -> dict[str, float]:
    unknown = sorted(set(changes) - set(MEAN_STYLE))
    if unknown:
        message = f"not style parameters: {', '.join(unknown)}; there are {', '.join(MEAN_STYLE)}"
        raise TypeError(message)
    return MEAN_STYLE | changes
