"""Compare two models over repeated splits whose training sets overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class ResampledT(NamedTuple):
    """Mean difference, its corrected standard error, t and two-sided p."""

    mean: float
    se: float
    t: float
    p_value: float


def corrected_resampled_t(differences: ArrayLike, *, test_share: float) -> ResampledT:
    """Test a mean difference over splits with the variance corrected for their overlap.

    Parameters
    ----------
    differences
        Shape (k,): difference of the two models in each split (all repeats, all folds).
    test_share
        Test size divided by training size of one split: 1/9 for ten folds.

    Returns
    -------
    ResampledT
        NaN where fewer than two splits are known or all differences are equal to zero.

    References
    ----------
    Nadeau & Bengio (2003), Mach Learn 52:239: var = (1/k + n_test / n_train) s².
    """
    from scipy.stats import t

    known = np.asarray(differences, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        return ResampledT(*[float("nan")] * 4)
    mean = float(known.mean())
    se = float(np.sqrt((1 / known.size + test_share) * known.var(ddof=1)))
    if se == 0.0:
        return ResampledT(mean, 0.0, float("nan"), float("nan"))
    return ResampledT(mean, se, mean / se, float(2 * t.sf(abs(mean / se), known.size - 1)))
