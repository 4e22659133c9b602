"""Variability of the intervals in time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.features.heart.define import TASK_FORCE, cardiac, named_columns
from eupnea.features.heart.intervals import WindowIntervals

FAMILY = "hrv_time"
HISTOGRAM_BIN_MS = 1000.0 / 128
"""Bin of the triangular index: sampling at 128 Hz (Task Force 1996)."""

SHORT_S, LONG_S = 10.0, 60.0
"""Least lengths: a mean and RMSSD from 10 s, SDNN from 60 s (Munoz et al. 2015, PLoS ONE 10:e0138921: RMSSD of 10 s
correlates .85 with that of 4-5 min; Shaffer & Ginsberg 2017)."""

_SHAFFER = "Shaffer & Ginsberg (2017), Front Public Health 5:258"

FEATURES = (
    cardiac(FAMILY, "mean_rr_ms", "ms", "mean interval", TASK_FORCE, seconds=SHORT_S),
    cardiac(FAMILY, "median_rr_ms", "ms", "median interval", TASK_FORCE, seconds=SHORT_S),
    cardiac(FAMILY, "sdnn_ms", "ms", "standard deviation of the intervals (n - 1)", TASK_FORCE, seconds=LONG_S),
    cardiac(FAMILY, "rmssd_ms", "ms", "root mean square of successive differences", TASK_FORCE, seconds=SHORT_S),
    cardiac(FAMILY, "log_rmssd", "1", "natural logarithm of RMSSD in ms", _SHAFFER, seconds=SHORT_S),
    cardiac(FAMILY, "sdsd_ms", "ms", "standard deviation of successive differences", TASK_FORCE, seconds=SHORT_S),
    cardiac(FAMILY, "cvnn", "1", "SDNN / mean interval", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "cvsd", "1", "RMSSD / mean interval", _SHAFFER, seconds=SHORT_S),
    cardiac(FAMILY, "sdnn_per_rmssd", "1", "SDNN / RMSSD", "Sollers et al. (2007)", seconds=LONG_S),
    cardiac(FAMILY, "mad_ms", "ms", "1.4826 × median absolute deviation", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "mad_per_median", "1", "mad_ms / median interval", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "iqr_ms", "ms", "interquartile range", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "p20_ms", "ms", "20th percentile of the intervals", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "p80_ms", "ms", "80th percentile of the intervals", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "min_ms", "ms", "shortest interval", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "max_ms", "ms", "longest interval", _SHAFFER, seconds=LONG_S),
    cardiac(
        FAMILY, "pnn50_percent", "%", "successive differences above 50 ms per interval", TASK_FORCE, seconds=LONG_S
    ),
    cardiac(
        FAMILY, "pnn20_percent", "%", "successive differences above 20 ms per interval", TASK_FORCE, seconds=LONG_S
    ),
    cardiac(FAMILY, "skewness", "1", "skewness of the intervals (biased)", _SHAFFER, seconds=LONG_S),
    cardiac(FAMILY, "kurtosis", "1", "excess kurtosis of the intervals (biased)", _SHAFFER, seconds=LONG_S),
    cardiac(
        FAMILY,
        "triangular_index",
        "1",
        "intervals / intervals in the fullest bin of 7.8125 ms",
        TASK_FORCE,
        seconds=300.0,
    ),
)

MAD_TO_SD = 1.4826
"""Median absolute deviation to standard deviation of a normal distribution."""


def compute(intervals: WindowIntervals, windows: pd.DataFrame) -> pd.DataFrame:
    """Return one row of features per window."""
    from eupnea.features.heart.kernels import level_and_spread

    level = np.full((len(windows), 13), np.nan)
    level_and_spread(intervals.rr_ms, intervals.first, intervals.last, intervals.order, HISTOGRAM_BIN_MS, level)
    mean, sdnn, median, mad, lower, upper, p20, p80, least, most, skewness, kurtosis, triangular = level.T
    rmssd, sdsd, pnn50, pnn20 = intervals.pairs.T[:4]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {
            "mean_rr_ms": mean,
            "median_rr_ms": median,
            "sdnn_ms": sdnn,
            "rmssd_ms": rmssd,
            "log_rmssd": np.log(rmssd),
            "sdsd_ms": sdsd,
            "cvnn": sdnn / mean,
            "cvsd": rmssd / mean,
            "sdnn_per_rmssd": sdnn / rmssd,
            "mad_ms": MAD_TO_SD * mad,
            "mad_per_median": MAD_TO_SD * mad / median,
            "iqr_ms": upper - lower,
            "p20_ms": p20,
            "p80_ms": p80,
            "min_ms": least,
            "max_ms": most,
            "pnn50_percent": pnn50,
            "pnn20_percent": pnn20,
            "skewness": skewness,
            "kurtosis": kurtosis,
            "triangular_index": triangular,
        }
    return named_columns(FEATURES, values, windows)
