"""Run the folds of a protocol for random assignments of recordings to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.features.columns import CONTROL_MODALITIES
from eupnea.identification.draws import Tally, choose_all, tally_fold
from eupnea.identification.engine import random_labels
from eupnea.identification.error_rates import equal_error_rates
from eupnea.identification.fusion import RECORDING, WINDOW, Unit, units_of

if TYPE_CHECKING:
    from eupnea.config.identification import ProtocolConfig
    from eupnea.identification.engine import Engine
    from eupnea.identification.protocols import Fold, Split
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix
    from eupnea.identification.study import Study

CONTROLS = (*CONTROL_MODALITIES, "demographics")
"""Modalities that show what identifies people besides their breathing and heart."""
HELD_COMPARISONS = 8_000_000
"""Comparisons of recordings that random assignments hold together (some 200 MB): larger cohorts draw in pieces."""


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

    def frame(self, units: list[Unit]) -> pd.DataFrame:
        """List the draws behind each metric: columns ``metric``, ``k`` (windows fused, else 0), ``draws``."""
        tests = [(f"rank1_{one.level}", one.k if one.level == "fused" else 0, self.rank1[one.name]) for one in units]
        return pd.DataFrame([*tests, ("eer", 0, self.eer)], columns=["metric", "k", "draws"])


def null_of(study: Study, engine: Engine, split: Split, protocol: ProtocolConfig, *, control: bool) -> NullDraws | None:
    """Draw the null of a protocol as the config asks; None where it asks for none.

    Parameters
    ----------
    study, engine, split, protocol
        What is permuted.
    control
        Whether it is a control or a cell of the matrix, which get fewer draws and levels. A modality that is a control
        gets fewer draws, too.
    """
    samples, config = engine.samples, study.config
    people = len({int(p) for fold in split.folds for p in samples.person[fold.enrol]})
    draws = config.permutations_few_people if people <= config.few_people else config.permutations
    if control or study.modality in CONTROLS:
        draws = min(draws, config.permutations_controls)
    if draws == 0:
        return None
    sides = [rows for fold in split.folds for rows in (fold.enrol, fold.probe)]
    used = np.unique(samples.recording[np.concatenate(sides)])
    probe = enrol = random_labels(samples, draws, study.seed, used=used)
    if protocol.same_recording:  # both sides of one recording would stay together: they are dealt out separately
        probe = random_labels(samples, draws, study.seed, used=used, purpose="probes")
    units = [WINDOW, RECORDING] if control else units_of(config.fused_windows)
    return null_draws(engine, split.folds, enrol, probe, units)


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
    n_recordings, n_people = enrol_labels.shape[1], len(engine.samples.people)
    step = max(1, HELD_COMPARISONS // max(1, n_recordings * n_people))
    pieces = [slice(start, start + step) for start in range(0, len(enrol_labels), step)]
    parts = [_draws_of_piece(engine, folds, enrol_labels[piece], probe_labels[piece], units) for piece in pieces]
    rank1 = {unit.name: np.concatenate([part.rank1[unit.name] for part in parts]) for unit in units}
    return NullDraws(rank1, np.concatenate([part.eer for part in parts]))


def _draws_of_piece(
    engine: Engine, folds: tuple[Fold, ...], enrol_labels: Rows, probe_labels: Rows, units: list[Unit]
) -> NullDraws:
    B, C = len(enrol_labels), len(engine.samples.people)
    tally = Tally(np.zeros((len(units), B, C)), np.zeros((len(units), B, C)), [], [])
    choices = choose_all(engine, [fold.enrol for fold in folds], enrol_labels)
    for fold, chosen in zip(folds, choices, strict=True):
        engine.record.allow(fold.enrol, f"random identities, fold {fold.name}")
        tally_fold(engine, fold, enrol_labels, probe_labels, chosen, units, tally)
    pairs = zip(units, tally.hits, tally.counts, strict=True)
    rank1 = {unit.name: _mean_of_people(hits, counts) for unit, hits, counts in pairs}
    scores, genuine = np.concatenate(tally.scores, axis=1), np.concatenate(tally.genuine, axis=1)
    return NullDraws(rank1, equal_error_rates(scores, genuine, tied=True))


def _mean_of_people(hits: Matrix, counts: Matrix) -> Matrix:
    shares = np.where(counts > 0, hits / np.maximum(counts, 1.0), 0.0)
    return np.asarray(shares.sum(axis=1) / np.maximum((counts > 0).sum(axis=1), 1))
