"""How much signal is enough: rank-1 against the length of enrolment and probe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.evidence.intervals import proportion_interval
from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.identification.engine import real_labels
from eupnea.identification.evaluation import decisions, person_means
from eupnea.identification.fusion import WINDOW, Unit
from eupnea.identification.score_table import curve_frame

if TYPE_CHECKING:
    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.samples import Rows, Samples
    from eupnea.identification.study import Run, Study


MOST = 0.8
"""A probe length is shown where at least this share of the probe recordings is that long: else other recordings, not
longer probes, would make the difference."""


def length_rows(study: Study, run: Run) -> tuple[list[MetricRow], pd.DataFrame]:
    """Measure rank-1 for every enrolment length × probe length.

    The choice of the model is that of the whole enrolment; the fit is repeated with what is left of it.

    Returns
    -------
    rows, curve
        Rows ``rank1_length``; points with x = seconds of the probe, label = seconds of enrolment.
    """
    rows, curves = [], []
    for seconds in _enrolment_lengths(study, run):
        results = [_shortened(run, result, seconds) for result in run.selected]
        points = _points(study, run, results)
        rows += points
        probe_s, value, low, high = ([p[k] for p in points] for k in ("probe_s", "value", "ci_low", "ci_high"))
        curves.append(curve_frame("length", probe_s, value, low=low, high=high, label=f"{seconds:g} s"))
    return rows, pd.concat(curves, ignore_index=True)


def first_windows(samples: Samples, enrol: Rows, seconds: float) -> Rows:
    """Keep each person's first windows, so many seconds of them, recording after recording."""
    wanted = max(1, round(seconds / samples.window_s))
    person = samples.person[enrol]
    place = pd.Series(person).groupby(person).cumcount().to_numpy()
    return enrol[place < wanted]


def _enrolment_lengths(study: Study, run: Run) -> list[float]:
    """Return the configured lengths that are shorter than what there is, and that itself (rounded)."""
    whole = run.enrolment_s
    window_s = study.samples.window_s
    shorter = [s for s in study.config.enrolment_lengths_s if window_s <= s < 0.9 * whole]
    return [*shorter, float(round(whole / window_s) * window_s)]


def _shortened(run: Run, result: FoldScores, seconds: float) -> FoldScores:
    samples, chosen = run.engine.samples, result.chosen
    if chosen is None or seconds >= 0.99 * run.enrolment_s:
        return result
    enrol = first_windows(samples, result.fold.enrol, seconds)
    run.engine.record.allow(enrol, f"{run.name}, {seconds:g} s of enrolment, fold {result.fold.name}")
    raw = next(run.engine.scores(enrol, result.fold.probe, real_labels(samples), chosen))[1]
    people = len(np.unique(samples.person[enrol]))
    return replace(result, scores=raw[0], enrolment_s=len(enrol) * samples.window_s / people)


def _points(study: Study, run: Run, results: list[FoldScores]) -> list[MetricRow]:
    samples, points = run.engine.samples, []
    lengths = sorted({max(1, round(s / samples.window_s)) for s in study.config.probe_lengths_s})
    n_recordings = sum(len(np.unique(samples.recording[r.fold.probe])) for r in results)
    for k in lengths:
        table = decisions(samples, results, WINDOW if k == 1 else Unit("fused", k))
        means = person_means(table, len(samples.people)) if len(table) else np.empty(0)
        if np.isfinite(means).sum() < study.config.min_people or _share_of_recordings(table, n_recordings) < MOST:
            continue
        interval = proportion_interval(means)
        columns = run.headline(
            level="fused" if k > 1 else "window",
            enrolment_s=float(np.mean([r.enrolment_s for r in results])),
            probe_s=k * samples.window_s,
            gallery_size=float(table["n_enrolled"].mean()),
            chance=float((1 / table["n_enrolled"]).mean()),
            n_participants=int(np.isfinite(means).sum()),
            n_observations=len(table),
        )
        points.append(
            metric_row("identification", "rank1_length", interval.estimate, **columns, **interval.as_columns())
        )
    return points


def _share_of_recordings(table: pd.DataFrame, n_recordings: int) -> float:
    """Return the share of probe recordings that are long enough to give a decision."""
    return len(table[["fold", "recording"]].drop_duplicates()) / n_recordings
