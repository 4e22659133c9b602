"""Fit on enrolment, score probes: for the real people and for every random assignment alike."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eupnea.evidence.leak_audit import FitRecord
from eupnea.identification.closed_form import (
    PRESENT,
    SCORERS,
    assign,
    grouped,
    make_kernel,
    within_products,
)
from eupnea.identification.moments import Moments
from eupnea.identification.ordered import Ordered
from eupnea.identification.samples import lengths_of, starts_of
from eupnea.identification.space import Preparation, Space, fit_preparation, fit_ranks, fit_space

if TYPE_CHECKING:
    from eupnea.config.identification import ModelsConfig
    from eupnea.identification.samples import Rows, Samples
    from eupnea.identification.space import Matrix, Transform

CACHED_SPACES = 80_000_000
"""Numbers that cached spaces may hold together (640 MB): two folds share every inner training set."""

CACHED_PROBES = 20_000_000
"""Numbers that cached projected windows may hold together (160 MB)."""

BATCH_NUMBERS = 3_000_000
"""Scores computed at once (24 MB): what stays in the processor's cache is faster."""

FEW_PEOPLE = 5
"""Recordings in a block below which it is put together with other such blocks when identities are dealt out."""

TOGETHER = "blocks of few people"
"""Name of those blocks."""

ROUNDING = 1e-9
"""Criteria closer than this are equal."""


@dataclass(frozen=True)
class Candidate:
    """What nested selection can choose."""

    transform: Transform
    model: str
    shrinkage: float

    @property
    def label(self) -> str:
        """Name of the choice, for tables."""
        return f"{self.model}, shrinkage {self.shrinkage:g}, {self.transform}"


def candidates(config: ModelsConfig) -> list[Candidate]:
    """List what may be chosen; the earlier one wins a tie, so middle shrinkages come first."""
    middle = len(config.shrinkages) // 2
    order = sorted(range(len(config.shrinkages)), key=lambda i: (abs(i - middle), i))
    return [
        Candidate(transform, model, config.shrinkages[i])
        for i in order
        for transform in config.transforms
        for model in config.selection
    ]


