"""Error rates of verification, as in ISO/IEC 19795-1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eupnea.identification.closed_form import PRESENT
from eupnea.identification.kernels import crossings
from eupnea.identification.resampling import WeightedSums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eupnea.identification.space import Matrix

BATCH_NUMBERS = 500_000
"""Draws of people are taken in turn for both sides, for so many weighted comparisons: the order makes the draws."""

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
    ordered = scores[order]
    first = np.flatnonzero(_starts_of_ties(ordered))
    fnmr = _share_below(np.concatenate([g_weight, np.zeros(impostor.size)])[order], first)
    fmr = 1.0 - _share_below(np.concatenate([np.zeros(genuine.size), i_weight])[order], first)
    return np.append(ordered[first], np.inf), fmr, fnmr


def _starts_of_ties(ordered: Matrix) -> NDArray[np.bool_]:
    first = np.ones(ordered.size, dtype=bool)
    np.greater(ordered[1:], ordered[:-1], out=first[1:])
    return first


def _share_below(weights: Matrix, first: NDArray[np.intp]) -> Matrix:
    """Return the share of weight below each threshold; weights of shape (…, n), thresholds at positions `first`."""
    total = np.cumsum(weights, axis=-1)
    below = np.empty((*weights.shape[:-1], first.size + 1))
    below[..., 0] = 0.0
    below[..., 1:-1] = total[..., first[1:] - 1]
    below[..., -1] = total[..., -1]
    return below / np.maximum(total[..., -1:], 1e-300)


def equal_error_rate(genuine: Matrix, impostor: Matrix, *, weights: tuple[Matrix, Matrix] | None = None) -> float:
    """Return the rate at which false matches and false non-matches are equally frequent.

    Between the two neighbouring thresholds the ROC is a straight line. NaN where one kind of comparison is missing.
    """
    if genuine.size == 0 or impostor.size == 0:
        return float("nan")
    if weights is None:
        scores, own = np.concatenate([genuine, impostor]), np.repeat([True, False], [genuine.size, impostor.size])
        rate = np.full(1, np.nan)
        crossings(scores[None].astype(float), own[None], -np.inf, True, rate)
        return float(rate[0])
    _, fmr, fnmr = error_curve(genuine, impostor, weights=weights)
    return float(_crossing(fmr[None], fnmr[None])[0])


def equal_error_rates(scores: Matrix, genuine: NDArray[np.bool_], *, tied: bool = False) -> Matrix:
    """Return the equal error rate of many sets of comparisons at once.

    Parameters
    ----------
    scores, genuine
        Shape (B, n): comparisons and which are genuine. Those with people who are not enrolled do not count.
    tied
        Whether tied scores share a threshold.

    Returns
    -------
    rates
        Shape (B,); NaN where one kind of comparison is missing.
    """
    rates = np.full(len(scores), np.nan)
    crossings(np.ascontiguousarray(scores), np.ascontiguousarray(genuine), PRESENT, tied, rates)
    return rates


def _crossing(fmr: Matrix, fnmr: Matrix) -> Matrix:
    """Return where the two rates are equal, on the straight line between neighbouring thresholds; shapes (B, t)."""
    gap = fnmr - fmr
    rows = np.arange(len(gap))
    k = np.argmax(gap >= 0, axis=1)
    before = np.maximum(k - 1, 0)
    rise = gap[rows, k] - gap[rows, before]
    share = np.where(rise > 0, -gap[rows, before] / np.where(rise > 0, rise, 1.0), 0.0)
    return fmr[rows, before] + share * (fmr[rows, k] - fmr[rows, before])


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


def fnmr_name(fmr: float) -> str:
    """Return the name of the metric: the false non-match rate at this false match rate."""
    return f"fnmr_at_fmr_{fmr:g}"


def two_way_draws(
    scores: Matrix,
    claimed: NDArray[np.intp],
    owner: NDArray[np.intp],
    *,
    n_boot: int,
    seed: list[int],
    ratios: Matrix | None = None,
    fmr_points: tuple[float, ...] = (),
) -> dict[str, Matrix]:
    """Draw the numbers of verification with people resampled, as enrolled and as probes.

    Parameters
    ----------
    scores, claimed, owner
        Shape (n,): each comparison, who is claimed, whose probe it is.
    n_boot, seed
        Draws and their seed.
    ratios
        Shape (n,): the natural logarithm of each comparison's likelihood ratio, for Cllr.
    fmr_points
        False match rates at which the false non-match rate is drawn.

    Returns
    -------
    draws
        Metric -> shape (n_boot,): ``eer``, ``d_prime``, ``fnmr_at_fmr_…``, ``cllr``. A genuine comparison weighs as
        often as its person is drawn as a probe, an impostor comparison as the product of both people's draws.
    """
    people = np.unique(np.concatenate([claimed, owner]))
    order = np.argsort(scores, kind="stable")
    is_first = _starts_of_ties(scores[order])
    row, column = np.searchsorted(people, claimed[order]), np.searchsorted(people, owner[order])
    rng = np.random.default_rng(seed)
    step = max(1, BATCH_NUMBERS // scores.size)
    sizes = [min(step, n_boot - start) for start in range(0, n_boot, step)]
    both = [[_times_drawn(rng, size, people.size) for _ in range(2)] for size in sizes]
    enrolled, probed = (np.concatenate(side) for side in zip(*both, strict=True))
    sums = WeightedSums(row, column, enrolled, probed)
    rates = sums.rates(is_first, np.array(fmr_points, dtype=float))
    values = scores[order] - scores.mean()
    draws = {
        "eer": rates[0],
        "d_prime": sums.d_prime(values),
        **dict(zip(map(fnmr_name, fmr_points), rates[1:], strict=True)),
    }
    if ratios is not None:
        bits = np.logaddexp(0.0, np.where(row == column, -1.0, 1.0) * ratios[order]) / np.log(2)
        draws["cllr"] = sums.balanced_mean(bits)
    return draws


def _times_drawn(rng: np.random.Generator, n: int, people: int) -> Matrix:
    return rng.multinomial(people, np.full(people, 1.0 / people), size=n).astype(float)
