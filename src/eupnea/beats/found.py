"""What a detector hands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FoundBeats:
    """Beats of one signal, before their intervals are judged.

    Attributes
    ----------
    time_s
        Shape (n,): R peaks, or feet of pulses, s from the first sample.
    peak_s
        Shape (n,): R peaks, or systolic peaks, s from the first sample.
    amplitude_au
        Shape (n,): R above the baseline, or pulse height.
    similarity
        Shape (n,): correlation with the median beat of about 100 around it; NaN at the edges.
    """

    time_s: NDArray[np.float64]
    peak_s: NDArray[np.float64]
    amplitude_au: NDArray[np.float64]
    similarity: NDArray[np.float64]

    def __len__(self) -> int:
        """Count the beats."""
        return int(self.time_s.size)

    def only(self, keep: NDArray[np.bool_]) -> FoundBeats:
        """Return the beats that `keep` marks."""
        return FoundBeats(self.time_s[keep], self.peak_s[keep], self.amplitude_au[keep], self.similarity[keep])


def no_beats() -> FoundBeats:
    """Return an empty set of beats."""
    nothing = np.empty(0)
    return FoundBeats(nothing, nothing, nothing, nothing)
