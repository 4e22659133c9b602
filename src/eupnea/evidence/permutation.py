"""P-values from permutations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def permutation_p(observed: float, null: ArrayLike, *, greater_is_better: bool = True) -> float:
    """Return the one-sided permutation p-value, (1 + #{T_b >= T}) / (1 + B).

    Parameters
    ----------
    observed
        The statistic on the real assignment.
    null
        Shape (B,): the statistic under each random assignment. Missing values are dropped.
    greater_is_better
        False for errors, where small values are the extreme ones.

    Returns
    -------
    float
        NaN when `observed` or the whole null is missing.

    References
    ----------
    Phipson & Smyth (2010), Stat Appl Genet Mol Biol 9:39.
    """
    draws = np.asarray(null, dtype=float)
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(observed) or draws.size == 0:
        return float("nan")
    extreme = draws >= observed if greater_is_better else draws <= observed
    return float((1 + np.count_nonzero(extreme)) / (1 + draws.size))
