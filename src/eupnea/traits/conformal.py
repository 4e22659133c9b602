"""Prediction intervals for persons, without assumptions on the model: CV+."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def cv_plus(
    y: FloatArray, without: FloatArray, folds: NDArray[np.intp], chosen: NDArray[np.intp], coverage: float
) -> tuple[FloatArray, FloatArray]:
    """Give the CV+ interval of every person, made only from the training side of that person's outer fold.

    Parameters
    ----------
    y
        Shape (n,).
    without
        Shape (n_folds, n_settings, n): prediction of each person without the own fold and without fold b.
    folds
        Shape (n,).
    chosen
        Shape (n_folds,): setting of each outer fold.
    coverage
        Share aimed at, 1 - α, which is typical. For settings fixed beforehand about 1 - 2α is guaranteed; here the
        training side chooses them, so that nothing is, and the coverage is counted.

    Returns
    -------
    low, high
        Shape (n,); infinite where there are too few people for the coverage.

    References
    ----------
    Barber, Candès, Ramdas & Tibshirani (2021), Ann Stat 49:486.
    """
    low, high = np.empty(y.size), np.empty(y.size)
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        setting = chosen[fold]
        residual = np.abs(y[train] - without[fold, setting, train])
        centre = without[folds[train][:, None], setting, test]
        low[test] = -_upper_quantile(-(centre - residual[:, None]), coverage)
        high[test] = _upper_quantile(centre + residual[:, None], coverage)
    return low, high


def _upper_quantile(values: FloatArray, coverage: float) -> FloatArray:
    rank = int(np.ceil(coverage * (len(values) + 1)))
    if rank > len(values):
        return np.full(values.shape[1], np.inf)
    return np.asarray(np.sort(values, axis=0)[rank - 1])