class Engine:
    """Fits and scores for one modality and window length; keeps what was fitted on the same enrolment.

    Parameters
    ----------
    samples
        The windows.
    config
        Models and their grids.
    max_missing_share
        Features missing in a larger share of the enrolment are left out.
    ordered
        The windows in order, where they are already.

    Attributes
    ----------
    record
        Where every fit notes which windows it saw, for the leak audit.
    chosen_draws
        Enrolment -> owners of its recordings in random assignments, and what was chosen for each: protocols share it.
    """

    def __init__(
        self, samples: Samples, config: ModelsConfig, *, max_missing_share: float, ordered: Ordered | None = None
    ) -> None:
        self.samples = samples
        self.config = config
        self.candidates = candidates(config)
        self._max_missing_share = max_missing_share
        self.record = FitRecord()
        self._spaces: OrderedDict[tuple[bytes, str], Space] = OrderedDict()
        self._projected: OrderedDict[tuple[bytes, str, bytes, bool], Matrix] = OrderedDict()
        self._probes_held = 0
        self._moments = Moments(samples)
        self._ordered = ordered
        self._held = 0
        self.chosen_draws: dict[bytes, tuple[Rows, Rows, Matrix]] = {}

    def preparation(self, rows: Rows, transform: Transform) -> Preparation:
        """Fit imputation, transform and scale on some windows."""
        return self.fitted(rows, transform)[0]

    def fitted(self, rows: Rows, transform: Transform) -> tuple[Preparation, Matrix]:
        """Fit imputation, transform and scale on some windows, and return these prepared; shape (n, p)."""
        self.record.note("imputation, transform and scale", rows)
        share = self._max_missing_share
        if transform == "rank_gaussian":
            return fit_ranks(self.ordered, rows, max_missing_share=share)
        X = self.samples.X[rows]
        preparation = fit_preparation(X, transform=transform, clip_sd=self.config.clip_sd, max_missing_share=share)
        return preparation, preparation.apply(X)

    def prepared(self, preparation: Preparation, rows: Rows) -> Matrix:
        """Bring windows, each once, into the space of an enrolment; shape (n, p)."""
        if preparation.quantiles.size:
            return preparation.ranked(self.ordered, rows)
        return preparation.apply(self.samples.X[rows])

    @property
    def ordered(self) -> Ordered:
        """The windows in order."""
        self._ordered = self._ordered or Ordered(self.samples.X)
        return self._ordered

    def space(self, rows: Rows, transform: Transform) -> Space:
        """Fit the space of some enrolment windows, or take it from the cache."""
        key = (rows.tobytes(), transform)
        self.record.note("covariance", rows)
        if key in self._spaces:
            self._spaces.move_to_end(key)
            return self._spaces[key]
        space = self._fit(rows, transform)
        self._spaces[key] = space
        self._held += space.eigenvectors.size + space.prepared_sums.size
        while self._held > CACHED_SPACES and len(self._spaces) > 1:
            _, dropped = self._spaces.popitem(last=False)
            self._held -= dropped.eigenvectors.size + dropped.prepared_sums.size
        return space

    def _fit(self, rows: Rows, transform: Transform) -> Space:
        recording = self.samples.recording[rows]
        if transform == "none" and self._moments.cover(rows, recording):
            return self._moments.space(recording)
        preparation, prepared = self.fitted(rows, transform)
        return fit_space(prepared, recording, preparation)

    def projected(self, enrol: Rows, transform: Transform, rows: Rows, parts: Rows | None = None) -> Matrix:
        """Bring windows into the space of some enrolment, or take them from the cache.

        Parameters
        ----------
        enrol, transform
            The space.
        rows
            Positions of the windows.
        parts
            Where parts of consecutive windows begin that are averaged; None for single windows.

        Returns
        -------
        projected
            Shape (N, p), or (parts, p).
        """
        space = self.space(enrol, transform)
        key = (enrol.tobytes(), transform, rows.tobytes(), parts is not None)
        if key not in self._projected:
            prepared = self.prepared(space.preparation, rows)
            if parts is not None:  # the single windows are what the fusion is chosen by, next
                self._keep((*key[:3], False), prepared @ space.eigenvectors)
                prepared = np.add.reduceat(prepared, parts, axis=0) / lengths_of(parts, len(rows))[:, None]
            self._keep(key, prepared @ space.eigenvectors)
        return self._projected[key]

    def _keep(self, key: tuple[bytes, str, bytes, bool], projected: Matrix) -> None:
        if key not in self._projected:
            self._projected[key] = projected
            self._probes_held += projected.size
        while self._probes_held > CACHED_PROBES and len(self._projected) > 1:
            self._probes_held -= self._projected.popitem(last=False)[1].size

    def scores(self, enrol: Rows, probe: Rows, labels: Rows, chosen: Candidate) -> Iterator[tuple[slice, Matrix]]:
        """Score probe windows against every person, in batches of assignments.

        Parameters
        ----------
        enrol, probe
            Positions of windows.
        labels
            Shape (B, R): owner of each recording in each assignment.
        chosen
            Transform, model and shrinkage.

        Yields
        ------
        batch, scores
            Which assignments, and their scores, shape (b, C, N).
        """
        space = self.space(enrol, chosen.transform)
        projected = self.projected(enrol, chosen.transform, probe)
        n_people = len(self.samples.people)
        space, owners = grouped(space, labels[:, space.recordings])
        kernel = make_kernel(space, projected, chosen.shrinkage, single=len(labels) > 1)
        for batch in _batches(len(labels), n_people * len(probe)):
            assignment = assign(owners[batch], space.counts, n_people)
            yield batch, SCORERS[chosen.model](within_products(kernel, assignment))

    def inner_criterion(self, enrol: Rows, labels: Rows) -> Matrix:
        """Judge every candidate inside the enrolment, by leaving out one block of recordings after the other.

        Returns
        -------
        criterion
            Shape (B, candidates): mean reciprocal rank of the owner over the recordings' parts.
        """
        total = np.zeros((len(labels), len(self.candidates)))
        weight = np.zeros((len(labels), 1))
        for train, test in self.inner_folds(enrol):
            summed, judged = self._judge(train, test, labels)
            total, weight = total + summed, weight + judged[:, None]
        return total / np.maximum(weight, 1.0)

    def choose(self, enrol: Rows, labels: Rows) -> Rows:
        """Choose a candidate for every assignment; shape (B,). Without anything to judge by: the first."""
        return self.best(self.inner_criterion(enrol, labels))

    def best(self, criterion: Matrix) -> Rows:
        """Return the first candidate that is within the tolerance of the best; criterion of shape (B, candidates)."""
        limit = criterion.max(axis=1, keepdims=True) - self.config.tolerance - ROUNDING
        return np.argmax(criterion >= limit, axis=1)

    def blocks(self, enrol: Rows) -> list[str]:
        """List the blocks of recordings (session, mode, task, run) that some windows are from."""
        return sorted(set(self.samples.recordings["block"].to_numpy()[np.unique(self.samples.recording[enrol])]))

    def inner_folds(self, enrol: Rows) -> list[tuple[Rows, Rows]]:
        """Split enrolment windows by block of recordings; by time where there is only one block."""
        recording = self.samples.recording[enrol]
        blocks = self.samples.recordings["block"].to_numpy()[recording]
        names = self.blocks(enrol)
        if len(names) < 2:
            return _halves(enrol, recording)
        group_of = {name: i % self.config.inner_folds for i, name in enumerate(names)}
        group = np.array([group_of[name] for name in blocks])
        return [(enrol[group != g], enrol[group == g]) for g in sorted(set(group_of.values()))]

    def parts(self, test: Rows) -> Rows:
        """Return where the parts of consecutive windows begin that the inner choice is judged on."""
        return _parts(self.samples.recording[test], self.config.inner_parts)

    def _judge(self, train: Rows, test: Rows, labels: Rows) -> tuple[Matrix, Matrix]:
        summed = np.zeros((len(labels), len(self.candidates)))
        judged = np.zeros(len(labels))
        starts = self.parts(test)
        part_recording = self.samples.recording[test][starts]
        for transform in dict.fromkeys(c.transform for c in self.candidates):
            parts = self.projected(train, transform, test, starts)
            space = self.space(train, transform)
            space, trained = grouped(space, labels[:, space.recordings])
            for batch in _batches(len(labels), len(self.samples.people) * len(parts)):
                assignment = assign(trained[batch], space.counts, len(self.samples.people))
                owners = labels[batch][:, part_recording]
                judged[batch] = np.take_along_axis(assignment.present, owners, axis=1).sum(axis=1)
                for shrinkage in dict.fromkeys(c.shrinkage for c in self.candidates):
                    kernel = make_kernel(space, parts, shrinkage, single=len(labels) > 1)
                    products = within_products(kernel, assignment, with_probe=False)
                    for i, c in enumerate(self.candidates):
                        if (c.transform, c.shrinkage) == (transform, shrinkage):
                            summed[batch, i] += _reciprocal_ranks(SCORERS[c.model](products), owners).sum(axis=1)
        return summed, judged


