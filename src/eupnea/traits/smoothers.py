"""Models whose predictions are a matrix times the training labels.

For such a model the matrix is made once per training set, and a thousand permuted targets cost one matrix product:
that is what makes exact nested permutation tests cheap. Each function gives one matrix per setting.

References
----------
Saunders, Gammerman & Vovk (1998), ICML: ridge regression in dual variables. Golub & Van Loan, §8.
Escofier & Pagès (1994), Comput Stat Data Anal 18:121: multiple factor analysis (families of equal weight).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.traits.preprocess import Precision, Preprocessing, scale_pair

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

RELATIVE_PENALTIES = tuple(float(value) for value in np.logspace(-2, 3, 11))
"""Ridge penalties per feature: λ = c · p for standardised features, so that a grid fits any number of features."""

KERNEL_PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Penalties of the radial kernel, whose diagonal is 1."""

FARTHEST = 1e9
"""Standard deviations at which windows in single precision end, so that their squares can be held."""

KERNEL_WIDTHS = (0.25, 1.0)
"""Factors γ of exp(-γ d² / median d²)."""


@dataclass(frozen=True, slots=True)
class Smoother:
    """A family of linear smoothers over a grid of settings.

    Attributes
    ----------
    model
        Name of the model.
    n_settings
        Number of settings.
    matrices
        Takes training and test observations, gives shape (n_settings, n_test, n_train): what multiplies the centred
        training labels.
    """

    model: str
    n_settings: int
    matrices: Callable[[IndexArray, IndexArray], FloatArray]


def ridge_matrices(train: FloatArray, test: FloatArray, penalties: Sequence[float]) -> FloatArray:
    """Give the smoother matrices of ridge regression, one per penalty, from one eigendecomposition.

    Parameters
    ----------
    train, test
        Shapes (n_train, p), (n_test, p); `train` is centred.
    penalties
        λ of Σ (y - Xβ)² + λ ‖β‖².

    Returns
    -------
    matrices
        Shape (n_penalties, n_test, n_train).
    """
    return _dual(train @ train.T, test @ train.T, penalties)


def radial_matrices(
    train: FloatArray, test: FloatArray, widths: Sequence[float], penalties: Sequence[float]
) -> FloatArray:
    """Give the smoother matrices of kernel ridge regression with a radial kernel, widths times penalties."""
    near = _squared_distances(train, train)
    far = _squared_distances(test, train)
    above = near[np.triu_indices(len(near), 1)]
    middle = float(np.median(above)) if above.size else 1.0
    middle = middle if middle > 0 else 1.0
    return np.concatenate(
        [_dual(np.exp(-width * near / middle), np.exp(-width * far / middle), penalties) for width in widths]
    )


def window_matrices(
    windows: NDArray[Precision],
    owner: IndexArray,
    train: IndexArray,
    test: IndexArray,
    how: Preprocessing,
    relative_penalties: Sequence[float] = RELATIVE_PENALTIES,
) -> FloatArray:
    """Give the smoother matrices of ridge regression on single windows with the predictions averaged per observation.

    Every window carries the label of its observation and the weight 1 / windows of the observation, so that everybody
    counts the same. Minimising Σ_i mean_w (y_i - x_iw'β)² + λ‖β‖² gives β = (Σ_i mean_w x x' + λI)⁻¹ M'y with M the
    observation means: the scatter of a person's windows acts as a penalty on what is not stable within people.

    Parameters
    ----------
    windows
        Shape (n_windows, q), NaN where missing.
    owner
        Shape (n_windows,): observation of each window.
    train, test
        Observations, each with windows.
    how
        Preprocessing, fitted on the training windows.
    relative_penalties
        λ / q.
    """
    in_train, in_test = np.isin(owner, train), np.isin(owner, test)
    counts = np.bincount(owner)
    weights = 1.0 / counts[owner[in_train]]
    x, z = scale_pair(windows[in_train], windows[in_test], how, weights=weights)
    means, test_means = _means(x, owner[in_train], train), _means(z, owner[in_test], test)
    x *= np.sqrt(weights).astype(x.dtype)[:, None]
    w, u = np.linalg.eigh((x.T @ x).astype(float))
    left, right = test_means @ u, means @ u
    penalties = np.asarray(relative_penalties) * max(windows.shape[1], 1)
    return np.stack([(left / (np.maximum(w, 0.0) + penalty)) @ right.T for penalty in penalties])


def ridge_smoother(
    model: str, features: FloatArray, how: Preprocessing, confounds: FloatArray | None = None
) -> Smoother:
    """Make the ridge family on rows of features; `confounds` are taken out inside each training set."""
    penalties = np.asarray(RELATIVE_PENALTIES) * max(features.shape[1], 1)

    def matrices(train: IndexArray, test: IndexArray) -> FloatArray:
        return ridge_matrices(*_pair(features, train, test, how, confounds), penalties)

    return Smoother(model, len(penalties), matrices)


