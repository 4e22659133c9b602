"""What the raw signal says about itself, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.recordings.intervals import in_milliseconds
from eupnea.signals.clock import on_recording_clock, rate_on_recording_clock
from eupnea.signals.filters import baseline, low_pass
from eupnea.signals.motion import jump_samples, motion_samples
from eupnea.signals.presets import BASELINE_HZ, CARDIAC, RESPIRATION, SERIES_KINDS
from eupnea.signals.runs import clipped_samples, fill_gaps, flat_samples
from eupnea.signals.series import series_times

if TYPE_CHECKING:
    from eupnea.config.signals import QualityConfig
    from eupnea.recordings.signal import RawSignal

Floats = NDArray[np.float64]

LONGEST_FLAT_S = 5.0
"""Respiration that does not change by one step for longer is no pause but a dead sensor, s (assumed)."""
MIN_EPOCH_SHARE = 0.5
"""A rest at the end shorter than this share of an epoch is left out."""
REASONS = ("flat", "clipped", "gap", "motion", "out_of_band")
MOTION_HZ = 5.0
"""Motion in respiration is looked for below this, Hz."""


def quality_of_signal(
    raw: RawSignal, *, kind: str, config: QualityConfig, offset_s: float = 0.0, drift_ppm: float = 0.0
) -> pd.DataFrame:
    """Judge a raw signal in epochs of its own length.

    Parameters
    ----------
    raw
        The signal on the clock of its device.
    kind
        Kind of the signal.
    config
        Length of the epochs and what they may hold.
    offset_s, drift_ppm
        From the device's clock to the recording's.

    Returns
    -------
    DataFrame
        The columns of the quality contract from `start_s` on, one row per epoch; empty for a signal shorter than
        half an epoch.
    """
    if kind in SERIES_KINDS:
        table = _series_epochs(raw, kind, config, offset_s, drift_ppm)
    else:
        table = _sampled_epochs(raw, kind, config, offset_s, drift_ppm)
    return judge(table, config)


def _sampled_epochs(
    raw: RawSignal, kind: str, config: QualityConfig, offset_s: float, drift_ppm: float
) -> pd.DataFrame:
    rate = rate_on_recording_clock(raw.sampling_hz, drift_ppm=drift_ppm)
    size = max(round(config.epoch_s * rate), 1)
    n_epochs = int(raw.values.size / size + 1 - MIN_EPOCH_SHARE)
    epochs = _folded(raw.values, n_epochs, size, fill=np.nan)
    present = _folded(np.ones(raw.values.size), n_epochs, size, fill=0.0) > 0
    counted = np.maximum(present.sum(axis=1), 1)
    start = float(on_recording_clock(raw.start_s, offset_s=offset_s, drift_ppm=drift_ppm))
    table = {"start_s": start + np.arange(n_epochs) * size / rate, "duration_s": counted / rate}
    for name, mask in _masks(raw, kind).items():
        table[f"{name}_share"] = _folded(mask.astype(float), n_epochs, size, fill=0.0).sum(axis=1) / counted
    ordered = np.sort(epochs, axis=1)  # missing ones last
    middle = _nan_median(ordered)
    return pd.DataFrame(table | _spectral(epochs, middle, raw.sampling_hz, kind) | _levels(epochs, ordered, middle))


def _masks(raw: RawSignal, kind: str) -> dict[str, NDArray[np.bool_]]:
    values, hz = raw.values, raw.sampling_hz
    gap = ~np.isfinite(values)
    longest = CARDIAC[kind].longest_flat_s if kind in CARDIAC else LONGEST_FLAT_S
    masks = {
        "flat": flat_samples(values, at_least=longest * hz),
        "clipped": clipped_samples(values),
        "gap": gap,
        "motion": np.zeros(values.size, dtype=bool),
    }
    if kind in RESPIRATION and not gap.all():
        smooth = low_pass(fill_gaps(values), hz, MOTION_HZ)
        robust = RESPIRATION[kind].form == "volume"
        centred = smooth - baseline(smooth, hz, is_valid=~gap, robust=robust)
        masks["motion"] = motion_samples(centred, hz, is_valid=~gap)
    elif kind == "ecg" and not gap.all():
        masks["motion"] = jump_samples(values, hz, is_valid=~(gap | masks["flat"]))
    return masks


def _folded(values: Floats, n_epochs: int, size: int, *, fill: float) -> Floats:
    """Return (n_epochs, size): what lacks at the end is `fill`."""
    wanted = n_epochs * size
    padded = np.concatenate([values[:wanted], np.full(max(wanted - values.size, 0), fill)])
    return padded.reshape(n_epochs, size)


def _spectral(epochs: Floats, middle: Floats, sampling_hz: float, kind: str) -> dict[str, Floats]:
    """Return the share of power outside the physiological band, and the noise beyond it (root mean square)."""
    band = CARDIAC[kind].physiology_hz if kind in CARDIAC else (BASELINE_HZ, RESPIRATION[kind].physiology_max_hz)
    n_epochs, size = epochs.shape
    centre = np.nan_to_num(middle)[:, None]
    window = np.hanning(size)
    power = np.abs(np.fft.rfft(np.nan_to_num(epochs - centre) * window, axis=1)) ** 2
    hz = np.fft.rfftfreq(size, 1 / sampling_hz)
    beyond = hz > band[1]
    inside = (hz >= min(band[0], hz[1] if hz.size > 1 else 0.0)) & ~beyond
    total = power[:, 1:].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, 1 - power[:, 1:][:, inside[1:]].sum(axis=1) / total, np.nan)
    mean_square = 2 * power[:, beyond].sum(axis=1) / (size * np.sum(window**2))
    noise = np.sqrt(mean_square) if beyond.any() else np.full(n_epochs, np.nan)
    return {"out_of_band_share": np.clip(share, 0, 1), "noise_au": noise}


def _levels(epochs: Floats, ordered: Floats, middle: Floats) -> dict[str, Floats]:
    steps = np.diff(ordered, axis=1)
    steps[~(steps > 0)] = np.inf
    smallest = steps.min(axis=1, initial=np.inf)
    known = np.isfinite(epochs)
    n_known = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, epochs, 0.0).sum(axis=1) / n_known
    spread = np.sqrt((np.where(known, epochs - mean[:, None], 0.0) ** 2).sum(axis=1) / n_known)
    return {
        "offset_au": middle,
        "scale_au": np.where(known.any(axis=1), spread, np.nan),
        "quantisation_au": np.where(np.isfinite(smallest), smallest, np.nan),
    }


def _nan_median(ordered: Floats) -> Floats:
    """Return the median of each sorted row without its missing values; NaN for rows that have no others."""
    n_known = np.isfinite(ordered).sum(axis=1)
    low, high = np.maximum((n_known - 1) // 2, 0), np.maximum(n_known // 2, 0)
    rows = np.arange(len(ordered))
    middle = (ordered[rows, low] + ordered[rows, np.minimum(high, ordered.shape[1] - 1)]) / 2
    return np.where(n_known > 0, middle, np.nan)


def _series_epochs(raw: RawSignal, kind: str, config: QualityConfig, offset_s: float, drift_ppm: float) -> pd.DataFrame:
    if kind == "rr":
        raw, _ = in_milliseconds(raw)
    own, held = series_times(raw, kind)
    known = np.isfinite(raw.values) & (raw.values > 0) & np.isfinite(own)
    times = np.asarray(on_recording_clock(own, offset_s=offset_s, drift_ppm=drift_ppm))
    if not known.any():
        return pd.DataFrame({"start_s": [], "duration_s": []})
    times, values, held = times[known], raw.values[known], held[known]
    first = times[0] - (held[0] if kind == "rr" else 0.0)
    n_epochs = int((times[-1] - first) / config.epoch_s + 1 - MIN_EPOCH_SHARE)
    epoch = np.floor((times - first) / config.epoch_s).astype(np.intp)
    inside = (epoch >= 0) & (epoch < n_epochs)
    covered = np.bincount(epoch[inside], held[inside], n_epochs)[:n_epochs]
    grouped = pd.Series(values[inside]).groupby(epoch[inside])
    levels = {"offset_au": grouped.median(), "scale_au": grouped.std(ddof=0)}
    return pd.DataFrame(
        {
            "start_s": first + np.arange(n_epochs) * config.epoch_s,
            "duration_s": np.full(n_epochs, config.epoch_s),
            "flat_share": 0.0,
            "clipped_share": 0.0,
            "gap_share": np.clip(1 - covered / config.epoch_s, 0, 1),
            "motion_share": 0.0,
            **{name: series.reindex(range(n_epochs)).to_numpy() for name, series in levels.items()},
        }
    )


def judge(table: pd.DataFrame, config: QualityConfig) -> pd.DataFrame:
    """Say which epochs may be used, and why others may not: the columns ``is_usable`` and ``reason``."""
    limits = (
        config.max_flat_share,
        config.max_clipped_share,
        config.max_gap_share,
        config.max_motion_share,
        config.max_out_of_band_share,
    )
    reason = np.full(len(table), "", dtype=object)
    for name, limit in zip(REASONS, limits, strict=True):
        if f"{name}_share" in table:
            worse = (table[f"{name}_share"] > limit).to_numpy()
            reason[worse & (reason == "")] = name
    return table.assign(is_usable=reason == "", reason=reason)
