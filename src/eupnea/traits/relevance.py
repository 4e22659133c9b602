"""Which features have to do with a target: tsfresh's relevance tests, for all features at once.

References
----------
Christ, Kempa-Liehr & Feindt (2016), arXiv:1610.07717. Kendall (1970), Rank Correlation Methods (variance with ties).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FALSE_DISCOVERIES = 0.05
"""Share of false discoveries that the selection allows."""

KEEP_AT_LEAST = 50
"""Features with the smallest p-values that are kept even where none passes."""

PAIRS_AT_ONCE = 4_000_000
"""Signs of pairs that are held in memory together."""


def relevant_features(x: FloatArray, y: FloatArray, *, is_class: bool) -> NDArray[np.intp]:
    """Choose features by their relevance, on training rows only.

    Parameters
    ----------
    x
        Shape (n, p), NaN where missing (replaced by the median).
    y
        Shape (n,): number, or 0/1.
    is_class
        Mann–Whitney test instead of Kendall's.

    Returns
    -------
    columns
        Those that pass Benjamini–Yekutieli at 5 %, and the 50 most relevant ones in any case, ascending.
    """
    from scipy.stats import false_discovery_control

    p = relevance_p(x, y, is_class=is_class)
    passed = false_discovery_control(p, method="by") <= FALSE_DISCOVERIES if p.size else np.empty(0, dtype=bool)
    passed[np.argsort(p, kind="stable")[:KEEP_AT_LEAST]] = True
    return np.flatnonzero(passed)


def relevance_p(x: FloatArray, y: FloatArray, *, is_class: bool) -> FloatArray:
    """Give the p-value of each feature, shape (p,); 1 for constant features."""
    middle = np.nanmedian(np.where(np.isfinite(x).any(axis=0), x, 0.0), axis=0) if np.isnan(x).any() else 0.0
    filled = np.where(np.isnan(x), middle, x)
    constant = np.ptp(filled, axis=0) == 0
    p = mann_whitney_p(filled, y) if is_class else kendall_p(filled, y)
    return np.where(constant | ~np.isfinite(p), 1.0, p)


def kendall_p(x: FloatArray, y: FloatArray) -> FloatArray:
    """Give the two-sided asymptotic p-value of Kendall's τ-b of each column with y."""
    from scipy.special import ndtr

    n = len(y)
    i, j = np.triu_indices(n, 1)
    sign_y = np.sign(y[i] - y[j])
    size = max(PAIRS_AT_ONCE // max(len(i), 1), 1)
    score = np.empty(x.shape[1])
    for start in range(0, x.shape[1], size):
        block = x[:, start : start + size]
        score[start : start + size] = sign_y @ np.sign(block[i] - block[j])
    x0, x1, x2 = _tie_terms(x)
    y0, y1, y2 = (part[0] for part in _tie_terms(y[:, None]))
    pairs = n * (n - 1)
    variance = (pairs * (2 * n + 5) - x2 - y2) / 18 + 2 * x0 * y0 / pairs
    variance = variance + x1 * y1 / (9 * pairs * (n - 2)) if n > 2 else variance
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2 * ndtr(-np.abs(score) / np.sqrt(variance)))


def mann_whitney_p(x: FloatArray, y: FloatArray) -> FloatArray:
    """Give the two-sided p-value of the Mann–Whitney test of each column between the classes (normal, corrected)."""
    from scipy.stats import mannwhitneyu

    one, zero = x[y > 0.5], x[y <= 0.5]
    if not len(one) or not len(zero):
        return np.ones(x.shape[1])
    return np.asarray(mannwhitneyu(one, zero, axis=0, method="asymptotic", use_continuity=True).pvalue)


def _tie_terms(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum over groups of ties of size t: t(t-1)/2, t(t-1)(t-2), t(t-1)(2t+5)."""
    ordered = np.sort(x, axis=0)
    terms = np.zeros((3, x.shape[1]))
    tied = np.flatnonzero((np.diff(ordered, axis=0) == 0).any(axis=0))
    for column in tied:
        t = np.unique(ordered[:, column], return_counts=True)[1].astype(float)
        terms[:, column] = (t * (t - 1) / 2).sum(), (t * (t - 1) * (t - 2)).sum(), (t * (t - 1) * (2 * t + 5)).sum()
    return terms[0], terms[1], terms[2]
