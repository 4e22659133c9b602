"""Correction of p-values for a family of tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for the false discovery rate; missing ones stay missing and do not count.

    Parameters
    ----------
    p_values
        Shape (n,).

    References
    ----------
    Benjamini & Hochberg (1995), J R Stat Soc B 57:289.
    """
    from scipy.stats import false_discovery_control

    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        adjusted[known] = false_discovery_control(p[known], method="bh")
    return adjusted


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for the family-wise error, whatever their dependence; missing ones do not count.

    Parameters
    ----------
    p_values
        Shape (n,).

    References
    ----------
    Holm (1979), Scand J Stat 6:65.
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def max_t(observed: ArrayLike, null: ArrayLike) -> NDArray[np.float64]:
    """Adjust for a family of tests that were permuted together: single-step maximum statistic.

    Parameters
    ----------
    observed
        Shape (n,): statistics, larger is more extreme. They should be comparable (standardised).
    null
        Shape (B, n): the same statistics under each joint permutation; a NaN never is the maximum.

    Returns
    -------
    p_adjusted
        Shape (n,): (1 + #{max_j T_bj >= T_i}) / (1 + B); NaN where `observed` is.

    References
    ----------
    Westfall & Young (1993), Resampling-Based Multiple Testing.
    """
    statistics, draws = np.asarray(observed, dtype=float), np.asarray(null, dtype=float)
    largest = np.sort(np.where(np.isnan(draws), -np.inf, draws).max(axis=1))
    exceeding = largest.size - np.searchsorted(largest, statistics, side="left")
    return np.where(np.isnan(statistics), np.nan, (1 + exceeding) / (1 + largest.size))
