"""Intraclass correlations of people × measurements tables, for many features at once.

References
----------
Shrout & Fleiss (1979), Psychol Bull 86:420. McGraw & Wong (1996), Psychol Methods 1:30 (intervals).
Weir (2005), J Strength Cond Res 19:231 (SEM, minimal detectable change).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DETECTABLE = 1.96
"""Standard errors of a difference that a change must exceed to be detected with 95 % confidence."""

JACKKNIFE_GROUPS = 12
"""Groups of people that are left out in turn, at most: a median is smooth in groups rather than in single people."""


@dataclass(frozen=True, slots=True)
class Icc:
    """Reliability of q features; every array has shape (q,).

    Attributes
    ----------
    icc_1_1, icc_2_1, icc_3_1
        Single measurement: measurements nested in people; crossed, agreement; crossed, consistency.
    intervals
        For each of the three: (low, high).
    p_value
        F-test that people do not differ (the one of ICC(3,1)).
    sem, mdc
        Standard error of measurement (agreement), and the smallest detectable change, in units of the feature.
    n, k
        People and measurements.
    """

    icc_1_1: FloatArray
    icc_2_1: FloatArray
    icc_3_1: FloatArray
    intervals: dict[str, tuple[FloatArray, FloatArray]]
    p_value: FloatArray
    sem: FloatArray
    mdc: FloatArray
    n: int
    k: int


def intraclass_correlations(values: FloatArray, *, level: float = 0.95) -> Icc:
    """Compute ICC(1,1), ICC(2,1), ICC(3,1) with F-based intervals.

    Parameters
    ----------
    values
        Shape (n, k, q): people, measurements, features; no missing values.
    level
        Coverage of the intervals.

    Returns
    -------
    Icc
        NaN for features that do not vary.
    """
    from scipy.stats import f

    n, k, _ = values.shape
    rows, columns, error, within = _mean_squares(values)
    tail, free = 1 - (1 - level) / 2, (n - 1) * (k - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        one = (rows - within) / (rows + (k - 1) * within)
        two = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
        three = (rows - error) / (rows + (k - 1) * error)
        intervals = {
            "icc_1_1": _one_way_interval(rows / within, n - 1, n * (k - 1), k, tail),
            "icc_2_1": _agreement_interval(two, rows, columns, error, n, k, tail),
            "icc_3_1": _one_way_interval(rows / error, n - 1, free, k, tail),
        }
        p_value = np.asarray(f.sf(rows / error, n - 1, free))
    sem = np.sqrt(error + np.maximum((columns - error) / n, 0.0))
    return Icc(one, two, three, intervals, p_value, sem, DETECTABLE * np.sqrt(2) * sem, n, k)


def median_icc(values: FloatArray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Return the median ICC(3,1) over features, and its interval for new people by a jackknife over people.

    The interval holds for features that go together, and is too wide for independent ones.

    Parameters
    ----------
    values
        Shape (n, k, q): people, measurements, features; a person counts for the features known in every measurement.
    level
        Coverage of the interval.

    References
    ----------
    Shao & Tu (1995), The Jackknife and Bootstrap, section 2.3 (groups of people are left out in turn).
    """
    from scipy.stats import t

    complete = np.asarray(np.isfinite(values).all(axis=1), dtype=np.bool_)
    n_groups = min(len(values), JACKKNIFE_GROUPS)
    groups = np.arange(len(values)) % n_groups
    estimate = _median_of(values, complete)
    left_out = np.array([_median_of(values[groups != one], complete[groups != one]) for one in range(n_groups)])
    se = float(np.sqrt((n_groups - 1) / n_groups * np.sum((left_out - left_out.mean()) ** 2)))
    reach = float(t.ppf(1 - (1 - level) / 2, n_groups - 1)) * se
    return estimate, estimate - reach, min(estimate + reach, 1.0)


def _median_of(values: FloatArray, complete: NDArray[np.bool_]) -> float:
    """Return the median ICC(3,1) of features, each from the people who are complete for it."""
    n, k = complete.sum(axis=0), values.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(complete[:, None], values, 0.0)
        centred = np.where(complete[:, None], known - known.sum(axis=(0, 1)) / (n * k), 0.0)
        by_row, by_column = centred.mean(axis=1), centred.sum(axis=0) / n
        rows = k * (by_row**2).sum(axis=0) / (n - 1)
        residual = np.where(complete[:, None], centred - by_row[:, None] - by_column, 0.0)
        error = (residual**2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
        icc = (rows - error) / (rows + (k - 1) * error)
    return float(np.nanmedian(icc))


def _mean_squares(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    n, k, _ = values.shape
    centred = values - values.mean(axis=(0, 1))
    by_row, by_column = centred.mean(axis=1), centred.mean(axis=0)
    rows = k * (by_row**2).sum(axis=0) / (n - 1)
    columns = n * (by_column**2).sum(axis=0) / (k - 1)
    residual = centred - by_row[:, None] - by_column
    error = (residual**2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    within = ((centred - by_row[:, None]) ** 2).sum(axis=(0, 1)) / (n * (k - 1))
    return rows, columns, error, within


def _one_way_interval(
    ratio: FloatArray, free_rows: int, free_error: int, k: int, tail: float
) -> tuple[FloatArray, FloatArray]:
    from scipy.stats import f

    low = ratio / f.ppf(tail, free_rows, free_error)
    high = ratio * f.ppf(tail, free_error, free_rows)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _agreement_interval(
    icc: FloatArray, rows: FloatArray, columns: FloatArray, error: FloatArray, n: int, k: int, tail: float
) -> tuple[FloatArray, FloatArray]:
    from scipy.stats import f

    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    free = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    rest = k * columns + (k * n - k - n) * error
    lower, upper = f.ppf(tail, n - 1, free), f.ppf(tail, free, n - 1)
    return n * (rows - lower * error) / (lower * rest + n * rows), n * (upper * rows - error) / (
        rest + n * upper * rows
    )
