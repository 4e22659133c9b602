"""How breaths follow each other: memory, regularity, scaling."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.breath_matrix import WindowBreaths, log_of, ratio, row_correlation, row_mean, row_sd
from eupnea.features.define import OWN, breathing, in_columns
from eupnea.features.registry import Feature

Floats = NDArray[np.float64]

FAMILY = "variability"
MIN_LAG, MIN_ENTROPY, MIN_SPECTRUM, MIN_SHORT_DFA, MIN_LONG_DFA = 8, 16, 16, 32, 128
"""Breaths that lags, sample entropy, the spectrum of the series and scaling need (assumed)."""
SHORT_SCALES, LONG_SCALES = (4, 11), (11, 64)
"""Breaths in the boxes of detrended fluctuation analysis: Peng's short range of heartbeats, and what lies above."""
TEMPLATE, TOLERANCE = 2, 0.2
"""Sample entropy: length of the template, and tolerance against the standard deviation (Richman & Moorman 2000)."""

_LABELS = {"total_s": "ttot", "inhale_s": "ti", "exhale_s": "te", "inhale_volume_au": "volume"}
_WORDS = {"ttot": "breath duration", "ti": "inspiratory time", "te": "expiratory time", "volume": "inspired volume"}
SERIES = ("ttot", "volume")
"""Series that are described in full; Ti and Te go with breath duration."""
_TOBIN = "Tobin et al. (1995), J Appl Physiol 79:1512"


def _features() -> tuple[Feature, ...]:
    new = partial(breathing, FAMILY)
    found: list[Feature] = []
    for name, words in _WORDS.items():
        series = f"the log of {words}"
        found.append(
            new(f"{name}_lag1", "1", f"correlation of {series} with the next breath's", _TOBIN, breaths=MIN_LAG)
        )
        if name in SERIES:
            found += [
                new(f"{name}_ar2", "1", f"second coefficient of the AR(2) model of {series}", OWN, breaths=MIN_LAG),
                new(
                    f"{name}_successive",
                    "1",
                    f"root mean square of successive differences of {series}",
                    breaths=MIN_LAG,
                ),
            ]
    found += [
        new("poincare_ratio", "1", "SD1 over SD2 of the log of breath duration", "Brennan (2001)", breaths=MIN_LAG),
        new("ti_te_correlation", "1", "correlation of the logs of Ti and Te", breaths=MIN_LAG),
        new("ttot_volume_correlation", "1", "correlation of the logs of duration and volume", breaths=MIN_LAG),
        new("drive_duty_correlation", "1", "correlation of log volume / Ti and log duty cycle", breaths=MIN_LAG),
        new("spectral_slope", "1", "slope of log power on log frequency of breath duration", breaths=MIN_SPECTRUM),
    ]
    for name in SERIES:
        words = _WORDS[name]
        found += [
            new(
                f"{name}_sample_entropy",
                "1",
                f"sample entropy of {words}, m = 2, r = 0.2 SD",
                "Richman & Moorman (2000), Am J Physiol 278:H2039",
                breaths=MIN_ENTROPY,
            ),
            new(f"{name}_dfa_short", "1", f"scaling of {words}, boxes of 4-11 breaths", _PENG, breaths=MIN_SHORT_DFA),
            new(f"{name}_dfa_long", "1", f"scaling of {words}, boxes of 11-64 breaths", _PENG, breaths=MIN_LONG_DFA),
        ]
    return tuple(found)


_PENG = "Peng et al. (2002), Ann Biomed Eng 30:683"
FEATURES = _features()


def compute(inside: WindowBreaths, windows: pd.DataFrame) -> pd.DataFrame:
    """Compute how the breaths of every window follow each other; `windows` has the column ``window_s``."""
    values: dict[str, Floats] = {}
    logs = {label: log_of(inside.matrix(column)) for column, label in _LABELS.items()}
    for label, series in logs.items():
        values |= _memory(label, series, inside.is_next)
    values |= _poincare(logs["ttot"], inside.is_next)
    values["ti_te_correlation"] = row_correlation(logs["ti"], logs["te"])
    values["ttot_volume_correlation"] = row_correlation(logs["ttot"], logs["volume"])
    values["drive_duty_correlation"] = row_correlation(logs["volume"] - logs["ti"], logs["ti"] - logs["ttot"])
    values |= _series(inside)
    return in_columns(FEATURES, values, window_s=windows["window_s"].to_numpy(dtype=float), n_breaths=inside.count)


