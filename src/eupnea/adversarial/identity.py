"""Age models from which people of the same age cannot be told apart, judged on people never seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eupnea.adversarial.blindness import Fold, cost_row, mae_row, n_components, person_folds, tuned_ridge
from eupnea.adversarial.cohort import Cohort
from eupnea.adversarial.erasure import Components, IdentityEraser
from eupnea.adversarial.readers import PAIR_READERS, matched_pairs, score_pairs
from eupnea.adversarial.result import curve_point
from eupnea.adversarial.scaling import Scaling
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.intervals import Interval, rate_interval
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.identification.error_rates import equal_error_rate
from eupnea.io.seeds import seed_for

Array = NDArray[np.float64]
Labels = NDArray[np.str_]

BLOCK = 4
"""People next to each other in age who share a fold, so that there are impostors of the same age."""

N_BOOT = 300
"""Draws of people behind the interval of an equal error rate."""


@dataclass(slots=True)
class Hidden:
    """Left-out results at one strength.

    Attributes
    ----------
    strength
        Share of the between-person variation not explained by age that is removed.
    predicted
        Shape (n,): age of each row, predicted without its person.
    scores
        Shape (number of pairs,) for each attacker, standardised within folds.
    """

    strength: float
    predicted: Array
    scores: dict[str, Array]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows of people in the same fold: genuine ones, and impostors of the same age.

    Attributes
    ----------
    rows
        Shape (k, 2).
    genuine
        Shape (k,).
    fold
        Shape (k,): the fold that the people are left out in.
    """

    rows: NDArray[np.intp]
    genuine: NDArray[np.bool_]
    fold: NDArray[np.intp]


def make_pairs(cohort: Cohort, folds: NDArray[np.intp], caliper: float) -> Pairs:
    """Return all pairs of rows within folds that are of one person, or of two people of the same age."""
    genuine, impostor = matched_pairs(cohort.participants, cohort.y, caliper)
    rows = np.vstack([genuine, impostor]).astype(np.intp)
    is_genuine = np.repeat([True, False], [len(genuine), len(impostor)])
    together = folds[rows[:, 0]] == folds[rows[:, 1]]
    return Pairs(rows[together], is_genuine[together], folds[rows[together, 0]])


def hide_identity(cohort: Cohort, *, config: AdversarialConfig, seed: int) -> tuple[list[Hidden], Pairs]:
    """Cross-validate over people: remove identity given age, predict age, attack; everything fitted in the fold."""
    rng = np.random.default_rng(seed_for(seed, "invariance", "identity"))
    folds = person_folds(cohort, config.folds, rng, block=BLOCK)
    pairs = make_pairs(cohort, folds, config.age_caliper_years)
    strengths = sorted({0.0, *config.strengths})
    results = [Hidden(strength, np.full(cohort.y.size, np.nan), {}) for strength in strengths]
    for fold in np.unique(folds):
        test = folds == fold
        scaling = Scaling.fit(cohort.X[~test], max_missing=config.max_missing, clip_sd=config.clip_sd)
        train_X = scaling.apply(cohort.X[~test])
        components = Components.fit(train_X, n_components(config, cohort.participants[~test]))
        rows = components.apply(scaling.apply(cohort.X))
        fold_seed = int(np.random.default_rng(seed_for(seed, "identity", int(fold))).integers(2**31))
        data = Fold(rows, np.flatnonzero(~test), np.flatnonzero(test), cohort.y, cohort.participants, config, fold_seed)
        mine = pairs.fold == fold
        for result in results:
            predicted, scores = _hide_fold(data, pairs.rows[mine], result.strength)
            result.predicted[test] = predicted
            for reader, values in scores.items():
                result.scores.setdefault(reader, np.full(mine.size, np.nan))[mine] = _standardised(values)
    return results, pairs


def _hide_fold(data: Fold, pairs: NDArray[np.intp], strength: float) -> tuple[Array, dict[str, Array]]:
    def erase(train: NDArray[np.intp], new: NDArray[np.intp]) -> tuple[Array, Array]:
        """Learn from the rows `train`; return these and the rows `new` without the identity."""
        eraser = IdentityEraser.fit(data.rows[train], data.people[train], data.y[train])
        return eraser.apply(data.rows[train], strength), eraser.apply(data.rows[new], strength)

    predicted, _ = tuned_ridge(data, erase)
    train, everyone = erase(data.train, np.arange(data.y.size))
    taught = train, data.people[data.train], data.y[data.train]
    caliper = data.config.age_caliper_years
    scores = {
        reader: score_pairs(reader, taught, everyone, pairs, caliper=caliper, seed=data.seed) for reader in PAIR_READERS
    }
    return predicted, scores


