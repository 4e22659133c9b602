"""Nonlinear variability of the intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.features.heart.define import cardiac, named_columns
from eupnea.features.heart.intervals import WindowIntervals

FAMILY = "hrv_nonlinear"
RADIUS = 0.2
"""Tolerance of the entropies in standard deviations (Pincus 1991; Richman & Moorman 2000)."""
SHORT_SCALES = np.arange(4, 17)
"""Box sizes of the short-term exponent, beats (Peng et al. 1995)."""
LONG_SCALES = np.arange(16, 65)
"""Box sizes of the long-term exponent, beats (Peng et al. 1995)."""
PAIR_S, ENTROPY_S, SCALING_S = 60.0, 120.0, 120.0
"""Least lengths: Poincaré plot 60 s; entropies want 100 intervals and more, DFA four boxes of 16 (assumed)."""

_BRENNAN = "Brennan et al. (2001), IEEE Trans Biomed Eng 48:1342"
_YAN = "Yan et al. (2017), Physiol Meas 38:1; Piskorski & Guzik (2011)"
_COSTA = "Costa et al. (2017), Front Physiol 8:255"

FEATURES = (
    cardiac(FAMILY, "sd1_ms", "ms", "Poincaré plot: SD across the line of identity", _BRENNAN, seconds=PAIR_S),
    cardiac(FAMILY, "sd2_ms", "ms", "Poincaré plot: SD along the line of identity", _BRENNAN, seconds=PAIR_S),
    cardiac(FAMILY, "sd1_per_sd2", "1", "SD1 / SD2", _BRENNAN, seconds=PAIR_S),
    cardiac(FAMILY, "cardiac_vagal_index", "1", "log10(16 × SD1 × SD2)", "Toichi et al. (1997)", seconds=PAIR_S),
    cardiac(FAMILY, "lag1_correlation", "1", "correlation of an interval with the next", _BRENNAN, seconds=PAIR_S),
    cardiac(FAMILY, "guzik_percent", "%", "share of decelerations in the distance from identity", _YAN, seconds=PAIR_S),
    cardiac(FAMILY, "porta_percent", "%", "share of accelerations among the changes", _YAN, seconds=PAIR_S),
    cardiac(FAMILY, "c1d", "1", "decelerations' share in short-term variance", _YAN, seconds=PAIR_S),
    cardiac(FAMILY, "c2d", "1", "decelerations' share in long-term variance", _YAN, seconds=PAIR_S),
    cardiac(FAMILY, "cd", "1", "decelerations' share in total variance", _YAN, seconds=PAIR_S),
    cardiac(FAMILY, "pip", "1", "inflection points per interval", _COSTA, seconds=PAIR_S),
    cardiac(FAMILY, "ials", "1", "inverse mean length of runs of rising or falling intervals", _COSTA, seconds=PAIR_S),
    cardiac(FAMILY, "pss", "1", "share of runs shorter than three steps", _COSTA, seconds=PAIR_S),
    cardiac(
        FAMILY,
        "sample_entropy",
        "1",
        "sample entropy, m = 2, r = 0.2 SD",
        "Richman & Moorman (2000), Am J Physiol 278:H2039",
        seconds=ENTROPY_S,
    ),
    cardiac(
        FAMILY,
        "approximate_entropy",
        "1",
        "approximate entropy, m = 2, r = 0.2 SD",
        "Pincus (1991), PNAS 88:2297",
        seconds=ENTROPY_S,
    ),
    cardiac(
        FAMILY,
        "dfa_alpha1",
        "1",
        "slope of log fluctuation on log box size, boxes of 4-16 beats",
        "Peng et al. (1995), Chaos 5:82",
        seconds=SCALING_S,
    ),
)


def compute(intervals: WindowIntervals, windows: pd.DataFrame) -> pd.DataFrame:
    """Return one row of features per window; entropies and DFA only in windows that are long enough for them."""
    from eupnea.features.heart.kernels import fragmentation, scaling
    from eupnea.features.heart.matches import entropies

    n = len(windows)
    rr, first, last = intervals.rr_ms, intervals.first, intervals.last
    runs, alpha = np.full((n, 3), np.nan), np.full(n, np.nan)
    fragmentation(rr, intervals.follows, first, last, runs)
    entropy = entropies(rr, first, np.where(intervals.window_s >= ENTROPY_S, last, first), intervals.order, RADIUS)
    scaling(rr, first, np.where(intervals.window_s >= SCALING_S, last, first), SHORT_SCALES, alpha)
    sd1, sd2, guzik, porta, c1d, c2d, cd, lag1 = intervals.pairs.T[4:]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, vagal = sd1 / sd2, np.log10(16 * sd1 * sd2)
    columns = (sd1, sd2, ratio, vagal, lag1, guzik, porta, c1d, c2d, cd, *runs.T, *entropy.T, alpha)
    names = (feature.name for feature in FEATURES)
    return named_columns(FEATURES, dict(zip(names, columns, strict=True)), windows)
