"""One signal as it was read from a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RawSignal:
    """Samples of one channel on the clock of its own device.

    Attributes
    ----------
    values
        Shape (n,), float64; NaN where samples are missing.
    sampling_hz
        Samples per second of the own clock; NaN for unevenly sampled series.
    start_s
        Time of the first sample on the own clock, s.
    unit
        Unit of `values`; ``"au"`` when the file tells none.
    times_s
        Shape (n,): times of unevenly sampled values, s; None for evenly sampled ones.
    """

    values: NDArray[np.float64]
    sampling_hz: float
    start_s: float = 0.0
    unit: str = "au"
    times_s: NDArray[np.float64] | None = None

    @property
    def duration_s(self) -> float:
        """Length of the signal on its own clock, s."""
        if self.times_s is not None:
            return float(self.times_s[-1] - self.times_s[0]) if self.times_s.size else 0.0
        return self.values.size / self.sampling_hz
