"""Compare found onsets with the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def match(truth_s: Floats, found_s: Floats, tolerance_s: float) -> tuple[Floats, int, int]:
    """Pair onsets one to one, in order of time, as many as possible.

    Returns
    -------
    errors_s, n_missed, n_invented
        Found minus true time of the pairs.
    """
    errors, missed, i, j = [], 0, 0, 0
    while i < truth_s.size and j < found_s.size:
        distance = found_s[j] - truth_s[i]
        if abs(distance) <= tolerance_s:
            errors.append(distance)
            i, j = i + 1, j + 1
        elif distance < 0:
            j += 1
        else:
            missed, i = missed + 1, i + 1
    return np.array(errors), truth_s.size - len(errors), found_s.size - len(errors)


def f1_score(n_hit: int, n_missed: int, n_invented: int) -> float:
    """Return 2 TP / (2 TP + FN + FP)."""
    total = 2 * n_hit + n_missed + n_invented
    return 2 * n_hit / total if total else float("nan")


def f1_standard_error(hits: NDArray[np.intp], missed: NDArray[np.intp], invented: NDArray[np.intp]) -> float:
    """Return the standard error of the F1 of all signals together, each left out in turn (jackknife over signals)."""
    n = hits.size
    if n < 2:
        return float("nan")
    totals = (hits.sum(), missed.sum(), invented.sum())
    left = [f1_score(*(t - one[k] for t, one in zip(totals, (hits, missed, invented), strict=True))) for k in range(n)]
    return float(np.sqrt((n - 1) / n * np.sum((np.array(left) - np.mean(left)) ** 2)))
