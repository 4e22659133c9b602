"""Constants of breath detection, with unit and source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectionPreset:
    """What the detector assumes about breathing.

    Attributes
    ----------
    coarse_hz
        Smoothing before breaths are told apart, Hz: above the fundamental of 40 breaths/min (0.67 Hz).
    least_swing
        A breath's swing (trough to peak) against the local median swing; smaller ones are noise.
    first_swing
        The same against the local range of the signal, before breaths are known.
    swing_breaths
        Breaths in the local median.
    fine_hz
        Cutoffs that onsets may be read from; the highest is taken whose detail beyond `coarse_hz` stays small.
    fine_detail
        Largest ratio of that detail's standard deviation to the flow's.
    under_way
        A flow is certainly under way above this share of its peak.
    onset_fraction
        Flow starts where it crosses this fraction of the breath's peak flow.
    pause_fraction
        Flow below this fraction of the peak flow is no flow.
    zero_window_s
        Stretch in which the level of zero flow is constant, s.
    plateau_share
        Share of a stretch that a pause level must hold to count as the zero of flow.
    plateau_width
        Largest width of that level against the 5-95 % range of flow.
    sigh_pause_s
        Shortest post-sigh pause that is reported as more than 0, s.
    """

    coarse_hz: float = 1.0
    least_swing: float = 0.3
    first_swing: float = 0.3
    swing_breaths: int = 11
    fine_hz: tuple[float, ...] = (8.0, 5.0, 3.0, 2.0, 1.5)
    fine_detail: float = 0.2
    under_way: float = 0.4
    onset_fraction: float = 0.05
    pause_fraction: float = 0.08
    zero_window_s: float = 40.0
    plateau_share: float = 0.15
    plateau_width: float = 0.04


DETECTION = DetectionPreset()
"""All values assumed, then checked in ``benchmarks/detection``."""
