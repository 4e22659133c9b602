"""The closed-form models written out: coefficients per feature, and the covariance behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from eupnea.identification.engine import Candidate
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix, Space


def within_covariance(
    space: Space, owners: Rows, shrinkage: float, *, target: float = 1.0
) -> tuple[Matrix, Matrix, Rows]:
    """Return the shrunken within-person covariance along the space's eigenvectors, with the centroids.

    Parameters
    ----------
    space
        The enrolment.
    owners
        Shape (U,): person of each enrolled recording.
    shrinkage, target
        a and t in (1 − a) W + a t I.

    Returns
    -------
    covariance, centroids, people
        Shapes (p, p), (C', p) and (C',): the people who are enrolled.
    """
    people, inverse = np.unique(owners, return_inverse=True)
    sums = np.zeros((len(people), space.sums.shape[1]))
    np.add.at(sums, inverse, space.sums)
    counts = np.bincount(inverse, weights=space.counts)
    centroids = sums / counts[:, None]
    within = np.diag(space.eigenvalues) - (centroids.T * (counts / counts.sum())) @ centroids
    return (1 - shrinkage) * within + shrinkage * target * np.eye(len(within)), centroids, people


def linear_rule(space: Space, owners: Rows, chosen: Candidate) -> tuple[Matrix, Matrix, Rows]:
    """Return coefficients of the *prepared* features for every enrolled person: ranks follow prepared · coefficients.

    Returns
    -------
    coefficients, intercepts, people
        Shapes (p, C'), (C',) and (C',). For the whitened centroid the length of the probe is left out: it is the same
        for all people.
    """
    covariance, centroids, people = within_covariance(space, owners, chosen.shrinkage)
    directions = np.linalg.solve(covariance, centroids.T)
    power = np.einsum("cp,pc->c", centroids, directions)
    if chosen.model == "lda":
        return space.eigenvectors @ directions, -0.5 * power, people
    return space.eigenvectors @ (directions / np.sqrt(np.maximum(power, 1e-300))), np.zeros(len(people)), people
