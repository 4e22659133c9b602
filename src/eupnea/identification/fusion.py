"""Put the windows of a recording together, and choose inside the enrolment how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eupnea.identification.closed_form import ABSENT, PRESENT
from eupnea.identification.error_rates import equal_error_rates
from eupnea.identification.normalise import cohort_normalised
from eupnea.identification.samples import lengths_of, starts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eupnea.identification.engine import Candidate, Engine
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix

HELD_SUPPORTS = 32_768
"""Scores whose support is computed at once (0.3 MB)."""

SAME = 1e-9
"""Error rates closer than this are equal: the earlier separation is chosen."""


@dataclass(frozen=True)
class Unit:
    """Decisions of one level: windows put together.

    Attributes
    ----------
    level
        ``window``, ``fused`` or ``recording``.
    k
        Windows that are put together; 0 for all of the recording.
    """

    level: str
    k: int

    @property
    def name(self) -> str:
        """Key in tables of statistics."""
        return f"{self.level}_{self.k}" if self.level == "fused" else self.level


WINDOW, RECORDING = Unit("window", 1), Unit("recording", 0)


def units_of(fused_windows: tuple[int, ...]) -> list[Unit]:
    """List the levels that decisions are made at."""
    return [WINDOW, RECORDING, *[Unit("fused", k) for k in fused_windows]]


def pooled(scores: Matrix, recording: Rows, unit: Unit) -> tuple[Matrix, Rows]:
    """Average the scores of consecutive windows of a recording.

    Parameters
    ----------
    scores
        Shape (…, N); windows sorted by recording and time.
    recording
        Shape (N,).
    unit
        The level.

    Returns
    -------
    averaged, first
        Shape (…, M), and the position of the first window of each unit, shape (M,). Incomplete units are dropped.
    """
    if unit.k == 1:
        return scores, np.arange(scores.shape[-1])
    starts = starts_of(recording)
    lengths = lengths_of(starts, len(recording))
    if unit.k == 0:
        return np.add.reduceat(scores, starts, axis=-1) / lengths, starts
    first = np.concatenate([s + unit.k * np.arange(n // unit.k) for s, n in zip(starts, lengths, strict=True)])
    first = first.astype(np.intp)
    total = sum(scores[..., first + i] for i in range(unit.k))
    return np.asarray(total / unit.k), first


def fused(scores: Matrix, recording: Rows, unit: Unit, separation: float) -> tuple[Matrix, Rows]:
    """Put consecutive windows of a recording together, and compare every claim with the other enrolled people.

    Parameters
    ----------
    scores
        Shape (B, C, N).
    recording, unit
        As for `pooled`.
    separation
        0: the scores are averaged. d: each window is compared with the other people first, and what it says in favour
        of a claim is averaged (see `support`). Others support next to nothing, so that the scores have a long tail: its
        inverse hyperbolic sine is taken, which keeps their order and can be calibrated by a straight line.

    Returns
    -------
    normalised, first
        Shape (B, C, M) and (M,), as for `pooled`.
    """
    return Levels(scores, recording, separation).at(unit)


class Levels:
    """Windows put together at several levels, as `fused` does at one; what they share is computed once.

    Parameters
    ----------
    scores, recording, separation
        As for `fused`.
    windows
        Shape (B, C, N): the normalised scores of single windows, where they are known already.
    """

    def __init__(self, scores: Matrix, recording: Rows, separation: float, windows: Matrix | None = None) -> None:
        self._scores = scores
        self._recording = recording
        self._separation = separation
        self._known_windows = windows
        self._found: dict[Unit, tuple[Matrix, Rows]] = {}

    def at(self, unit: Unit) -> tuple[Matrix, Rows]:
        """Return what `fused` returns at one level."""
        if unit not in self._found:
            self._found[unit] = self._put_together(unit)
        return self._found[unit]

    def _put_together(self, unit: Unit) -> tuple[Matrix, Rows]:
        if unit.k == 1:
            return self._windows, np.arange(self._scores.shape[-1])
        averaged, first = pooled(self._evidence, self._recording, unit)
        normalised = cohort_normalised(averaged)
        if self._separation:
            return np.where(normalised > PRESENT, np.arcsinh(normalised), ABSENT), first
        return normalised, first

    @cached_property
    def _windows(self) -> Matrix:
        return cohort_normalised(self._scores) if self._known_windows is None else self._known_windows

    @cached_property
    def _evidence(self) -> Matrix:
        return support(self._windows, self._separation) if self._separation else self._scores


def support(normalised: Matrix, separation: float) -> Matrix:
    """Return what windows say in favour of a claim: log(1 + LR), at least 0.

    LR is the likelihood ratio of a normalised score that is N(0, 1) for others and N(d, 1) for the own person: d s −
    d²/2. Up to a constant this is the evidence of a window that is the claimed person's own half of the time and could
    be anybody's otherwise (a sigh, a word, a movement): unlike the person it says nothing instead of counting against.
    """
    values, out = np.ravel(normalised), np.empty(normalised.size)
    for start in range(0, values.size, HELD_SUPPORTS):  # what stays in the processor's cache is faster
        part = values[start : start + HELD_SUPPORTS]
        x = separation * part - 0.5 * separation**2
        rest = np.abs(x)
        np.log1p(np.exp(np.negative(rest, out=rest), out=rest), out=rest)
        rest += np.maximum(x, 0.0, out=x)
        out[start : start + HELD_SUPPORTS] = np.where(part > PRESENT, rest, ABSENT)
    return out.reshape(normalised.shape)


def choose_separations(engine: Engine, enrol: Rows, labels: Rows, chosen: Candidate) -> Matrix:
    """Choose the separation with the lowest equal error rate of recordings inside the enrolment; shape (B,).

    Where every recording has one window, or there is nothing to judge by: the first one.

    Parameters
    ----------
    engine
        The windows with their models; its config names the separations.
    enrol
        Positions of the enrolment's windows.
    labels
        Shape (B, R): owner of each recording in each assignment.
    chosen
        The model that the scores are from.
    """
    folds = engine.inner_folds(enrol)
    if nothing_to_choose(engine, enrol, folds):
        return np.full(len(labels), engine.config.separations[0])
    return lowest_rates(engine, inner_comparisons(engine, folds, labels, chosen, engine.config.separations))


def inner_comparisons(
    engine: Engine, folds: list[tuple[Rows, Rows]], labels: Rows, chosen: Candidate, separations: tuple[float, ...]
) -> tuple[Matrix, NDArray[np.bool_]]:
    """Compare recordings inside the enrolment under some separations.

    Returns
    -------
    scores, genuine
        Shapes (separations, B, n) and (B, n): the comparisons of all inner folds, and which are genuine.
    """
    judged = [_judge(engine, train, test, labels, chosen, separations) for train, test in folds]
    return np.concatenate([scores for scores, _ in judged], axis=2), np.concatenate([own for _, own in judged], axis=1)


def lowest_rates(engine: Engine, inside: tuple[Matrix, NDArray[np.bool_]]) -> Matrix:
    """Return the separation whose comparisons inside the enrolment have the lowest equal error rate; shape (B,)."""
    scores, genuine = inside
    return best_separations(engine, [equal_error_rates(one, genuine) for one in scores])


def nothing_to_choose(engine: Engine, enrol: Rows, folds: list[tuple[Rows, Rows]]) -> bool:
    """Say whether there is one separation only, nothing to judge by, or one window in every recording."""
    is_single = len(np.unique(engine.samples.recording[enrol])) == len(enrol)
    return len(engine.config.separations) == 1 or not folds or is_single


def best_separations(engine: Engine, rates: list[Matrix]) -> Matrix:
    """Return the earliest separation with the lowest equal error rate; shape (B,), rates of shape (options, B)."""
    return np.asarray(engine.config.separations)[np.argmin(np.round(np.array(rates) / SAME), axis=0)]


def _judge(
    engine: Engine, train: Rows, test: Rows, labels: Rows, chosen: Candidate, separations: tuple[float, ...]
) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return recording-level scores under each separation, and which are genuine; (options, B, n) and (B, n)."""
    recording = engine.samples.recording[test]
    first = starts_of(recording)
    scores, genuine = [], []
    for batch, raw in engine.scores(train, test, labels, chosen):
        windows = cohort_normalised(raw)
        wholes = [Levels(raw, recording, separation, windows).at(RECORDING)[0] for separation in separations]
        own = labels[batch][:, None, recording[first]] == np.arange(raw.shape[1])[:, None]
        scores.append(np.array([whole.reshape(len(whole), -1) for whole in wholes]))
        genuine.append(own.reshape(len(own), -1))
    return np.concatenate(scores, axis=1), np.concatenate(genuine)
