"""What is fitted on enrolment before any model: imputation, transform, scale, and the directions of the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eupnea.identification.kernels import interpolated
from eupnea.identification.samples import Rows, lengths_of, starts_of

Transform = Literal["clip", "rank_gaussian", "none"]
Matrix = NDArray[np.float64]

MAD_TO_SD = 1.4826
"""Median absolute deviation → standard deviation of a Gaussian."""

N_QUANTILES = 200
"""Quantiles of the enrolment that the rank-to-Gaussian map is drawn through."""

SMALLEST_SD = 1e-9
"""A feature whose SD is below this share of its magnitude is constant."""


@dataclass(frozen=True)
class Preparation:
    """Imputation by the median, transform, and scaling to mean 0 and SD 1, as fitted on some windows."""

    columns: NDArray[np.bool_]
    median: Matrix
    low: Matrix
    high: Matrix
    quantiles: Matrix
    mean: Matrix
    sd: Matrix

    def apply(self, X: Matrix) -> Matrix:
        """Bring windows into the space of the enrolment; shape (n, p) → (n, columns kept)."""
        return (self._transformed(X) - self.mean) / self.sd

    def _transformed(self, X: Matrix) -> Matrix:
        kept = X if self.columns.all() else X[:, self.columns]
        missing = np.isnan(kept)
        filled = np.where(missing, self.median, kept) if missing.any() else kept
        if self.quantiles.size:
            return _to_gaussian(filled, self.quantiles)
        is_bounded = np.isfinite(self.low).any() or np.isfinite(self.high).any()
        return np.clip(filled, self.low, self.high) if is_bounded else filled


def fit_preparation(X: Matrix, *, transform: Transform, clip_sd: float, max_missing_share: float) -> Preparation:
    """Fit imputation, transform and scale on the windows of the enrolment.

    Parameters
    ----------
    X
        Shape (n, p): enrolment windows; NaN where missing.
    transform
        ``clip`` draws in what lies beyond `clip_sd` robust standard deviations, ``rank_gaussian`` maps ranks to a
        Gaussian, ``none`` leaves values as they are.
    clip_sd, max_missing_share
        See the config of identification.

    Returns
    -------
    Preparation
        Features that are constant or mostly missing in the enrolment are left out.
    """
    columns = np.isnan(X).mean(axis=0) <= max_missing_share
    columns[columns] &= _varies(X[:, columns])
    kept = X[:, columns]
    median = np.nanmedian(kept, axis=0) if kept.size else np.zeros(0)
    filled = np.where(np.isnan(kept), median, kept)
    low, high = _clip_ends(filled, median, clip_sd) if transform == "clip" else (-np.inf, np.inf)
    quantiles = _quantiles(filled) if transform == "rank_gaussian" else np.empty((0, 0))
    ends = np.broadcast_to(low, median.shape), np.broadcast_to(high, median.shape)
    unscaled = Preparation(columns, median, *ends, quantiles, np.zeros_like(median), np.ones_like(median))
    values = unscaled._transformed(X)
    sd = values.std(axis=0)
    return Preparation(columns, median, *ends, quantiles, values.mean(axis=0), np.where(sd > 0, sd, 1.0))


def _varies(X: Matrix) -> NDArray[np.bool_]:
    low, high = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
    return high - low > SMALLEST_SD * np.maximum(np.abs(low), np.abs(high))


def is_constant(sd: Matrix, mean: Matrix) -> NDArray[np.bool_]:
    """Say which features do not vary, from their standard deviation and mean."""
    return np.asarray(sd <= SMALLEST_SD * np.abs(mean)) | np.asarray(sd <= 0)


def _clip_ends(filled: Matrix, median: Matrix, clip_sd: float) -> tuple[Matrix, Matrix]:
    spread = MAD_TO_SD * np.median(np.abs(filled - median), axis=0)
    spread = np.where(spread > 0, spread, filled.std(axis=0))
    return median - clip_sd * spread, median + clip_sd * spread


def _quantiles(filled: Matrix) -> Matrix:
    ordered = np.sort(filled, axis=0)
    n = min(N_QUANTILES, len(ordered))
    position = np.linspace(0, len(ordered) - 1, n)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    share = (position - below)[:, None]
    return (1 - share) * ordered[below] + share * ordered[above]


def _to_gaussian(values: Matrix, quantiles: Matrix) -> Matrix:
    """Map through the enrolment's distribution; tied quantiles share the middle of their ranks."""
    from scipy.special import ndtri

    n = len(quantiles)
    scores = ndtri((np.arange(n) + 0.5) / n)
    tied = np.any(np.diff(quantiles, axis=0) <= 0, axis=0).reshape(-1)
    columns = np.ascontiguousarray(values.T)
    mapped = np.empty_like(columns)
    for j in range(values.shape[1]):
        knots, heights = quantiles[:, j], scores
        if tied[j]:  # interpolation needs rising knots: between equal ones its answer would depend on its last question
            knots, place, counts = np.unique(knots, return_inverse=True, return_counts=True)
            heights = np.bincount(place, weights=scores) / counts
        interpolated(columns[j], np.ascontiguousarray(knots), heights, mapped[j])
    return np.ascontiguousarray(mapped.T)


@dataclass(frozen=True)
class Space:
    """The enrolment of one fold: everything that does not depend on who is who.

    Attributes
    ----------
    preparation
        How windows get here.
    eigenvalues, eigenvectors
        Of the total covariance of the prepared enrolment windows (divisor n); shapes (p,) and (p, p).
    recordings
        Shape (U,): the recordings that enrol.
    counts
        Shape (U,): windows of each.
    prepared_sums
        Shape (U, p): sum of their prepared windows.
    """

    preparation: Preparation
    eigenvalues: Matrix
    eigenvectors: Matrix
    recordings: Rows
    counts: Matrix
    prepared_sums: Matrix

    @cached_property
    def sums(self) -> Matrix:
        """Shape (U, p): sum of the recordings' prepared windows, along the eigenvectors."""
        return self.prepared_sums @ self.eigenvectors

    def project(self, X: Matrix) -> Matrix:
        """Prepare windows and turn them along the eigenvectors; shape (n, p)."""
        return self.preparation.apply(X) @ self.eigenvectors


def fit_space(X: Matrix, recording: Rows, preparation: Preparation) -> Space:
    """Fit the directions of the enrolment.

    Parameters
    ----------
    X
        Shape (n, p): enrolment windows, sorted by recording.
    recording
        Shape (n,): the recording of each.
    preparation
        Fitted on the same windows.
    """
    Z = preparation.apply(X)
    values, vectors = np.linalg.eigh(Z.T @ Z / len(Z))
    starts = starts_of(recording)
    counts = lengths_of(starts, len(recording)).astype(float)
    sums = np.add.reduceat(Z, starts, axis=0)
    return Space(preparation, np.maximum(values, 0.0), vectors, recording[starts], counts, sums)
