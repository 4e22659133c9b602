"""Who leads: directed dependence between breathing and intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.features.coupling.define import coupling
from eupnea.features.coupling.together import WindowPair

Floats = NDArray[np.float64]

FAMILY = "directed"
STEP = 2
"""Every second sample: 2 Hz, twice the fastest breathing looked at."""
LAGS = 6
"""Past of 3 s (Porta et al. 2012 find orders of 4 to 14 beats)."""
MIN_S = 60.0

_GEWEKE = "Granger (1969), Econometrica 37:424; Geweke (1982); unbiased residual variances"

FEATURES = (
    coupling(
        FAMILY,
        "breathing_to_heart",
        "1",
        "log ratio of the variances of the intervals that their own past leaves, and that both pasts leave (2 Hz, 3 s)",
        _GEWEKE,
        seconds=MIN_S,
    ),
    coupling(FAMILY, "heart_to_breathing", "1", "the same the other way round", _GEWEKE, seconds=MIN_S),
    coupling(FAMILY, "net", "1", "breathing_to_heart - heart_to_breathing", _GEWEKE, seconds=MIN_S),
)


def describe(pair: WindowPair) -> dict[str, float]:
    """Return the features of one window."""
    if pair.window_s < MIN_S:
        return {}
    breathing, intervals = pair.even_breathing[::STEP], pair.even_rr_ms[::STEP]
    forth = granger(breathing, intervals, LAGS)
    back = granger(intervals, breathing, LAGS)
    return {"breathing_to_heart": forth, "heart_to_breathing": back, "net": forth - back}


def granger(cause: Floats, effect: Floats, lags: int) -> float:
    """Return how much the past of `cause` helps to predict `effect` beyond the past of `effect`.

    Parameters
    ----------
    cause, effect
        Shape (n,), evenly sampled.
    lags
        Samples of the past.

    Returns
    -------
    float
        ln(variance left by the own past / variance left by both pasts), residual variances with their degrees of
        freedom, so that it scatters around zero without any dependence. NaN for constant series, and where some pasts
        are sums of others, as those of a pure sine.
    """
    if np.ptp(cause) == 0 or np.ptp(effect) == 0 or effect.size < 4 * lags:
        return float("nan")
    own, other = _past(_standard(effect), lags), _past(_standard(cause), lags)
    target = _standard(effect)[lags:, None]
    triangle = np.asarray(np.linalg.qr(np.hstack([np.ones_like(target), own, other, target]), mode="r"))
    powers = np.abs(np.diag(triangle))[:-1]
    if powers.min() <= np.finfo(float).eps * len(target) * powers.max():
        return float("nan")
    # what the first columns of a triangle leave of its last one stands in the last one's further rows
    alone, both = (
        float(np.sum(triangle[columns:, -1] ** 2)) / (target.size - columns) for columns in (1 + lags, 1 + 2 * lags)
    )
    return float(np.log(alone / both)) if alone > 0 and both > 0 else float("nan")


def _standard(series: Floats) -> Floats:
    return (series - series.mean()) / series.std()


def _past(series: Floats, lags: int) -> Floats:
    return np.column_stack([series[lags - lag : series.size - lag] for lag in range(1, lags + 1)])
