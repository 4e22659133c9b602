"""Low-passed copies of a signal at the rate that each of them needs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.convolution import butterworth_taps, convolved, convolved_at, count_near, halved, mirrored, spread

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

RATE_PER_CUTOFF = 4.0
"""A copy is kept at no less than this many samples per period of its cutoff."""
COARSEST_HZ = 6.0
"""No copy is kept at fewer samples per second."""
PAD_S = 16.0
"""Signal mirrored at both ends, s: the reach of the lowest cutoff."""
SLOPE_S = 0.04
"""Slopes are central differences over this time to either side, s, whatever the sampling rate."""
TEST_SAMPLES = 1000
"""Samples, at least, that the size of the detail is told from, evenly spread over the signal."""


class Smoother:
    """Low-passed copies of a signal, with the response of a fourth-order Butterworth filter run forth and back.

    The signal is halved in rate until it holds just what the lowest cutoffs need; each copy is a short symmetric
    convolution at its own rate. All copies start at the first sample of the signal, so that sample i of a copy with
    step s is sample i · s of the signal.

    Parameters
    ----------
    values
        Shape (n,): signal without missing values.
    sampling_hz
        Its rate, Hz.
    is_volume
        Whether flow is the derivative of the signal.
    """

    def __init__(self, values: Floats, sampling_hz: float, *, is_volume: bool) -> None:
        self._n, self._hz, self._is_volume = values.size, sampling_hz, is_volume
        n_halvings = max(int(np.log2(max(sampling_hz / COARSEST_HZ, 1.0))), 0)
        self.coarsest = 2**n_halvings
        self.coarsest_hz = sampling_hz / self.coarsest
        self._pad = (int(PAD_S * sampling_hz) // self.coarsest + 1) * self.coarsest
        streams = [mirrored(values, self._pad)]
        for _ in range(n_halvings):
            streams.append(halved(streams[-1]))
        self._streams = {2**k: stream for k, stream in enumerate(streams)}
        self._copies: dict[tuple[float, int, bool], Floats] = {}

    def step(self, cutoff_hz: float) -> int:
        """Return how many samples of the signal lie between two of what is smoothed at a cutoff."""
        step = self.coarsest
        while step > 1 and self._hz / step < RATE_PER_CUTOFF * cutoff_hz:
            step //= 2
        return step

    def level(self, cutoff_hz: float, step: int | None = None) -> Floats:
        """Return the signal below a cutoff, every `step` samples (what the cutoff needs, unless told)."""
        return self._copy(cutoff_hz, step or self.step(cutoff_hz), slope=False)

    def level_at(self, cutoff_hz: float, positions: Indices) -> Floats:
        """Return the signal below a cutoff at some of the samples of the coarsest copy."""
        taps = _taps(cutoff_hz, self.coarsest_hz, 0.0)
        return convolved_at(self._streams[self.coarsest], taps, positions + self._pad // self.coarsest)

    def flow(self, cutoff_hz: float, step: int | None = None) -> Floats:
        """Return flow below a cutoff, per second; its zero is still that of the sensor."""
        return self._copy(cutoff_hz, step or self.step(cutoff_hz), slope=self._is_volume)

    def finest(self, cutoffs_hz: tuple[float, ...], least_hz: float, *, detail: float, of_flow: bool) -> float:
        """Return the highest cutoff whose detail beyond `least_hz` is small nearly everywhere.

        True detail (the sudden start of a breath) is rare in time, noise and heartbeat are everywhere: so the size of
        the detail is its median.

        Parameters
        ----------
        cutoffs_hz
            Falling; those below `least_hz` are not tried.
        least_hz
            The cutoff that is believed in any case.
        detail
            Largest median of the detail against the standard deviation of the signal below `least_hz`.
        of_flow
            Whether flow is looked at, else the signal itself.
        """
        look = self.flow if of_flow else self.level
        step = self.coarsest * max(self._n // (self.coarsest * TEST_SAMPLES), 1)
        sure = look(least_hz, step)
        allowed = detail * spread(sure)
        tried = [cutoff_hz for cutoff_hz in cutoffs_hz if cutoff_hz > least_hz]
        first, stop = 0, len(tried)
        while first < stop:  # the wider the band the more detail: so halving finds the first that is allowed
            middle = (first + stop) // 2
            if _is_mostly_near(look(tried[middle], step), sure, allowed):
                stop = middle
            else:
                first = middle + 1
        return tried[first] if first < len(tried) else least_hz

    def _copy(self, cutoff_hz: float, step: int, *, slope: bool) -> Floats:
        key = cutoff_hz, step, slope
        if key not in self._copies:
            source = min(step, self.step(cutoff_hz))
            hz = self._hz / source
            taps = _taps(cutoff_hz, hz, SLOPE_S if slope else 0.0)
            self._copies[key] = convolved(
                self._streams[source], taps, self._pad // source, step // source, (self._n - 1) // step + 1, slope
            )
        return self._copies[key]


@lru_cache(maxsize=256)
def _taps(cutoff_hz: float, sampling_hz: float, slope_s: float) -> Floats:
    return np.asarray(butterworth_taps(cutoff_hz, sampling_hz, slope_s))


def _is_mostly_near(values: Floats, others: Floats, allowed: float) -> bool:
    """Tell whether the median difference is allowed: by counting, which needs no sorting."""
    near = count_near(values, others, allowed)
    if values.size % 2 == 0 and near == values.size // 2:
        return bool(np.median(np.abs(values - others)) <= allowed)
    return bool(2 * near > values.size)
