"""What carries identification: F-ratio of every feature, importance of every family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.evidence.correction import benjamini_hochberg
from eupnea.evidence.intervals import bca_interval
from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.evidence.permutation import paired_sign_flip
from eupnea.identification.rule import linear_rule

if TYPE_CHECKING:
    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.samples import Rows
    from eupnea.identification.space import Matrix
    from eupnea.identification.study import Run, Study


def f_ratio_rows(study: Study) -> list[MetricRow]:
    """Compare each feature's variance between people with that between the recordings of one person.

    One-way analysis of variance of recording means; the p-value is that of the F distribution, corrected
    (Benjamini–Hochberg) over the modality's features. Features without two recordings of two people are left out.
    """
    from scipy.special import fdtrc

    samples = study.samples
    means = pd.DataFrame(samples.X, columns=list(samples.features)).groupby(samples.recording).mean()
    person = samples.person_of_recording[means.index.to_numpy(dtype=np.intp)]
    grouped = means.groupby(person)
    n, counts = means.notna().sum(), grouped.count()
    between_df = (counts > 0).sum() - 1
    within_df = n - between_df - 1
    between = (counts * (grouped.mean() - means.mean()) ** 2).sum() / between_df.where(between_df > 0)
    within = ((means - grouped.transform("mean")) ** 2).sum() / within_df.where(within_df > 0)
    ratio = (between / within.where(within > 0)).dropna()
    p = np.asarray(fdtrc(between_df[ratio.index], within_df[ratio.index], ratio))
    adjusted = benjamini_hochberg(p)
    return [
        metric_row(
            "identification",
            "f_ratio",
            float(value),
            **study.columns("", feature=name, family=str(name).split("__")[1], level="recording"),
            p_value=float(p[i]),
            p_adjusted=float(adjusted[i]),
            correction="Benjamini-Hochberg, over the modality's features",
            chance=1.0,
            n_participants=int(between_df[name] + 1),
            n_recordings=int(n[name]),
        )
        for i, (name, value) in enumerate(ratio.items())
    ]


def family_rows(study: Study, run: Run) -> list[MetricRow]:
    """Measure how much rank-1 per window falls when one family of features is shuffled among the probes.

    All features of the family are shuffled together, so that their relations inside the family stay. The drop of each
    person is averaged over folds and repeats; the interval is over people.
    """
    families = np.array([name.split("__")[0] + "__" + name.split("__")[1] for name in run.engine.samples.features])
    drops: dict[str, list[Matrix]] = {}
    for result in run.selected:
        for family, drop in _fold_drops(study, run, result, families).items():
            drops.setdefault(family, []).append(drop)
    rows = []
    for family in sorted(drops):
        per_person = _mean_over_folds(drops[family])
        interval = bca_interval(per_person, n_boot=study.config.bootstrap, seed=study.seed_of("family", family))
        test = paired_sign_flip(per_person, seed=study.seed_of("family", family, "p"), two_sided=False)
        rows.append(
            metric_row(
                "identification",
                "rank1_window_drop",
                interval.estimate,
                **run.headline(level="window", family=family.split("__")[1], term=family.split("__")[0]),
                **interval.as_columns(),
                p_value=test.p_value,
                n_permutations=test.n_permutations,
                chance=0.0,
                n_participants=int(np.isfinite(per_person).sum()),
                n_observations=int((families == family).sum()),
                reason="features of the family shuffled together among probes",
            )
        )
    p_adjusted = benjamini_hochberg([row["p_value"] for row in rows])
    correction = "Benjamini-Hochberg, over families"
    return [row | {"p_adjusted": float(p), "correction": correction} for row, p in zip(rows, p_adjusted, strict=True)]


def _mean_over_folds(drops: list[Matrix]) -> Matrix:
    """Average over the folds that a person was probed in; NaN for people who were probed in none."""
    table = np.array(drops)
    known = np.isfinite(table)
    total = np.where(known, table, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _fold_drops(study: Study, run: Run, result: FoldScores, families: Matrix) -> dict[str, Matrix]:
    samples, chosen = run.engine.samples, result.chosen
    if chosen is None:
        return {}
    run.engine.record.allow(result.fold.enrol, f"{run.name}, importance")
    space = run.engine.space(result.fold.enrol, chosen.transform)
    owners = samples.person_of_recording[space.recordings]
    coefficients, intercepts, people = linear_rule(space, owners, chosen)
    prepared = run.engine.prepared(space.preparation, result.fold.probe)
    family_of = families[space.preparation.columns]
    person = samples.person[result.fold.probe]
    own = np.searchsorted(people, person)
    scores = prepared @ coefficients + intercepts
    whole = _hits_per_person(scores, own, person, len(samples.people))
    drops = {}
    for family in sorted(set(family_of)):
        here = family_of == family
        part = prepared[:, here] @ coefficients[here]
        rng = np.random.default_rng(study.seed_of("shuffle", run.name, result.fold.name, family))
        shuffled = [
            _hits_per_person(scores - part + part[rng.permutation(len(part))], own, person, len(samples.people))
            for _ in range(study.config.importance_repeats)
        ]
        drops[family] = whole - np.mean(shuffled, axis=0)
    return drops


def _hits_per_person(scores: Matrix, own: Rows, person: Rows, n_people: int) -> Matrix:
    hit = scores.argmax(axis=1) == own
    counts = np.bincount(person, minlength=n_people)
    hits = np.bincount(person, weights=hit.astype(float), minlength=n_people)
    return np.where(counts > 0, hits / np.maximum(counts, 1), np.nan)
