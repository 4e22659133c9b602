"""Scores of predictions, for many targets or many bootstrap weightings at once.

All functions take arrays that broadcast to (n, m): observations by columns. A column is a permuted target, or one
bootstrap draw whose weights say how often each observation was drawn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Scores = dict[str, FloatArray]

SMALLER_IS_BETTER = frozenset({"mae", "rmse", "brier"})
"""Errors; of every other score more is better."""

REGRESSION_SCORES = ("mae", "rmse", "r2", "pearson_r", "concordance")
BINARY_SCORES = ("auc", "balanced_accuracy")
PROBABILITY_SCORES = ("brier", "calibration_slope")
CLASS_SCORES = ("balanced_accuracy", "auc")


def regression_scores(y: FloatArray, predicted: FloatArray, weights: FloatArray | float = 1.0) -> Scores:
    """Score numbers: mae, rmse, r2, pearson_r, concordance; each of shape (m,).

    r2 is 1 - SSE / SST with the mean of the scored observations; r and concordance are 0 where predictions are
    constant.

    References
    ----------
    Lin (1989), Biometrics 45:255 (concordance).
    """
    y, predicted, w = np.broadcast_arrays(y, predicted, weights)
    total = w.sum(axis=0)
    my, mp = (w * y).sum(axis=0) / total, (w * predicted).sum(axis=0) / total
    vy = (w * (y - my) ** 2).sum(axis=0) / total
    vp = (w * (predicted - mp) ** 2).sum(axis=0) / total
    cov = (w * (y - my) * (predicted - mp)).sum(axis=0) / total
    mse = (w * (y - predicted) ** 2).sum(axis=0) / total
    flat = (vp <= 1e-20 * np.maximum(vy, 1e-300)) | (vy <= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "mae": (w * np.abs(y - predicted)).sum(axis=0) / total,
            "rmse": np.sqrt(mse),
            "r2": 1 - mse / vy,
            "pearson_r": np.where(flat, 0.0, cov / np.sqrt(vy * vp)),
            "concordance": 2 * cov / (vy + vp + (my - mp) ** 2),
        }


def auc_columns(y: FloatArray, score: FloatArray) -> FloatArray:
    """Give the area under the ROC curve of each column; y is 0 or 1; ties count half; NaN with one class only."""
    from scipy.stats import rankdata

    y, score = np.broadcast_arrays(y, score)
    ranks = rankdata(score, axis=0)
    positive = y.sum(axis=0)
    negative = len(y) - positive
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((ranks * y).sum(axis=0) - positive * (positive + 1) / 2) / (positive * negative)


def auc_weighted(y: FloatArray, score: FloatArray, weights: FloatArray) -> FloatArray:
    """Give the area under the ROC curve for each column of weights, shape (n, m); y and score have shape (n,)."""
    positive, negative = y > 0.5, y <= 0.5
    gap = score[positive][:, None] - score[negative]
    wins = (gap > 0) + 0.5 * (gap == 0)
    won = np.einsum("im,im->m", weights[positive], wins @ weights[negative])
    with np.errstate(divide="ignore", invalid="ignore"):
        return won / (weights[positive].sum(axis=0) * weights[negative].sum(axis=0))


def balanced_accuracy(
    y: FloatArray, predicted: FloatArray, n_classes: int, weights: FloatArray | float = 1.0
) -> FloatArray:
    """Give the mean recall over the classes that occur; y and predicted are class indices."""
    y, predicted, w = np.broadcast_arrays(y, predicted, weights)
    hits = w * (y == predicted)
    recalls = []
    for code in range(n_classes):
        here = y == code
        with np.errstate(divide="ignore", invalid="ignore"):
            recalls.append((hits * here).sum(axis=0) / (w * here).sum(axis=0))
    table = np.stack(recalls)
    present = np.isfinite(table)
    return np.where(present, table, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)


def brier(y: FloatArray, probability: FloatArray, weights: FloatArray | float = 1.0) -> FloatArray:
    """Give the mean squared difference of probability and outcome (0 or 1)."""
    y, probability, w = np.broadcast_arrays(y, probability, weights)
    return (w * (y - probability) ** 2).sum(axis=0) / w.sum(axis=0)


CALIBRATION_STEPS = 25
"""Newton steps of the calibration slope; it converges in less than ten unless classes separate."""

CALIBRATION_RIDGE = 1e-3
"""Penalty on the calibration slope, so that separated classes give a large finite one."""


def calibration_slope(y: FloatArray, probability: FloatArray, weights: FloatArray | float = 1.0) -> FloatArray:
    """Give the slope of the logistic regression of the outcome on the logit of the probability: 1 is calibrated.

    References
    ----------
    Cox (1958), Biometrika 45:562.
    """
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    y, x, w = np.broadcast_arrays(y, np.log(p / (1 - p)), weights)
    intercept, slope = np.zeros(y.shape[1]), np.zeros(y.shape[1])
    for _ in range(CALIBRATION_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(intercept + slope * x, -30, 30)))
        left, curve = w * (y - fitted), w * fitted * (1 - fitted) + 1e-12
        g0, g1 = left.sum(axis=0), (left * x).sum(axis=0) - CALIBRATION_RIDGE * slope
        h00, h01 = curve.sum(axis=0), (curve * x).sum(axis=0)
        h11 = (curve * x * x).sum(axis=0) + CALIBRATION_RIDGE
        determinant = np.maximum(h00 * h11 - h01**2, 1e-12)
        intercept = intercept + np.clip((h11 * g0 - h01 * g1) / determinant, -2, 2)
        slope = slope + np.clip((h00 * g1 - h01 * g0) / determinant, -2, 2)
    return slope


def platt_probability(score: FloatArray, y: FloatArray, new: FloatArray) -> FloatArray:
    """Turn scores into probabilities by a logistic curve fitted to out-of-fold scores of the training side.

    Parameters
    ----------
    score, y
        Shape (n,): training scores and classes 0 or 1. Classes are softened towards one half as Platt does.
    new
        Shape (k,): scores to be turned.

    References
    ----------
    Platt (1999), Advances in Large Margin Classifiers.
    """
    positive = float(y.sum())
    soft = np.where(y > 0.5, (positive + 1) / (positive + 2), 1 / (len(y) - positive + 2))
    spread = float(score.std()) or 1.0
    x, z = (score - score.mean()) / spread, (new - score.mean()) / spread
    a = b = 0.0
    for _ in range(CALIBRATION_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(a + b * x, -30, 30)))
        curve = fitted * (1 - fitted) + 1e-9
        gradient = np.array([(soft - fitted).sum(), ((soft - fitted) * x).sum() - CALIBRATION_RIDGE * b])
        hessian = np.array([[curve.sum(), (curve * x).sum()], [(curve * x).sum(), (curve * x * x).sum()]])
        step = np.linalg.solve(hessian + CALIBRATION_RIDGE * np.eye(2), gradient)
        a, b = a + float(np.clip(step[0], -2, 2)), b + float(np.clip(step[1], -2, 2))
    return np.asarray(1 / (1 + np.exp(-np.clip(a + b * z, -30, 30))), dtype=np.float64)
