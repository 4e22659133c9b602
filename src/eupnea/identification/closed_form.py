"""Scores of shrinkage LDA and of the whitened centroid for many assignments of recordings to people at once.

With the enrolment's total covariance T and the centroids z_c of the people (centred), the within-person covariance is
W = T − Σ (n_c / n) z_c z_c'. Its shrunken inverse follows from that of T by Woodbury's identity, and T does not change
when recordings are given to other people: everything needed are inner products of recordings and probes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix, Space

SMALLEST_POWER = 1e-30
"""Squared lengths are floored here before a division."""

ABSENT = -1e30
"""Score of a person who is not enrolled under an assignment."""

PRESENT = 0.5 * ABSENT
"""Scores above this are those of enrolled people, also after averaging, which rounds."""


@dataclass(frozen=True)
class Assignment:
    """Who owns each enrolled recording, in B assignments.

    Attributes
    ----------
    members
        Shape (B, C, K): enrolled recordings of each person, padded with U (one beyond the last).
    counts
        Shape (B, C): windows of each person.
    """

    members: Rows
    counts: Matrix

    @property
    def present(self) -> NDArray[np.bool_]:
        """Shape (B, C): who is enrolled."""
        return self.counts > 0


def assign(labels: Rows, counts: Matrix, n_people: int) -> Assignment:
    """Sort enrolled recordings by their owners.

    Parameters
    ----------
    labels
        Shape (B, U): the owner of each enrolled recording.
    counts
        Shape (U,): windows of each recording.
    n_people
        C.
    """
    B, U = labels.shape
    order = np.argsort(labels, axis=1, kind="stable")
    owners = np.take_along_axis(labels, order, axis=1)
    flat = np.arange(B)[:, None] * n_people + labels
    per_person = np.bincount(flat.ravel(), minlength=B * n_people).reshape(B, n_people)
    first = np.cumsum(per_person, axis=1) - per_person
    place = np.arange(U) - np.take_along_axis(first, owners, axis=1)
    members = np.full((B, n_people, max(1, int(per_person.max(initial=1)))), U, dtype=np.intp)
    members[np.arange(B)[:, None], owners, place] = order
    windows = np.bincount(flat.ravel(), weights=np.tile(counts, B), minlength=B * n_people)
    return Assignment(members, windows.reshape(B, n_people).astype(float))


def grouped(space: Space, labels: Rows) -> tuple[Space, Rows]:
    """Put the recordings of a person together, where there is one assignment only: fewer inner products.

    Parameters
    ----------
    space
        The enrolment.
    labels
        Shape (B, U): the owner of each enrolled recording.
    """
    if len(labels) > 1:
        return space, labels
    people, inverse = np.unique(labels[0], return_inverse=True)
    membership = np.zeros((len(people), len(inverse)))
    membership[inverse, np.arange(len(inverse))] = 1.0
    counts = membership @ space.counts
    return replace(space, recordings=people, counts=counts, prepared_sums=membership @ space.prepared_sums), people[
        None, :
    ]


@dataclass(frozen=True)
class Kernel:
    """Inner products under the inverse of the shrunken *total* covariance.

    Attributes
    ----------
    shrinkage
        a in (1 − a) W + a t I.
    between
        Shape (U + 1, U + 1): among sums of enrolled recordings; the last row and column are zero.
    probes
        Shape (U + 1, N): of enrolled recordings with probes.
    projected, inverse
        Shapes (N, p) and (p,): the probes, and what they are weighed with.
    total
        Enrolment windows n.
    """

    shrinkage: float
    between: Matrix
    probes: Matrix
    projected: Matrix
    inverse: Matrix
    total: float

    @property
    def own(self) -> Matrix:
        """Shape (N,): inner products of probes with themselves."""
        return np.asarray(self.projected**2 @ self.inverse, dtype=self.probes.dtype)


def make_kernel(
    space: Space, projected: Matrix, shrinkage: float, *, target: float = 1.0, single: bool = False
) -> Kernel:
    """Compute the inner products that every assignment shares.

    Parameters
    ----------
    space
        The enrolment.
    projected
        Shape (N, p): probes, from `Space.project`.
    shrinkage
        a: the within-person covariance is taken as (1 − a) W + a t I.
    target
        t; 1 is the total variance of the scaled features.
    single
        Whether single precision is enough (random assignments: half the time).
    """
    inverse = 1.0 / ((1 - shrinkage) * space.eigenvalues + shrinkage * target)
    scaled = space.sums * inverse
    U = len(scaled)
    precision = np.float32 if single else np.float64
    between, across = np.zeros((U + 1, U + 1), precision), np.zeros((U + 1, len(projected)), precision)
    between[:U, :U], across[:U] = scaled @ space.sums.T, scaled @ projected.T
    return Kernel(shrinkage, between, across, projected, inverse, float(space.counts.sum()))


@dataclass(frozen=True)
class Products:
    """Inner products under the inverse of the shrunken *within-person* covariance, for B assignments.

    Attributes
    ----------
    centroid_probe
        Shape (B, C, N).
    centroid
        Shape (B, C): of each centroid with itself.
    probe
        Shape (B, N): of each probe with itself.
    present
        Shape (B, C): who is enrolled.
    """

    centroid_probe: Matrix
    centroid: Matrix
    probe: Matrix
    present: NDArray[np.bool_]


def within_products(kernel: Kernel, assignment: Assignment, *, with_probe: bool = True) -> Products:
    """Go from the total to the within-person covariance, separately for every assignment.

    Parameters
    ----------
    kernel, assignment
        Inner products under the total covariance, and who owns what.
    with_probe
        Whether the probes' own lengths are needed; they change no rank inside a probe.
    """
    members, counts = assignment.members, np.maximum(assignment.counts, 1.0).astype(kernel.probes.dtype)
    B, C, K = members.shape
    V = _summed(kernel.probes, assignment) / counts[:, :, None]
    half = _summed(kernel.between, assignment) / counts[:, :, None]
    columns = np.take_along_axis(half, members.reshape(B, 1, C * K), axis=2)
    Q = columns.reshape(B, C, C, K).sum(axis=3) / counts[:, None, :]
    weight = np.sqrt(assignment.counts / kernel.total).astype(kernel.probes.dtype)
    inner = -weight[:, :, None] * Q * weight[:, None, :]
    inner[:, np.arange(C), np.arange(C)] += 1.0 / (1.0 - kernel.shrinkage)
    middle = weight[:, :, None] * np.linalg.inv(inner) * weight[:, None, :]
    lift = np.eye(C, dtype=Q.dtype) + Q @ middle
    centroid = np.einsum("bcd,bdc->bc", lift, Q)
    probe = np.ones((B, V.shape[2]), dtype=V.dtype)
    if with_probe:
        probe = kernel.own + np.einsum("bcn,bcn->bn", V, middle @ V)
    return Products(lift @ V, centroid, probe, assignment.present)


def _summed(table: Matrix, assignment: Assignment) -> Matrix:
    """Add up the rows of a table (U + 1, M) that each person owns; shape (B, C, M)."""
    total = table[assignment.members[:, :, 0]]
    for k in range(1, assignment.members.shape[2]):
        total += table[assignment.members[:, :, k]]
    return total


def lda_scores(products: Products) -> Matrix:
    """Score by the discriminant of LDA with equal priors; shape (B, C, N)."""
    return _masked(products.centroid_probe - 0.5 * products.centroid[:, :, None], products.present)


def whitened_centroid_scores(products: Products) -> Matrix:
    """Score by the cosine between whitened probe and whitened centroid; shape (B, C, N).

    References
    ----------
    Hatch, Kajarekar & Stolcke (2006), Interspeech: within-class covariance normalisation.
    """
    centroid = 1.0 / np.sqrt(np.maximum(products.centroid, SMALLEST_POWER))
    probe = 1.0 / np.sqrt(np.maximum(products.probe, SMALLEST_POWER))
    return _masked(products.centroid_probe * centroid[:, :, None] * probe[:, None, :], products.present)


SCORERS = {"lda": lda_scores, "whitened_centroid": whitened_centroid_scores}


def _masked(scores: Matrix, present: NDArray[np.bool_]) -> Matrix:
    if present.all():
        return scores
    return np.where(present[:, :, None], scores, ABSENT)
