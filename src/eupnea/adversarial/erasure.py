"""Take out of features what tells a nuisance, learnt from training rows only.

`Residualiser` subtracts what a least-squares fit of the nuisance explains; it must be told the nuisance of new rows.
`LinearEraser` projects rows so that no linear reader can tell the nuisance of the training rows; it need not be told.
`IdentityEraser` keeps a reading of age and removes the other directions that people differ in. With a strength below
one only that share of the change is made: a nuisance that is merely made smaller can still be read by who rescales.

References
----------
Belrose et al. (2023), LEACE: perfect linear concept erasure in closed form, NeurIPS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHRINKAGE = 0.05
"""Share of the mean variance in the covariances that are inverted: rows are few."""


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of training rows.

    Attributes
    ----------
    means, axes, scales
        Shapes (p,), (p, k) and (k,): centre, directions, and standard deviation along each.
    """

    means: Array
    axes: Array
    scales: Array

    @classmethod
    def fit(cls, X: Array, n_components: int) -> Self:
        """Learn at most `n_components` components from rows of shape (n, p)."""
        means = X.mean(axis=0)
        _, values, axes = np.linalg.svd(X - means, full_matrices=False)
        known = values > 1e-9 * max(float(values[0]), np.finfo(float).tiny)
        number = max(1, min(n_components, int(known.sum())))
        return cls(means, axes[:number].T, values[:number] / np.sqrt(X.shape[0]))

    def apply(self, X: Array) -> Array:
        """Return components of unit variance (in training), shape (n, k)."""
        return np.asarray((X - self.means) @ self.axes / self.scales)


def one_hot(labels: NDArray[np.str_], classes: list[str]) -> Array:
    """Return shape (n, number of classes): 1 where the row has the class."""
    return (labels[:, None] == np.array(classes)).astype(float)


@dataclass(frozen=True, slots=True)
class Residualiser:
    """What the nuisance explains, to be subtracted.

    Attributes
    ----------
    profile
        Shape (number of classes, p): mean of each class minus the mean of all.
    """

    profile: Array

    @classmethod
    def fit(cls, X: Array, Z: Array) -> Self:
        """Learn from rows X, shape (n, p), and one-hot nuisances Z, shape (n, number of classes)."""
        counts = np.maximum(Z.sum(axis=0), 1.0)
        return cls((Z.T @ X) / counts[:, None] - X.mean(axis=0))

    def apply(self, X: Array, Z: Array, strength: float) -> Array:
        """Return rows without (1: wholly, 0: not at all) the profile of their class."""
        return np.asarray(X - strength * Z @ self.profile)


@dataclass(frozen=True, slots=True)
class LinearEraser:
    """Projection that makes the covariance of training rows and nuisance zero, changing the rows as little as possible.

    Attributes
    ----------
    means
        Shape (p,).
    projection
        Shape (p, p): what is taken away of a centred row.
    """

    means: Array
    projection: Array

    @classmethod
    def fit(cls, X: Array, Z: Array) -> Self:
        """Learn from rows X, shape (n, p), and one-hot nuisances Z, shape (n, number of classes)."""
        means = X.mean(axis=0)
        centred, labels = X - means, Z - Z.mean(axis=0)
        cross = centred.T @ labels / X.shape[0]
        solved = np.linalg.solve(shrunk(centred), cross)
        inner = np.linalg.pinv(cross.T @ solved, hermitian=True, rcond=1e-9)
        return cls(means, cross @ inner @ solved.T)

    def apply(self, X: Array, strength: float) -> Array:
        """Return rows without (1: wholly, 0: not at all) what a linear reader can tell of the nuisance."""
        return np.asarray(X - strength * (X - self.means) @ self.projection.T)


def shrunk(centred: Array) -> Array:
    """Return the covariance of centred rows, shrunk towards a multiple of the identity."""
    covariance = centred.T @ centred / centred.shape[0]
    scale = float(np.trace(covariance)) / covariance.shape[0]
    return np.asarray((1 - SHRINKAGE) * covariance + SHRINKAGE * scale * np.eye(covariance.shape[0]))


@dataclass(frozen=True, slots=True)
class IdentityEraser:
    """Directions that people differ in once their age is known, ordered by how much.

    Attributes
    ----------
    means
        Shape (p,).
    whitening
        Shape (p, p): makes the variation of training rows around their person's mean unit.
    reading
        Shape (p,): unit vector, in whitened space, of the best linear reading of age. It is always kept.
    directions
        Shape (p, m): orthonormal, orthogonal to the reading; the most telling first.
    shares
        Shape (m,): cumulative share of the between-person variation not explained by age.
    """

    means: Array
    whitening: Array
    reading: Array
    directions: Array
    shares: Array

    @classmethod
    def fit(cls, X: Array, people: NDArray[np.str_], y: Array) -> Self:
        """Learn from rows X, shape (n, p), their people and their ages, shape (n,)."""
        names, codes = np.unique(people, return_inverse=True)
        counts = np.bincount(codes).astype(float)
        person_means = np.stack([np.bincount(codes, weights=column) / counts for column in X.T], axis=1)
        ages = np.bincount(codes, weights=y) / counts
        values, vectors = np.linalg.eigh(shrunk(X - person_means[codes]))
        whitening = vectors / np.sqrt(values) @ vectors.T
        means = person_means.mean(axis=0)
        white = (person_means - means) @ whitening
        design = np.column_stack([np.ones(len(names)), ages - ages.mean(), (ages - ages.mean()) ** 2])
        fitted = np.linalg.lstsq(design, white, rcond=None)[0]
        residual = white - design @ fitted
        total = residual.T @ residual / len(names) + np.eye(X.shape[1])
        reading = np.linalg.solve(total, fitted[1])
        reading /= max(float(np.linalg.norm(reading)), np.finfo(float).tiny)
        beside = residual - np.outer(residual @ reading, reading)
        _, spreads, axes = np.linalg.svd(beside, full_matrices=False)
        kept = spreads > 1e-9 * max(float(spreads[0]), np.finfo(float).tiny)
        shares = np.cumsum(spreads[kept] ** 2) / max(float(np.sum(spreads**2)), np.finfo(float).tiny)
        return cls(means, whitening, reading, axes[kept].T, shares)

    def apply(self, X: Array, strength: float) -> Array:
        """Return whitened rows without the directions that make up `strength` of the identity; 1 leaves the reading."""
        white = (X - self.means) @ self.whitening
        if strength >= 1:
            return np.outer(white @ self.reading, self.reading)
        number = int(np.searchsorted(self.shares, strength)) + 1 if strength > 0 else 0
        removed = self.directions[:, :number]
        return np.asarray(white - white @ removed @ removed.T)
