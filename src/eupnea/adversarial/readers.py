"""Attackers: freshly trained models that try to read a nuisance, or who a person is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eupnea.adversarial.erasure import shrunk

Array = NDArray[np.float64]

READERS = ("logistic", "svm_rbf", "boosted_trees")
"""Attackers on classes: a linear one, and two that are stronger than the linear removal."""

ANEW_READERS = ("logistic", "svm_rbf")
"""Attackers on classes that are taught by other left-out people."""

PARTS = 5
"""Groups of left-out people; each is read by attackers taught by the others."""

PAIR_READERS = ("whitened_cosine", "whitened_distance", "pair_trees")
"""Attackers on identity: two closed forms, and one trained on pairs."""

TREES = {"n_estimators": 60, "max_depth": 3, "tree_method": "hist", "max_bin": 64, "n_jobs": 1}
"""Boosted trees: shallow ones, one after the other, read products and distances that no linear attacker can."""

MAX_PAIRS = 1500
"""Pairs of each sort that the trees on pairs are trained on at most."""


def read_classes(name: str, train: tuple[Array, NDArray[np.str_]], X: Array, *, seed: int) -> NDArray[np.str_]:
    """Train an attacker on rows and labels of training people; return what it reads from new rows.

    Parameters
    ----------
    name
        One of `READERS`.
    train
        Rows, shape (n, p), and labels, shape (n,).
    X
        Shape (m, p).
    seed
        Seed of the trees.
    """
    from sklearn.preprocessing import StandardScaler

    rows, labels = train
    if name == "boosted_trees":
        names, codes = np.unique(labels, return_inverse=True)
        return np.asarray(names[_boosted(rows, codes, seed).predict(X)], dtype=str)
    scaler = StandardScaler().fit(rows)
    model = _classifier(name).fit(scaler.transform(rows), labels)
    return np.asarray(model.predict(scaler.transform(X)), dtype=str)


def read_anew(
    name: str, X: Array, labels: NDArray[np.str_], people: NDArray[np.str_], *, seed: int
) -> NDArray[np.str_]:
    """Read left-out rows by an attacker taught by other left-out people, in cross-validation over them.

    The rows that a removal was learnt from hold nothing of the nuisance any more that could teach an attacker, whatever
    the removal leaves in new people; who has labels of new people can learn that.

    Parameters
    ----------
    name
        One of `ANEW_READERS`.
    X, labels, people
        Rows that the removal was not learnt from, shape (m, p); their labels (empty where unknown) and people.
    seed
        Seed of the groups of people.
    """
    names, codes = np.unique(people, return_inverse=True)
    part = (np.random.default_rng(seed).permutation(len(names)) % PARTS)[codes]
    read = np.full(len(X), "", dtype=object)
    for one in np.unique(part):
        taught = (part != one) & (labels != "")
        known = np.unique(labels[taught])
        if known.size < 2:
            read[part == one] = known[0] if known.size else ""
            continue
        read[part == one] = read_classes(name, (X[taught], labels[taught]), X[part == one], seed=seed)
    return read.astype(str)


def _boosted(X: Array, codes: NDArray[np.intp], seed: int) -> Any:
    """Fit trees to classes 0, 1, …; all classes weigh the same together."""
    from sklearn.utils.class_weight import compute_sample_weight
    from xgboost import XGBClassifier

    model = XGBClassifier(random_state=seed, **TREES)
    return model.fit(X, codes, sample_weight=compute_sample_weight("balanced", codes))


def _classifier(name: str) -> Any:
    if name == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)
    from sklearn.svm import SVC

    return SVC(C=3.0, class_weight="balanced")


def score_pairs(
    name: str,
    train: tuple[Array, NDArray[np.str_], Array],
    X: Array,
    pairs: NDArray[np.intp],
    *,
    caliper: float,
    seed: int,
) -> Array:
    """Train an attacker to tell pairs of one person from pairs of two people of the same age; score new pairs.

    Parameters
    ----------
    name
        One of `PAIR_READERS`.
    train
        Rows, shape (n, p), people and ages, shape (n,), of the training people.
    X, pairs
        Shapes (m, p) and (k, 2): new rows, and the pairs of them to score.
    caliper
        Impostors of the training pairs are at most this many years apart.
    seed
        Seed of the trees and of the choice of training pairs.

    Returns
    -------
    scores
        Shape (k,): higher is more alike.
    """
    rows, people, ages = train
    if name == "pair_trees":
        return _tree_scores(rows, people, ages, X, pairs, caliper, seed)
    _, codes = np.unique(people, return_inverse=True)
    counts = np.bincount(codes)
    means = np.stack([np.bincount(codes, weights=column) / counts for column in rows.T], axis=1)
    values, vectors = np.linalg.eigh(shrunk(rows - means[codes]) + 1e-9 * np.eye(rows.shape[1]))
    white = (X - rows.mean(axis=0)) @ (vectors / np.sqrt(np.maximum(values, 1e-12)))
    if name == "whitened_distance":
        return -np.asarray(np.linalg.norm(white[pairs[:, 0]] - white[pairs[:, 1]], axis=1))
    unit = white / np.maximum(np.linalg.norm(white, axis=1, keepdims=True), 1e-12)
    return np.asarray(np.sum(unit[pairs[:, 0]] * unit[pairs[:, 1]], axis=1))


def _tree_scores(
    rows: Array,
    people: NDArray[np.str_],
    ages: Array,
    X: Array,
    pairs: NDArray[np.intp],
    caliper: float,
    seed: int,
) -> Array:
    rng = np.random.default_rng(seed)
    genuine, impostor = matched_pairs(people, ages, caliper)
    if not len(genuine) or not len(impostor):
        return np.zeros(len(pairs))
    chosen = [part[np.sort(rng.permutation(len(part))[:MAX_PAIRS])] for part in (genuine, impostor)]
    known = np.vstack(chosen)
    labels = np.repeat([1, 0], [len(part) for part in chosen])
    trees = _boosted(_pair_features(rows, known), labels, seed)
    return np.asarray(trees.predict_proba(_pair_features(X, pairs))[:, 1], dtype=float)


def _pair_features(X: Array, pairs: NDArray[np.intp]) -> Array:
    left, right = X[pairs[:, 0]], X[pairs[:, 1]]
    return np.hstack([np.abs(left - right), left * right])


def matched_pairs(people: NDArray[np.str_], ages: Array, caliper: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return pairs of rows of one person, and of two people at most `caliper` years apart; shapes (k, 2)."""
    left, right = np.triu_indices(len(people), k=1)
    same = people[left] == people[right]
    near = ~same & (np.abs(ages[left] - ages[right]) <= caliper)
    pairs = np.column_stack([left, right])
    return pairs[same], pairs[near]
