"""Heartbeats that follow the breathing, and the ECG that they make."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.simulate.breathing import lung_volume, phase_of
from eupnea.simulate.constants import CONSTANTS
from eupnea.simulate.noise import band_noise

Array = NDArray[np.float64]

_WAVE_WIDTHS = 4.0
"""Standard deviations on either side of a wave that are computed; beyond them it is below 0.1 % of its height."""


def heart_rate_of(rng: np.random.Generator, style: dict[str, float], breaths: pd.DataFrame, time_s: Array) -> Array:
    """Return the instantaneous heart rate (bpm) at evenly spaced times, shape (n,).

    Mean rate plus respiratory sinus arrhythmia (linear in lung volume, falling with breathing rate above a corner),
    Mayer waves, and slow 1/f fluctuations.

    References
    ----------
    Hirsch & Bishop (1981), Am J Physiol 241:H620, for the dependence on volume and rate.
    """
    c = CONSTANTS
    rate_hz = 1 / (time_s[1] - time_s[0])
    rsa = sinus_arrhythmia(style, breaths, time_s)
    low, high = style["mayer_hz"] - c["mayer_bandwidth_hz"], style["mayer_hz"] + c["mayer_bandwidth_hz"]
    mayer = style["mayer_bpm"] * band_noise(rng, time_s.size, rate_hz, low, high)
    slow = style["slow_bpm"] * band_noise(
        rng, time_s.size, rate_hz, c["slow_low_hz"], c["slow_high_hz"], exponent=c["slow_exponent"]
    )
    rate = style["heart_rate_bpm"] + rsa - rsa.mean() + mayer + slow
    return np.clip(rate, c["heart_rate_low"], c["heart_rate_high"])


def sinus_arrhythmia(style: dict[str, float], breaths: pd.DataFrame, time_s: Array) -> Array:
    """Return what breathing adds to the heart rate (bpm): up with each inspiration, a little behind the lung volume."""
    c = CONSTANTS
    then = time_s - c["rsa_lag_s"]
    total = (breaths["end_s"] - breaths["inhale_onset_s"]).to_numpy()
    gain = rsa_gain(60 / total)[phase_of(breaths, then)]
    limit = c["rsa_volume_limit_l"]
    volume = limit * np.tanh(lung_volume(breaths, then) / limit)
    return np.asarray(style["rsa_bpm"] * gain * volume, dtype=float)


def rsa_gain(breaths_per_min: Array | float) -> Array:
    """Return the sinus arrhythmia at a breathing rate, relative to slow breathing (1 below the corner)."""
    c = CONSTANTS
    ratio = np.maximum(np.asarray(breaths_per_min, dtype=float) / c["rsa_corner_per_min"], 1.0)
    return np.asarray(ratio ** (c["rsa_roll_off_db"] / 20))


def draw_beats(
    rng: np.random.Generator,
    style: dict[str, float],
    breaths: pd.DataFrame,
    *,
    start_s: float,
    end_s: float,
    ectopic_factor: float = 1.0,
) -> pd.DataFrame:
    """Draw the beats between two times.

    Returns
    -------
    DataFrame
        time_s (of the R peak, on the recording's clock), rr_s (from the beat before; the first one repeats the
        second), is_ectopic.
    """
    step = 1 / CONSTANTS["heart_grid_hz"]
    time = np.arange(start_s - 2, end_s + 2, step)
    rate = heart_rate_of(rng, style, breaths, time)
    phase = np.r_[0, np.cumsum((rate[1:] + rate[:-1]) / 2 * step / 60)]
    beats = np.interp(np.arange(rng.random(), phase[-1], 1.0), phase, time)
    beats = beats + rng.standard_normal(beats.size) * style["beat_noise_ms"] / 1000 / np.sqrt(2)
    per_beat = ectopic_factor * style["ectopic_per_hour"] / (60 * style["heart_rate_bpm"])
    ectopic = rng.random(beats.size) < per_beat
    ectopic[:2] = ectopic[-2:] = False
    ectopic[1:] &= ~ectopic[:-1]
    early = np.flatnonzero(ectopic)
    beats[early] = beats[early - 1] + CONSTANTS["ectopic_early"] * (beats[early] - beats[early - 1])
    keep = (beats >= start_s) & (beats < end_s)
    beats, ectopic = beats[keep], ectopic[keep]
    intervals = np.diff(beats)
    return pd.DataFrame({"time_s": beats, "rr_s": np.r_[intervals[:1], intervals], "is_ectopic": ectopic})


def ecg_of_beats(
    beats: pd.DataFrame,
    style: dict[str, float],
    *,
    own_s: Array,
    count: int,
    sampling_hz: float,
    amplitude: Array,
) -> Array:
    """Return the ECG (mV) of beats, shape (count,), without noise.

    Parameters
    ----------
    beats
        From `draw_beats`.
    style
        Beat shape in natural units.
    own_s
        Shape (n_beats,): R peaks on the clock of the device, 0 at its first sample.
    count, sampling_hz
        Samples and rate on that clock.
    amplitude
        Shape (n_beats,): factor of each beat's QRS (breathing moves the heart's axis).

    Notes
    -----
    Each wave is a Gaussian; T has two halves of different width and moves with the square root of RR. Ectopic beats are
    wide, have no P and an inverted T.
    """
    c = CONSTANTS
    ectopic = beats["is_ectopic"].to_numpy()
    wide = np.where(ectopic, c["ectopic_qrs_factor"], 1.0)
    high = amplitude * np.where(ectopic, c["ectopic_amplitude_factor"], 1.0)
    one = np.ones(len(beats))
    t_time = own_s + style["rt_s"] * np.sqrt(np.clip(beats["rr_s"].to_numpy(), c["qt_rr_low_s"], c["qt_rr_high_s"]))
    width = style["qrs_width_s"] * wide
    offset = c["qs_widths"] * width
    ratio = np.sqrt(c["t_asymmetry"])
    waves = (
        (own_s - style["pr_s"], style["p_mv"] * ~ectopic, style["p_width_s"] * one, one),
        (own_s - offset, -style["q_mv"] * high, width, one),
        (own_s, style["r_mv"] * high, width, one),
        (own_s + offset, -style["s_mv"] * high, width, one),
        (t_time, style["t_mv"] * np.where(ectopic, -1, 1), style["t_width_s"] * ratio * one, one / c["t_asymmetry"]),
    )
    ecg = np.zeros(count)
    for centre, height, spread, fall in waves:
        ecg += _waves(centre, height, spread, fall, count=count, sampling_hz=sampling_hz)
    return ecg


def _waves(centre: Array, height: Array, spread: Array, fall: Array, *, count: int, sampling_hz: float) -> Array:
    """Add up Gaussians at the given times; `fall` scales the width after the peak."""
    reach = int(np.ceil(_WAVE_WIDTHS * spread.max() * max(1.0, fall.max()) * sampling_hz)) if spread.size else 0
    first = np.round(centre * sampling_hz).astype(np.int64)
    index = first[:, None] + np.arange(-reach, reach + 1)[None, :]
    distance = index / sampling_hz - centre[:, None]
    width = np.where(distance > 0, (spread * fall)[:, None], spread[:, None])
    values = height[:, None] * np.exp(-((distance / width) ** 2) / 2)
    inside = (index >= 0) & (index < count)
    return np.asarray(np.bincount(index[inside], weights=values[inside], minlength=count)[:count], dtype=float)


def cardiogenic_flow(beats: pd.DataFrame, style: dict[str, float], time_s: Array) -> Array:
    """Return the small flow that each beat pushes through the airways (l/s), shape (n,): out, then in."""
    c = CONSTANTS
    rate_hz = 1 / (time_s[1] - time_s[0])
    centre = beats["time_s"].to_numpy() - time_s[0] + c["cardiogenic_lag_s"]
    one = np.ones(len(beats))
    width = c["cardiogenic_width_s"]
    out = _waves(centre, one, width * one, one, count=time_s.size, sampling_hz=rate_hz)
    back = _waves(centre + 2 * width, one, width * one, one, count=time_s.size, sampling_hz=rate_hz)
    return np.asarray(style["cardiogenic_l_s"] * (back - out), dtype=float)
