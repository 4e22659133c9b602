"""Flow from what a sensor shows: how much detail may be believed, and where the zero of flow is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.kernels import broken_line, count_near, damped, last_below_curve, narrowest_levels, slope
from eupnea.breaths.presets import DetectionPreset

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


DETAIL_HZ = 12.5
"""Samples per second that the size of the detail is told from."""
PAD_S = 10.0
"""Signal mirrored at both ends, s: three periods of the lowest cutoff."""


class Smoother:
    """Low-passed copies of a signal, each filtered once, with the response of a Butterworth filter run forth and back.

    One spectrum serves all cutoffs, which is several times faster than running the filters.

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
        from scipy.fft import next_fast_len, rfft

        self._n, self._hz, self._is_volume = values.size, sampling_hz, is_volume
        self._centre = float(np.mean(values))
        values = values - self._centre
        self._pad = min(values.size - 1, int(PAD_S * sampling_hz))
        head = 2 * values[0] - values[self._pad : 0 : -1]
        tail = 2 * values[-1] - values[-2 : -self._pad - 2 : -1]
        padded = np.concatenate([head, values, tail])
        self._size = next_fast_len(padded.size, real=True)
        self._spectrum = rfft(padded, self._size)
        self._levels: dict[float, Floats] = {}
        self._flows: dict[float, Floats] = {}

    def level(self, cutoff_hz: float) -> Floats:
        """Return the signal below a cutoff."""
        if cutoff_hz not in self._levels:
            from scipy.fft import irfft

            below = damped(self._spectrum, self._hz / self._size / cutoff_hz)
            level = irfft(below, self._size, overwrite_x=True)[self._pad : self._pad + self._n]
            self._levels[cutoff_hz] = level + self._centre
        return self._levels[cutoff_hz]

    def flow(self, cutoff_hz: float) -> Floats:
        """Return flow below a cutoff, per second; its zero is still that of the sensor."""
        if not self._is_volume:
            return self.level(cutoff_hz)
        if cutoff_hz not in self._flows:
            self._flows[cutoff_hz] = slope_of(self.level(cutoff_hz), self._hz)
        return self._flows[cutoff_hz]

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
        sure = look(least_hz)
        allowed = detail * float(np.std(sure))
        thin = max(int(self._hz / DETAIL_HZ), 1)
        for cutoff_hz in cutoffs_hz:
            if cutoff_hz > least_hz and _is_mostly_near(look(cutoff_hz), sure, thin, allowed):
                return cutoff_hz
        return least_hz


def _is_mostly_near(values: Floats, others: Floats, step: int, allowed: float) -> bool:
    """Tell whether the median difference at every step-th sample is allowed: by counting, which needs no sorting."""
    n, near = -(-values.size // step), count_near(values, others, step, allowed)
    if n % 2 == 0 and near == n // 2:
        return bool(np.median(np.abs(values[::step] - others[::step])) <= allowed)
    return bool(2 * near > n)


def slope_of(volume: Floats, sampling_hz: float) -> Floats:
    """Return the derivative per second by central differences."""
    return np.asarray(slope(volume, sampling_hz))


def zero_of_flow(
    flow: Floats, troughs: Indices, peaks: Indices, *, see_pauses: bool, preset: DetectionPreset
) -> Floats:
    """Return the level of no flow: where flow rests during pauses, else the mean over whole breaths.

    Between the fastest expiration and the fastest inspiration that follow each other, the narrowest level that holds
    a share of the breath is looked for. Where it is narrow enough to be a pause in enough of the breaths, these levels
    are the zero; else what is inspired is taken to be expired again, over some breaths.

    Parameters
    ----------
    flow
        Shape (n,).
    troughs, peaks
        Largest expiratory and inspiratory flow, alternating, beginning and ending with a trough.
    see_pauses
        Whether there is so little noise that a pause would be seen as a level.
    preset
        Constants of the detector.
    """
    if peaks.size < 2:
        return np.full(flow.size, float(np.mean(flow)))
    where, level = _pause_levels(flow, troughs, peaks, preset) if see_pauses else (np.empty(0), np.empty(0))
    if where.size < preset.plateau_breaths * peaks.size:
        where, level = _breath_means(flow, troughs, peaks, preset)
    return np.asarray(broken_line(flow.size, where, level))


def _pause_levels(flow: Floats, troughs: Indices, peaks: Indices, preset: DetectionPreset) -> tuple[Floats, Floats]:
    edge = preset.plateau_margin
    where, level = narrowest_levels(flow, troughs, peaks, preset.plateau_share, preset.plateau_width, edge)
    return where, level


def _breath_means(flow: Floats, troughs: Indices, peaks: Indices, preset: DetectionPreset) -> tuple[Floats, Floats]:
    total = np.concatenate([[0.0], np.cumsum(flow)])
    zero = np.full(flow.size, float(np.mean(flow)))
    where, level = np.array([flow.size / 2]), zero[:1]
    for _ in range(ROUNDS):
        below = last_below_curve(flow, zero, peaks)
        cut = np.maximum(below, troughs[:-1])
        step = min(preset.zero_breaths, cut.size - 1)
        where = (cut[step:] + cut[:-step]) / 2
        level = (total[cut[step:]] - total[cut[:-step]]) / (cut[step:] - cut[:-step])
        zero = broken_line(flow.size, where, level)
    return where, level


ROUNDS = 2
"""Rounds in which breaths are cut at the zero found with the last cut."""
