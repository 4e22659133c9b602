"""The nested choice and the ranks for many random assignments: the same numbers as `Engine.scores`, by compiled loops.

With G the inner products of the people's centroids under the inverse of the shrunken total covariance, each weighed by
w = √(n_c / n), and c = 1 / (1 − a), Woodbury's identity gives the products of centroids with a window under the inverse
of the shrunken *within-person* covariance as (c / w) (c I − G)⁻¹ (w v), where v are those under the total one. So
every assignment takes one symmetric inverse of people × people, and one product of it with all windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eupnea.identification import draw_kernels
from eupnea.identification.closed_form import ABSENT, PRESENT, SMALLEST_POWER, make_kernel
from eupnea.identification.draw_kernels import Assigned, Probes
from eupnea.identification.error_rates import equal_error_rates
from eupnea.identification.normalise import cohort_normalised
from eupnea.identification.samples import starts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from eupnea.identification.closed_form import Kernel
    from eupnea.identification.engine import Candidate, Engine
    from eupnea.identification.fusion import Unit
    from eupnea.identification.protocols import Fold
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix, Space

HELD_NUMBERS = 3_000_000
"""Numbers of the people × people matrices that are held together (12 MB each)."""


@dataclass(frozen=True)
class Discriminants:
    """What B assignments make of the inner products of recordings.

    Attributes
    ----------
    assigned
        With the scale w_c / n_c.
    gain, length
        Shape (B, C): c / w_c, and the inner product of each centroid with itself.
    """

    assigned: Assigned
    gain: NDArray[np.float32]
    length: NDArray[np.float32]

    def lines(self, model: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return slope and offset, shapes (B, C), from products to the scores of a model."""
        if model == "lda":
            return self.gain, np.float32(0.5) * self.length
        slope = self.gain / np.sqrt(np.maximum(self.length, np.float32(SMALLEST_POWER)))
        return slope.astype(np.float32), np.zeros_like(self.length)


def discriminants(kernel: Kernel, labels: Rows, counts: Matrix, n_people: int) -> Discriminants:
    """Fit every assignment.

    Parameters
    ----------
    kernel
        Inner products under the total covariance, in single precision.
    labels, counts
        Shapes (B, U) and (U,): the owner of each enrolled recording, and its windows.
    n_people
        C.
    """
    B, U = labels.shape
    flat = (np.arange(B)[:, None] * n_people + labels).ravel()
    owned = np.bincount(flat, minlength=B * n_people).reshape(B, n_people)
    windows = np.bincount(flat, weights=np.tile(counts, B), minlength=B * n_people).reshape(B, n_people)
    ends = np.concatenate([np.zeros((B, 1), dtype=np.intp), np.cumsum(owned, axis=1)], axis=1)
    order = np.argsort(labels, axis=1, kind="stable")
    weight = np.sqrt(windows / kernel.total)
    known = windows > 0
    scale = np.divide(weight, windows, out=np.zeros_like(weight), where=known).astype(np.float32)
    c = np.float32(1.0 / (1.0 - kernel.shrinkage))
    gram = np.empty((B, n_people, n_people), dtype=np.float32)
    draw_kernels.grams(kernel.between[:U, :U], order, ends, scale, gram)
    inverse = _inverses(c, gram)
    gain = np.divide(c, weight, out=np.zeros_like(weight), where=known).astype(np.float32)
    length = gain / np.where(known, weight, 1.0).astype(np.float32) * np.einsum("bcd,bcd->bc", inverse, gram)
    return Discriminants(Assigned(inverse, scale, order, ends), gain, length)


def _inverses(c: np.float32, gram: NDArray[np.float32]) -> NDArray[np.float32]:
    """Invert c I − G, which is positive definite."""
    from scipy.linalg.lapack import spotrf, spotri

    inverse = -gram
    diagonal = np.arange(gram.shape[1])
    inverse[:, diagonal, diagonal] += c
    for b, one in enumerate(inverse):
        factor, failed = spotrf(one.T, lower=0)
        if not failed:
            factor, failed = spotri(factor, lower=0, overwrite_c=1)
        inverse[b] = np.linalg.inv(one) if failed else factor.T
    draw_kernels.mirror(inverse)
    return np.asarray(inverse)


