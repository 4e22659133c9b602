"""Controls beside every result: confounds taken out, within each sex, learning curves, and what cheating buys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.traits import evaluate
from eupnea.traits.design import build_design, demographic_table
from eupnea.traits.nested import nested_predictions
from eupnea.traits.outputs import Output, closed_form_outputs, smoothers_of
from eupnea.traits.smoothers import family_smoother, mean_smoother, radial_smoother, ridge_smoother
from eupnea.traits.targets import Target
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]

CONTROL_FOLDS = 5
"""Folds of controls and learning curves."""

MAX_ROWS = 400
"""Rows of the table that the random-row control is run on."""

ROWS_PER_PERSON = 10
"""Rows per participant of that table at most."""

MIN_LEARNING_PEOPLE = 10
"""People that a point of the learning curve needs."""


BLIND_TO_SHIFTS = ("pearson_r", "auc")
"""Numbers that do not change when all predictions of one sex move together."""

WITHOUT_P: MetricRow = {"p_value": np.nan, "n_permutations": np.nan, "chance": np.nan}

SPLIT_WORDS = {
    "random_row_split": "one row per recording or window; rows of one person on both sides: what leakage pretends, "
    "never a result",
    "participant_split": "one row per recording or window; people on one side only: the same rows split honestly",
}


def confound_rows(task: Task, participants: pd.DataFrame, null_y: FloatArray | None) -> list[MetricRow]:
    """Predict from features that age, sex, BMI (what the config names) have been regressed out of inside the folds."""
    if task.modality == "demographics":
        return []
    columns = tuple(task.config.confounds)
    table, names = demographic_table(task.design.observations, participants, task.target.name, columns)
    if not names:
        return []
    outputs, _ = closed_form_outputs(task, smoothers_of(task, confounds=table), 0, null_y, stack=False)
    selected = [output for output in outputs if output.model == "selected"]
    return evaluate.output_rows(task, selected, null_y=null_y, control="confounds_removed", term=",".join(names))


def within_sex_rows(
    task: Task, participants: pd.DataFrame, selected: list[Output], null_y: FloatArray | None
) -> list[MetricRow]:
    """Score the headline predictions among women and among men alone.

    The null is that of the headline, scored on the same people. Its relabelling takes away what sex tells, too, which
    brings predictions nearer to the mean of each sex: errors have no p-value, order and correlation do.
    """
    if "sex" not in participants.columns or task.target.name == "sex":
        return []
    sex = participants.drop_duplicates("participant").set_index("participant")["sex"]
    first = np.unique(task.design.people, return_index=True)[1]
    own = sex.reindex(task.design.observations["participant"].iloc[first]).fillna("").astype("str").to_numpy()
    rows: list[MetricRow] = []
    for label in sorted(set(own) - {""}):
        people = np.flatnonzero(own == label)
        enough = len(people) >= evaluate.MIN_SUBSET
        values = task.y[np.isin(task.design.people, people)]
        if enough and np.unique(values).size > 1:
            found = evaluate.output_rows(task, selected, null_y=null_y, people=people, subset=f"sex={label}")
            rows += [row if row["metric"] in BLIND_TO_SHIFTS else row | WITHOUT_P for row in found]
    return rows


def random_row_rows(task: Task, windows: pd.DataFrame, participants: pd.DataFrame) -> list[MetricRow]:
    """Show what splitting rows instead of people would pretend.

    The rows are the recordings (where most people have one only: their windows). ``random_row_split`` puts rows of one
    person on both sides; ``participant_split`` is the honest split of the same rows.
    """
    if task.modality == "demographics" or task.target.level != "participant":
        return []
    rows_task = _row_task(task, windows, participants)
    if rows_task is None:
        return []
    design, how = rows_task.design, task.how
    families = [
        mean_smoother("mean"),
        ridge_smoother("ridge", design.summary, how),
        radial_smoother("kernel_ridge", design.summary, how),
        family_smoother("kernel_families", design.summary, design.mean_families, how),
    ]
    cheating = replace(rows_task, design=replace(design, people=np.arange(len(rows_task.y))))
    rows: list[MetricRow] = []
    for control, splitter in (("random_row_split", cheating), ("participant_split", rows_task)):
        outputs, _ = closed_form_outputs(splitter, families, 0, None, stack=False)
        selected = [output for output in outputs if output.model == "selected"]
        found = evaluate.output_rows(rows_task, selected, control=control)
        rows += [row | {"level": "participant", "reason": SPLIT_WORDS[control]} for row in found]
    return rows


def _row_task(task: Task, windows: pd.DataFrame, participants: pd.DataFrame) -> Task | None:
    people = task.design.observations["participant"]
    used = windows[windows["participant"].isin(people)].copy()
    if used.groupby("participant")["recording"].nunique().median() < 2:
        used["recording"] = used["recording"] + "@" + used.groupby("recording").cumcount().astype("str")
    pairs = used[["participant", "recording"]].drop_duplicates().reset_index(drop=True)
    limit = int(np.clip(MAX_ROWS // max(len(people), 1), 2, ROWS_PER_PERSON))
    place = pairs.groupby("participant").cumcount()
    total = pairs.groupby("participant")["recording"].transform("size")
    step = np.maximum(total / limit, 1.0)
    pairs = pairs[(place % step < 1.0) & (place // step < limit)].reset_index(drop=True)
    if len(pairs) < 1.5 * len(people):
        return None
    values = pd.Series(task.y, index=people).reindex(pairs["participant"]).to_numpy()
    observations = pairs.assign(session="")[["participant", "session", "recording"]]
    target = Target(
        task.target.name,
        "recording",
        task.target.kind,
        observations,
        values,
        task.target.classes,
        "",
        task.target.scale,
    )
    config = task.config.model_copy(update={"summaries": ["mean"], "folds": CONTROL_FOLDS})
    design, kept = build_design(used, participants, target, config)
    return Task(target, design, values[kept], task.modality, config, task.seed)


def learning_curve(task: Task) -> pd.DataFrame:
    """Give the error of ridge against the number of training people, by nested cross-validation in random subsets."""
    headline = "mae" if not task.target.is_class else "auc" if task.group == 1 else "balanced_accuracy"
    rng, n = task.rng("learning"), task.design.n_people
    features = task.design.demographics if task.modality == "demographics" else task.design.summary
    rows: list[dict[str, object]] = []
    for share in task.config.learning_shares:
        size = round(share * n)
        values = []
        for _ in range(task.config.learning_draws if size < n else 1):
            people = np.sort(rng.choice(n, size, replace=False))
            values.append(_subset_score(task, features, people, headline))
        values = [value for value in values if np.isfinite(value)]
        if not values:
            continue
        base = {key: task.columns[key] for key in ("target", "level", "modality")}
        train = size * (CONTROL_FOLDS - 1) / CONTROL_FOLDS
        extra = {"curve": "learning", "model": "ridge", "metric": headline, "n_participants": float(size)}
        found = {"x": train, "y": float(np.mean(values)), "y_low": min(values), "y_high": max(values)}
        rows.append({**base, **extra, **found})
    return pd.DataFrame(rows)


def learning_rows(task: Task, curve: pd.DataFrame) -> list[MetricRow]:
    """Turn the learning curve into rows: ``learning_mae`` (or AUC, …) of so many people, mean over random choices."""
    return [
        metric_row(
            "traits",
            f"learning_{point.metric}",
            float(point.y),
            **{key: task.columns[key] for key in ("target", "level", "modality")},
            model="ridge",
            term=f"{point.n_participants:.0f} people",
            n_participants=float(point.n_participants),
            reason=f"random choices of people gave {point.y_low:.3g} to {point.y_high:.3g}",
        )
        for point in curve.itertuples()
    ]


def _subset_score(task: Task, features: FloatArray, people: NDArray[np.intp], headline: str) -> float:
    rows = np.flatnonzero(np.isin(task.design.people, people))
    if len(people) < MIN_LEARNING_PEOPLE or np.unique(task.y[rows]).size < 2:
        return float("nan")
    own = np.searchsorted(people, task.design.people[rows])
    design = replace(task.design, people=own)
    part = replace(task, y=task.y[rows], design=design)
    folds = part.folds(0, CONTROL_FOLDS)
    fit = nested_predictions([ridge_smoother("ridge", features[rows], task.how)], part.labels(), folds)
    predicted = fit.predict(fit.choose(("ridge",), part.group), part.group)
    score = predicted - fit.centre if task.target.is_class else task.target.inverse(predicted)
    return float(evaluate.score_columns(part, part.y[:, None], score)[headline][0])
