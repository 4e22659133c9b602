"""Find breaths in a cleaned respiration signal.

The written convention: inspiration starts where inspiratory flow leaves zero. Flow counts as started where it crosses
a small fraction of the breath's peak flow on the way up for the last time before the inspiration is under way; the
crossing is interpolated between samples, and the line through this and a second, higher crossing is followed down to
zero, no farther than where flow was below zero. The start of expiration is the same, upside down. A belt's flow is its
derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.crossings import Pushes, pushes, starts_of_flow, stops_of_flow
from eupnea.breaths.flow import finest_believable, slope_of, zero_of_flow
from eupnea.breaths.presets import DETECTION, DetectionPreset
from eupnea.breaths.swings import breath_swings, through_zero
from eupnea.signals.filters import low_pass
from eupnea.signals.presets import RespirationPreset

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class FoundBreaths:
    """Where breaths are, in samples (between them), and the flow and volume they were found in.

    Attributes
    ----------
    inhale_onset, inhale_end, exhale_onset, exhale_end, end
        Shape (k,), in samples.
    flow
        Shape (n,): flow per second with its zero removed.
    volume
        Shape (n,): what was inspired minus what was expired; a belt's own signal.
    """

    inhale_onset: Floats
    inhale_end: Floats
    exhale_onset: Floats
    exhale_end: Floats
    end: Floats
    flow: Floats
    volume: Floats


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
    coarse = low_pass(values, sampling_hz, detection.coarse_hz)
    troughs, peaks = breath_swings(coarse, sampling_hz, detection=detection)
    if sensor.form == "flow":
        zero = zero_of_flow(coarse, sampling_hz, preset=detection)
        coarse_flow = coarse - zero
        flow = finest_believable(values, coarse, sampling_hz, preset=detection) - zero
        troughs, peaks = through_zero(coarse_flow, troughs, peaks)
        volume = np.cumsum(flow) / sampling_hz
    else:
        fine = finest_believable(values, coarse, sampling_hz, preset=detection)
        coarse_flow, flow, volume = slope_of(coarse, sampling_hz), slope_of(fine, sampling_hz), fine
        troughs, peaks = _steepest(coarse_flow, troughs, peaks)
    if peaks.size < 2:
        return FoundBreaths(*[np.empty(0)] * 5, flow, volume)
    inhale = pushes(coarse_flow, flow, peaks, under_way=detection.under_way)
    exhale = pushes(-coarse_flow, -flow, troughs[1:], under_way=detection.under_way)
    return _assembled(inhale, exhale, flow, volume, detection)


def _steepest(flow: Floats, troughs: Indices, peaks: Indices) -> tuple[Indices, Indices]:
    """Return where expiration and inspiration are steepest: the same swings, seen as flow."""
    pairs = zip(troughs[:-1].tolist(), peaks.tolist(), troughs[1:].tolist(), strict=True)
    steep = [(a + int(flow[a : b + 1].argmax()), b + int(flow[b : c + 1].argmin())) for a, b, c in pairs]
    if not steep:
        return troughs[:0], peaks[:0]
    up, down = np.array(steep, dtype=np.intp).T
    return np.concatenate([troughs[:1], down]), up


def _assembled(
    inhale: Pushes, exhale: Pushes, flow: Floats, volume: Floats, detection: DetectionPreset
) -> FoundBreaths:
    """Join starts and stops to breaths; a breath whose start cannot be seen is left out."""
    onset = starts_of_flow(flow, inhale, fraction=detection.onset_fraction)
    turn = starts_of_flow(-flow, exhale, fraction=detection.onset_fraction)
    inhale_end = stops_of_flow(flow, inhale, fraction=detection.pause_fraction)
    exhale_end = stops_of_flow(-flow, exhale, fraction=detection.pause_fraction)
    begin, end = onset[:-1], onset[1:]
    whole = np.isfinite(begin) & np.isfinite(end) & (turn[:-1] > begin) & (turn[:-1] < end)
    begin, end, turn = begin[whole], end[whole], turn[:-1][whole]
    return FoundBreaths(
        begin,
        _between(inhale_end[:-1][whole], begin, turn),
        turn,
        _between(exhale_end[:-1][whole], turn, end),
        end,
        flow,
        volume,
    )


def _between(when: Floats, low: Floats, high: Floats) -> Floats:
    """Limit times to lie between others; what is not known lies at the end."""
    return np.clip(np.where(np.isfinite(when), when, high), low, high)