def _reciprocal_ranks(scores: Matrix, owners: Rows) -> Matrix:
    own = np.take_along_axis(scores, owners[:, None, :], axis=1)
    ranks = np.count_nonzero(scores >= own, axis=1)
    return np.where(own[:, 0] > PRESENT, 1.0 / np.maximum(ranks, 1), 0.0)


def _parts(recording: Rows, n_parts: int) -> Rows:
    """Divide each recording's consecutive windows into at most `n_parts`; return where each part begins."""
    starts = starts_of(recording)
    size = lengths_of(starts, len(recording))
    lengths, place = np.repeat(size, size), np.arange(len(recording)) - np.repeat(starts, size)
    part = place * np.minimum(n_parts, lengths) // lengths
    change = np.ones(len(recording), dtype=bool)
    change[1:] = (np.diff(recording) != 0) | (np.diff(part) != 0)
    return np.flatnonzero(change)


def _halves(enrol: Rows, recording: Rows) -> list[tuple[Rows, Rows]]:
    """Split every recording's windows in two, leaving the one between out; none where that is not possible."""
    starts = starts_of(recording)
    size = lengths_of(starts, len(recording))
    lengths, place = np.repeat(size, size), np.arange(len(recording)) - np.repeat(starts, size)
    early, late = place < lengths // 2, place > lengths // 2
    if not late.any():
        return []
    return [(enrol[early], enrol[late]), (enrol[late], enrol[early])]


def _batches(n: int, size: int) -> Iterator[slice]:
    step = max(1, BATCH_NUMBERS // max(1, size))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def real_labels(samples: Samples) -> Rows:
    """Return who owns each recording, as an assignment; shape (1, R)."""
    return samples.person_of_recording[None, :]


def random_labels(
    samples: Samples, n_draws: int, seed: int, *, used: Rows | None = None, purpose: str = "identities"
) -> Rows:
    """Give the recordings of each block to its people at random, all windows of a recording together.

    Parameters
    ----------
    samples
        The windows.
    n_draws
        Assignments.
    seed, purpose
        The draws of a block depend on these, the block and its recordings that take part only.
    used
        The recordings that take part; None for all. The others keep their owners.

    Returns
    -------
    labels
        Shape (n_draws, R).
    """
    from eupnea.io.seeds import seed_for

    owners = samples.person_of_recording
    labels = np.tile(owners, (n_draws, 1))
    blocks = samples.recordings["block"].to_numpy(dtype=object).copy()
    part = np.arange(len(blocks)) if used is None else used
    names, counts = np.unique(blocks[part].astype(str), return_counts=True)
    # blocks that few people have would keep their owners: they are dealt out together
    blocks[np.isin(blocks.astype(str), names[counts < FEW_PEOPLE])] = TOGETHER
    for block in sorted(set(blocks[part])):
        here = np.intersect1d(np.flatnonzero(blocks == block), part)
        rng = np.random.default_rng(seed_for(seed, "identification", purpose, block))
        labels[:, here] = rng.permuted(labels[:, here], axis=1)
    return labels


def mask(size: int, rows: Rows) -> NDArray[np.bool_]:
    """Return a mask of `size` that is true at `rows`."""
    chosen = np.zeros(size, dtype=bool)
    chosen[rows] = True
    return chosen
