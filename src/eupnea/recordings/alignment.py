"""Bring the clocks of the devices of one recording together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eupnea.recordings.channels import CARDIAC_KINDS, RESPIRATION_KINDS
from eupnea.recordings.triggers import ClockFit, align_pulses

if TYPE_CHECKING:
    from eupnea.config.recordings import AlignmentConfig
    from eupnea.recordings.found import FoundClock, FoundRecording


@dataclass(frozen=True, slots=True)
class ClockAlignment:
    """One clock on the recording's clock.

    Attributes
    ----------
    method
        ``one_file`` (it is the recording's clock), ``trigger``, ``declared`` or ``not_aligned``.
    fit
        Offset and drift; NaN when not aligned.
    """

    method: str
    fit: ClockFit

    @property
    def offset_s(self) -> float:
        """What to add to the clock's times, s; 0 when not known, so that its signals can be treated alone."""
        return self.fit.offset_s if np.isfinite(self.fit.offset_s) else 0.0

    @property
    def drift_ppm(self) -> float:
        """How much too fast the clock runs, ppm; 0 when not known."""
        return self.fit.drift_ppm if np.isfinite(self.fit.drift_ppm) else 0.0


SAME_CLOCK = ClockAlignment("one_file", ClockFit(0.0, 0.0, 0.0, 0.0))


def reference_clock(found: FoundRecording) -> str:
    """Return the name of the recording's clock: the one of the first respiration signal, else of the first signal."""
    ordered = [one for kinds in (RESPIRATION_KINDS, CARDIAC_KINDS) for one in found.used if one.rule.kind in kinds]
    return ordered[0].source.clock if ordered else next(iter(found.clocks), "")


def cardiac_clock(found: FoundRecording, reference: str) -> str:
    """Return the clock of the cardiac signal that is nearest to the recording's clock, else the recording's clock."""
    clocks = [one.source.clock for one in found.used if one.rule.kind in CARDIAC_KINDS]
    return reference if reference in clocks or not clocks else clocks[0]


def align_clocks(found: FoundRecording, config: AlignmentConfig) -> dict[str, ClockAlignment]:
    """Align every clock of a recording with the recording's clock.

    Shared triggers come first, then start times that both sides declare. Triggers that are there but contradict each
    other are not replaced by declared times: they show that one of the two is wrong.
    """
    reference = reference_clock(found)
    return {
        name: SAME_CLOCK if name == reference else _align(found.clocks[reference], clock, config)
        for name, clock in found.clocks.items()
    }


def _align(reference: FoundClock, own: FoundClock, config: AlignmentConfig) -> ClockAlignment:
    fits = [align_pulses(first, second, config) for first in reference.pulses for second in own.pulses]
    good = [fit for fit in fits if not fit.problem]
    if good:
        return ClockAlignment("trigger", max(good, key=lambda fit: fit.n_pulses))
    few = config.min_pulses
    both_have_pulses = _pulses(reference) >= few and _pulses(own) >= few
    if reference.declares_start and own.declares_start and not both_have_pulses:
        return ClockAlignment("declared", ClockFit(0.0, 0.0, config.declared_se_s, float("nan")))
    problem = fits[0].problem if fits else "no shared trigger"
    if not (reference.declares_start and own.declares_start):
        problem += ", and no declared start times"
    return ClockAlignment("not_aligned", ClockFit(problem=problem))


def _pulses(clock: FoundClock) -> int:
    return max((train.times_s.size for train in clock.pulses), default=0)
