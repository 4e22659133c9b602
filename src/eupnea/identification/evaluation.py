"""Run the folds of a protocol for the real people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.evidence.leak_audit import audit_split
from eupnea.identification.closed_form import ABSENT, PRESENT
from eupnea.identification.engine import Candidate, Engine, real_labels
from eupnea.identification.fusion import RECORDING, Levels, Unit, inner_comparisons, lowest_rates, nothing_to_choose
from eupnea.identification.kernels import decided
from eupnea.identification.normalise import NO_EVIDENCE, Calibration, fit_calibration

if TYPE_CHECKING:
    from eupnea.identification.protocols import Fold
    from eupnea.identification.samples import Rows, Samples
    from eupnea.identification.space import Matrix

SELECTED = "selected"

CALIBRATION_GROUPS = 5
"""Groups of people that are left out of a calibration on other people."""


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
    separation
        How the windows of a recording are put together, see `eupnea.identification.fusion.fused`.
    calibration
        From recording-level scores to log-likelihood ratios: fitted inside the enrolment, or on other people.
    enrolment_s
        Mean seconds of enrolment per person.
    """

    fold: Fold
    chosen: Candidate | None
    scores: Matrix
    separation: float
    calibration: Calibration
    enrolment_s: float
    _levels: list[Levels] = field(default_factory=list, init=False, repr=False, compare=False)
    _decided: dict[Unit, pd.DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)

    def fused(self, samples: Samples, unit: Unit) -> tuple[Matrix, Rows]:
        """Return the normalised scores of every unit, shape (C, M), and the rows of their first windows, shape (M,)."""
        probe = self.fold.probe
        if not self._levels:
            self._levels.append(Levels(self.scores[None], samples.recording[probe], self.separation))
        normalised, first = self._levels[0].at(unit)
        return normalised[0], probe[first]

    def decided(self, samples: Samples, unit: Unit) -> pd.DataFrame:
        """Return the fold's part of `decisions`."""
        if unit not in self._decided:
            self._decided[unit] = _decide(samples, self, unit)
        return self._decided[unit]


