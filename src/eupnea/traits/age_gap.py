"""The gap between predicted and true value, and its correction for regression to the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def corrected_predictions(
    y: FloatArray,
    predicted: FloatArray,
    without: FloatArray,
    folds: NDArray[np.intp],
    chosen: NDArray[np.intp],
) -> FloatArray:
    """Take the dependence of the gap on the true value out of the predictions, as learnt in the training folds.

    The gap of the training people is that of their inner out-of-fold predictions; its line on the true value is
    subtracted. The corrected prediction uses the true value of the person, so it serves gaps and never errors.

    Parameters
    ----------
    y, predicted
        Shape (n,): truth, outer predictions.
    without, folds, chosen
        As in `eupnea.traits.conformal.cv_plus`.

    References
    ----------
    Beheshti et al. (2019), NeuroImage Clin 24:102063; de Lange & Cole (2020), NeuroImage Clin 26:102229.
    """
    corrected = np.empty(y.size)
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        gap = without[fold, chosen[fold], train] - y[train]
        slope, offset = np.polyfit(y[train] - y[train].mean(), gap, 1)
        corrected[test] = predicted[test] - (offset + slope * (y[test] - y[train].mean()))
    return corrected


def partial_correlation(gap: FloatArray, column: FloatArray, age: FloatArray) -> float:
    """Correlate the gap with a column after taking age and age² out of both; NaN where either is then constant.

    Parameters
    ----------
    gap, column, age
        Shape (n,), without missing values.
    """
    centred = age - age.mean()
    base = np.column_stack([np.ones(age.size), centred, centred**2])
    left, right = (part - base @ np.linalg.lstsq(base, part, rcond=None)[0] for part in (gap, column))
    scale = float(np.sqrt((left @ left) * (right @ right)))
    tiny = 1e-12 * float(np.sqrt((gap @ gap) * (column @ column)))
    return float(left @ right / scale) if scale > max(tiny, 1e-300) else float("nan")
