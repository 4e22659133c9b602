"""Trigger pulses, and the offset and drift between two devices that recorded the same ones.

Every pulse of one device may belong to any pulse of the other within the search range. For each drift on a grid, the
offset that most pairs agree on is looked for; pairs are then matched one to one and a line is fitted to them that
outliers cannot bend. Matching by agreement needs no first pulse, and bears missing and extra pulses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from eupnea.config.recordings import AlignmentConfig
    from eupnea.recordings.signal import RawSignal

Times = NDArray[np.float64]

PPM = 1e-6
_LEVELS = (0.5, 99.5)
"""Percentiles that stand for the low and high level when pulses are long; extremes are used when they are short."""
_OUTLIER_SCALES = 4.0
_NORMAL_SCALE = 1.4826
_UNIFORM_SD = 12**-0.5
"""Standard deviation of an error spread evenly over one sample."""
_REFINEMENTS = 6
_TOLERANCE_SDS = 4.0
"""The tolerance is this many standard deviations of the time of a pulse."""
_FINEST_S = 1e-9
"""No trigger is known more exactly than a nanosecond."""
_DISTINCT_S = 4.0
"""Offsets nearer than this many tolerances are the same solution."""
_MAX_CANDIDATES = 12
_MAX_PULSES = 4000
_MARGIN = 2.0
"""A solution must explain at least this many pulses more than the next one (matched minus unmatched)."""


@dataclass(frozen=True, slots=True)
class PulseTrain:
    """When the trigger pulses of one device start, and from when to when it listened, on its own clock, s.

    Attributes
    ----------
    times_s
        Shape (n_pulses,), rising.
    start_s, end_s
        The stretch in which a pulse would have been seen: what tells a whole train of periodic pulses from a cut one.
    resolution_s
        Time between samples: no pulse is known more exactly, whatever the fit says.
    """

    times_s: Times
    start_s: float
    end_s: float
    resolution_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ClockFit:
    """How a device's clock relates to the reference clock: reference = own / (1 + drift) + offset.

    Attributes
    ----------
    offset_s, drift_ppm
        As above; drift in parts per million.
    offset_se_s, drift_se_ppm
        Standard errors. That of the offset is at the middle of the recording, where it matters.
    n_pulses
        Pulses that agree.
    problem
        Why there is no alignment; empty when there is one.
    """

    offset_s: float = float("nan")
    drift_ppm: float = float("nan")
    offset_se_s: float = float("nan")
    drift_se_ppm: float = float("nan")
    n_pulses: int = 0
    problem: str = ""


def to_recording_clock(own_s: Times | float, *, offset_s: float, drift_ppm: float) -> Times | float:
    """Turn times of a device's clock into times of the recording's clock, s.

    A clock that runs `drift_ppm` too fast counts (1 + drift) seconds per second.
    """
    return own_s / (1 + drift_ppm * PPM) + offset_s


def pulse_train(trigger: RawSignal, *, min_separation_s: float) -> PulseTrain:
    """Find when trigger pulses start.

    Parameters
    ----------
    trigger
        Samples of the trigger channel, at rest low or high.
    min_separation_s
        Edges nearer than this to the edge before are bounces.

    Returns
    -------
    PulseTrain
        Without pulses when the channel never changes. A pulse starts half a sample before its first sample.
    """
    values = np.nan_to_num(trigger.values, nan=np.nanmedian(trigger.values) if np.isfinite(trigger.values).any() else 0)
    end_s = trigger.start_s + trigger.duration_s
    if values.size < 2 or values.min() == values.max():
        return PulseTrain(np.empty(0), trigger.start_s, end_s, 1 / trigger.sampling_hz)
    low, high = np.percentile(values, _LEVELS)
    if high == low:
        low, high = values.min(), values.max()
    is_high = values > (low + high) / 2
    active = is_high if is_high.mean() <= 0.5 else ~is_high
    edges = np.flatnonzero(active[1:] & ~active[:-1]) + 0.5
    times = np.asarray(trigger.start_s + edges / trigger.sampling_hz, dtype=np.float64)
    keep = np.r_[True, np.diff(times) >= min_separation_s] if times.size else np.empty(0, dtype=bool)
    return PulseTrain(times[keep], trigger.start_s, end_s, 1 / trigger.sampling_hz)


def align_pulses(reference_train: PulseTrain, own_train: PulseTrain, config: AlignmentConfig) -> ClockFit:
    """Find offset and drift of a clock from the pulses that two devices share.

    Parameters
    ----------
    reference_train, own_train
        Pulses on the reference clock and on the clock to be aligned.
    config
        Search range, tolerance, and how many pulses are needed.

    Returns
    -------
    ClockFit
        With `problem` set when too few pulses agree, or when several offsets explain the pulses equally well.
    """
    reference, own = reference_train.times_s, own_train.times_s
    fewest = min(reference.size, own.size)
    if fewest < config.min_pulses:
        return ClockFit(
            problem=f"too few trigger pulses ({reference.size} and {own.size}; at least {config.min_pulses} needed)"
        )
    if max(reference.size, own.size) > _MAX_PULSES:
        return ClockFit(problem=f"too many trigger pulses ({reference.size} and {own.size}): noise?")
    solutions = [_refined(reference_train, own_train, start, config) for start in _candidates(reference, own, config)]
    solutions = [one for one in solutions if one[1].n_pulses >= config.min_pulses]
    solutions.sort(key=lambda one: (-one[0], abs(one[1].offset_s)))
    if not solutions or solutions[0][1].n_pulses < fewest / 2:
        return ClockFit(problem="the trigger pulses of the devices do not agree on any offset")
    best = solutions[0]
    middle = float(np.median(own))
    for other in solutions[1:]:
        apart = abs(_at(other[1], middle) - _at(best[1], middle))
        if apart > _DISTINCT_S * config.tolerance_s and best[0] - other[0] < _MARGIN:
            return ClockFit(
                problem="the trigger pulses are periodic: offsets "
                f"{best[1].offset_s:.3f} s and {other[1].offset_s:.3f} s explain them equally well"
            )
    return best[1]


def _at(fit: ClockFit, own_s: float) -> float:
    return float(to_recording_clock(own_s, offset_s=fit.offset_s, drift_ppm=fit.drift_ppm))


def _candidates(reference: Times, own: Times, config: AlignmentConfig) -> list[tuple[float, float]]:
    """Return (offset at the middle, slope - 1) that many pairs of pulses agree on, the most first."""
    middle = (own[0] + own[-1]) / 2
    differences = reference[:, None] - own[None, :]
    row, column = np.nonzero(np.abs(differences) <= config.max_offset_s + config.max_drift_ppm * PPM * abs(own[-1]))
    offsets, lever = differences[row, column], own[column] - middle
    half_span = max((own[-1] - own[0]) / 2, config.tolerance_s)
    step = config.tolerance_s / half_span
    n_steps = int(np.ceil(config.max_drift_ppm * PPM / step))
    found: list[tuple[int, float, float]] = []
    for slope in np.arange(-n_steps, n_steps + 1) * step:
        residual = np.sort(offsets - slope * lever)
        votes = np.searchsorted(residual, residual + 2 * config.tolerance_s, side="right") - np.arange(residual.size)
        for start in _peaks(votes, residual, config):
            inside = residual[start : start + votes[start]]
            found.append((int(votes[start]), float(np.median(inside)), float(slope)))
    found.sort(key=lambda one: (-one[0], abs(one[2]), abs(one[1])))
    distinct: list[tuple[float, float]] = []
    for _, offset, slope in found:
        if all(abs(offset - other) > _DISTINCT_S * config.tolerance_s for other, _ in distinct):
            distinct.append((offset, slope))
        if len(distinct) == _MAX_CANDIDATES:
            break
    return distinct


def _peaks(votes: NDArray[np.int64], residual: Times, config: AlignmentConfig) -> list[int]:
    """Return the strongest windows of offsets that do not overlap."""
    chosen: list[int] = []
    for start in np.argsort(-votes, kind="stable"):
        if all(abs(residual[start] - residual[other]) > _DISTINCT_S * config.tolerance_s for other in chosen):
            chosen.append(int(start))
        if len(chosen) == _MAX_CANDIDATES or votes[start] * 3 < votes[chosen[0]]:
            break
    return chosen


def _refined(
    reference_train: PulseTrain, own_train: PulseTrain, start: tuple[float, float], config: AlignmentConfig
) -> tuple[float, ClockFit]:
    """Fit a line to the matched pulses; return its score (matched minus unmatched pulses) and the fit."""
    reference, own = reference_train.times_s, own_train.times_s
    middle = (own[0] + own[-1]) / 2
    offset, slope = start
    rounding = float(np.hypot(reference_train.resolution_s, own_train.resolution_s)) * _UNIFORM_SD
    noise_s = max(rounding, config.tolerance_s / _TOLERANCE_SDS)
    penalty = (noise_s / (config.usual_drift_ppm * PPM)) ** 2
    pairs = _matched(reference, own, own + offset + slope * (own - middle), 2 * config.tolerance_s)
    keep = np.ones(len(pairs), dtype=bool)
    for _ in range(_REFINEMENTS):
        if len(pairs) < config.min_pulses:
            return -np.inf, ClockFit()
        matched = own[pairs[:, 1]]
        offset, slope, keep = _robust_line(matched - middle, reference[pairs[:, 0]] - matched, noise_s, penalty)
        again = _matched(reference, own, own + offset + slope * (own - middle), config.tolerance_s)
        if np.array_equal(again, pairs):
            break
        pairs, keep = again, np.ones(len(again), dtype=bool)
    if len(pairs) < config.min_pulses or abs(slope) > 2 * config.max_drift_ppm * PPM:
        return -np.inf, ClockFit()
    expected = own + offset + slope * (own - middle)
    ends = np.array([own_train.start_s, own_train.end_s])
    own_start, own_end = ends + offset + slope * (ends - middle)
    low = max(own_start, reference_train.start_s) + config.tolerance_s
    high = min(own_end, reference_train.end_s) - config.tolerance_s
    shared = ((expected >= low) & (expected <= high)).sum()
    shared_reference = ((reference >= low) & (reference <= high)).sum()
    unmatched = max(0, shared + shared_reference - 2 * len(pairs))
    stayed = pairs[keep]
    fit = _fit(own[stayed[:, 1]], reference[stayed[:, 0]], rounding, config.usual_drift_ppm * PPM)
    return float(len(pairs) - unmatched), replace(fit, n_pulses=len(pairs))


def _matched(reference: Times, own: Times, expected: Times, tolerance_s: float) -> NDArray[np.int64]:
    """Pair each pulse with the nearest one of the other device, both ways, within the tolerance."""
    nearest = _nearest(reference, expected)
    back = _nearest(expected, reference)
    index = np.arange(own.size)
    good = (back[nearest] == index) & (np.abs(reference[nearest] - expected) <= tolerance_s)
    return np.column_stack([nearest[good], index[good]])


def _nearest(sorted_times: Times, times: Times) -> NDArray[np.int64]:
    right = np.clip(np.searchsorted(sorted_times, times), 1, max(sorted_times.size - 1, 1))
    left = right - 1
    right = np.minimum(right, sorted_times.size - 1)
    return np.where(np.abs(sorted_times[left] - times) <= np.abs(sorted_times[right] - times), left, right)


def _robust_line(x: Times, y: Times, noise_s: float, penalty: float) -> tuple[float, float, NDArray[np.bool_]]:
    """Fit y = a + b x by least squares without the points beyond four robust scales; return a, b and who stayed.

    The scale is not taken to be smaller than `noise_s`, and `penalty` (s²) holds the slope near zero: with few
    points, some always lie on some line by chance.
    """
    keep = np.ones(x.size, dtype=bool)
    intercept, slope = float(np.median(y)), 0.0
    for _ in range(_REFINEMENTS):
        spread = x[keep] - x[keep].mean()
        power = float(spread @ spread)
        slope = float(spread @ y[keep]) / (power + penalty)
        intercept = float(y[keep].mean() - slope * x[keep].mean())
        residual = np.abs(y - intercept - slope * x)
        scale = max(_NORMAL_SCALE * float(np.median(residual)), noise_s)
        now = residual <= _OUTLIER_SCALES * scale
        if np.array_equal(now, keep) or now.sum() < 3:
            break
        keep = now
    return intercept, slope, keep


def _fit(
    own: Times,
    reference: Times,
    noise_s: float,
    usual_drift: float,
) -> ClockFit:
    """Return offset and drift with standard errors from the pulses that stayed.

    The drift is the mean of its posterior under a normal prior around zero (what clocks usually do): with a few
    pulses within two minutes, rounding to samples alone would otherwise look like hundreds of ppm.
    """
    centre = float(own.mean())
    lag, lever = reference - own, own - centre
    spread = float(lever @ lever)
    slope = float(lever @ lag) / spread if spread > 0 else 0.0
    residual = lag - lag.mean() - slope * lever
    variance = max(float(residual @ residual) / max(own.size - 2, 1), noise_s**2, _FINEST_S**2)
    precision = spread / variance
    shrunk = slope * precision / (precision + usual_drift**-2)
    at_centre = float(lag.mean())
    # reference = own + at_centre + shrunk (own - centre) = own (1 + shrunk) + (at_centre - shrunk centre)
    return ClockFit(
        offset_s=at_centre - shrunk * centre,
        drift_ppm=(1 / (1 + shrunk) - 1) / PPM,
        offset_se_s=float(np.sqrt(variance / own.size)),
        drift_se_ppm=float((precision + usual_drift**-2) ** -0.5 / PPM),
        n_pulses=int(own.size),
    )
