"""People who are not enrolled, and background models learnt on other people."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.evidence.intervals import bootstrap_rows
from eupnea.evidence.leak_audit import audit_people
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.identification.closed_form import PRESENT
from eupnea.identification.engine import Candidate, real_labels
from eupnea.identification.error_rates import MIN_IMPOSTOR_ERRORS, equal_error_rate, supports_fmr
from eupnea.identification.fusion import RECORDING, fused
from eupnea.identification.samples import lengths_of, starts_of

if TYPE_CHECKING:
    from eupnea.identification.protocols import Fold
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix
    from eupnea.identification.study import Run, Study

FPIR_POINTS = (0.1, 0.01)
"""False positive identification rates at which the false negative identification rate is reported."""


def people_groups(study: Study, run: Run) -> Rows:
    """Deal the people of a protocol into groups at random; shape (C,), −1 for people who take no part."""
    samples = run.engine.samples
    part = np.unique(np.concatenate([samples.person[fold.enrol] for fold in run.split.folds]))
    groups = np.full(len(samples.people), -1)
    n_groups = min(study.config.people_folds, len(part))
    order = np.random.default_rng(study.seed_of("people", run.name)).permutation(part)
    groups[order] = np.arange(len(part)) % n_groups
    return groups


def fixed_candidate(run: Run) -> Candidate:
    """Return the choice made without looking at anybody: the first candidate."""
    return run.engine.candidates[0]


def open_set_rows(study: Study, run: Run) -> list[MetricRow]:
    """Identify among enrolled people while others, never enrolled, come too: FNIR at FPIR points and the EER.

    A group of people after the other is left out of the enrolment and of every fit.

    References
    ----------
    ISO/IEC 19795-1: open-set identification.
    """
    table = open_set_table(study, run)
    chosen = fixed_candidate(run)
    columns = run.headline(
        model=chosen.model,
        level="recording",
        gallery_size=float(table["n_enrolled"].mean()),
        n_participants=int(table["person"].nunique()),
        n_observations=len(table),
    )
    fixed = f"fixed beforehand: {chosen.label}"
    person = table["person"].to_numpy()
    mated, best, right = (table[name].to_numpy() for name in ("mated", "best", "right"))
    rows = []
    for fpir in FPIR_POINTS:
        metric = f"fnir_at_fpir_{fpir:g}"
        if not supports_fmr(int((~mated).sum()), fpir):
            why = (
                f"{int((~mated).sum())} probes of people not enrolled: fewer than {MIN_IMPOSTOR_ERRORS} expected errors"
            )
            rows.append(missing_row("open_set", metric, why, status="not_supported", **columns))
            continue
        interval = bootstrap_rows(
            person,
            partial(_fnir_of_rows, mated, best, right, fpir),
            n_boot=study.config.bootstrap,
            seed=study.seed_of("open_set", run.name, fpir),
        )
        numbers = interval.as_columns()
        rows.append(metric_row("open_set", metric, interval.estimate, **columns, **numbers, reason=fixed))
    detection = bootstrap_rows(
        person,
        partial(_detection_eer_of_rows, mated, best),
        n_boot=study.config.bootstrap,
        seed=study.seed_of("open_set", run.name, "eer"),
    )
    numbers = detection.as_columns()
    rows.append(
        metric_row("open_set", "detection_eer", detection.estimate, **columns, **numbers, reason=fixed, chance=0.5)
    )
    return rows


def open_set_table(study: Study, run: Run) -> pd.DataFrame:
    """List the best match of every recording while one group of people after the other is not enrolled.

    Returns
    -------
    table
        Columns ``person``, ``mated`` (whether enrolled), ``best`` (highest score), ``right`` (whether it is the own
        one), ``n_enrolled``.
    """
    samples, groups = run.engine.samples, people_groups(study, run)
    tables = []
    for fold in run.split.folds:
        for group in range(groups.max() + 1):
            enrol = fold.enrol[groups[samples.person[fold.enrol]] != group]
            audit_people(samples.person[enrol], np.flatnonzero(groups == group), where=f"{run.name}, open set")
            run.engine.record.allow(enrol, f"{run.name}, open set, fold {fold.name}")
            raw = next(run.engine.scores(enrol, fold.probe, real_labels(samples), fixed_candidate(run)))[1]
            tables.append(_best_matches(run, fold, raw[0], groups != group))
    return pd.concat(tables, ignore_index=True)


def fnir_at_fpir(mated: Matrix, best: Matrix, right: Matrix, fpir: float) -> float:
    """Return the share of enrolled people's probes missed or misnamed where `fpir` of the others' are given a name."""
    strangers = best[~mated.astype(bool)]
    own = mated.astype(bool)
    if strangers.size == 0 or not own.any():
        return float("nan")
    threshold = np.quantile(strangers, 1 - fpir, method="higher")
    return float(1.0 - np.mean((best[own] > threshold) & right[own].astype(bool)))


def _fnir_of_rows(mated: Matrix, best: Matrix, right: Matrix, fpir: float, rows: Rows) -> float:
    return fnir_at_fpir(mated[rows], best[rows], right[rows], fpir)


def _detection_eer_of_rows(mated: Matrix, best: Matrix, rows: Rows) -> float:
    enrolled, highest = mated[rows].astype(bool), best[rows]
    return equal_error_rate(highest[enrolled], highest[~enrolled])


def _best_matches(run: Run, fold: Fold, scores: Matrix, is_enrolled: Matrix) -> pd.DataFrame:
    samples = run.engine.samples
    normalised, first = fused(scores[None], samples.recording[fold.probe], RECORDING, 0.0)
    averaged = normalised[0]
    person = samples.person[fold.probe][first]
    name = averaged.argmax(axis=0)
    return pd.DataFrame(
        {
            "person": person,
            "mated": is_enrolled[person],
            "best": averaged[name, np.arange(len(person))],
            "right": name == person,
            "n_enrolled": np.count_nonzero(averaged > PRESENT, axis=0),
        }
    )


def background_rows(study: Study, run: Run) -> list[MetricRow]:
    """Verify with scale, whitening and cohort learnt on people who are neither claimed nor probed.

    The enrolled person gives a centroid only. People are dealt into groups; for every pair of groups the background
    is everybody else.
    """
    samples, groups = run.engine.samples, people_groups(study, run)
    chosen = fixed_candidate(run)
    if len(np.unique(groups[groups >= 0])) < 4:
        return [missing_row("verification", "eer", "too few people for a background of others", **_background(run))]
    comparisons = [
        _against_background(run, fold, groups, a, b, chosen)
        for fold in run.split.folds
        for a in range(groups.max() + 1)
        for b in range(a, groups.max() + 1)
    ]
    table = pd.concat([part for part in comparisons if len(part)], ignore_index=True)
    columns = _background(run) | {
        "n_participants": int(table["owner"].nunique()),
        "n_observations": len(table),
        "gallery_size": float(len(samples.people)),
        "reason": f"fixed beforehand: {chosen.label}",
    }
    from eupnea.identification.numbers import Context, verification_intervals

    context = Context(samples, columns, study.config.bootstrap, study.seed_of("background"))
    intervals = verification_intervals(context, table)
    told = {name: columns | interval.as_columns() for name, interval in intervals.items()}
    return [
        metric_row("verification", "eer", intervals["eer"].estimate, **told["eer"], chance=0.5),
        metric_row("verification", "d_prime", intervals["d_prime"].estimate, **told["d_prime"], chance=0.0),
    ]


def _background(run: Run) -> dict[str, Any]:
    model = fixed_candidate(run).model
    return run.headline(model=model, level="recording", subset="background model of other people")


def _against_background(run: Run, fold: Fold, groups: Rows, a: int, b: int, chosen: Candidate) -> pd.DataFrame:
    """Compare claims on one group with probes of the other, both ways, by what everybody else taught."""
    from scipy.linalg import solve_triangular

    samples, person = run.engine.samples, run.engine.samples.person
    outside = fold.enrol[~np.isin(groups[person[fold.enrol]], (a, b))]
    where = f"{run.name}, background, fold {fold.name}"
    audit_people(person[outside], np.flatnonzero((groups == a) | (groups == b)), where=where)
    run.engine.record.allow(outside, where)
    preparation, prepared = run.engine.fitted(outside, chosen.transform)
    run.engine.record.note("covariance", outside)
    root = within_root(prepared, person[outside], chosen.shrinkage)
    both = groups == a, groups == b
    used = np.union1d(*(rows[(both[0] | both[1])[person[rows]]] for rows in (fold.enrol, fold.probe)))
    known = run.engine.prepared(preparation, used)

    def whitened(rows: Rows, of: Rows) -> tuple[Matrix, Rows]:
        means, names = _centroids(known[np.searchsorted(used, rows)], of[rows])
        return solve_triangular(root, means.T, lower=True).T, names

    cohort = solve_triangular(root, _centroids(prepared, person[outside])[0].T, lower=True).T
    tables = []
    for claimed, probed in (both, both[::-1])[: 1 if a == b else 2]:
        enrol, probe = fold.enrol[claimed[person[fold.enrol]]], fold.probe[probed[person[fold.probe]]]
        if not enrol.size or not probe.size:
            continue
        templates, names = whitened(enrol, person)
        probes, recordings = whitened(probe, samples.recording)
        tables.append(_normalised_cosines(templates, cohort, probes, names, samples.person_of_recording[recordings]))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["owner", "claimed", "score"])


def within_root(prepared: Matrix, person: Rows, shrinkage: float) -> Matrix:
    """Return the Cholesky factor L of the shrunken within-person covariance: L⁻¹ whitens; shape (p, p).

    Parameters
    ----------
    prepared, person
        Shapes (n, p) and (n,): prepared windows, and whose they are.
    shrinkage
        a in (1 − a) W + a I.
    """
    centroids, people = _centroids(prepared, person)
    share = np.bincount(person, minlength=people.max() + 1)[people] / len(person)
    within = prepared.T @ prepared / len(prepared) - (centroids.T * share) @ centroids
    return np.asarray(np.linalg.cholesky((1 - shrinkage) * within + shrinkage * np.eye(len(within))))


def _centroids(Z: Matrix, group: Rows) -> tuple[Matrix, Rows]:
    starts = starts_of(group)
    names, inverse = np.unique(group[starts], return_inverse=True)
    total = np.zeros((len(names), Z.shape[1]))
    np.add.at(total, inverse, np.add.reduceat(Z, starts, axis=0))
    counts = np.bincount(inverse, weights=lengths_of(starts, len(group)))
    return total / counts[:, None], names


def _normalised_cosines(templates: Matrix, cohort: Matrix, probes: Matrix, names: Rows, owners: Rows) -> pd.DataFrame:
    unit = [Z / np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12) for Z in (templates, cohort, probes)]
    against = unit[2] @ unit[1].T
    score = (unit[2] @ unit[0].T - against.mean(axis=1, keepdims=True)) / against.std(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "owner": np.repeat(owners, len(names)),
            "claimed": np.tile(names, len(owners)),
            "score": score.ravel(),
        }
    )
