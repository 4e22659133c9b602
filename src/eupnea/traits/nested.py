"""Nested cross-validation of smoothers for many targets at once.

The inner folds of an outer fold are the other outer folds. A model trained without folds a and b therefore serves
three times: as inner fit of outer fold a (it predicts b), as inner fit of outer fold b (it predicts a), and as the
leave-one-fold-out model of the conformal intervals of the people of a and b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.traits.smoothers import Smoother

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class NestedFit:
    """Out-of-fold predictions of every setting, and inner errors to choose by.

    Attributes
    ----------
    folds
        Shape (n,): outer fold of each observation.
    models
        Shape (n_settings,): name of the model of each setting.
    outer
        Shape (n_settings, n, m): predictions by models trained without the observation's fold.
    inner_error
        Shape (n_folds, n_settings, m): summed squared error over the training side of each outer fold.
    without
        Shape (n_folds, n_settings, n, n_kept): prediction of each observation by a model trained without its own fold
        and without fold b; NaN for observations of b. Only for the first targets.
    centre
        Shape (n, m): mean of the training labels of the observation's fold.
    """

    folds: IndexArray
    models: tuple[str, ...]
    outer: FloatArray
    inner_error: FloatArray
    without: FloatArray
    centre: FloatArray

    def candidates(self, models: Sequence[str]) -> IndexArray:
        """Return the settings that belong to some models."""
        return np.flatnonzero(np.isin(self.models, list(models)))

    def choose(self, models: Sequence[str], group: int = 1) -> IndexArray:
        """Choose, in every outer fold and for every target, the setting with the smallest inner error.

        Parameters
        ----------
        models
            Which models compete.
        group
            Consecutive columns that are one target (one-hot classes) and are chosen for together.

        Returns
        -------
        chosen
            Shape (n_folds, m / group): setting; the first one wins ties.
        """
        settings = self.candidates(models)
        error = self.inner_error[:, settings]
        error = error.reshape(*error.shape[:2], -1, group).sum(axis=3)
        return settings[error.argmin(axis=1)]

    def predict(self, chosen: IndexArray, group: int = 1) -> FloatArray:
        """Gather the outer predictions of the chosen settings, shape (n, m)."""
        setting = np.repeat(chosen, group, axis=1)[self.folds]
        n, m = setting.shape
        return self.outer[setting, np.arange(n)[:, None], np.arange(m)]


def nested_predictions(
    smoothers: Sequence[Smoother], labels: FloatArray, folds: IndexArray, *, n_kept: int = 1
) -> NestedFit:
    """Run nested cross-validation of all settings of all smoothers, for every column of labels.

    Parameters
    ----------
    smoothers
        Model families.
    labels
        Shape (n, m): the targets and their permutations.
    folds
        Shape (n,): outer fold of each observation; people are never split.
    n_kept
        First columns whose inner predictions are kept (intervals, corrections, calibration).
    """
    models = tuple(smoother.model for smoother in smoothers for _ in range(smoother.n_settings))
    n, m = labels.shape
    n_folds, n_settings = int(folds.max()) + 1, len(models)
    outer = np.empty((n_settings, n, m))
    error = np.zeros((n_folds, n_settings, m))
    without = np.full((n_folds, n_settings, n, n_kept), np.nan)
    centre = np.empty((n, m))
    members = [np.flatnonzero(folds == fold) for fold in range(n_folds)]
    for a in range(n_folds):
        outer[:, members[a]], centre[members[a]] = _fit(smoothers, labels, np.flatnonzero(folds != a), members[a])
        for b in range(a + 1, n_folds):
            both = np.concatenate([members[a], members[b]])
            train = np.flatnonzero((folds != a) & (folds != b))
            predicted, _ = _fit(smoothers, labels, train, both)
            squared = (predicted - labels[both]) ** 2
            cut = len(members[a])
            error[b] += squared[:, :cut].sum(axis=1)
            error[a] += squared[:, cut:].sum(axis=1)
            without[b][:, members[a]] = predicted[:, :cut, :n_kept]
            without[a][:, members[b]] = predicted[:, cut:, :n_kept]
    return NestedFit(folds, models, outer, error, without, centre)


def _fit(
    smoothers: Sequence[Smoother], labels: FloatArray, train: IndexArray, test: IndexArray
) -> tuple[FloatArray, FloatArray]:
    matrices = np.concatenate([smoother.matrices(train, test) for smoother in smoothers])
    mean = labels[train].mean(axis=0)
    flat = matrices.reshape(-1, len(train)) @ (labels[train] - mean)
    return flat.reshape(len(matrices), len(test), -1) + mean, mean
