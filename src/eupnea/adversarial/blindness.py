"""Age models made blind to a class (mode, task, session, sex), and what attackers still read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.adversarial.cohort import Cohort
from eupnea.adversarial.erasure import Components, LinearEraser, Residualiser, one_hot
from eupnea.adversarial.readers import ANEW_READERS, READERS, read_anew, read_classes
from eupnea.adversarial.result import curve_point
from eupnea.adversarial.scaling import Scaling, balanced_folds
from eupnea.adversarial.zoo import RIDGE_PENALTIES, ridge_path
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.intervals import bca_interval, bootstrap_rows
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.evidence.permutation import permutation_p
from eupnea.io.seeds import seed_for

Array = NDArray[np.float64]
Labels = NDArray[np.str_]
Erase = Callable[[NDArray[np.intp], NDArray[np.intp]], tuple[Array, Array]]

MIN_CLASS_PEOPLE = 5
"""People that each class of a nuisance needs."""

DEVICE_COLUMNS = ("signals", "sites", "sampling_hz")
"""Columns of the recordings that tell devices apart."""

N_PERMUTATIONS = 200
"""Permutations of the held-out labels behind chance and p-value of an attacker."""


@dataclass(slots=True)
class Blinded:
    """Left-out results of one way to remove a nuisance at one strength.

    Attributes
    ----------
    method, strength
        ``none``, ``residualised``, ``linear_erasure`` or ``gradient_reversal``; 0 … 1.
    predicted
        Shape (n,): age of each row, predicted without its person.
    read
        What each attacker reads from each row, by (what it sees, attacker).
    """

    method: str
    strength: float
    predicted: Array
    read: dict[tuple[str, str], Labels]


def nuisance_labels(
    cohort: Cohort, participants: pd.DataFrame, recordings: pd.DataFrame, nuisance: str
) -> Labels | str:
    """Return the class of each row, or the reason why the nuisance cannot be studied.

    A device is what made a recording: the kinds of its signals, where they were measured, and the sampling rate.
    """
    if nuisance == "device":
        labels = _devices(cohort, recordings)
    elif nuisance == "sex":
        if "sex" not in participants.columns:
            return "the participants have no column 'sex'"
        known = dict(zip(participants["participant"].astype(str), participants["sex"].astype(str), strict=True))
        labels = cohort.keys["participant"].map(known).fillna("").to_numpy(dtype=str)
    else:
        labels = cohort.keys[nuisance].to_numpy(dtype=str)
    people = pd.DataFrame({"label": labels, "participant": cohort.participants}).drop_duplicates()
    counts = people["label"].value_counts()
    classes = [
        str(name) for name in counts.index if counts[name] >= MIN_CLASS_PEOPLE and name not in ("", "n/a", "nan")
    ]
    if len(classes) < 2:
        return f"'{nuisance}' has fewer than two classes with {MIN_CLASS_PEOPLE} people each"
    return np.where(np.isin(labels, classes), labels, "")


def _devices(cohort: Cohort, recordings: pd.DataFrame) -> Labels:
    if not set(DEVICE_COLUMNS) <= set(recordings.columns):
        return np.full(cohort.y.size, "")
    told = recordings.drop_duplicates("recording").set_index("recording")[list(DEVICE_COLUMNS)].astype(object)
    told = told.where(told.notna(), "").astype(str)  # a feature table tells nothing of its devices
    devices = told.agg(" ".join, axis=1).str.strip() if len(told) else pd.Series(dtype=str)
    return cohort.keys["recording"].map(devices).fillna("").to_numpy(dtype=str)


def blind_models(cohort: Cohort, labels: Labels, *, config: AdversarialConfig, seed: int, label: str) -> list[Blinded]:
    """Cross-validate over people: remove the nuisance, predict age, attack; everything fitted in the fold."""
    folds = person_folds(cohort, config.folds, np.random.default_rng(seed_for(seed, "invariance", label)))
    results = [Blinded(method, strength, np.full(cohort.y.size, np.nan), {}) for method, strength in _settings(config)]
    for fold in range(config.folds):
        test = folds == fold
        scaling = Scaling.fit(cohort.X[~test], max_missing=config.max_missing, clip_sd=config.clip_sd)
        train_X = scaling.apply(cohort.X[~test])
        components = Components.fit(train_X, n_components(config, cohort.participants[~test]))
        rows = components.apply(scaling.apply(cohort.X))
        fold_seed = int(np.random.default_rng(seed_for(seed, "invariance", label, fold)).integers(2**31))
        data = Fold(rows, np.flatnonzero(~test), np.flatnonzero(test), cohort.y, cohort.participants, config, fold_seed)
        for result in results:
            predicted, read = _blind_fold(data, labels, result.method, result.strength)
            result.predicted[test] = predicted
            for key, values in read.items():
                result.read.setdefault(key, np.full(cohort.y.size, "", dtype=object))[test] = values
    return results


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold: all rows as components learnt from the training people, and which rows are which.

    Attributes
    ----------
    rows
        Shape (n, k).
    train, new
        Positions of the rows of training and of left-out people.
    y, people
        Shape (n,): ages and people of all rows.
    config, seed
        Block of the stage; seed of the fold.
    """

    rows: Array
    train: NDArray[np.intp]
    new: NDArray[np.intp]
    y: Array
    people: Labels
    config: AdversarialConfig
    seed: int


