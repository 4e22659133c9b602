"""Fifteen real people (ds000210): recognised by breathing and pulse, not when identities are shuffled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eupnea.config.identification import ModelsConfig, default_protocols
from eupnea.errors import LeakError
from eupnea.identification.engine import Engine, random_labels, real_labels
from eupnea.identification.evaluation import audit_fold, decisions, person_means, run_folds, score_fold
from eupnea.identification.fusion import WINDOW
from eupnea.identification.null import null_draws
from eupnea.identification.protocols import Fold, split_samples
from eupnea.identification.samples import make_samples

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def windows(shared_data) -> pd.DataFrame:
    from eupnea.beats.chunk import beats_of_chunk
    from eupnea.breaths.table import breaths_of_chunk
    from eupnea.config.dataset import DatasetConfig
    from eupnea.config.load import load_study
    from eupnea.features.assemble import features_of_chunk
    from eupnea.recordings.describe import describe_chunk
    from eupnea.recordings.load import load_signals
    from eupnea.signals.clean import clean_chunk

    base = shared_data("ds000210")
    study = load_study(Path(__file__).resolve().parents[2] / "config/studies/ds000210.yaml")
    dataset = DatasetConfig.model_validate(study.dataset.model_dump() | {"path": str(base)})
    people = sorted(path.name for path in base.glob("sub-*"))
    tables = []
    for i in range(0, len(people), 5):
        found = describe_chunk(dataset, study.recordings, base, people[i : i + 5], 0)
        raw = load_signals(base, found.channels)
        clean = clean_chunk(raw, found.channels, found.intervals, study.signals)
        breaths = breaths_of_chunk(clean.respiration, found.channels, study.breaths)
        beats = beats_of_chunk(clean.cardiac, study.beats)
        chunk = features_of_chunk(
            found.recordings,
            found.intervals,
            found.channels,
            clean.respiration,
            clean.cardiac,
            clean.quality,
            breaths,
            beats,
            study.features,
        )
        tables.append(chunk.windows)
    return pd.concat(tables, ignore_index=True)


def engine_of(windows, modality):
    samples = make_samples(windows, modality, 60.0, max_missing_share=0.5)[0]
    return Engine(samples, ModelsConfig(), max_missing_share=0.5)


def rank1(engine, split):
    selected = run_folds(engine, split.folds, guard_s=60.0, where="test", models=("selected",))["selected"]
    return np.nanmean(person_means(decisions(engine.samples, selected, WINDOW), len(engine.samples.people)))


@pytest.mark.parametrize(("modality", "least"), [("respiration", 0.70), ("cardiac", 0.97)])
def test_people_are_recognised_in_a_run_that_was_not_enrolled(windows, modality, least):
    engine = engine_of(windows, modality)
    assert len(engine.samples.people) == 15
    assert rank1(engine, split_samples(default_protocols()["leave_one_run_out"], engine.samples, min_people=5)) >= least


def test_random_identities_fall_to_chance(windows):
    engine = engine_of(windows, "respiration")
    split = split_samples(default_protocols()["leave_one_run_out"], engine.samples, min_people=5)
    labels = random_labels(engine.samples, 100, seed=1)
    null = null_draws(engine, split.folds, labels, labels, [WINDOW]).rank1["window"]
    assert abs(null.mean() - 1 / 15) <= 4 * null.std() / np.sqrt(100)


def test_the_audit_catches_the_leak_that_shuffled_identities_show(windows):
    engine = engine_of(windows, "respiration")
    samples = engine.samples
    fold_of = np.random.default_rng(0).integers(5, size=len(samples.X))
    folds = [Fold(str(k), np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)) for k in range(5)]
    owners = random_labels(samples, 1, seed=2)
    shuffled = samples.recordings.assign(person=owners[0])
    leaky = Engine(
        samples.__class__(**{**vars(samples), "recordings": shuffled}), ModelsConfig(), max_missing_share=0.5
    )
    assert (real_labels(leaky.samples) == owners).all()
    leaky.record.allow(np.arange(len(samples.X)), "random windows")
    results = [score_fold(leaky, fold, leaky.candidates[0]) for fold in folds]
    value = np.nanmean(person_means(decisions(leaky.samples, results, WINDOW), 15))
    # far above the chance of 0.067 with nobody to recognise: that is the leak
    assert value > 0.15
    for fold in folds:
        with pytest.raises(LeakError, match="sub-"):
            audit_fold(leaky.samples, fold, guard_s=0.0, where="random windows")