def _batches(n: int, n_people: int) -> Iterator[slice]:
    step = max(1, HELD_NUMBERS // n_people**2)
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def choose(engine: Engine, enrol: Rows, labels: Rows) -> tuple[Rows, Matrix]:
    """Choose model and fusion for every assignment, inside its enrolment; what is known already is not done again.

    Parameters
    ----------
    engine
        The windows with their models.
    enrol
        Positions of the enrolment's windows.
    labels
        Shape (B, R): owner of each recording in each assignment.

    Returns
    -------
    choice, separations
        Shape (B,): position of the candidate, and how windows are put together.
    """
    own = labels[:, np.unique(engine.samples.recording[enrol])]
    known = engine.chosen_draws.get(enrol.tobytes())
    if known is not None and np.array_equal(known[0][: len(own)], own):
        return known[1][: len(own)], known[2][: len(own)]
    choice = engine.best(inner_criterion(engine, enrol, labels))
    separations = np.empty(len(labels))
    for chosen in np.unique(choice):
        same = np.flatnonzero(choice == chosen)
        separations[same] = choose_separations(engine, enrol, labels[same], engine.candidates[int(chosen)])
    engine.chosen_draws[enrol.tobytes()] = (own, choice, separations)
    return choice, separations


def inner_criterion(engine: Engine, enrol: Rows, labels: Rows) -> Matrix:
    """Judge every candidate as `Engine.inner_criterion` does; shape (B, candidates)."""
    total, weight = np.zeros((len(labels), len(engine.candidates))), np.zeros((len(labels), 1))
    for train, test in engine.inner_folds(enrol):
        starts = engine.parts(test)
        owners = labels[:, engine.samples.recording[test][starts]]
        for transform in dict.fromkeys(c.transform for c in engine.candidates):
            space = engine.space(train, transform)
            parts = engine.projected(train, transform, test, starts)
            trained = labels[:, space.recordings]
            for shrinkage in dict.fromkeys(c.shrinkage for c in engine.candidates):
                kernel = make_kernel(space, parts, shrinkage, single=True)
                here = [
                    i
                    for i, candidate in enumerate(engine.candidates)
                    if (candidate.transform, candidate.shrinkage) == (transform, shrinkage)
                ]
                for batch in _batches(len(labels), len(engine.samples.people)):
                    fitted = discriminants(kernel, trained[batch], space.counts, len(engine.samples.people))
                    lines = [fitted.lines(engine.candidates[i].model) for i in here]
                    slopes, offsets = (np.stack(one) for one in zip(*lines, strict=True))
                    added = np.empty(slopes.shape[:2])
                    draw_kernels.reciprocal_ranks(fitted.assigned, slopes, offsets, kernel.probes, owners[batch], added)
                    total[batch, here] += added.T
        present = np.zeros((len(labels), len(engine.samples.people)), dtype=bool)
        present[np.arange(len(labels))[:, None], trained] = True
        weight[:, 0] += np.take_along_axis(present, owners, axis=1).sum(axis=1)
    return total / np.maximum(weight, 1.0)


def choose_separations(engine: Engine, enrol: Rows, labels: Rows, chosen: Candidate) -> Matrix:
    """Choose how windows are put together as `fusion.choose_separations` does; shape (B,)."""
    from eupnea.identification.fusion import best_separations, nothing_to_choose

    folds = engine.inner_folds(enrol)
    if nothing_to_choose(engine, enrol, folds):
        return np.full(len(labels), engine.config.separations[0])
    scores, genuine = [], []
    for train, test in folds:
        averaged, present = _averages(engine, train, test, labels, chosen)
        recording = engine.samples.recording[test]
        owners = labels[:, recording[starts_of(recording)]]
        own = owners[:, None, :] == np.arange(len(engine.samples.people))[:, None]
        normalised = np.stack([cohort_normalised(np.where(present, one, ABSENT)) for one in averaged])
        scores.append(normalised.reshape(*normalised.shape[:2], -1))
        genuine.append(own.reshape(len(own), -1))
    own = np.concatenate(genuine, axis=1)
    options = range(len(engine.config.separations))
    rates = [equal_error_rates(np.concatenate([fold[option] for fold in scores], axis=1), own) for option in options]
    return best_separations(engine, rates)


def _averages(
    engine: Engine, train: Rows, test: Rows, labels: Rows, chosen: Candidate
) -> tuple[Matrix, NDArray[np.bool_]]:
    """Average the scores of recordings under every separation; shape (options, B, C, R), and who is enrolled."""
    C, recording = len(engine.samples.people), engine.samples.recording[test]
    starts = np.append(starts_of(recording), len(test))
    space, kernel, probes = _prepared(engine, train, test, starts, chosen)
    separations = np.array(engine.config.separations)
    out = np.zeros((len(separations), len(labels), C, len(starts) - 1))
    present = np.zeros((len(labels), C, 1), dtype=bool)
    for batch in _batches(len(labels), C):
        fitted = discriminants(kernel, labels[batch][:, space.recordings], space.counts, C)
        slope, offset = fitted.lines(chosen.model)
        part = np.zeros((len(separations), len(slope), C, len(starts) - 1))
        draw_kernels.averages(fitted.assigned, slope, offset, probes, separations, part)
        out[:, batch] = part
        present[batch, :, 0] = fitted.assigned.scale > 0
    return out, present


def _prepared(
    engine: Engine, enrol: Rows, probe: Rows, starts: Rows, chosen: Candidate
) -> tuple[Space, Kernel, Probes]:
    """Return the space, its inner products, and the probes, whose recordings begin at `starts`."""
    space = engine.space(enrol, chosen.transform)
    kernel = make_kernel(space, engine.projected(enrol, chosen.transform, probe), chosen.shrinkage, single=True)
    own = kernel.own if chosen.model == "whitened_centroid" else np.empty(0)
    return space, kernel, Probes(kernel.probes, own.astype(np.float32), starts)


@dataclass
class Tally:
    """Who was recognised how often in B assignments.

    Attributes
    ----------
    hits, counts
        Shape (units, B, C): decisions that were right, and decisions, of each person.
    scores, genuine
        Of each fold, shape (B, C · R): normalised scores of recordings, and which are genuine.
    """

    hits: Matrix
    counts: Matrix
    scores: list[Matrix]
    genuine: list[NDArray[np.bool_]]


def tally_fold(engine: Engine, fold: Fold, labels: Rows, owners: Rows, units: list[Unit], tally: Tally) -> None:
    """Score the probes of a fold under every assignment, with the choice made inside it.

    Parameters
    ----------
    engine, fold
        The windows with their models, and the split.
    labels
        Shape (B, R): owner of each recording when it enrols.
    owners
        Shape (B, R): owner of each recording when it is a probe.
    units
        Levels; whole recordings among them.
    tally
        Added to.
    """
    C, recording = len(engine.samples.people), engine.samples.recording[fold.probe]
    starts = np.append(starts_of(recording), len(fold.probe))
    probed = owners[:, recording[starts[:-1]]]
    scores = np.empty((len(labels), C, len(starts) - 1))
    choice, separations = choose(engine, fold.enrol, labels)
    for chosen in np.unique(choice):
        space, kernel, probes = _prepared(engine, fold.enrol, fold.probe, starts, engine.candidates[int(chosen)])
        for separation in np.unique(separations[choice == chosen]):
            same = np.flatnonzero((choice == chosen) & (separations == separation))
            for batch in _batches(len(same), C):
                rows = same[batch]
                fitted = discriminants(kernel, labels[rows][:, space.recordings], space.counts, C)
                slope, offset = fitted.lines(engine.candidates[int(chosen)].model)
                hits, counts = np.zeros((2, len(units), len(rows), C))
                whole = np.full((len(rows), C, len(starts) - 1), ABSENT)
                draw_kernels.tally(
                    fitted.assigned,
                    slope,
                    offset,
                    probes,
                    float(separation),
                    probed[rows],
                    np.array([unit.k for unit in units]),
                    hits,
                    counts,
                    whole,
                )
                tally.hits[:, rows] += hits
                tally.counts[:, rows] += counts
                normalised = cohort_normalised(whole)
                # as in `fusion.fused`: folds with another separation are compared with these
                scores[rows] = (
                    np.where(normalised > PRESENT, np.arcsinh(normalised), ABSENT) if separation else normalised
                )
    tally.scores.append(scores.reshape(len(labels), -1))
    genuine = probed[:, None, :] == np.arange(C)[:, None]
    tally.genuine.append(genuine.reshape(len(labels), -1))