def radial_smoother(
    model: str, features: FloatArray, how: Preprocessing, confounds: FloatArray | None = None
) -> Smoother:
    """Make the kernel ridge family (radial kernel) on rows of features."""

    def matrices(train: IndexArray, test: IndexArray) -> FloatArray:
        return radial_matrices(*_pair(features, train, test, how, confounds), KERNEL_WIDTHS, KERNEL_PENALTIES)

    return Smoother(model, len(KERNEL_WIDTHS) * len(KERNEL_PENALTIES), matrices)


def family_smoother(
    model: str, features: FloatArray, families: Sequence[str], how: Preprocessing, confounds: FloatArray | None = None
) -> Smoother:
    """Make the kernel ridge family whose distances between people give every family of features the same say.

    Parameters
    ----------
    model
        Name of the model.
    features
        Shape (n, p), NaN where missing.
    families
        Family of each of the p columns.
    how, confounds
        As in `radial_smoother`.
    """
    members = [np.flatnonzero(np.asarray(families) == name) for name in sorted(set(families))]

    def matrices(train: IndexArray, test: IndexArray) -> FloatArray:
        pair = _balanced(*_pair(features, train, test, how, confounds), members)
        return radial_matrices(*pair, KERNEL_WIDTHS, KERNEL_PENALTIES)

    return Smoother(model, len(KERNEL_WIDTHS) * len(KERNEL_PENALTIES), matrices)


def window_smoother(model: str, windows: FloatArray, owner: IndexArray, how: Preprocessing) -> Smoother:
    """Make the family of ridge regressions on single windows.

    The products of windows are taken in single precision, of features around the mean of the training people and in
    units of their standard deviation; both are found in double precision.
    """
    known = np.where(np.isfinite(windows), windows, np.nan)
    means, variances = _moments_of_owners(known, owner)

    def matrices(train: IndexArray, test: IndexArray) -> FloatArray:
        centre, scale = _pooled(means[train], variances[train])
        single = np.clip((known - centre) / scale, -FARTHEST, FARTHEST).astype(np.float32)
        return window_matrices(single, owner, train, test, how)

    return Smoother(model, len(RELATIVE_PENALTIES), matrices)


def mean_smoother(model: str) -> Smoother:
    """Make the model that predicts the training mean for everybody."""
    return Smoother(model, 1, lambda train, test: np.zeros((1, len(test), len(train))))


def _pair(
    features: FloatArray, train: IndexArray, test: IndexArray, how: Preprocessing, confounds: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    out = (confounds[train], confounds[test]) if confounds is not None and confounds.shape[1] else None
    return scale_pair(features[train], features[test], how, confounds=out)


def _balanced(train: FloatArray, test: FloatArray, members: list[IndexArray]) -> tuple[FloatArray, FloatArray]:
    """Divide each family by its largest singular value in training, so that seventy points of one wave count as one."""
    train, test = train.copy(), test.copy()
    for columns in members:
        size = float(np.linalg.norm(train[:, columns], 2))
        if size > 0:
            train[:, columns] /= size
            test[:, columns] /= size
    return train, test


def _dual(kernel: FloatArray, cross: FloatArray, penalties: Sequence[float] | FloatArray) -> FloatArray:
    w, u = np.linalg.eigh(kernel)
    left, w = cross @ u, np.maximum(w, 0.0)
    return np.stack([(left / (w + penalty)) @ u.T for penalty in penalties])


def _squared_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    squares = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * a @ b.T
    return np.maximum(squares, 0.0)


def _means(values: NDArray[Precision], owner: IndexArray, observations: IndexArray) -> FloatArray:
    """Average the rows of each observation."""
    from scipy.sparse import csr_array

    place = np.full(int(owner.max(initial=-1)) + 1, -1)
    place[observations] = np.arange(len(observations))
    counts = np.bincount(place[owner], minlength=len(observations))
    cells = place[owner], np.arange(len(owner))
    belongs = csr_array((1.0 / counts[place[owner]], cells), shape=(len(observations), len(owner)))
    return np.asarray(belongs @ values, dtype=float)


def _moments_of_owners(windows: FloatArray, owner: IndexArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of the known windows of every owner; NaN where none is known."""
    from scipy.sparse import csr_array

    belongs = csr_array((np.ones(len(owner)), (owner, np.arange(len(owner)))))
    known = np.isfinite(windows)
    counts = np.asarray(belongs @ known.astype(float))
    counts[counts == 0] = np.nan
    means = np.asarray(belongs @ np.where(known, windows, 0.0)) / counts
    return means, np.asarray(belongs @ np.where(known, windows - means[owner], 0.0) ** 2) / counts


def _pooled(means: FloatArray, variances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation over owners, each of whom counts the same; 0 and 1 where there are none."""
    known = np.isfinite(means)
    share = 1.0 / np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, means, 0.0).sum(axis=0) * share
    scale = np.sqrt(np.where(known, variances + (means - centre) ** 2, 0.0).sum(axis=0) * share)
    return centre, np.where(scale > 1e-12 * np.abs(centre), scale, 1.0)
