"""Folds of participants, balanced in the target, and the relabellings that keep them balanced."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def balanced_folds(values: ArrayLike, n_folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Put people into folds so that every fold has its share of low and of high values.

    People are sorted by their value (ties at random) and cut into bins of `n_folds`; the members of a bin go to
    different folds at random. Classes are balanced by the same rule.

    Parameters
    ----------
    values
        Shape (n,): one number per participant.
    n_folds
        Folds; at most n.
    rng
        Generator.

    Returns
    -------
    folds
        Shape (n,): 0 ... n_folds - 1.
    """
    y = np.asarray(values, dtype=float)
    folds = np.empty(y.size, dtype=np.intp)
    for members in value_bins(y, n_folds, rng):
        folds[members] = rng.permutation(n_folds)[: members.size]
    return folds


def value_bins(values: ArrayLike, size: int, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Cut people, sorted by value with ties at random, into bins of `size`; the last may be smaller."""
    y = np.asarray(values, dtype=float)
    order = np.lexsort((rng.random(y.size), y))
    return [order[start : start + size] for start in range(0, y.size, size)]


def relabellings(
    values: ArrayLike, folds: NDArray[np.intp], n_draws: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw random assignments of people's labels to people that leave the folds as balanced as they are.

    Folds that are stratified by the target are not exchangeable with a plain shuffle of it: the shuffled targets would
    meet unbalanced folds and the p-value would be too small. Here the labels of each bin are dealt to the folds anew,
    and inside each fold to its people. Given the folds, the real labels are one such draw, so the test is exact.

    Parameters
    ----------
    values
        Shape (n,): one number per participant.
    folds
        Shape (n,): from `balanced_folds` (any folds with that balance).
    n_draws
        How many.
    rng
        Generator.

    Returns
    -------
    sources
        Shape (n_draws, n): whose label each participant gets.
    """
    y = np.asarray(values, dtype=float)
    assigned = np.empty((n_draws, y.size), dtype=np.intp)
    for members in bins_of_folds(y, folds):
        deal = rng.random((n_draws, members.size)).argsort(axis=1)
        assigned[:, members] = folds[members][deal]
    order = np.argsort(assigned + rng.random(assigned.shape), axis=1)
    sources = np.empty_like(order)
    sources[:, np.argsort(folds, kind="stable")] = order
    return sources


def bins_of_folds(values: NDArray[np.float64], folds: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Find the bins again that `balanced_folds` has made: the t-th lowest members of all folds.

    With ties the members may differ from those drawn first; the balance is the same.
    """
    ranks = np.empty(values.size, dtype=np.intp)
    for fold in np.unique(folds):
        members = np.flatnonzero(folds == fold)
        ranks[members[np.argsort(values[members], kind="stable")]] = np.arange(members.size)
    return [np.flatnonzero(ranks == rank) for rank in range(int(ranks.max(initial=-1)) + 1)]
