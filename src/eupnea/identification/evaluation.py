"""Run the folds of a protocol, for the real people and for random assignments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.evidence.leak_audit import audit_split
from eupnea.identification.closed_form import ABSENT, PRESENT
from eupnea.identification.engine import Candidate, Engine, real_labels
from eupnea.identification.error_rates import equal_error_rate
from eupnea.identification.normalise import Calibration, cohort_normalised, fit_calibration
from eupnea.identification.samples import lengths_of, starts_of

if TYPE_CHECKING:
    from eupnea.identification.protocols import Fold
    from eupnea.identification.samples import Rows, Samples
    from eupnea.identification.space import Matrix

SELECTED = "selected"


@dataclass(frozen=True)
class Unit:
    """Decisions of one level: averages of windows.

    Attributes
    ----------
    level
        ``window``, ``fused`` or ``recording``.
    k
        Windows that are averaged; 0 for all of the recording.
    """

    level: str
    k: int

    @property
    def name(self) -> str:
        """Key in tables of statistics."""
        return f"{self.level}_{self.k}" if self.level == "fused" else self.level


@dataclass(frozen=True)
class FoldScores:
    """Scores of one fold under one model, for the real people.

    Attributes
    ----------
    fold
        The split.
    chosen
        What was fitted; None for models without a choice.
    scores
        Shape (C, N): the model's own score of every probe window against every person.
    calibration
        From recording-level scores to log-likelihood ratios, fitted inside the enrolment.
    enrolment_s
        Mean seconds of enrolment per person.
    """

    fold: Fold
    chosen: Candidate | None
    scores: Matrix
    calibration: Calibration
    enrolment_s: float


def units_of(fused_windows: tuple[int, ...]) -> list[Unit]:
    """List the levels that decisions are made at."""
    return [Unit("window", 1), Unit("recording", 0), *[Unit("fused", k) for k in fused_windows]]


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


def normalised(scores: Matrix, recording: Rows, unit: Unit) -> tuple[Matrix, Rows]:
    """Average the scores of consecutive windows, then compare every claim with the other enrolled people.

    Parameters
    ----------
    scores
        Shape (C, N).
    recording, unit
        As for `pooled`.
    """
    averaged, first = pooled(scores, recording, unit)
    return cohort_normalised(averaged[None])[0], first


def run_folds(
    engine: Engine, folds: tuple[Fold, ...], *, guard_s: float, where: str, models: tuple[str, ...] | None = None
) -> dict[str, list[FoldScores]]:
    """Fit and score every fold: the nested choice, and the best of each model family.

    Parameters
    ----------
    engine, folds
        The windows with their models, and the splits.
    guard_s
        Seconds that must lie between the sides where they come from one recording.
    where
        Name of the analysis, for messages.
    models
        Those wanted; None for all.

    Returns
    -------
    scores
        Model → one entry per fold. ``selected`` is the headline.

    Raises
    ------
    LeakError
        The split or a fit breaks the rules of evidence.
    """
    results: dict[str, list[FoldScores]] = {}
    for fold in folds:
        audit_fold(engine.samples, fold, guard_s=guard_s, where=where)
        engine.record.allow(fold.enrol, f"{where}, fold {fold.name}")
        done: dict[Candidate, FoldScores] = {}
        for model, chosen in _choices(engine, fold, models).items():
            done[chosen] = done.get(chosen) or score_fold(engine, fold, chosen)
            results.setdefault(model, []).append(done[chosen])
    return results


def audit_fold(samples: Samples, fold: Fold, *, guard_s: float, where: str) -> None:
    """Audit one split on the windows that it really uses."""
    audit_split(
        fold.enrol,
        fold.probe,
        recording=samples.recordings["recording"].to_numpy()[samples.recording],
        start_s=samples.start_s,
        window_s=samples.window_s,
        guard_s=guard_s,
        where=f"{where}, fold {fold.name}",
    )


def score_fold(engine: Engine, fold: Fold, chosen: Candidate) -> FoldScores:
    """Fit one candidate on a fold's enrolment, score its probes, and calibrate inside the enrolment."""
    labels = real_labels(engine.samples)
    raw = next(engine.scores(fold.enrol, fold.probe, labels, chosen))[1]
    people = len(np.unique(engine.samples.person[fold.enrol]))
    seconds = len(fold.enrol) * engine.samples.window_s / people
    return FoldScores(fold, chosen, raw[0], _calibrate(engine, fold, chosen), seconds)


