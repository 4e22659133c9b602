"""Impute, scale, limit and residualise features by what the training side knows, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Precision = TypeVar("Precision", np.float32, np.float64)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How features are prepared.

    Attributes
    ----------
    clip_sd
        Limit in standard deviations; infinity for none.
    max_missing
        Share of missing training values above which a column is left out (set to zero).
    """

    clip_sd: float = np.inf
    max_missing: float = 0.5


def scale_pair(
    train: NDArray[Precision],
    test: NDArray[Precision],
    how: Preprocessing,
    *,
    weights: FloatArray | None = None,
    confounds: tuple[FloatArray, FloatArray] | None = None,
) -> tuple[NDArray[Precision], NDArray[Precision]]:
    """Prepare training and test features with medians, means and deviations of the training rows.

    Parameters
    ----------
    train, test
        Shapes (n_train, p) and (n_test, p), NaN where missing; single precision stays single.
    how
        Limits.
    weights
        Shape (n_train,): weights of the training rows for mean and deviation; equal when left out.
    confounds
        Training and test confounds; the features' linear dependence on them, fitted in training, is taken out.

    Returns
    -------
    train, test
        Columns with training mean 0 and (population) deviation 1; constant columns and those with too much missing
        are 0.
    """
    train, test = impute_pair(train, test, how.max_missing)
    if confounds is not None:
        train, test = residual_pair(train, test, *confounds)
    share = np.full(len(train), 1 / max(len(train), 1)) if weights is None else weights / weights.sum()
    share = share.astype(train.dtype)
    first, spread = _moments(train, share)
    train, test = (train - first) / spread, (test - first) / spread
    if np.isfinite(how.clip_sd):
        train, test = (np.clip(part, -how.clip_sd, how.clip_sd) for part in (train, test))
        train, shift = _centred(train, share)
        test = test - shift
    return train, test


def impute_pair(
    train: NDArray[Precision], test: NDArray[Precision], max_missing: float
) -> tuple[NDArray[Precision], NDArray[Precision]]:
    """Replace missing values by the training medians; columns with too much missing in training become 0."""
    holes, test_holes = np.isnan(train), np.isnan(test)
    if not holes.any() and not test_holes.any():
        return train, test
    filled = np.zeros(train.shape[1], dtype=train.dtype)
    usable = holes.mean(axis=0) <= max_missing
    touched = usable & (holes.any(axis=0) | test_holes.any(axis=0))
    filled[touched] = np.nanmedian(train[:, touched], axis=0)
    train, test = np.where(holes, filled, train), np.where(test_holes, filled, test)
    train[:, ~usable] = 0.0
    test[:, ~usable] = 0.0
    return train, test


def residual_pair(
    train: NDArray[Precision], test: NDArray[Precision], train_confounds: FloatArray, test_confounds: FloatArray
) -> tuple[NDArray[Precision], NDArray[Precision]]:
    """Take out of the features what the confounds explain linearly in the training rows."""
    c_train, c_test = impute_pair(train_confounds, test_confounds, 1.0)
    a = np.column_stack([np.ones(len(c_train)), c_train])
    b = np.column_stack([np.ones(len(c_test)), c_test])
    slopes = np.linalg.lstsq(a, train, rcond=None)[0]
    return train - a @ slopes, test - b @ slopes


def _moments(values: NDArray[Precision], share: NDArray[Precision]) -> tuple[NDArray[Precision], NDArray[Precision]]:
    mean = share @ values
    spread = np.sqrt(share @ (values - mean) ** 2)
    limits = np.finfo(values.dtype)
    tiny = spread <= 5e3 * limits.eps * np.maximum(np.abs(mean), limits.tiny)
    return mean, np.where(tiny, np.inf, spread).astype(values.dtype)


def _centred(values: NDArray[Precision], share: NDArray[Precision]) -> tuple[NDArray[Precision], NDArray[Precision]]:
    mean = share @ values
    return values - mean, mean
