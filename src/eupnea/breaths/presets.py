"""Constants of breath detection, with unit and source."""

from __future__ import annotations

from dataclasses import dataclass, field

from eupnea.breaths.crossings import OnsetLine
from eupnea.breaths.typical import Marks, Reading


@dataclass(frozen=True, slots=True)
class DetectionPreset:
    """What the detector assumes about breathing.

    Attributes
    ----------
    coarse_hz
        Cutoffs that breaths may be told apart at, Hz; the highest lies above the fundamental of 40 breaths/min.
    coarse_detail
        Largest median detail beyond the surest cutoff against the standard deviation, for a cutoff to be taken.
    flow_harmonics, volume_harmonics, lowest_hz, highest_hz
        The surest cutoff of flow: this many times the usual breathing rate, within these limits.
    level_share
        The surest cutoff of the signal itself, against that of flow: a volume is smoother than its derivative.
    fastest_hz
        Nobody breathes faster than this at rest, and no heart at rest beats slower, Hz.
    rate_swing
        Swings that the usual rate is told from, against the median swing.
    least_swing
        A breath's swing (trough to peak) against the local median swing; smaller ones are noise.
    first_swing
        The same against the local range of the signal, before breaths are known.
    swing_breaths
        Breaths in the local median.
    fine_hz
        Cutoffs that onsets may be read from, Hz.
    fine_detail
        Largest median detail of flow beyond the surest cutoff against the standard deviation of flow.
    step_hz
        Cutoff for sensors that show steps instead of breaths (CO2), Hz.
    under_way
        A flow is certainly under way above this share of its peak.
    sharp_hz
        From this band on, onsets in flow are read from its first percents (`sharp`), Hz; in more noise from later parts
        (`blunt_flow`).
    sharp, blunt_flow
        How an onset in flow is read.
    shape_harmonics
        The typical breath of a belt is read in a band of this many times the usual breathing rate, whatever the noise.
        The marks of its breaths are read there too, in noise in the surest band.
    marks
        Fractions of a belt's volume that are found in each breath.
    typical_start, typical_stop
        How start and stop of flow are read from a belt's typical breath.
    pause_fraction
        Flow below this fraction of the peak flow is no flow.
    pause_loss
        Share of what was inspired that a belt may lose in a pause after inspiration; where it loses more it was none.
    pause_hz
        The band that the zero of flow is looked for in, Hz, whatever the band of the onsets.
    zero_breaths
        Breaths over which the zero of flow is taken as constant.
    plateau_share
        Share of a breath that a pause level must hold to count as the zero of flow.
    plateau_width
        Largest width of that level against the range between the flow peaks around it.
    plateau_margin
        Share of that range, next to the flow peaks, where no zero is looked for.
    plateau_steady
        Largest median step of that level from breath to breath, against its largest width: heartbeats make levels too,
        but not the same in each breath.
    plateau_breaths
        Share of the breaths that must show a pause level for it to be the zero of all.
    """

    coarse_hz: tuple[float, ...] = (1.0, 0.7, 0.5)
    coarse_detail: float = 0.085
    flow_harmonics: float = 3.0
    volume_harmonics: float = 2.8
    level_share: float = 0.72
    lowest_hz: float = 0.3
    highest_hz: float = 2.0
    fastest_hz: float = 0.8
    rate_swing: float = 0.5
    least_swing: float = 0.3
    first_swing: float = 0.3
    swing_breaths: int = 11
    fine_hz: tuple[float, ...] = (8.0, 5.0, 3.0, 2.0, 1.5, 1.0, 0.7, 0.5)
    fine_detail: float = 0.12
    step_hz: float = 3.0
    under_way: float = 0.4
    sharp_hz: float = 3.0
    sharp: OnsetLine = field(default=OnsetLine(0.05, 0.15, 0.5))
    blunt_flow: OnsetLine = field(default=OnsetLine(0.2, 0.5, 0.35, stop_at_zero=False))
    shape_harmonics: float = 5.0
    marks: Marks = field(default=Marks(0.2, 0.45, 0.75, 0.4))
    typical_start: Reading = field(default=Reading(0.25, 0.6, 0.45, 1.3))
    typical_stop: Reading = field(default=Reading(0.08, 0.16, 0.0, 1.2))
    pause_fraction: float = 0.08
    pause_loss: float = 0.3
    pause_hz: float = 8.0
    zero_breaths: int = 5
    plateau_share: float = 0.05
    plateau_width: float = 0.03
    plateau_margin: float = 0.2
    plateau_steady: float = 0.5
    plateau_breaths: float = 0.3


DETECTION = DetectionPreset()
"""All values assumed, then checked in ``benchmarks/detection``."""