def _choices(engine: Engine, fold: Fold, models: tuple[str, ...] | None) -> dict[str, Candidate]:
    criterion = engine.inner_criterion(fold.enrol, real_labels(engine.samples))
    choices = {SELECTED: engine.candidates[int(engine.best(criterion)[0])]}
    for model in engine.config.selection:
        allowed = np.array([c.model == model for c in engine.candidates])
        choices[model] = engine.candidates[int(engine.best(np.where(allowed, criterion, -1.0))[0])]
    return {name: chosen for name, chosen in choices.items() if models is None or name in models}


def _calibrate(engine: Engine, fold: Fold, chosen: Candidate) -> Calibration:
    genuine, impostor = [np.empty(0)], [np.empty(0)]
    labels = real_labels(engine.samples)
    for train, test in engine.inner_folds(fold.enrol):
        scores = next(engine.scores(train, test, labels, chosen))[1][0]
        averaged, first = normalised(scores, engine.samples.recording[test], Unit("recording", 0))
        own, others = split_scores(averaged, engine.samples.person[test][first])
        genuine.append(own)
        impostor.append(others)
    return fit_calibration(np.concatenate(genuine), np.concatenate(impostor))


def split_scores(scores: Matrix, owners: Rows) -> tuple[Matrix, Matrix]:
    """Separate genuine from impostor comparisons; scores of shape (C, M), owners of shape (M,)."""
    genuine = owners[None, :] == np.arange(len(scores))[:, None]
    here = scores > PRESENT
    return scores[genuine & here], scores[~genuine & here]


def decisions(samples: Samples, results: list[FoldScores], unit: Unit) -> pd.DataFrame:
    """Make one row per decision of a level.

    Returns
    -------
    table
        Columns ``fold``, ``recording``, ``person``, ``start_s``, ``rank`` (1: recognised), ``n_enrolled``,
        ``genuine``, ``impostor`` (best other score), ``nearest`` (who that is).
    """
    tables = [_decide(samples, result, unit) for result in results]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _decide(samples: Samples, result: FoldScores, unit: Unit) -> pd.DataFrame:
    probe = result.fold.probe
    averaged, first = normalised(result.scores, samples.recording[probe], unit)
    owner = samples.person[probe][first]
    column = np.arange(len(owner))
    genuine = averaged[owner, column]
    others = averaged.copy()
    others[owner, column] = ABSENT
    nearest = others.argmax(axis=0) if len(owner) else np.zeros(0, dtype=np.intp)
    return pd.DataFrame(
        {
            "fold": result.fold.name,
            "recording": samples.recording[probe][first],
            "person": owner,
            "start_s": samples.start_s[probe][first],
            "rank": 1 + np.count_nonzero(others >= genuine, axis=0),
            "n_enrolled": np.count_nonzero(averaged > PRESENT, axis=0),
            "genuine": genuine,
            "impostor": others[nearest, column],
            "nearest": nearest,
        }
    )


def person_means(table: pd.DataFrame, n_people: int) -> Matrix:
    """Return each person's share of recognised probes; shape (C,), NaN for people without probes."""
    person = table["person"].to_numpy(dtype=np.intp)
    hits = np.bincount(person, weights=(table["rank"] == 1).to_numpy(dtype=float), minlength=n_people)
    counts = np.bincount(person, minlength=n_people)
    return np.where(counts > 0, hits / np.maximum(counts, 1), np.nan)


