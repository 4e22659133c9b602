"""What is fitted on enrolment before any model: imputation, transform, scale, and the directions of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eupnea.identification.ordered import Ordered
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
        if self.quantiles.size:
            return self.ranked(Ordered(X), np.arange(len(X)))
        return (self._transformed(X) - self.mean) / self.sd

    def ranked(self, windows: Ordered, rows: Rows) -> Matrix:
        """Do the same by ranks, with windows that are in order already; shape (len(rows), columns kept)."""
        values = self.mapped(windows, rows)
        values -= self.mean[:, None]
        values /= self.sd[:, None]
        return values.T

    def mapped(self, windows: Ordered, rows: Rows) -> Matrix:
        """Map windows through the enrolment's distribution to a Gaussian; shape (columns kept, len(rows))."""
        from scipy.special import ndtri

        n = len(self.quantiles)
        heights = ndtri((np.arange(n) + 0.5) / n)
        knots = np.ascontiguousarray(self.quantiles.T)
        return windows.mapped(rows, np.flatnonzero(self.columns), self.median, knots, heights)

    def _transformed(self, X: Matrix) -> Matrix:
        kept = X if self.columns.all() else X[:, self.columns]
        missing = np.isnan(kept)
        filled = np.where(missing, self.median, kept) if missing.any() else kept
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
    if transform == "rank_gaussian":
        return fit_ranks(Ordered(X), np.arange(len(X)), max_missing_share=max_missing_share)[0]
    columns = np.isnan(X).mean(axis=0) <= max_missing_share
    columns[columns] &= _varies(np.nanmin(X[:, columns], axis=0), np.nanmax(X[:, columns], axis=0))
    kept = X[:, columns]
    median = np.nanmedian(kept, axis=0) if kept.size else np.zeros(0)
    filled = np.where(np.isnan(kept), median, kept)
    low, high = _clip_ends(filled, median, clip_sd) if transform == "clip" else (-np.inf, np.inf)
    ends = np.broadcast_to(low, median.shape), np.broadcast_to(high, median.shape)
    unscaled = Preparation(columns, median, *ends, np.empty((0, 0)), np.zeros_like(median), np.ones_like(median))
    values = unscaled._transformed(X)
    sd = values.std(axis=0)
    return replace(unscaled, mean=values.mean(axis=0), sd=np.where(sd > 0, sd, 1.0))


def fit_ranks(windows: Ordered, rows: Rows, *, max_missing_share: float) -> tuple[Preparation, Matrix]:
    """Fit the transform ``rank_gaussian`` on some windows, and bring them into its space.

    Returns
    -------
    preparation, prepared
        As of `fit_preparation`, and shape (len(rows), columns kept).
    """
    values = windows.of(rows)
    missing = np.isnan(values)
    known, columns = len(rows) - missing.sum(axis=1), missing.mean(axis=1) <= max_missing_share
    columns[columns] &= _varies(values[columns, 0], values[columns, known[columns] - 1])
    values, known = values[columns], known[columns]
    feature = np.arange(len(values))
    median = 0.5 * (values[feature, (known - 1) // 2] + values[feature, known // 2])
    ends = np.broadcast_to(-np.inf, median.shape), np.broadcast_to(np.inf, median.shape)
    quantiles = _quantiles(values, known, median).T
    unscaled = Preparation(columns, median, *ends, quantiles, np.zeros_like(median), np.ones_like(median))
    mapped = unscaled.mapped(windows, rows)
    mean, sd = mapped.mean(axis=1), mapped.std(axis=1)
    preparation = replace(unscaled, mean=mean, sd=np.where(sd > 0, sd, 1.0))
    mapped -= mean[:, None]
    mapped /= preparation.sd[:, None]
    return preparation, mapped.T


def _varies(low: Matrix, high: Matrix) -> NDArray[np.bool_]:
    return high - low > SMALLEST_SD * np.maximum(np.abs(low), np.abs(high))


def is_constant(sd: Matrix, mean: Matrix) -> NDArray[np.bool_]:
    """Say which features do not vary, from their standard deviation and mean."""
    return np.asarray(sd <= SMALLEST_SD * np.abs(mean)) | np.asarray(sd <= 0)


def _clip_ends(filled: Matrix, median: Matrix, clip_sd: float) -> tuple[Matrix, Matrix]:
    spread = MAD_TO_SD * np.median(np.abs(filled - median), axis=0)
    spread = np.where(spread > 0, spread, filled.std(axis=0))
    return median - clip_sd * spread, median + clip_sd * spread


def _quantiles(ordered: Matrix, known: Rows, median: Matrix) -> Matrix:
    """Pick quantiles from values in rising order, shape (p, n), of which `known` are not missing; shape (p, k)."""
    total = ordered.shape[1]
    n = min(N_QUANTILES, total)
    position = np.linspace(0, total - 1, n)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, total - 1)
    share = position - below
    filled = [_filled(ordered, known, median, at) for at in (below, above)]
    return np.asarray((1 - share) * filled[0] + share * filled[1])


def _filled(ordered: Matrix, known: Rows, median: Matrix, at: Rows) -> Matrix:
    """Return what stands at places of the rising values once the median is put in for every missing one."""
    n_missing = (ordered.shape[1] - known)[:, None]
    if not n_missing.any():
        return ordered[:, at]
    first = np.count_nonzero(ordered < median[:, None], axis=1)[:, None]
    picked = np.take_along_axis(ordered, np.where(at < first, at, np.maximum(at - n_missing, 0)), axis=1)
    return np.where((at >= first) & (at < first + n_missing), median[:, None], picked)


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


def fit_space(Z: Matrix, recording: Rows, preparation: Preparation) -> Space:
    """Fit the directions of the enrolment.

    Parameters
    ----------
    Z
        Shape (n, p): prepared enrolment windows, sorted by recording.
    recording
        Shape (n,): the recording of each.
    preparation
        Fitted on the same windows.
    """
    values, vectors = np.linalg.eigh(Z.T @ Z / len(Z))
    starts = starts_of(recording)
    counts = lengths_of(starts, len(recording)).astype(float)
    sums = np.add.reduceat(Z, starts, axis=0)
    return Space(preparation, np.maximum(values, 0.0), vectors, recording[starts], counts, sums)