def _standardised(scores: Array) -> Array:
    spread = float(scores.std()) if scores.size else 0.0
    return (scores - scores.mean()) / spread if spread > 0 else np.zeros_like(scores)


def eer_interval(scores: Array, pairs: Pairs, people: Labels, *, seed: list[int], n_boot: int = N_BOOT) -> Interval:
    """Give the interval of an equal error rate for new people: both people of a pair are drawn.

    Logit-t with the standard error of the draws; their percentiles cover too rarely where hardly anybody errs.
    """
    genuine = pairs.genuine
    estimate = equal_error_rate(scores[genuine], scores[~genuine])
    names, codes = np.unique(people, return_inverse=True)
    left, right = codes[pairs.rows[:, 0]], codes[pairs.rows[:, 1]]
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(n_boot):
        counts = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names)).astype(float)
        weights = counts[left[genuine]], (counts[left] * counts[right])[~genuine]
        if weights[0].any() and weights[1].any():
            draws.append(equal_error_rate(scores[genuine], scores[~genuine], weights=weights))
    return rate_interval(estimate, float(np.std(draws, ddof=1)) if len(draws) > 1 else float("nan"), len(names))


def identity_rows(
    cohort: Cohort, *, config: AdversarialConfig, seed: int, shared: dict[str, Any]
) -> tuple[list[MetricRow], list[MetricRow], list[Hidden]]:
    """Return rows of metrics, points of the curve, and the left-out predictions."""
    base = {**shared, "nuisance": "identity"}
    if int(np.bincount(np.unique(cohort.participants, return_inverse=True)[1]).max()) < 2:
        return [missing_row("invariance", "eer", "nobody has two recordings", **base)], [], []
    results, pairs = hide_identity(cohort, config=config, seed=seed)
    impostors = int(np.count_nonzero(~pairs.genuine))
    if impostors < config.min_impostor_pairs or not pairs.genuine.any():
        years = f"{config.age_caliper_years:g}"
        reason = f"{impostors} pairs of people at most {years} years apart; {config.min_impostor_pairs} are needed"
        return [missing_row("invariance", "eer", reason, status="not_supported", **base)], [], []
    rows, points = [_floor_row(cohort, pairs, base, seed)], []
    for result in results:
        columns = {**base, "strength": result.strength, "model": "ridge_identity_erasure"}
        error = mae_row(cohort, result.predicted, columns, config=config, seed=seed)
        read = [_eer_row(cohort, pairs, scores, reader, columns, seed) for reader, scores in result.scores.items()]
        alone = -np.abs(result.predicted[pairs.rows[:, 0]] - result.predicted[pairs.rows[:, 1]])
        read.append(_eer_row(cohort, pairs, alone, "predicted_age", columns, seed) | {"subset": "prediction"})
        strongest = min(read[:-1], key=lambda row: row["value"])
        note = f"the attacker that tells people apart best, picked afterwards: {strongest['comparator']}"
        cost = cost_row(cohort, result.predicted, results[0].predicted, columns, config=config, seed=seed)
        rows += [error, *cost, *read, strongest | {"metric": "eer_strongest", "reason": note}]
        points += [curve_point("invariance", row) for row in (error, strongest, read[-1])]
    return rows, [*points, curve_point("invariance", rows[0])], results


def _floor_row(cohort: Cohort, pairs: Pairs, columns: dict[str, Any], seed: int) -> MetricRow:
    """Return the error rate of who knows the true age in whole years, and nothing else."""
    ages = np.floor(cohort.y)
    scores = -np.abs(ages[pairs.rows[:, 0]] - ages[pairs.rows[:, 1]])
    row = _eer_row(cohort, pairs, scores, "true_age", columns, seed)
    return row | {"metric": "eer_floor", "reason": "what knowing the true age in whole years allows"}


def _eer_row(cohort: Cohort, pairs: Pairs, scores: Array, reader: str, columns: dict[str, Any], seed: int) -> MetricRow:
    interval = eer_interval(scores, pairs, cohort.participants, seed=seed_for(seed, "invariance", "eer"))
    return metric_row(
        "invariance",
        "eer",
        interval.estimate,
        **columns,
        **interval.as_columns(),
        subset="features",
        comparator=reader,
        chance=0.5,
        n_participants=float(np.unique(cohort.participants).size),
        n_observations=float(pairs.genuine.size),
    )