def n_components(config: AdversarialConfig, people: Labels) -> int:
    """Return the number of components: at most a third of the training people, or removal learns them by heart."""
    return max(2, min(config.components, np.unique(people).size // 3))


def _settings(config: AdversarialConfig) -> Iterator[tuple[str, float]]:
    yield "none", 0.0
    for strength in config.strengths:
        if strength > 0:
            yield "residualised", strength
            yield "linear_erasure", strength
            if config.models == "thorough":
                yield "gradient_reversal", strength


def _blind_fold(
    data: Fold, labels: Labels, method: str, strength: float
) -> tuple[Array, dict[tuple[str, str], Labels]]:
    if method == "gradient_reversal":
        from eupnea.adversarial.reversal import reversed_representation

        train, new, inner, predicted = reversed_representation(data, labels, strength=strength)
    else:
        erase = _eraser(data, labels, method, strength)
        train, new = erase(data.train, data.new)
        predicted, inner = tuned_ridge(data, erase)
    known = labels[data.train] != ""
    read = {}
    for seen, (rows, fresh) in {"features": (train, new), "prediction": (inner[:, None], predicted[:, None])}.items():
        for reader in READERS:
            taught = rows[known], labels[data.train][known]
            read[(seen, reader)] = read_classes(reader, taught, fresh, seed=data.seed)
    for reader in ANEW_READERS:
        anew = read_anew(reader, new, labels[data.new], data.people[data.new], seed=data.seed)
        read[("features", f"{reader}_anew")] = anew
    return predicted, read


def _eraser(data: Fold, labels: Labels, method: str, strength: float) -> Erase:
    """Return what learns a removal from some rows and applies it to them and to others."""
    classes = sorted(set(labels) - {""})

    def erase(train: NDArray[np.intp], new: NDArray[np.intp]) -> tuple[Array, Array]:
        """Learn from the rows `train`; return these and the rows `new` without the nuisance."""
        X, fresh = data.rows[train], data.rows[new]
        Z, fresh_Z = one_hot(labels[train], classes), one_hot(labels[new], classes)
        if method == "none":
            return X, fresh
        if method == "residualised":
            residualiser = Residualiser.fit(X, Z)
            return residualiser.apply(X, Z, strength), residualiser.apply(fresh, fresh_Z, strength)
        eraser = LinearEraser.fit(X, Z)
        return eraser.apply(X, strength), eraser.apply(fresh, strength)

    return erase


def tuned_ridge(data: Fold, erase: Erase) -> tuple[Array, Array]:
    """Remove the nuisance and fit ridge; its penalty is chosen, and the removal learnt anew, in folds of the training.

    Returns
    -------
    predicted, inner
        Predictions of the new rows, and left-out predictions of the training rows.
    """
    y = data.y[data.train]
    names, codes = np.unique(data.people[data.train], return_inverse=True)
    ages = np.bincount(codes, weights=y) / np.bincount(codes)
    rng = np.random.default_rng(data.seed)
    folds = balanced_folds(ages, min(data.config.inner_folds, len(names)), rng)[codes]
    inner = np.empty((RIDGE_PENALTIES.size, y.size))
    for fold in np.unique(folds):
        X, fresh = erase(data.train[folds != fold], data.train[folds == fold])
        inner[:, folds == fold] = [model.predict(fresh) for model in ridge_path(X, y[folds != fold])]
    pick = int(np.argmin(np.abs(inner - y).mean(axis=1)))
    X, fresh = erase(data.train, data.new)
    return ridge_path(X, y)[pick].predict(fresh), inner[pick]


def person_folds(cohort: Cohort, n_folds: int, rng: np.random.Generator, *, block: int = 1) -> NDArray[np.intp]:
    """Put people into folds balanced in the target; `block` people who are next to each other stay together."""
    names, first, codes = np.unique(cohort.participants, return_index=True, return_inverse=True)
    ages = cohort.y[first]
    order = np.argsort(ages, kind="stable")
    blocks = np.empty(len(names), dtype=np.intp)
    blocks[order] = np.arange(len(names)) // block
    block_ages = np.bincount(blocks, weights=ages) / np.bincount(blocks)
    return balanced_folds(block_ages, min(n_folds, block_ages.size), rng)[blocks][codes]


def blindness_rows(
    cohort: Cohort,
    labels: Labels,
    results: list[Blinded],
    *,
    nuisance: str,
    config: AdversarialConfig,
    seed: int,
    shared: dict[str, Any],
) -> tuple[list[MetricRow], list[MetricRow]]:
    """Return rows of metrics and points of the curve of age error against what attackers still read."""
    rows, points = [], []
    for result in results:
        columns = {**shared, "nuisance": nuisance, "strength": result.strength, "model": f"ridge_{result.method}"}
        error = mae_row(cohort, result.predicted, columns, config=config, seed=seed)
        cost = cost_row(cohort, result.predicted, results[0].predicted, columns, config=config, seed=seed)
        read = {
            key: _reading_row(cohort, labels, values, *key, columns, config=config, seed=seed)
            for key, values in result.read.items()
        }
        readings = [row for row, _ in read.values()]
        strongest = [
            _strongest([found for key, found in read.items() if key[0] == seen]) for seen in ("features", "prediction")
        ]
        rows += [error, *cost, *readings, *strongest]
        read_most = [row | {"metric": "balanced_accuracy"} for row in strongest]
        points += [curve_point("invariance", row) for row in (error, *read_most)]
    return rows, points


def _strongest(found: list[tuple[MetricRow, Array]]) -> MetricRow:
    """Return the row of the attacker that reads most; chance and p-value are those of the best of as many attackers."""
    row = max((one for one, _ in found), key=lambda one: one["value"])
    null = np.max([values for _, values in found], axis=0)
    note = f"the attacker that reads most of {len(found)}, {row['comparator']}; chance and p: the best of as many"
    told = {"metric": "balanced_accuracy_strongest", "reason": note, "chance": float(np.mean(null))}
    return row | told | {"p_value": permutation_p(row["value"], null)}


def mae_row(
    cohort: Cohort, predicted: Array, columns: dict[str, Any], *, config: AdversarialConfig, seed: int
) -> MetricRow:
    """Return the mean absolute error of age; rows of a person are averaged first."""
    errors = _errors_of_people(cohort, predicted)
    interval = bca_interval(errors, n_boot=config.bootstraps, seed=seed_for(seed, "invariance", "mae"))
    shares = {"n_participants": float(errors.size), "n_observations": float(cohort.y.size)}
    return metric_row("invariance", "mae", float(errors.mean()), **columns, **interval.as_columns(), **shares)


def median_row(cohort: Cohort, shared: dict[str, Any], *, config: AdversarialConfig, seed: int) -> MetricRow:
    """Return the error of the median age of the training people: what is reached without looking at any feature."""
    folds = person_folds(cohort, config.folds, np.random.default_rng(seed_for(seed, "invariance", "median")))
    ages = pd.DataFrame({"participant": cohort.participants, "age": cohort.y}).drop_duplicates("participant")
    fold_of = dict(zip(cohort.participants, folds, strict=True))
    own = ages["participant"].map(fold_of).to_numpy()
    medians = {fold: float(ages.loc[own != fold, "age"].median()) for fold in np.unique(folds)}
    predicted = np.array([medians[fold] for fold in folds])
    return mae_row(cohort, predicted, {**shared, "model": "median"}, config=config, seed=seed)


def cost_row(
    cohort: Cohort, predicted: Array, plain: Array, columns: dict[str, Any], *, config: AdversarialConfig, seed: int
) -> list[MetricRow]:
    """Return what blindness costs: error minus that of the model without removal, paired over people.

    An empty list for the model without removal itself.
    """
    if columns["strength"] == 0:
        return []
    loss = _errors_of_people(cohort, predicted) - _errors_of_people(cohort, plain)
    interval = bca_interval(loss, n_boot=config.bootstraps, seed=seed_for(seed, "invariance", "cost"))
    note = "age error minus that without removal, same people"
    told = {"comparator": "no removal", "n_participants": float(loss.size), "reason": note}
    return [metric_row("invariance", "mae_difference", float(loss.mean()), **columns, **interval.as_columns(), **told)]


def _errors_of_people(cohort: Cohort, predicted: Array) -> Array:
    frame = pd.DataFrame({"participant": cohort.participants, "y": cohort.y, "predicted": predicted})
    people = frame.groupby("participant", sort=True).mean()
    return np.asarray((people["y"] - people["predicted"]).abs(), dtype=np.float64)


def _reading_row(
    cohort: Cohort,
    labels: Labels,
    read: Labels,
    seen: str,
    reader: str,
    columns: dict[str, Any],
    *,
    config: AdversarialConfig,
    seed: int,
) -> tuple[MetricRow, Array]:
    """Return what an attacker reads, and what it would read of labels permuted (the same ones for all attackers)."""
    known = labels != ""
    truth, said, people = labels[known], np.asarray(read[known], dtype=str), cohort.participants[known]
    interval = bootstrap_rows(
        people,
        lambda rows: balanced_accuracy(truth[rows], said[rows]),
        n_boot=min(config.bootstraps, 300),
        method="t",
        seed=seed_for(seed, "invariance", "reading"),
    )
    ends = {"ci_low": max(interval.low, 0.0), "ci_high": min(interval.high, 1.0)}
    rng = np.random.default_rng(seed_for(seed, "invariance", "permutation"))
    null = np.array([balanced_accuracy(permuted(truth, people, rng), said) for _ in range(N_PERMUTATIONS)])
    row = metric_row(
        "invariance",
        "balanced_accuracy",
        interval.estimate,
        **columns,
        **(interval.as_columns() | ends),
        subset=seen,
        comparator=reader,
        p_value=permutation_p(interval.estimate, null),
        n_permutations=float(N_PERMUTATIONS),
        chance=float(np.mean(null)),
        n_participants=float(np.unique(people).size),
        n_observations=float(truth.size),
    )
    return row, null


def balanced_accuracy(truth: Labels, said: Labels) -> float:
    """Return the mean over classes of the share of their rows that are read right."""
    _, codes = np.unique(truth, return_inverse=True)
    hits = np.bincount(codes, weights=(truth == said).astype(float))
    return float(np.mean(hits / np.bincount(codes)))


def permuted(labels: Labels, people: Labels, rng: np.random.Generator) -> Labels:
    """Return labels permuted within people; labels that are constant per person are permuted between people."""
    _, first, codes = np.unique(people, return_index=True, return_inverse=True)
    if bool(np.all(labels == labels[first][codes])):
        return labels[first][rng.permutation(first.size)][codes]
    order = np.lexsort((rng.random(labels.size), codes))
    shuffled = np.empty_like(labels)
    shuffled[np.argsort(codes, kind="stable")] = labels[order]
    return shuffled


def unanswered(nuisance: str, reason: str, shared: dict[str, Any]) -> MetricRow:
    """Return the row that says why a nuisance cannot be studied."""
    return missing_row("invariance", "balanced_accuracy", reason, **shared, nuisance=nuisance)
