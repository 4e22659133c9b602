from __future__ import annotations

import numpy as np
import pytest
from identification.worlds import make_world

from eupnea.config.identification import ModelsConfig
from eupnea.identification.closed_form import ABSENT, assign, lda_scores, make_kernel, within_products
from eupnea.identification.engine import Candidate, Engine, random_labels, real_labels
from eupnea.identification.rule import linear_rule, within_covariance
from eupnea.identification.samples import make_samples


def unaudited(samples, config, **options):
    """Make an engine that may fit on any windows: the tests here split by hand."""
    engine = Engine(samples, config, **options)
    engine.record.allow(np.arange(len(samples.X)), "test")
    return engine


@pytest.fixture(scope="module")
def samples():
    windows, *_ = make_world(people=8, windows=4, features=10, signature=0.8, missing=0.05, seed=1)
    return make_samples(windows, "respiration", 60.0, max_missing_share=0.5)[0]


def halves(samples):
    mode = samples.recordings["mode"].to_numpy()[samples.recording]
    return np.flatnonzero(mode == "nasal"), np.flatnonzero(mode == "oral")


@pytest.mark.parametrize("transform", ["clip", "rank_gaussian", "none"])
@pytest.mark.parametrize("shrinkage", [0.05, 0.4])
def test_lda_equals_scikit_learn(samples, transform, shrinkage):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    class Shrunken:
        def fit(self, X):
            C = np.cov(X.T, bias=True)
            self.covariance_ = (1 - shrinkage) * C + shrinkage * np.eye(len(C))
            return self

    engine = unaudited(samples, ModelsConfig(), max_missing_share=0.5)
    enrol, probe = halves(samples)
    ours = next(engine.scores(enrol, probe, real_labels(samples), Candidate(transform, "lda", shrinkage)))[1][0]
    preparation = engine.preparation(enrol, transform)
    model = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=Shrunken(), priors=np.full(8, 1 / 8))
    model.fit(preparation.apply(samples.X[enrol]), samples.person[enrol])
    theirs = model.decision_function(preparation.apply(samples.X[probe])).T
    ours, theirs = ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)
    np.testing.assert_allclose(ours, theirs, atol=1e-10 * np.abs(theirs).max())