@dataclass
class NullDraws:
    """Statistics under random assignments of recordings to people.

    Attributes
    ----------
    rank1
        Level → shape (B,): mean over people of the share recognised.
    eer
        Shape (B,): equal error rate of recordings.
    """

    rank1: dict[str, Matrix] = field(default_factory=dict)
    eer: Matrix = field(default_factory=lambda: np.empty(0))


def null_draws(
    engine: Engine, folds: tuple[Fold, ...], enrol_labels: Rows, probe_labels: Rows, units: list[Unit]
) -> NullDraws:
    """Repeat the whole analysis, choice included, for random assignments.

    Parameters
    ----------
    engine, folds
        As for the real people.
    enrol_labels, probe_labels
        Shape (B, R): owners of recordings when they enrol and when they are probes. The same array, except where both
        sides come from one recording.
    units
        Levels.
    """
    B, C = len(enrol_labels), len(engine.samples.people)
    hits = {unit.name: np.zeros((B, C)) for unit in units}
    counts = {unit.name: np.zeros((B, C)) for unit in units}
    pairs: list[list[tuple[Matrix, Matrix]]] = [[] for _ in range(B)]
    for fold in folds:
        engine.record.allow(fold.enrol, f"random identities, fold {fold.name}")
        for rows, scores in _null_scores(engine, fold, enrol_labels):
            owners = probe_labels[rows][:, engine.samples.recording[fold.probe]]
            for unit in units:
                _tally(scores, owners, engine.samples.recording[fold.probe], unit, hits, counts, rows, pairs)
    rank1 = {name: _mean_of_people(hits[name], counts[name]) for name in hits}
    return NullDraws(rank1, np.array([_pooled_eer(pair) for pair in pairs]))


def _null_scores(engine: Engine, fold: Fold, labels: Rows) -> Iterator[tuple[Rows, Matrix]]:
    choice = engine.choose(fold.enrol, labels)
    for chosen in np.unique(choice):
        rows = np.flatnonzero(choice == chosen)
        for batch, scores in engine.scores(fold.enrol, fold.probe, labels[rows], engine.candidates[int(chosen)]):
            yield rows[batch], scores


def _tally(
    scores: Matrix,
    owners: Rows,
    recording: Rows,
    unit: Unit,
    hits: dict[str, Matrix],
    counts: dict[str, Matrix],
    rows: Rows,
    pairs: list[list[tuple[Matrix, Matrix]]],
) -> None:
    averaged, first = pooled(scores, recording, unit)
    if not first.size:
        return
    owner = owners[:, first]
    own = np.take_along_axis(averaged, owner[:, None, :], axis=1)
    present = own[:, 0] > PRESENT
    hit = (np.count_nonzero(averaged >= own, axis=1) == 1) & present
    B, C = len(rows), averaged.shape[1]
    flat = (np.arange(B)[:, None] * C + owner).ravel()
    hits[unit.name][rows] += np.bincount(flat, weights=hit.ravel().astype(float), minlength=B * C).reshape(B, C)
    counts[unit.name][rows] += np.bincount(flat, weights=present.ravel().astype(float), minlength=B * C).reshape(B, C)
    if unit.level == "recording":
        averaged = cohort_normalised(averaged)
        for b, row in enumerate(rows):
            pairs[row].append(split_scores(averaged[b], owner[b]))


def _mean_of_people(hits: Matrix, counts: Matrix) -> Matrix:
    shares = np.where(counts > 0, hits / np.maximum(counts, 1.0), 0.0)
    return np.asarray(shares.sum(axis=1) / np.maximum((counts > 0).sum(axis=1), 1))


def _pooled_eer(pairs: list[tuple[Matrix, Matrix]]) -> float:
    if not pairs:
        return float("nan")
    return equal_error_rate(np.concatenate([g for g, _ in pairs]), np.concatenate([i for _, i in pairs]))
