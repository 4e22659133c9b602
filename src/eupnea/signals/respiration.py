"""Clean one respiration signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eupnea.errors import InputError, RecordingError
from eupnea.signals.clock import at_positions, grid_within, on_recording_clock, rate_on_recording_clock
from eupnea.signals.filters import baseline, low_pass, smooth_for_rate
from eupnea.signals.motion import motion_samples
from eupnea.signals.polarity import Polarity, estimate_polarity
from eupnea.signals.presets import RESPIRATION_HZ, RespirationPreset, respiration_preset
from eupnea.signals.runs import clipped_samples, fill_gaps, only_runs

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SURE = 0.45
"""Confidence (0: a coin's toss, 1: certain) from which an estimated polarity counts as known and contradicts a
declared one. Two airflow recordings and one of CO2 whose polarity is known are right at 0.47, 0.53 and 1.00; 75 belts
of ds000210 all point the same way, the least confident at 0.45."""


@dataclass(frozen=True, slots=True)
class CleanRespiration:
    """A cleaned respiration signal at 25 Hz with inspiration up.

    Attributes
    ----------
    time_s
        Shape (n,): multiples of 0.04 s on the recording's clock.
    detection, breathing, above
        Shape (n,), au, NaN in gaps that are too long to be bridged: the band that breaths are detected in, the
        breathing band, and what lies above it (up to 10 Hz).
    is_valid
        Shape (n,): False in gaps, bridges, clipping and motion.
    polarity
        Which way inspiration went in the raw signal.
    notes
        What should be reported.
    """

    time_s: Floats
    detection: NDArray[np.float32]
    breathing: NDArray[np.float32]
    above: NDArray[np.float32]
    is_valid: Bools
    polarity: Polarity
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return the samples as a table, in the columns of the contract without recording and signal."""
        import pandas as pd

        names = ("time_s", "detection", "breathing", "above", "is_valid")
        return pd.DataFrame({name: getattr(self, name) for name in names})


def clean_respiration(
    values: ArrayLike,
    sampling_hz: float,
    *,
    preset: str | RespirationPreset,
    polarity: Literal["auto", "up", "down"] = "auto",
    start_s: float = 0.0,
    offset_s: float = 0.0,
    drift_ppm: float = 0.0,
    breathing_max_hz: float | None = None,
    longest_bridge_s: float = 2.0,
    shortest_piece_s: float = 8.0,
    excluded_s: ArrayLike = (),
    estimate: bool = True,
) -> CleanRespiration:
    """Clean a respiration signal: bridge gaps, remove the baseline, turn inspiration up, split the bands.

    Parameters
    ----------
    values
        Shape (n,): raw samples; NaN where missing.
    sampling_hz
        Rate of the device's own clock, Hz.
    preset
        Kind of the sensor, or a preset.
    polarity
        ``up``, ``down``, or ``auto``: estimated from the signal. A declared polarity is kept; when the signal
        contradicts it, a note says so.
    start_s, offset_s, drift_ppm
        Start on the own clock, and how the own clock relates to the recording's: time = own / (1 + drift) + offset.
    breathing_max_hz
        Upper edge of the breathing band, when it is not that of the preset.
    longest_bridge_s
        Longer gaps stay missing.
    shortest_piece_s
        Pieces between long gaps that are shorter stay missing.
    excluded_s
        Shape (k, 2): starts and stops of stretches that do not count for the polarity (speech), recording's clock.
    estimate
        Whether ``auto`` estimates; else the usual polarity of the sensor, or up, is taken.

    Raises
    ------
    RecordingError
        Fewer than two samples, none of them finite, or all equal.
    """
    preset = respiration_preset(preset) if isinstance(preset, str) else preset
    raw = np.asarray(values, dtype=float)
    _check(raw, sampling_hz, polarity)
    gap = ~np.isfinite(raw)
    clipped = clipped_samples(raw)
    whole = fill_gaps(raw)
    if preset.square_root:
        whole = _flow_from_pressure(whole, whole[~gap])
    slow, slow_hz, shift = smooth_for_rate(whole, sampling_hz)

    first, last = (
        float(on_recording_clock(start_s + k / sampling_hz, offset_s=offset_s, drift_ppm=drift_ppm))
        for k in (0, raw.size - 1)
    )
    time_s = grid_within(first, last, RESPIRATION_HZ)
    raw_position = (time_s - first) * rate_on_recording_clock(sampling_hz, drift_ppm=drift_ppm)
    wide = at_positions(slow, (raw_position - shift) * slow_hz / sampling_hz)
    nearest = np.clip(np.rint(raw_position), 0, raw.size - 1).astype(np.intp)
    reach = max(int(sampling_hz / RESPIRATION_HZ / 2), 0)
    is_gap, is_clipped = (_near(mask, reach)[nearest] for mask in (gap, clipped))
    return _split(
        time_s,
        wide,
        is_gap,
        is_clipped,
        preset=preset,
        polarity=polarity,
        estimate=estimate,
        breathing_max_hz=breathing_max_hz or preset.breathing_max_hz,
        is_lost=_lost(is_gap, longest_bridge_s, shortest_piece_s),
        is_excluded=_inside(time_s, np.asarray(excluded_s, dtype=float).reshape(-1, 2)),
    )


def _split(
    time_s: Floats,
    wide: Floats,
    is_gap: Bools,
    is_clipped: Bools,
    *,
    preset: RespirationPreset,
    polarity: str,
    estimate: bool,
    breathing_max_hz: float,
    is_lost: Bools,
    is_excluded: Bools,
) -> CleanRespiration:
    centred = wide - baseline(wide, RESPIRATION_HZ, is_valid=~is_gap, robust=preset.form == "volume")
    detection = low_pass(centred, RESPIRATION_HZ, preset.detection_max_hz)
    is_motion = motion_samples(detection, RESPIRATION_HZ, is_valid=~is_gap)
    is_good = ~(is_gap | is_motion)
    guess = estimate_polarity(detection, RESPIRATION_HZ, preset=preset, is_valid=is_good & ~is_excluded)
    sign, notes = _decide(guess, polarity, preset, estimate)
    breathing = low_pass(centred, RESPIRATION_HZ, breathing_max_hz)
    above = centred - breathing
    detection, breathing, above = (np.where(is_lost, np.nan, sign * band) for band in (detection, breathing, above))
    return CleanRespiration(
        time_s=time_s,
        detection=detection.astype(np.float32),
        breathing=breathing.astype(np.float32),
        above=above.astype(np.float32),
        is_valid=is_good & ~is_clipped & ~is_lost,
        polarity=Polarity(sign, guess.confidence),
        notes=notes,
    )


def _decide(guess: Polarity, declared: str, preset: RespirationPreset, estimate: bool) -> tuple[int, tuple[str, ...]]:
    """Return the sign to use, and notes."""
    if declared in ("up", "down"):
        sign = 1 if declared == "up" else -1
        if guess.sign != sign and guess.confidence >= SURE:
            return sign, (f"the signal contradicts its declared polarity '{declared}' ({_sure(guess)})",)
        return sign, ()
    if not estimate:
        return preset.usual_polarity or 1, ()
    notes = []
    if guess.confidence < SURE:
        notes.append(f"the polarity is uncertain ({_sure(guess)})")
    if preset.usual_polarity and guess.sign != preset.usual_polarity:
        notes.append(
            f"turned: inspiration goes {'up' if guess.sign > 0 else 'down'} in the raw signal ({_sure(guess)})"
        )
    return guess.sign, tuple(notes)


def _sure(guess: Polarity) -> str:
    return f"confidence {guess.confidence:.2f}"


def _flow_from_pressure(values: Floats, known: Floats) -> Floats:
    """Undo the square of the nasal cannula: sign(p)·√|p| around the pressure of no flow.

    That is where as much is inspired as expired, which has one answer: mean flow falls as the zero rises. The median
    lies in expiration where it is the longer one and no pause holds it at rest.
    """
    some = known[:: max(known.size // ZERO_SAMPLES, 1)]
    low, high = float(some.min()), float(some.max())
    for _ in range(ZERO_HALVINGS):
        zero = low + (high - low) / 2
        if _signed_root(some - zero).mean() > 0:
            low = zero
        else:
            high = zero
    return _signed_root(values - high)


ZERO_SAMPLES = 20_000
"""Samples, at least, that the pressure of no flow is told from where there are so many."""
ZERO_HALVINGS = 40
"""Halvings of the range that it is looked for in: the last one is a 10⁻¹² of the range."""


def _signed_root(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def _near(mask: Bools, reach: int) -> Bools:
    if reach == 0 or not mask.any():
        return mask
    from scipy.ndimage import binary_dilation

    return np.asarray(binary_dilation(mask, iterations=reach))


def _lost(is_gap: Bools, longest_bridge_s: float, shortest_piece_s: float) -> Bools:
    """Tell which samples stay missing: long gaps, and short pieces between them."""
    long_gap = only_runs(is_gap, at_least=np.floor(longest_bridge_s * RESPIRATION_HZ) + 1)
    if not long_gap.any():
        return long_gap
    return long_gap | only_runs(~long_gap, at_most=np.ceil(shortest_piece_s * RESPIRATION_HZ) - 1)


def _inside(time_s: Floats, spans: Floats) -> Bools:
    inside = np.zeros(time_s.size, dtype=bool)
    for start, stop in spans:
        inside |= (time_s >= start) & (time_s < stop)
    return inside


def _check(raw: Floats, sampling_hz: float, polarity: str) -> None:
    if polarity not in ("auto", "up", "down"):
        raise InputError("Unknown polarity", where="polarity", found=polarity, allowed="auto, up, down")
    if not np.isfinite(sampling_hz) or sampling_hz <= 0:
        raise RecordingError("the sampling rate is not a positive number", where="sampling_hz", found=sampling_hz)
    finite = raw[np.isfinite(raw)]
    if finite.size < 2:
        raise RecordingError("the signal has no samples", where="values", found=f"{finite.size} finite samples")
    if finite.min() == finite.max():
        raise RecordingError("the signal is a flat line", where="values", found=f"{finite.size} equal samples")
