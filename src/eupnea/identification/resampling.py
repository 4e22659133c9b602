"""Comparisons weighed by how often people are drawn: sums of all draws at once, error rates block by block.

A draw weighs an impostor comparison with the product of two people's counts, so that sums over comparisons are bilinear
forms of the counts. Error rates need sums from the lowest score up; they are whole numbers, exact in any order: blocks
of comparisons are summed for many draws together, and only the block in which a rate is reached is walked through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from eupnea.compiled import JIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eupnea.identification.samples import Rows

    Matrix = NDArray[np.float64]

BLOCK = 256
"""Comparisons in a block, but for ties."""

LANES = 128
"""Draws that are summed together: their weights of one person are one row."""


class WeightedSums:
    """Comparisons under many draws of people.

    Parameters
    ----------
    row, column
        Shape (n,): who is claimed and whose probe it is, by rising score.
    enrolled, probed
        Shape (B, people): how often each person is drawn on either side. A genuine comparison weighs as often as its
        person is drawn as a probe, an impostor comparison as the product of both.
    """

    def __init__(self, row: Rows, column: Rows, enrolled: Matrix, probed: Matrix) -> None:
        self._row, self._column = row, column
        self._enrolled, self._probed = enrolled, probed
        self._totals = self._sums(np.ones(len(row)))

    def _sums(self, values: Matrix) -> tuple[Matrix, Matrix]:
        """Return the weighted sums over genuine and over impostor comparisons, each of shape (B,)."""
        people = self._enrolled.shape[1]
        table = np.bincount(self._row * people + self._column, weights=values, minlength=people**2)
        table = table.reshape(people, people)
        own = self._probed @ table.diagonal()
        np.fill_diagonal(table, 0.0)
        return own, np.einsum("bp,bp->b", self._enrolled @ table, self._probed)

    def _means(self, values: Matrix) -> list[Matrix]:
        """Return both weighted means; NaN where a draw holds one kind of comparison only."""
        pairs = zip(self._sums(values), self._totals, strict=True)
        known = (self._totals[0] > 0) & (self._totals[1] > 0)
        return [np.where(known, one / np.where(known, total, 1.0), np.nan) for one, total in pairs]

    def balanced_mean(self, values: Matrix) -> Matrix:
        """Return the mean of both kinds' weighted means; shape (B,)."""
        return np.asarray(0.5 * sum(self._means(values)))

    def d_prime(self, values: Matrix) -> Matrix:
        """Return the distance of the two kinds in pooled standard deviations, divisor n; shape (B,)."""
        means, squares = self._means(values), self._means(values**2)
        pooled = 0.5 * sum(square - mean**2 for mean, square in zip(means, squares, strict=True))
        spread = np.sqrt(np.where(pooled > 0, pooled, np.nan))
        return np.asarray((means[0] - means[1]) / spread)

    def rates(self, is_first: NDArray[np.bool_], points: Matrix) -> Matrix:
        """Return the EER, and the FNMR where the FMR has fallen to each of `points`; shape (1 + points, B).

        Parameters
        ----------
        is_first
            Shape (n,): where a new score begins; tied ones share a threshold.
        points
            False match rates.
        """
        n = len(self._row)
        thresholds = np.append(np.flatnonzero(is_first), n)
        bounds = thresholds[np.unique(np.searchsorted(thresholds, np.append(np.arange(0, n, BLOCK), n)))]
        out = np.full((len(self._enrolled), 1 + len(points)), np.nan)
        for start in range(0, len(out), LANES):
            lanes = slice(start, start + LANES)
            _rates(
                self._row,
                self._column,
                is_first,
                bounds,
                np.ascontiguousarray(self._enrolled[lanes].T),
                np.ascontiguousarray(self._probed[lanes].T),
                points,
                out[lanes],
            )
        return out.T


@numba.njit(**JIT)
def _rates(
    row: Any, column: Any, is_first: Any, bounds: Any, enrolled: Any, probed: Any, points: Any, out: Any
) -> None:
    """Write EER and FNMR of every draw (B, 1 + points); `enrolled`, `probed` (people, B)."""
    B = enrolled.shape[1]
    own, others = np.zeros((bounds.size, B)), np.zeros((bounds.size, B))
    for k in range(1, bounds.size):
        below_own, below_others = own[k], others[k]
        below_own[:], below_others[:] = own[k - 1], others[k - 1]
        for i in range(bounds[k - 1], bounds[k]):
            as_probe = probed[column[i]]
            if row[i] == column[i]:
                for b in range(B):
                    below_own[b] += as_probe[b]
            else:
                as_enrolled = enrolled[row[i]]
                for b in range(B):
                    below_others[b] += as_enrolled[b] * as_probe[b]
    last = bounds.size - 1
    for b in range(B):
        if own[last, b] == 0 or others[last, b] == 0:  # of a few people, a draw may hold one kind only
            continue
        for p in range(-1, points.size):
            k = 0
            while not _is_reached(own[k, b] / own[last, b], 1.0 - others[k, b] / others[last, b], p, points):
                k += 1
            out[b, 1 + p] = _rate(row, column, is_first, bounds, enrolled, probed, own, others, b, k, p, points)


@numba.njit(**JIT)
def _is_reached(fnmr: float, fmr: float, p: int, points: Any) -> bool:
    """Say whether a threshold is at or above the one looked for: that of the EER (`p` −1), or of an FMR."""
    return bool(fnmr - fmr >= 0) if p < 0 else bool(fmr <= points[p] + 1e-12)


@numba.njit(**JIT)
def _rate(
    row: Any,
    column: Any,
    is_first: Any,
    bounds: Any,
    enrolled: Any,
    probed: Any,
    own: Any,
    others: Any,
    b: int,
    k: int,
    p: int,
    points: Any,
) -> float:
    """Walk up the block that ends at bound `k`, where the threshold is at or below that bound."""
    last, k = bounds.size - 1, max(k - 1, 0)
    n_own, n_others = own[last, b], others[last, b]
    below_own, below_others = own[k, b], others[k, b]
    fnmr, fmr = below_own / n_own, 1.0 - below_others / n_others
    if _is_reached(fnmr, fmr, p, points):
        return float(fnmr)
    for i in range(bounds[k], row.size):
        as_probe = probed[column[i], b]
        if row[i] == column[i]:
            below_own += as_probe
        else:
            below_others += enrolled[row[i], b] * as_probe
        if i + 1 < row.size and not is_first[i + 1]:
            continue
        before, gap_before = fmr, fnmr - fmr
        fnmr, fmr = below_own / n_own, 1.0 - below_others / n_others
        if _is_reached(fnmr, fmr, p, points):
            break
    if p >= 0:
        return float(fnmr)
    rise = fnmr - fmr - gap_before
    return float(before + (-gap_before / rise if rise > 0 else 0.0) * (fmr - before))