def run_folds(
    engine: Engine,
    folds: tuple[Fold, ...],
    *,
    guard_s: float,
    where: str,
    models: tuple[str, ...] | None = None,
    calibrated: bool = True,
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
    calibrated
        Whether log-likelihood ratios are wanted.

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
    on_others = len(folds) == 1 or any(len(engine.blocks(fold.enrol)) < 2 for fold in folds)
    for fold in folds:
        audit_fold(engine.samples, fold, guard_s=guard_s, where=where)
        engine.record.allow(fold.enrol, f"{where}, fold {fold.name}")
        done: dict[Candidate, FoldScores] = {}
        for model, chosen in _choices(engine, fold, models).items():
            done[chosen] = done.get(chosen) or score_fold(engine, fold, chosen, calibrated=calibrated and not on_others)
            results.setdefault(model, []).append(done[chosen])
    if on_others and calibrated:
        return {model: calibrated_on_others(engine.samples, scored) for model, scored in results.items()}
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


def score_fold(engine: Engine, fold: Fold, chosen: Candidate, *, calibrated: bool = True) -> FoldScores:
    """Fit one candidate on a fold's enrolment and score its probes; fusion and calibration are learnt in it, too."""
    labels = real_labels(engine.samples)
    raw = next(engine.scores(fold.enrol, fold.probe, labels, chosen))[1]
    separation, calibration = _learn_inside(engine, fold.enrol, chosen, calibrated=calibrated)
    people = len(np.unique(engine.samples.person[fold.enrol]))
    seconds = len(fold.enrol) * engine.samples.window_s / people
    return FoldScores(fold, chosen, raw[0], separation, calibration, seconds)


def _learn_inside(engine: Engine, enrol: Rows, chosen: Candidate, *, calibrated: bool) -> tuple[float, Calibration]:
    """Choose the separation, and calibrate, by the comparisons inside the enrolment."""
    labels, folds, options = real_labels(engine.samples), engine.inner_folds(enrol), engine.config.separations
    options = options[:1] if nothing_to_choose(engine, enrol, folds) else options
    if not folds or (len(options) == 1 and not calibrated):
        return options[0], NO_EVIDENCE
    inside = inner_comparisons(engine, folds, labels, chosen, options)
    separation = float(lowest_rates(engine, inside)[0]) if len(options) > 1 else options[0]
    if not calibrated:
        return separation, NO_EVIDENCE
    scores, genuine = inside[0][options.index(separation), 0], inside[1][0]
    known = scores > PRESENT
    return separation, fit_calibration(scores[genuine & known], scores[~genuine & known])


def _choices(engine: Engine, fold: Fold, models: tuple[str, ...] | None) -> dict[str, Candidate]:
    criterion = engine.inner_criterion(fold.enrol, real_labels(engine.samples))
    choices = {SELECTED: engine.candidates[int(engine.best(criterion)[0])]}
    for model in engine.config.selection:
        allowed = np.array([c.model == model for c in engine.candidates])
        choices[model] = engine.candidates[int(engine.best(np.where(allowed, criterion, -1.0))[0])]
    return {name: chosen for name, chosen in choices.items() if models is None or name in models}


def calibrated_on_others(samples: Samples, results: list[FoldScores]) -> list[FoldScores]:
    """Calibrate every probe on the comparisons of other people.

    For enrolments that do not show what another recording is like: two halves of one recording are more alike, and so
    are two recordings of one task where the probe is another; a calibration learnt inside promises too much. People are
    dealt into groups by their place in the list; the probes of a group get the calibration of all comparisons without
    anybody of the group, as probe or as claimed.

    Parameters
    ----------
    samples, results
        The windows, and all folds of a protocol under one model.
    """
    people = np.arange(len(samples.people))
    group = people % CALIBRATION_GROUPS
    wholes = [result.fused(samples, RECORDING) for result in results]
    owners = [samples.person[rows] for _, rows in wholes]
    slope, offset = np.empty(len(people)), np.empty(len(people))
    for one in range(CALIBRATION_GROUPS):
        here = group == one
        pairs = [_without(scores, owner, here) for (scores, _), owner in zip(wholes, owners, strict=True)]
        found = fit_calibration(np.concatenate([g for g, _ in pairs]), np.concatenate([i for _, i in pairs]))
        slope[here], offset[here] = found.slope, found.offset
    return [replace(result, calibration=Calibration(slope, offset)) for result in results]


def _without(scores: Matrix, owners: Rows, left_out: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
    """Separate the comparisons of all but some people; `left_out` of shape (C,)."""
    known = np.where(left_out[:, None], ABSENT, scores)[:, ~left_out[owners]]
    return split_scores(known, owners[~left_out[owners]])


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
    tables = [result.decided(samples, unit) for result in results]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _decide(samples: Samples, result: FoldScores, unit: Unit) -> pd.DataFrame:
    averaged, rows = result.fused(samples, unit)
    owner = samples.person[rows]
    rank, n_enrolled, nearest = np.empty((3, len(owner)), dtype=np.intp)
    genuine, impostor = np.empty((2, len(owner)))
    decided(averaged, owner, PRESENT, ABSENT, genuine, impostor, rank, n_enrolled, nearest)
    return pd.DataFrame(
        {
            "fold": result.fold.name,
            "recording": samples.recording[rows],
            "person": owner,
            "start_s": samples.start_s[rows],
            "rank": rank,
            "n_enrolled": n_enrolled,
            "genuine": genuine,
            "impostor": impostor,
            "nearest": nearest,
        }
    )


def person_means(table: pd.DataFrame, n_people: int) -> Matrix:
    """Return each person's share of recognised probes; shape (C,), NaN for people without probes."""
    return rank_shares(table, np.ones(1, dtype=np.intp), n_people)[0]


def rank_shares(table: pd.DataFrame, ranks: Rows, n_people: int) -> Matrix:
    """Return each person's share of probes at a rank or better; shape (ranks, C), NaN for people without probes."""
    person, rank = table["person"].to_numpy(dtype=np.intp), table["rank"].to_numpy(dtype=np.intp)
    most = int(max(rank.max(initial=0), ranks.max(initial=0)))
    counts = np.bincount(person * (most + 1) + rank, minlength=n_people * (most + 1)).reshape(n_people, most + 1)
    probes = counts.sum(axis=1)
    reached = np.cumsum(counts, axis=1)[:, ranks].T
    return np.where(probes > 0, reached / np.maximum(probes, 1), np.nan)
