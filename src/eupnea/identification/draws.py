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

from eupnea.identification import draw_kernels, fit_kernels
from eupnea.identification.closed_form import ABSENT, PRESENT, SMALLEST_POWER, make_kernel
from eupnea.identification.error_rates import equal_error_rates
from eupnea.identification.normalise import genuine_mask
from eupnea.identification.samples import lengths_of, starts_of
from eupnea.identification.score_kernels import BLOCK, Assigned, Probes, WindowOrder

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

HELD_SCORES = 1_000_000
"""Scores of recordings from which separations are chosen at once (8 MB): few enough to stay in the cache."""

NARROW = 0.7
"""Directions per person up to which windows are scored along them: fewer products than by recordings."""

NAME = "random identities"
"""Name of the analysis, for the leak audit."""


@dataclass(frozen=True)
class Owned:
    """Who owns what in B assignments.

    Attributes
    ----------
    order, ends
        Shapes (B, U) and (B, C + 1): recordings by owner, and where each person's begin.
    windows
        Shape (B, C): windows of each person.
    """

    order: Rows
    ends: Rows
    windows: Matrix

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Shape (B, C): who is enrolled."""
        return self.windows > 0


def owned(labels: Rows, counts: Matrix, n_people: int) -> Owned:
    """Sort enrolled recordings by their owners.

    Parameters
    ----------
    labels, counts
        Shapes (B, U) and (U,): the owner of each enrolled recording, and its windows.
    n_people
        C.
    """
    B = len(labels)
    found = Owned(np.empty_like(labels), np.empty((B, n_people + 1), dtype=np.intp), np.empty((B, n_people)))
    fit_kernels.sort_by_owner(labels, counts, found.order, found.ends, found.windows)
    return found


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


def is_narrow(kernel: Kernel, n_people: int) -> bool:
    """Say whether windows have so few directions that they are scored along these, not by recordings."""
    return kernel.inverse.size <= NARROW * n_people


def table_of(kernel: Kernel, n_people: int) -> NDArray[np.float32]:
    """Return what windows are scored from; see `Probes.table`."""
    if not is_narrow(kernel, n_people):
        return np.asarray(kernel.probes)
    return np.ascontiguousarray(kernel.projected.T, dtype=np.float32)


def discriminants(kernel: Kernel, space: Space, who: Owned) -> Discriminants:
    """Fit every assignment.

    Parameters
    ----------
    kernel, space
        Inner products under the total covariance, in single precision, and the enrolment that they are from.
    who
        Owners of the enrolled recordings.
    """
    B, C = who.windows.shape
    known = who.is_known
    weight = np.sqrt(who.windows / kernel.total)
    scale = np.divide(weight, who.windows, out=np.zeros_like(weight), where=known).astype(np.float32)
    c = np.float32(1.0 / (1.0 - kernel.shrinkage))
    inverse, lengths = np.empty((B, C, C), dtype=np.float32), np.empty((B, C), dtype=np.float32)
    fit_kernels.fit(kernel.between, who.order, who.ends, scale, c, inverse, lengths)
    gain = np.divide(c, weight, out=np.zeros_like(weight), where=known).astype(np.float32)
    length = (gain / np.where(known, weight, 1.0) * lengths).astype(np.float32)
    powers = np.empty((0, 0, 0), dtype=np.float32)
    if is_narrow(kernel, C):
        p, fitted = kernel.inverse.size, inverse
        inverse, powers = np.empty((B, C, p), dtype=np.float32), np.empty((B, p, p), dtype=np.float32)
        sums = (space.sums * kernel.inverse).astype(np.float32)
        fit_kernels.along(fitted, sums, who.order, who.ends, scale, inverse, powers)
    return Discriminants(Assigned(inverse, powers, scale, who.order, who.ends), gain, length)


def _batches(n: int, n_people: int) -> Iterator[slice]:
    return _pieces(n, HELD_NUMBERS // n_people**2)


def _pieces(n: int, step: int) -> Iterator[slice]:
    step = max(1, step)
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
    return choose_all(engine, [enrol], labels)[0]


def choose_all(engine: Engine, enrolments: list[Rows], labels: Rows) -> list[tuple[Rows, Matrix]]:
    """Choose inside several enrolments, as `choose` inside one; what their inner folds share is fitted once."""
    known = [_known_choice(engine, enrol, labels) for enrol in enrolments]
    asked = [enrol for enrol, found in zip(enrolments, known, strict=True) if found is None]
    for enrol, criterion in zip(asked, inner_criteria(engine, asked, labels), strict=True):
        choice, separations = engine.best(criterion), np.empty(len(labels))
        engine.record.allow(enrol, NAME)
        for chosen in np.unique(choice):
            same = np.flatnonzero(choice == chosen)
            separations[same] = choose_separations(engine, enrol, labels[same], engine.candidates[int(chosen)])
        engine.chosen_draws[enrol.tobytes()] = (_own(engine, enrol, labels), choice, separations)
    return [found or engine.chosen_draws[enrol.tobytes()][1:] for enrol, found in zip(enrolments, known, strict=True)]


def _own(engine: Engine, enrol: Rows, labels: Rows) -> Rows:
    """Return the owners of the recordings that some windows are from; shape (B, U)."""
    return labels[:, np.unique(engine.samples.recording[enrol])]


def _known_choice(engine: Engine, enrol: Rows, labels: Rows) -> tuple[Rows, Matrix] | None:
    known = engine.chosen_draws.get(enrol.tobytes())
    B = len(labels)
    if known is None or not np.array_equal(known[0][:B], _own(engine, enrol, labels)):
        return None
    return known[1][:B], known[2][:B]


def inner_criteria(engine: Engine, enrolments: list[Rows], labels: Rows) -> list[Matrix]:
    """Judge every candidate inside each enrolment as `Engine.inner_criterion` does; shape (B, candidates) each.

    Inner folds that are trained on the same windows are fitted once for every assignment, and all their tests judged.
    """
    total = [np.zeros((len(labels), len(engine.candidates))) for _ in enrolments]
    weight = [np.zeros((len(labels), 1)) for _ in enrolments]
    trainings: dict[bytes, list[tuple[int, Rows, Rows]]] = {}
    for place, enrol in enumerate(enrolments):
        for train, test in engine.inner_folds(enrol):
            trainings.setdefault(train.tobytes(), []).append((place, train, test))
    for same in trainings.values():
        for place, train, _ in same:
            engine.record.allow(enrolments[place], NAME)
            engine.record.note("the nested choice", train)
        summed, judged = _judge(engine, train, [test for _, _, test in same], labels)
        for (place, _, _), added, number in zip(same, summed, judged, strict=True):
            total[place] += added
            weight[place][:, 0] += number
    return [summed / np.maximum(judged, 1.0) for summed, judged in zip(total, weight, strict=True)]


def _judge(engine: Engine, train: Rows, tests: list[Rows], labels: Rows) -> tuple[Matrix, Matrix]:
    """Return summed reciprocal ranks, shape (tests, B, candidates), and how many were judged, shape (tests, B)."""
    B, C = len(labels), len(engine.samples.people)
    starts = [engine.parts(test) for test in tests]
    owners = [labels[:, engine.samples.recording[test][begin]] for test, begin in zip(tests, starts, strict=True)]
    summed = np.zeros((len(tests), B, len(engine.candidates)))
    judged = np.zeros((len(tests), B))
    for transform in dict.fromkeys(c.transform for c in engine.candidates):
        space = engine.space(train, transform)
        parts = [engine.projected(train, transform, *one) for one in zip(tests, starts, strict=True)]
        trained = [(batch, owned(labels[batch][:, space.recordings], space.counts, C)) for batch in _batches(B, C)]
        for shrinkage in dict.fromkeys(c.shrinkage for c in engine.candidates):
            kernels = [make_kernel(space, part, shrinkage, single=True) for part in parts]
            tables = [table_of(kernel, C) for kernel in kernels]
            here = [i for i, c in enumerate(engine.candidates) if (c.transform, c.shrinkage) == (transform, shrinkage)]
            for batch, who in trained:
                fitted = discriminants(kernels[0], space, who)
                lines = [fitted.lines(engine.candidates[i].model) for i in here]
                slopes, offsets = (np.stack(one) for one in zip(*lines, strict=True))
                for test, table in enumerate(tables):
                    own, added = np.ascontiguousarray(owners[test][batch]), np.empty(slopes.shape[:2])
                    draw_kernels.reciprocal_ranks(fitted.assigned, slopes, offsets, table, own, added)
                    summed[test, batch][:, here] = added.T
                    judged[test, batch] = np.take_along_axis(who.is_known, own, axis=1).sum(axis=1)
    return summed, judged


def choose_separations(engine: Engine, enrol: Rows, labels: Rows, chosen: Candidate) -> Matrix:
    """Choose how windows are put together as `fusion.choose_separations` does; shape (B,)."""
    from eupnea.identification.fusion import best_separations, nothing_to_choose

    folds = engine.inner_folds(enrol)
    if nothing_to_choose(engine, enrol, folds):
        return np.full(len(labels), engine.config.separations[0])
    C, separations = len(engine.samples.people), np.array(engine.config.separations)
    prepared = [_prepared(engine, train, test, chosen) for train, test in folds]
    tested = np.concatenate([probes.levels.recordings for _, _, probes in prepared])
    columns = np.cumsum([0, *(len(probes.levels.recordings) for _, _, probes in prepared)])
    rates = np.empty((len(separations), len(labels)))
    for batch in _pieces(len(labels), HELD_SCORES // (len(separations) * C * len(tested))):
        scores = np.empty((len(separations), len(labels[batch]), C, len(tested)))
        for (space, kernel, probes), column in zip(prepared, columns, strict=False):
            fitted = discriminants(kernel, space, owned(labels[batch][:, space.recordings], space.counts, C))
            lines = fitted.lines(chosen.model)
            draw_kernels.averages(fitted.assigned, *lines, probes, separations, ABSENT, column, scores)
        genuine = genuine_mask(labels[batch][:, tested], C).reshape(len(labels[batch]), -1)
        rates[:, batch] = [equal_error_rates(one.reshape(len(one), -1), genuine) for one in scores]
    return best_separations(engine, list(rates))


def _prepared(engine: Engine, enrol: Rows, probe: Rows, chosen: Candidate) -> tuple[Space, Kernel, Probes]:
    """Return the space, its inner products, and the probes, level by level."""
    columns, levels = levels_of(engine.samples.recording[probe])
    space = engine.space(enrol, chosen.transform)
    projected = engine.projected(enrol, chosen.transform, probe)[columns]
    kernel = make_kernel(space, projected, chosen.shrinkage, single=True)
    own = kernel.own if chosen.model == "whitened_centroid" else np.empty(0)
    return space, kernel, Probes(table_of(kernel, len(engine.samples.people)), own.astype(np.float32), levels)


def levels_of(recording: Rows) -> tuple[Rows, WindowOrder]:
    """Put the first window of every recording first, then the second ones, and so on.

    Parameters
    ----------
    recording
        Shape (N,): the recording of each window, sorted.

    Returns
    -------
    columns, levels
        Shape (N,): the windows in their new order, and how they stand.
    """
    starts = starts_of(recording)
    counts = lengths_of(starts, len(recording))
    order = np.argsort(-counts, kind="stable")
    columns, sizes, groups = [], [], [0]
    for first in range(0, len(order), BLOCK):
        group = order[first : first + BLOCK]
        for level in range(counts[group[0]]):
            here = group[counts[group] > level]
            columns.append(starts[here] + level)
            sizes.append(len(here))
        groups.append(len(sizes))
    return np.concatenate(columns), WindowOrder(np.array(sizes), np.array(groups), recording[starts][order])


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


def tally_fold(
    engine: Engine,
    fold: Fold,
    labels: Rows,
    owners: Rows,
    chosen_inside: tuple[Rows, Matrix],
    units: list[Unit],
    tally: Tally,
) -> None:
    """Score the probes of a fold under every assignment, with the choice made inside it.

    Parameters
    ----------
    engine, fold
        The windows with their models, and the split.
    labels
        Shape (B, R): owner of each recording when it enrols.
    owners
        Shape (B, R): owner of each recording when it is a probe.
    chosen_inside
        From `choose`.
    units
        Levels; whole recordings among them.
    tally
        Added to.
    """
    C = len(engine.samples.people)
    probed = owners[:, levels_of(engine.samples.recording[fold.probe])[1].recordings]
    scores = np.empty((len(labels), C, probed.shape[1]))
    choice, separations = chosen_inside
    for chosen in np.unique(choice):
        space, kernel, probes = _prepared(engine, fold.enrol, fold.probe, engine.candidates[int(chosen)])
        for separation in np.unique(separations[choice == chosen]):  # rising
            same = np.flatnonzero((choice == chosen) & (separations == separation))
            if separation:  # what is normalised window by window does not depend on their lengths
                probes = probes._replace(own=np.empty(0, dtype=np.float32))
            for batch in _batches(len(same), C):
                rows = same[batch]
                fitted = discriminants(kernel, space, owned(labels[rows][:, space.recordings], space.counts, C))
                lines = fitted.lines(engine.candidates[int(chosen)].model)
                hits, counts = np.zeros((2, len(units), len(rows), C))
                whole, levels = np.empty((len(rows), C, probed.shape[1])), np.array([unit.k for unit in units])
                draw_kernels.tally(
                    fitted.assigned, *lines, probes, separation, probed[rows], levels, hits, counts, ABSENT, whole
                )
                tally.hits[:, rows] += hits
                tally.counts[:, rows] += counts
                if separation:  # as in `fusion.fused`: folds with another separation are compared with these
                    np.arcsinh(whole, out=whole, where=whole > PRESENT)
                scores[rows] = whole
    tally.scores.append(scores.reshape(len(labels), -1))
    tally.genuine.append(genuine_mask(probed, C).reshape(len(labels), -1))