def _memory(label: str, series: Floats, is_next: NDArray[np.bool_]) -> dict[str, Floats]:
    step = np.where(is_next[:, 1:], np.diff(series, axis=1), np.nan)
    first = row_correlation(np.where(is_next[:, 1:], series[:, :-1], np.nan), series[:, 1:])
    both = is_next[:, 2:] & is_next[:, 1:-1]
    second = row_correlation(np.where(both, series[:, :-2], np.nan), series[:, 2:])
    with np.errstate(divide="ignore", invalid="ignore"):
        ar2 = (second - first**2) / (1 - first**2)
    successive = np.sqrt(row_mean(step**2))
    return {f"{label}_lag1": first, f"{label}_ar2": ar2, f"{label}_successive": successive}


def _poincare(series: Floats, is_next: NDArray[np.bool_]) -> dict[str, Floats]:
    left, right = np.where(is_next[:, 1:], series[:, :-1], np.nan), series[:, 1:]
    sd1, sd2 = row_sd(right - left) / np.sqrt(2), row_sd(left + right) / np.sqrt(2)
    return {"poincare_ratio": ratio(sd1, sd2)}


def _series(inside: WindowBreaths) -> dict[str, Floats]:
    """Describe the series of each window that has enough breaths: what cannot be done in one matrix."""
    names = ("spectral_slope", *(f"{label}_{kind}" for label in SERIES for kind in _KINDS))
    values = {name: np.full(len(inside.place), np.nan) for name in names}
    count = inside.count.astype(np.intp)
    for label, column in (("ttot", "total_s"), ("volume", "inhale_volume_au")):
        matrix = inside.matrix(column)
        for row in np.flatnonzero(count >= min(MIN_ENTROPY, MIN_SPECTRUM)).tolist():
            series = matrix[row, : count[row]]
            values[f"{label}_sample_entropy"][row] = sample_entropy(series)
            if label == "ttot":
                values["spectral_slope"][row] = spectral_slope(series)
            if count[row] >= MIN_SHORT_DFA:
                values[f"{label}_dfa_short"][row] = fluctuation_exponent(series, SHORT_SCALES)
            if count[row] >= MIN_LONG_DFA:
                values[f"{label}_dfa_long"][row] = fluctuation_exponent(series, LONG_SCALES)
    return values


_KINDS = ("sample_entropy", "dfa_short", "dfa_long")


def sample_entropy(series: Floats, *, template: int = TEMPLATE, tolerance: float = TOLERANCE) -> float:
    """Return the sample entropy of a series; NaN when nothing matches or it is constant.

    Parameters
    ----------
    series
        Shape (n,).
    template
        Length m of the templates.
    tolerance
        Largest distance (Chebyshev), in standard deviations of the series.
    """
    n = series.size - template
    radius = tolerance * float(series.std())
    if n < 2 or not radius > 0:
        return float("nan")
    near = np.abs(series[:, None] - series[None, :]) <= radius
    short = np.ones((n, n), dtype=bool)
    for shift in range(template):
        short &= near[shift : shift + n, shift : shift + n]
    long = short & near[template : template + n, template : template + n]
    matches, longer = int(short.sum()) - n, int(long.sum()) - n
    return float(-np.log(longer / matches)) if longer > 0 else float("nan")


def fluctuation_exponent(series: Floats, scales: tuple[int, int], *, points: int = 8) -> float:
    """Return the exponent of detrended fluctuation analysis: slope of log fluctuation on log box size.

    Parameters
    ----------
    series
        Shape (n,); boxes longer than a quarter of it are left out.
    scales
        Smallest and largest box.
    points
        Box sizes at most, evenly spaced in the logarithm.
    """
    largest = min(scales[1], series.size // 4)
    boxes = np.unique(np.rint(np.geomspace(scales[0], max(largest, scales[0]), points)).astype(int))
    profile = np.cumsum(series - series.mean())
    fluctuation = np.array([_fluctuation(profile, int(box)) for box in boxes])
    if boxes.size < 3 or not (fluctuation > 0).all():
        return float("nan")
    return float(np.polyfit(np.log(boxes), np.log(fluctuation), 1)[0])


def _fluctuation(profile: Floats, box: int) -> float:
    """Return the root mean square around straight lines in boxes laid from both ends."""
    whole = profile.size // box * box
    parts = np.concatenate([profile[:whole].reshape(-1, box), profile[-whole:].reshape(-1, box)])
    x = np.arange(box) - (box - 1) / 2
    centred = parts - parts.mean(axis=1, keepdims=True)
    slope = centred @ x / (x @ x)
    return float(np.sqrt(np.mean((centred - slope[:, None] * x) ** 2)))


def spectral_slope(series: Floats) -> float:
    """Return the slope of log power on log frequency (per breath) of a series."""
    values = (series - series.mean()) * np.hanning(series.size)
    power = np.abs(np.fft.rfft(values)) ** 2
    frequency = np.fft.rfftfreq(series.size)
    good = (frequency > 0) & (power > 0)
    if good.sum() < 4:
        return float("nan")
    return float(np.polyfit(np.log(frequency[good]), np.log(power[good]), 1)[0])
