"""Make features comparable, from the training people of a fold only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Choice of features, their medians, means and standard deviations, learnt from training rows.

    Attributes
    ----------
    kept
        Shape (p,): features that are known often enough and vary.
    medians, means, sds
        Shape (number kept,).
    clip_sd
        Limit of the standardised values.
    """

    kept: NDArray[np.bool_]
    medians: Array
    means: Array
    sds: Array
    clip_sd: float

    @classmethod
    def fit(cls, X: Array, *, max_missing: float, clip_sd: float) -> Self:
        """Learn from training rows, shape (n, p) with NaN where missing."""
        known = np.isfinite(X)
        often = known.mean(axis=0) >= 1 - max_missing
        medians = np.zeros(X.shape[1])
        medians[often] = np.nanmedian(np.where(known, X, np.nan)[:, often], axis=0)
        filled = np.where(known, X, medians)
        means, sds = filled.mean(axis=0), filled.std(axis=0)
        kept = often & (sds > 1e-9 * np.maximum(1e-12, np.abs(means)))
        return cls(kept, medians[kept], means[kept], sds[kept], clip_sd)

    def apply(self, X: Array) -> Array:
        """Return rows of shape (n, p) imputed, standardised and limited; shape (n, number kept)."""
        chosen = X[:, self.kept]
        filled = np.where(np.isfinite(chosen), chosen, self.medians)
        return np.clip((filled - self.means) / self.sds, -self.clip_sd, self.clip_sd)


def balanced_folds(y: Array, n_folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Put people into folds so that each has its share of low and high values; shape (n,)."""
    order = np.lexsort((rng.random(y.size), y))
    folds = np.empty(y.size, dtype=np.intp)
    for start in range(0, y.size, n_folds):
        members = order[start : start + n_folds]
        folds[members] = rng.permutation(n_folds)[: members.size]
    return folds
