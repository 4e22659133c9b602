"""Put the windows of a recording together, and choose inside the enrolment how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eupnea.identification.closed_form import ABSENT, PRESENT
from eupnea.identification.error_rates import equal_error_rates
from eupnea.identification.kernels import softplus
from eupnea.identification.normalise import cohort_normalised
from eupnea.identification.samples import lengths_of, starts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eupnea.identification.engine import Candidate, Engine
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix

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
    return next((normalised, first) for _, normalised, first in fused_units(scores, recording, [unit], separation))


def fused_units(
    scores: Matrix, recording: Rows, units: list[Unit], separation: float, windows: Matrix | None = None
) -> Iterator[tuple[Unit, Matrix, Rows]]:
    """Put windows together at several levels, as `fused` does at one; what they share is computed once.

    Parameters
    ----------
    scores, recording, separation
        As for `fused`.
    units
        The levels.
    windows
        Shape (B, C, N): the normalised scores of single windows, where they are known already.

    Yields
    ------
    unit, normalised, first
        The level, and what `fused` returns.
    """
    if separation or any(unit.k == 1 for unit in units):
        windows = cohort_normalised(scores) if windows is None else windows
    evidence = support(windows, separation) if separation and windows is not None else scores
    for unit in units:
        if unit.k == 1 and windows is not None:
            yield unit, windows, np.arange(scores.shape[-1])
            continue
        averaged, first = pooled(evidence, recording, unit)
        normalised = cohort_normalised(averaged)
        yield unit, np.where(normalised > PRESENT, np.arcsinh(normalised), ABSENT) if separation else normalised, first


def support(normalised: Matrix, separation: float) -> Matrix:
    """Return what windows say in favour of a claim: log(1 + LR), at least 0.

    LR is the likelihood ratio of a normalised score that is N(0, 1) for others and N(d, 1) for the own person: d s −
    d²/2. Up to a constant this is the evidence of a window that is the claimed person's own half of the time and could
    be anybody's otherwise (a sigh, a word, a movement): unlike the person it says nothing instead of counting against.
    """
    out = np.empty(normalised.shape)
    softplus(np.ravel(normalised), separation, -0.5 * separation**2, PRESENT, ABSENT, out.reshape(-1))
    return out


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
    options = engine.config.separations
    folds = engine.inner_folds(enrol)
    if nothing_to_choose(engine, enrol, folds):
        return np.full(len(labels), options[0])
    judged = [_judge(engine, train, test, labels, chosen) for train, test in folds]
    genuine = np.concatenate([own for _, own in judged], axis=1)
    rates = [
        equal_error_rates(np.concatenate([scores[option] for scores, _ in judged], axis=1), genuine)
        for option in range(len(options))
    ]
    return best_separations(engine, rates)


def nothing_to_choose(engine: Engine, enrol: Rows, folds: list[tuple[Rows, Rows]]) -> bool:
    """Say whether there is one separation only, nothing to judge by, or one window in every recording."""
    is_single = len(np.unique(engine.samples.recording[enrol])) == len(enrol)
    return len(engine.config.separations) == 1 or not folds or is_single


def best_separations(engine: Engine, rates: list[Matrix]) -> Matrix:
    """Return the earliest separation with the lowest equal error rate; shape (B,), rates of shape (options, B)."""
    return np.asarray(engine.config.separations)[np.argmin(np.round(np.array(rates) / SAME), axis=0)]


def _judge(engine: Engine, train: Rows, test: Rows, labels: Rows, chosen: Candidate) -> tuple[Matrix, Matrix]:
    """Return recording-level scores under each separation, and which are genuine; (options, B, n) and (B, n)."""
    recording = engine.samples.recording[test]
    scores, genuine = [], []
    for batch, windows in engine.scores(train, test, labels, chosen):
        wholes = _wholes(windows, recording, engine.config.separations)
        whole, first = wholes[0]
        own = labels[batch][:, None, recording[first]] == np.arange(whole.shape[1])[:, None]
        scores.append(np.array([whole.reshape(len(whole), -1) for whole, _ in wholes]))
        genuine.append(own.reshape(len(own), -1))
    return np.concatenate(scores, axis=1), np.concatenate(genuine)


def _wholes(scores: Matrix, recording: Rows, separations: tuple[float, ...]) -> list[tuple[Matrix, Rows]]:
    """Put whole recordings together under several separations."""
    windows = cohort_normalised(scores)
    return [
        (normalised, first)
        for d in separations
        for _, normalised, first in fused_units(scores, recording, [RECORDING], d, windows)
    ]
