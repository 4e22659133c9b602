"""Nested shrinkage LDA: closed form against a scikit-learn loop. See the README beside it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eupnea.config.identification import ModelsConfig
from eupnea.identification.engine import Candidate, Engine, real_labels
from eupnea.identification.samples import Samples

T = TypeVar("T")
SHRINKAGES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9)


class TowardsUnitVariance:
    """Covariance shrunken towards the identity: (1 − a) S + a I."""

    def __init__(self, shrinkage: float) -> None:
        self.shrinkage = shrinkage

    def fit(self, X: np.ndarray) -> TowardsUnitVariance:
        centred = X - X.mean(axis=0)
        self.covariance_ = (1 - self.shrinkage) * centred.T @ centred / len(X) + self.shrinkage * np.eye(X.shape[1])
        return self


def make_samples(people: int, runs: int, windows: int, features: int, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    recording = np.repeat(np.arange(people * runs), windows)
    person = np.repeat(np.arange(people), runs)
    latent = rng.normal(size=(people, 30))[person] + rng.normal(size=(people * runs, 30))
    X = (latent[recording] + 1.5 * rng.normal(size=(len(recording), 30))) @ rng.normal(size=(30, features))
    X = (X + 4 * rng.normal(size=X.shape)) * np.exp(rng.normal(size=features))
    run = np.tile(np.arange(runs), people)
    table = pd.DataFrame({"recording": [f"r{i}" for i in range(people * runs)], "person": person})
    table["block"] = [f"{number:02d}" for number in run]
    start = np.tile(np.arange(windows) * 60.0, people * runs)
    names = tuple(f"respiration__all__f{j}" for j in range(features))
    return Samples(X, names, recording, start, 60.0, table, tuple(f"sub-{i:03d}" for i in range(people)))


def outer_folds(samples: Samples) -> list[tuple[np.ndarray, np.ndarray]]:
    block = samples.recordings["block"].to_numpy()[samples.recording]
    return [(np.flatnonzero(block != b), np.flatnonzero(block == b)) for b in sorted(set(block))]


def closed_form(samples: Samples, config: ModelsConfig) -> tuple[list[np.ndarray], list[Candidate], list[np.ndarray]]:
    engine, labels = Engine(samples, config, max_missing_share=0.5), real_labels(samples)
    scores, chosen, criteria = [], [], []
    for enrol, probe in outer_folds(samples):
        engine.record.allow(enrol, "outer fold")
        criteria.append(engine.inner_criterion(enrol, labels)[0])
        chosen.append(engine.candidates[int(engine.best(criteria[-1][None])[0])])
        scores.append(next(engine.scores(enrol, probe, labels, chosen[-1]))[1][0])
    return scores, chosen, criteria


def sklearn_scores(samples: Samples, train: np.ndarray, test: np.ndarray, shrinkage: float) -> np.ndarray:
    people = len(samples.people)
    model = make_pipeline(
        StandardScaler(),
        LinearDiscriminantAnalysis(
            solver="lsqr", covariance_estimator=TowardsUnitVariance(shrinkage), priors=np.full(people, 1 / people)
        ),
    )
    return model.fit(samples.X[train], samples.person[train]).decision_function(samples.X[test]).T


def mean_reciprocal_rank(scores: np.ndarray, owner: np.ndarray) -> float:
    own = scores[owner, np.arange(len(owner))]
    return float(np.mean(1 / np.count_nonzero(scores >= own, axis=0)))


def averaged_parts(
    samples: Samples, scores: np.ndarray, test: np.ndarray, n_parts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Average the discriminants (linear in the window) of each part of a recording; give the owners, too."""
    scores = scores - scores.mean(axis=0)
    columns, owners = [], []
    for recording in np.unique(samples.recording[test]):
        here = np.flatnonzero(samples.recording[test] == recording)
        part = np.arange(len(here)) * min(n_parts, len(here)) // len(here)
        columns += [scores[:, here[part == k]].mean(axis=1) for k in np.unique(part)]
        owners += [samples.person_of_recording[recording]] * len(np.unique(part))
    return np.column_stack(columns), np.array(owners)


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Compare discriminants up to what is the same for all people (scikit-learn adds the log prior)."""
    ours, theirs = ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the CPU seconds of a call, and its answer."""
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("people", 100), ("runs", 10), ("windows", 10), ("features", 800), ("fits", 6)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    samples = make_samples(options.people, options.runs, options.windows, options.features)
    config = ModelsConfig(selection=("lda",), shrinkages=SHRINKAGES, transforms=("none",), tolerance=0.0, inner_folds=9)
    fast, (scores, chosen, criteria) = timed(lambda: closed_form(samples, config))
    folds = outer_folds(samples)
    engine = Engine(samples, config, max_missing_share=0.5)
    engine.record.allow(np.arange(len(samples.X)), "any part of the data")
    jobs = [
        (fold, inner, i)
        for fold, (enrol, _) in enumerate(folds)
        for inner in range(len(engine.inner_folds(enrol)))
        for i in range(len(engine.candidates))
    ]
    n_fits = len(jobs) + len(folds)
    checked = jobs if options.all else jobs[:: max(1, len(jobs) // options.fits)]
    slow, worst = [], 0.0
    found = np.zeros((len(folds), len(engine.candidates)))
    for fold, inner, i in checked:
        train, test = engine.inner_folds(folds[fold][0])[inner]
        took, theirs = timed(partial(sklearn_scores, samples, train, test, engine.candidates[i].shrinkage))
        slow.append(took)
        found[fold, i] += mean_reciprocal_rank(*averaged_parts(samples, theirs, test, config.inner_parts))
        ours = next(engine.scores(train, test, real_labels(samples), engine.candidates[i]))[1][0]
        worst = max(worst, relative_difference(ours, theirs))
    for (enrol, probe), ours, choice in zip(folds[:2], scores, chosen, strict=False):
        worst = max(worst, relative_difference(ours, sklearn_scores(samples, enrol, probe, choice.shrinkage)))
    # the closed form once more, after the loop: what else ran on the machine then weighs on both sides
    fast = 0.5 * (fast + timed(lambda: closed_form(samples, config))[0])
    loop = float(np.mean(slow)) * n_fits
    print(f"{options.people} people x {options.runs} runs x {options.windows} windows, {options.features} features")
    print(f"closed form: {fast:.1f} s CPU for {n_fits} fits; chosen shrinkages {[c.shrinkage for c in chosen]}")
    print(f"scikit-learn: {np.mean(slow):.2f} s CPU per fit ({len(slow)} timed) -> {loop:.0f} s")
    print(f"ratio: x{loop / fast:.0f}; largest relative difference of scores: {worst:.1e}")
    if options.all:
        same = np.abs(found / len(folds[0]) - np.array(criteria)).max()
        print(f"largest difference of the inner criterion: {same:.1e}")


if __name__ == "__main__":
    main()
