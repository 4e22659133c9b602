"""Error rates of verification, as in ISO/IEC 19795-1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eupnea.identification.space import Matrix

MIN_IMPOSTOR_ERRORS = 30
"""Expected impostor errors below which an FMR point is not supported by the data (rule of 30)."""


def error_curve(
    genuine: Matrix, impostor: Matrix, *, weights: tuple[Matrix, Matrix] | None = None
) -> tuple[Matrix, Matrix, Matrix]:
    """Return thresholds with the false match and false non-match rates there.

    Parameters
    ----------
    genuine, impostor
        Scores; higher is more alike. A comparison matches when its score reaches the threshold.
    weights
        Weights of both.

    Returns
    -------
    thresholds, fmr, fnmr
        Thresholds ascending: FMR falls, FNMR rises. Tied scores share a threshold.
    """
    g_weight, i_weight = weights or (np.ones(genuine.size), np.ones(impostor.size))
    scores = np.concatenate([genuine, impostor])
    order = np.argsort(scores, kind="stable")
    is_genuine = np.r_[g_weight, np.zeros(impostor.size)][order]
    is_impostor = np.r_[np.zeros(genuine.size), i_weight][order]
    ordered = scores[order]
    first = np.r_[True, np.diff(ordered) > 0]
    below_g = np.r_[0.0, np.cumsum(is_genuine)]
    below_i = np.r_[0.0, np.cumsum(is_impostor)]
    keep = np.r_[np.flatnonzero(first), ordered.size]
    fnmr = below_g[keep] / max(below_g[-1], 1e-300)
    fmr = 1.0 - below_i[keep] / max(below_i[-1], 1e-300)
    return np.r_[ordered[first], np.inf], fmr, fnmr


def equal_error_rate(genuine: Matrix, impostor: Matrix, *, weights: tuple[Matrix, Matrix] | None = None) -> float:
    """Return the rate at which false matches and false non-matches are equally frequent.

    Between the two neighbouring thresholds the ROC is a straight line. NaN where one kind of comparison is missing.
    """
    if genuine.size == 0 or impostor.size == 0:
        return float("nan")
    _, fmr, fnmr = error_curve(genuine, impostor, weights=weights)
    gap = fnmr - fmr
    k = int(np.argmax(gap >= 0))
    if k == 0 or gap[k] == 0:
        return float(fnmr[k])
    share = -gap[k - 1] / (gap[k] - gap[k - 1])
    return float(fmr[k - 1] + share * (fmr[k] - fmr[k - 1]))


def fnmr_at_fmr(genuine: Matrix, impostor: Matrix, fmr_wanted: float) -> float:
    """Return the share of genuine comparisons refused where at most `fmr_wanted` of the impostors pass."""
    if genuine.size == 0 or impostor.size == 0:
        return float("nan")
    _, fmr, fnmr = error_curve(genuine, impostor)
    return float(fnmr[int(np.argmax(fmr <= fmr_wanted + 1e-12))])


def supports_fmr(n_impostor: int, fmr: float) -> bool:
    """Say whether at least 30 impostor errors are expected at this FMR."""
    return n_impostor * fmr >= MIN_IMPOSTOR_ERRORS


def d_prime(genuine: Matrix, impostor: Matrix) -> float:
    """Return the distance of the two score distributions in pooled standard deviations."""
    if genuine.size < 2 or impostor.size < 2:
        return float("nan")
    pooled = np.sqrt(0.5 * (genuine.var(ddof=1) + impostor.var(ddof=1)))
    return float((genuine.mean() - impostor.mean()) / pooled) if pooled > 0 else float("nan")


def two_way_draws(
    scores: Matrix, claimed: NDArray[np.intp], owner: NDArray[np.intp], *, n_boot: int, seed: list[int]
) -> Matrix:
    """Draw equal error rates with people resampled, as enrolled and as probes.

    Parameters
    ----------
    scores, claimed, owner
        Shape (n,): each comparison, who is claimed, whose probe it is.
    n_boot, seed
        Draws and their seed.

    Returns
    -------
    draws
        Shape (n_boot,): a genuine comparison weighs as often as its person is drawn as a probe, an impostor comparison
        as the product of both people's draws.
    """
    people = np.unique(np.concatenate([claimed, owner]))
    row, column = np.searchsorted(people, claimed), np.searchsorted(people, owner)
    genuine = claimed == owner
    rng = np.random.default_rng(seed)
    draws = np.empty(n_boot)
    for b in range(n_boot):
        enrolled = np.bincount(rng.integers(people.size, size=people.size), minlength=people.size).astype(float)
        probed = np.bincount(rng.integers(people.size, size=people.size), minlength=people.size).astype(float)
        draws[b] = equal_error_rate(
            scores[genuine],
            scores[~genuine],
            weights=(probed[column[genuine]], enrolled[row[~genuine]] * probed[column[~genuine]]),
        )
    return draws
