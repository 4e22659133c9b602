"""Find breaths in a cleaned respiration signal.

The written convention: inspiration starts where inspiratory flow leaves zero. Flow counts as started where it crosses
a small fraction of the breath's peak flow on the way up for the last time before the inspiration is under way; the
crossing is interpolated between samples, and the line through this and a second, higher crossing is followed down to
zero, no farther than where flow was below zero. The start of expiration is the same, upside down. Where noise or
heartbeat hide the start of flow, the line goes through later parts of flow. A belt's flow is its derivative, in which
heartbeat and noise hide the start more often than not: its onsets are read from the middle of each breath's volume and
the typical breath (`typical`), in noise or not, so that their expectation is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.crossings import joined, largest_at, pushes, starts_of_push, stops_of_flow
from eupnea.breaths.flow import zero_of_flow
from eupnea.breaths.measures import slopes, turned_where_it_falls
from eupnea.breaths.presets import DETECTION, DetectionPreset
from eupnea.breaths.smoothing import Smoother
from eupnea.breaths.swings import kept_through_zero, swings_above, usual_distance, usual_swings
from eupnea.breaths.typical import BLOCK_S, times_of_volume
from eupnea.signals.presets import RespirationPreset

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


ONSET_RULES = ("first_flow", "later_flow", "typical_breath")
"""What onsets are read from: the first percents of flow; in more noise, later parts of flow; in every belt, the middle
of the breath's volume and the typical breath of the minute around it."""


@dataclass(frozen=True, slots=True)
class FoundBreaths:
    """Where breaths are, in samples (between them), and the flow and volume they were found in.

    Attributes
    ----------
    times
        Shape (5, k): onset and end of inspiration, onset and end of expiration, end of the breath, in samples of flow
        and volume.
    flow
        Shape (m,): flow per second with its zero removed, at the rate that its detail needs.
    volume
        Shape (m,): what was inspired minus what was expired; a belt's own signal.
    step
        Samples of the signal from one sample of flow to the next; the first is that of the signal.
    rule
        What onsets were read from: one of `ONSET_RULES`.
    """

    times: Floats
    flow: Floats
    volume: Floats
    step: int
    rule: str


def find_breaths(
    values: Floats, sampling_hz: float, *, sensor: RespirationPreset, detection: DetectionPreset = DETECTION
) -> FoundBreaths:
    """Find where breaths start, turn and end.

    Parameters
    ----------
    values
        Shape (n,): cleaned signal, inspiration up, no missing values.
    sampling_hz
        Its rate, Hz.
    sensor, detection
        What the sensor shows, and constants of the detector.
    """
    smoother = Smoother(values, sampling_hz, is_volume=sensor.form == "volume")
    coarse, highest = smoother.coarsest, detection.coarse_hz[0]
    turnings: dict[float, _Turning] = {}
    least_hz = _least_cutoff(smoother, turnings, sensor.form, detection)
    sure_hz = min(least_hz * detection.level_share, highest)
    swing_hz = smoother.finest(detection.coarse_hz, sure_hz, detail=detection.coarse_detail, of_flow=False)
    if swing_hz not in turnings:
        turnings[swing_hz] = _turning(smoother, swing_hz, detection)
    swings = turnings[swing_hz].swings(detection.least_swing)
    if sensor.form == "volume" and sensor.has_pauses:
        return _typical(smoother, least_hz, sure_hz, swing_hz, swings, detection)
    if sensor.has_pauses:
        flow_hz = smoother.finest(detection.fine_hz, least_hz, detail=detection.fine_detail, of_flow=True)
    else:
        flow_hz = detection.step_hz
    way_hz = min(detection.coarse_hz[0] if flow_hz >= detection.sharp_hz else swing_hz, flow_hz)
    step = smoother.step(flow_hz)
    ratio = coarse // step
    coarse_flow, flow = smoother.flow(way_hz, coarse), smoother.flow(flow_hz)
    if sensor.form == "flow":
        zero = _zero(smoother, flow.size, step, swings, detection)
        coarse_flow, flow = coarse_flow - zero[::ratio], flow - zero
        troughs, peaks = kept_through_zero(coarse_flow, *swings)
        volume = np.cumsum(flow) * (step / sampling_hz)
    else:
        volume = smoother.level(flow_hz)
        troughs, peaks = _steepest(coarse_flow, *swings)
    rule = "first_flow" if flow_hz >= detection.sharp_hz else "later_flow"
    if peaks.size < 2:
        return _none(flow, volume, step, rule)
    inhale = pushes(coarse_flow, flow, peaks, ratio, detection.under_way)
    exhale = pushes(-coarse_flow, -flow, troughs[1:], ratio, detection.under_way)
    line = detection.sharp if rule == "first_flow" else detection.blunt_flow
    onset, turn = starts_of_push(flow, inhale, line), starts_of_push(-flow, exhale, line)
    stop_in, stop_out = (
        stops_of_flow(way, push, detection.pause_fraction) for way, push in ((flow, inhale), (-flow, exhale))
    )
    return FoundBreaths(joined(onset, turn, stop_in, stop_out), flow, volume, step, rule)