def test_whitened_centroid_is_the_cosine_after_whitening(samples):
    engine = unaudited(samples, ModelsConfig(), max_missing_share=0.5)
    enrol, probe = halves(samples)
    chosen = Candidate("clip", "whitened_centroid", 0.2)
    ours = next(engine.scores(enrol, probe, real_labels(samples), chosen))[1][0]
    space = engine.space(enrol, "clip")
    W, centroids, _ = within_covariance(space, samples.person_of_recording[space.recordings], 0.2)
    root = np.linalg.cholesky(np.linalg.inv(W))
    a, b = centroids @ root, space.project(samples.X[probe]) @ root
    theirs = (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_random_assignments_equal_refits(samples):
    engine = unaudited(samples, ModelsConfig(), max_missing_share=0.5)
    enrol, probe = halves(samples)
    labels = random_labels(samples, 5, seed=3)
    together = np.concatenate([s for _, s in engine.scores(enrol, probe, labels, engine.candidates[0])])
    for b in range(5):
        alone = next(engine.scores(enrol, probe, labels[b : b + 1], engine.candidates[0]))[1][0]
        np.testing.assert_allclose(together[b], alone, atol=2e-4 * np.abs(alone).max())


def test_uneven_people_are_added_up_alike(samples):
    space = unaudited(samples, ModelsConfig(), max_missing_share=0.5).space(np.arange(len(samples.X)), "clip")
    probes = space.project(samples.X[::3])
    labels = np.random.default_rng(0).choice(8, size=(6, len(space.counts)), p=[0.65] + [0.05] * 7)
    uneven = assign(labels, space.counts, 8)
    together = lda_scores(within_products(make_kernel(space, probes, 0.2), uneven))
    for b in range(6):
        W, centroids, people = within_covariance(space, labels[b], 0.2)
        direction = np.linalg.solve(W, centroids.T)
        expected = probes @ direction - 0.5 * np.einsum("cp,pc->c", centroids, direction)
        np.testing.assert_allclose(together[b][people], expected.T, atol=1e-9 * np.abs(expected).max())
        assert (np.delete(together[b], people, axis=0) == ABSENT).all()


def test_inner_criterion_of_assignments_equals_that_of_each(samples):
    engine = unaudited(samples, ModelsConfig(), max_missing_share=0.5)
    labels = random_labels(samples, 4, seed=2)
    together = engine.inner_criterion(np.arange(len(samples.X)), labels)
    alone = [engine.inner_criterion(np.arange(len(samples.X)), labels[b : b + 1])[0] for b in range(4)]
    np.testing.assert_allclose(together, alone, atol=0.02)


def test_downdated_moments_equal_a_direct_fit():
    windows, *_ = make_world(people=6, windows=4, features=8, missing=0.0, seed=2)
    samples = make_samples(windows, "respiration", 60.0, max_missing_share=0.5)[0]
    engine = unaudited(samples, ModelsConfig(transforms=("none",)), max_missing_share=0.5)
    enrol, probe = halves(samples)
    assert engine._moments.cover(enrol, samples.recording[enrol])
    from eupnea.identification.space import fit_space

    preparation, prepared = engine.fitted(enrol, "none")
    direct = fit_space(prepared, samples.recording[enrol], preparation)
    downdated = engine.space(enrol, "none")
    for a in (0.05, 0.5):
        scores = []
        for space in (direct, downdated):
            owners = assign(real_labels(samples)[:, space.recordings], space.counts, 6)
            scores.append(lda_scores(within_products(make_kernel(space, space.project(samples.X[probe]), a), owners)))
        np.testing.assert_allclose(scores[0], scores[1], atol=1e-10 * np.abs(scores[0]).max())


def test_linear_rule_ranks_like_the_scores(samples):
    engine = unaudited(samples, ModelsConfig(), max_missing_share=0.5)
    enrol, probe = halves(samples)
    for chosen in engine.candidates:
        scores = next(engine.scores(enrol, probe, real_labels(samples), chosen))[1][0]
        space = engine.space(enrol, chosen.transform)
        coefficients, intercepts, _ = linear_rule(space, samples.person_of_recording[space.recordings], chosen)
        linear = space.preparation.apply(samples.X[probe]) @ coefficients + intercepts
        assert (linear.argmax(axis=1) == scores.argmax(axis=0)).all()


def test_people_who_are_not_enrolled_are_never_named(samples):
    engine = unaudited(samples, ModelsConfig(), max_missing_share=0.5)
    enrol, probe = halves(samples)
    enrol = enrol[samples.person[enrol] != 3]
    scores = next(engine.scores(enrol, probe, real_labels(samples), engine.candidates[0]))[1][0]
    assert (scores[3] == ABSENT).all()
    assert (scores.argmax(axis=0) != 3).all()


def test_a_window_is_prepared_the_same_whatever_windows_come_with_it():
    from eupnea.identification.space import fit_preparation

    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6)).round(1)
    X[:, 0] = rng.integers(3, size=60)
    for transform in ("clip", "rank_gaussian", "none"):
        preparation = fit_preparation(X[:40], transform=transform, clip_sd=4.0, max_missing_share=0.5)
        together = preparation.apply(X)
        alone = np.vstack([preparation.apply(X[i : i + 1]) for i in rng.permutation(60)])
        np.testing.assert_allclose(np.sort(alone, axis=0), np.sort(together, axis=0), atol=1e-12)
        np.testing.assert_allclose(together[:40].mean(axis=0), 0.0, atol=1e-12)


def test_averaging_keeps_the_absent_absent(samples):
    from eupnea.identification.closed_form import PRESENT
    from eupnea.identification.fusion import RECORDING, Unit, fused

    scores = np.random.default_rng(0).normal(size=(8, 40)).astype(float)
    scores[5] = ABSENT
    for unit, separation in ((RECORDING, 0.0), (RECORDING, 2.0), (Unit("fused", 3), 0.0), (Unit("fused", 3), 4.0)):
        averaged = fused(scores[None], np.repeat(np.arange(5), 8)[:40], unit, separation)[0][0]
        assert ((averaged > PRESENT).sum(axis=0) == 7).all()
        assert (averaged[5] == ABSENT).all()
        assert np.abs(averaged[[0, 1, 2]]).max() < 100


def test_recordings_that_take_no_part_keep_their_owners(samples):
    used = np.arange(6)
    labels = random_labels(samples, 20, seed=1, used=used)
    assert (labels[:, 6:] == samples.person_of_recording[6:]).all()
    everybody = random_labels(samples, 20, seed=1)
    for block in samples.recordings["block"].unique():
        here = (samples.recordings["block"] == block).to_numpy()
        assert (np.sort(everybody[:, here], axis=1) == np.sort(samples.person_of_recording[here])).all()
    assert (everybody != samples.person_of_recording).mean() > 0.5


def test_monotone_distortion_of_features_changes_no_rank_under_the_rank_transform(samples):
    from dataclasses import replace

    bent = replace(samples, X=np.exp(samples.X * 0.7))
    enrol, probe = halves(samples)
    ranks = []
    for world in (samples, bent):
        engine = unaudited(world, ModelsConfig(), max_missing_share=0.5)
        scores = next(engine.scores(enrol, probe, real_labels(world), engine.candidates[0]))[1][0]
        ranks.append(scores.argmax(axis=0))
    assert (ranks[0] == ranks[1]).mean() > 0.95