def _typical(
    smoother: Smoother,
    least_hz: float,
    sure_hz: float,
    swing_hz: float,
    swings: tuple[Indices, Indices],
    detection: DetectionPreset,
) -> FoundBreaths:
    """Read a belt's onsets from the middle of its breaths and from its typical breath."""
    rate_hz = least_hz / detection.volume_harmonics
    shape_hz = detection.shape_harmonics * rate_hz
    coarse, step = smoother.coarsest, smoother.step(shape_hz)
    volume = smoother.level(shape_hz)
    flow = slopes(volume, smoother.coarsest_hz * coarse / step)
    troughs, peaks = swings
    if peaks.size < 2:
        return _none(flow, volume, step, "typical_breath")
    is_quiet = swing_hz >= detection.coarse_hz[0]
    mark_hz = min(shape_hz, swing_hz) if is_quiet else sure_hz
    starts_and_stops = times_of_volume(
        smoother.level(mark_hz, coarse),
        troughs,
        peaks,
        smoother.level_at(sure_hz, troughs),
        smoother.level_at(sure_hz, peaks),
        flow,
        smoother.coarsest_hz / rate_hz,
        smoother.coarsest_hz * BLOCK_S,
        detection.marks,
        detection.typical_start,
        detection.typical_stop,
    )
    ratio = coarse // step
    onset, turn, stop_in, stop_out = (ratio * time for time in starts_and_stops)
    times = joined(onset, turn, stop_in, stop_out)
    times[2] = turned_where_it_falls(volume, times[0], times[1], times[2], detection.pause_loss)
    return FoundBreaths(times, flow, volume, step, "typical_breath")


def _none(flow: Floats, volume: Floats, step: int, rule: str) -> FoundBreaths:
    return FoundBreaths(np.empty((5, 0)), flow, volume, step, rule)


def _zero(
    smoother: Smoother, size: int, step: int, swings: tuple[Indices, Indices], detection: DetectionPreset
) -> Floats:
    """Return the zero of flow, looked for in a band of its own: that of the onsets depends on the noise."""
    ratio = smoother.coarsest // smoother.step(detection.pause_hz)
    seen = smoother.flow(detection.pause_hz)
    troughs, peaks = swings
    zero = zero_of_flow(seen, ratio * troughs, ratio * peaks, preset=detection)
    if zero.size == size:
        return zero
    return np.interp(np.arange(size) * step, np.arange(zero.size) * smoother.step(detection.pause_hz), zero)


@dataclass(frozen=True, slots=True)
class _Turning:
    """A smoothed signal, where it turns, and how large swings usually are there."""

    level: Floats
    candidates: Indices
    usual: Floats

    def swings(self, share: float) -> tuple[Indices, Indices]:
        """Return troughs and peaks of the swings of at least a share of the local median swing."""
        return swings_above(self.level, self.candidates, share * self.usual)


def _turning(smoother: Smoother, cutoff_hz: float, detection: DetectionPreset) -> _Turning:
    level = smoother.level(cutoff_hz, smoother.coarsest)
    return _Turning(level, *usual_swings(level, smoother.coarsest_hz, detection.first_swing, detection.swing_breaths))


def _least_cutoff(smoother: Smoother, turnings: dict[float, _Turning], form: str, detection: DetectionPreset) -> float:
    """Return the lowest cutoff that leaves the usual breath of this signal its shape.

    What swings faster than anyone breathes is looked at again in a lower band: it is the heart, whose beats are more
    than the breaths of someone who breathes slowly. What was looked at is added to `turnings`, by its cutoff.
    """
    harmonics = detection.flow_harmonics if form == "flow" else detection.volume_harmonics
    usual_hz = np.inf
    for cutoff_hz in detection.coarse_hz:
        turnings[cutoff_hz] = _turning(smoother, cutoff_hz, detection)
        _, peaks = turnings[cutoff_hz].swings(detection.rate_swing)
        if peaks.size < 3:
            return detection.coarse_hz[0]
        usual_hz = smoother.coarsest_hz / usual_distance(peaks)
        if usual_hz <= detection.fastest_hz:
            break
    return min(max(harmonics * usual_hz, detection.lowest_hz), detection.highest_hz)


def _steepest(flow: Floats, troughs: Indices, peaks: Indices) -> tuple[Indices, Indices]:
    """Return where expiration and inspiration are steepest: the same swings, seen as flow."""
    if peaks.size == 0:
        return troughs[:0], peaks
    up = largest_at(flow, troughs[:-1], peaks + 1, 1.0)
    down = largest_at(flow, peaks, troughs[1:] + 1, -1.0)
    return np.concatenate([troughs[:1], down]), up
