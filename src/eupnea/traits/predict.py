"""Predict every target of the study from one modality."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.config.traits import TargetConfig, TraitsConfig
from eupnea.evidence.metrics import MetricRow, metrics_frame, missing_row
from eupnea.evidence.permutation import sequential_p
from eupnea.features.columns import MODALITIES
from eupnea.io.contract import TRAIT_PREDICTIONS
from eupnea.io.tables import concat_tables
from eupnea.traits import evaluate
from eupnea.traits.calibration import calibration_curve
from eupnea.traits.controls import confound_rows, learning_curve, learning_rows, random_row_rows, within_sex_rows
from eupnea.traits.design import build_design, longer_features, windows_for
from eupnea.traits.explain import boosted_explanation, family_importance
from eupnea.traits.gap import gap_rows
from eupnea.traits.levels import person_level_rows
from eupnea.traits.outputs import (
    SLOW_STANDARD,
    SLOW_THOROUGH,
    Output,
    closed_form_outputs,
    slow_output,
    smoothers_of,
)
from eupnea.traits.results import CURVES, TraitsResult
from eupnea.traits.scores import SMALLER_IS_BETTER
from eupnea.traits.targets import Unanswerable, build_target
from eupnea.traits.task import Task

FloatArray = NDArray[np.float64]

HEADLINE = {"numeric": "mae", "ordinal": "mae", "binary": "auc", "classes": "balanced_accuracy"}
"""The number that stands for a target where only one can."""

NOT_PERMUTED = "no p-value: relabelled with 'traits: models: thorough' only"
"""What rows of slow models say in the standard set."""

EXTREME_DRAWS = 10
"""Permutations of a slow model as good as the real labels after which drawing stops."""


def predict_traits(
    windows: pd.DataFrame,
    recording_features: pd.DataFrame,
    recordings: pd.DataFrame,
    participants: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    modality: str,
    config: TraitsConfig,
    seed: int,
) -> TraitsResult:
    """Predict all targets from one modality by nested, participant-grouped, repeated cross-validation.

    Parameters
    ----------
    windows
        Features of windows.
    recording_features
        Features of whole recordings: what needs length.
    recordings
        The recordings, for counting.
    participants
        Demographics of the participants.
    targets
        Columns participant, session, recording, name, level, value: one row per known value.
    modality
        ``respiration``, ``cardiac``, ``coupling``, ``all``, ``device``, or ``demographics``.
    config, seed
        The traits block, and the seed of the study.

    Returns
    -------
    TraitsResult
        A target that cannot be answered gives one row with its reason.
    """
    kept = windows_for(windows, modality, config)
    longer = longer_features(windows, recording_features, modality, config)
    rows: list[MetricRow] = []
    predictions: list[pd.DataFrame] = []
    curves: list[pd.DataFrame] = []
    for spec in config.targets:
        found = _task(kept, longer, participants, targets, spec, modality, config, seed)
        if isinstance(found, Unanswerable):
            rows.append(_unanswerable_row(found, spec, modality))
            continue
        n_recordings = recordings["recording"].isin(kept["recording"]).sum() if len(recordings) else np.nan
        more_rows, more_predictions, more_curves = _run(found, kept, participants, targets)
        rows += [row | {"n_recordings": float(n_recordings)} for row in more_rows]
        predictions.append(more_predictions)
        curves.append(more_curves)
    return TraitsResult(
        concat_tables([TRAIT_PREDICTIONS.empty(), *predictions], TRAIT_PREDICTIONS),
        metrics_frame(rows),
        concat_tables([CURVES.empty(), *curves], CURVES),
    )


def _task(
    windows: pd.DataFrame,
    longer: pd.DataFrame,
    participants: pd.DataFrame,
    targets: pd.DataFrame,
    spec: TargetConfig,
    modality: str,
    config: TraitsConfig,
    seed: int,
) -> Task | Unanswerable:
    parts = [name for name in spec.derived_from if name in MODALITIES]
    if modality == "all" and parts:
        reason = f"'{spec.name}' is computed from {' and '.join(parts)} signals, which are part of all"
        return Unanswerable(spec.name, spec.level, reason)
    if modality in spec.derived_from:
        return Unanswerable(spec.name, spec.level, f"'{spec.name}' is computed from {modality} signals")
    has_features = modality == "demographics" or any("__" in str(name) for name in windows.columns)
    if not has_features or not len(windows):
        return Unanswerable(spec.name, spec.level, f"no window has {modality} features")
    target = build_target(targets, spec, config, set(windows["participant"]))
    if isinstance(target, Unanswerable):
        return target
    design, used = build_design(windows, participants, target, config, longer)
    if modality == "demographics" and not design.demographics.shape[1]:
        return Unanswerable(spec.name, spec.level, "no demographics besides the target itself")
    y = target.values[used]
    if design.n_people < config.min_participants or np.unique(y).size < 2:
        reason = f"{design.n_people} participants have {modality} features and '{spec.name}' at {spec.level} level"
        return Unanswerable(spec.name, spec.level, f"{reason}; {config.min_participants} are needed")
    return Task(target, design, y, modality, config, seed)


def _unanswerable_row(found: Unanswerable, spec: TargetConfig, modality: str) -> MetricRow:
    metric = {"binary": "auc", "classes": "balanced_accuracy"}.get(spec.kind, "mae")
    columns = {"target": found.name, "level": found.level, "modality": modality, "model": "selected"}
    return missing_row("traits", metric, found.reason, **columns)


def _run(
    task: Task, windows: pd.DataFrame, participants: pd.DataFrame, targets: pd.DataFrame
) -> tuple[list[MetricRow], pd.DataFrame, pd.DataFrame]:
    families, config = smoothers_of(task), task.config
    null_y = task.permuted(task.folds(0), config.permutations) if config.permutations else None
    outputs, first = closed_form_outputs(task, families, 0, null_y)
    for repeat in range(1, config.repeats):
        outputs += closed_form_outputs(task, families, repeat, None)[0]
    rows: list[MetricRow] = []
    for model in dict.fromkeys(output.model for output in outputs):
        own = [output for output in outputs if output.model == model]
        rows += evaluate.output_rows(task, own, null_y=null_y) + evaluate.coverage_row(task, own)
    selected = [output for output in outputs if output.model == "selected"]
    rows += gap_rows(task, participants, targets, selected) + within_sex_rows(task, participants, selected, null_y)
    rows += person_level_rows(task, families, selected[0], null_y)
    rows += confound_rows(task, participants, null_y) + random_row_rows(task, windows, participants)
    rows += family_importance(task, first)
    learnt = learning_curve(task)
    rows += learning_rows(task, learnt)
    curves = [CURVES.empty(), learnt, calibration_curve(task, selected[0])]
    if task.modality != "demographics":
        slow, slow_rows = _slow_models(task)
        explained, more_curves = boosted_explanation(task)
        outputs += slow
        rows += slow_rows + explained
        curves.append(more_curves)
    rows = [_with_note(row, task.target.note) if row["model"] == "selected" else row for row in rows]
    return rows, predictions_frame(task, outputs), concat_tables(curves, CURVES)


def _with_note(row: MetricRow, note: str) -> MetricRow:
    return row | {"reason": "; ".join(filter(None, [str(row.get("reason", "")), note]))}


def _slow_models(task: Task) -> tuple[list[Output], list[MetricRow]]:
    thorough = task.config.models == "thorough"
    outputs, rows = [], []
    for name in SLOW_THOROUGH if thorough else SLOW_STANDARD:
        output = slow_output(task, name)
        outputs.append(output)
        own = evaluate.output_rows(task, [output])
        if thorough and task.config.slow_permutations:
            _permute_slow(task, name, own)
        else:
            own = [row | {"reason": NOT_PERMUTED} for row in own]
        rows += own
    return outputs, rows


def _permute_slow(task: Task, name: str, rows: list[MetricRow]) -> None:
    headline = HEADLINE[task.target.kind]
    null_y = task.permuted(task.folds(0), task.config.slow_permutations)
    row = next(row for row in rows if row["metric"] == headline)

    def draw(number: int) -> float:
        y = null_y[:, number]
        output = slow_output(task, name, y)
        return float(evaluate.score_columns(task, y[:, None], output.score)[headline][0])

    test = sequential_p(
        row["value"],
        draw,
        max_draws=task.config.slow_permutations,
        stop_after=EXTREME_DRAWS,
        greater_is_better=headline not in SMALLER_IS_BETTER,
    )
    row |= {"p_value": test.p_value, "n_permutations": test.n_permutations, "chance": test.chance}


def predictions_frame(task: Task, outputs: list[Output]) -> pd.DataFrame:
    """Turn outputs into rows of ``traits/predictions.parquet``."""
    return concat_tables([_prediction_rows(task, output) for output in outputs], TRAIT_PREDICTIONS)


def _prediction_rows(task: Task, output: Output) -> pd.DataFrame:
    y, codes = task.y, task.y.astype(int)
    if not task.target.is_class:
        predicted, probability = output.score[:, 0], np.full(len(y), np.nan)
    elif task.group == 1:
        predicted, probability = (output.score[:, 0] > 0).astype(float), output.probability[:, 0]
    else:
        predicted = output.score.argmax(axis=1).astype(float)
        probability = output.probability[np.arange(len(y)), codes]
    names = np.asarray(task.target.classes)[codes] if task.target.is_class else ""
    return pd.DataFrame(
        {
            "participant": task.design.observations["participant"].to_numpy(),
            "recording": task.design.observations["recording"].to_numpy(),
            "repeat": output.repeat,
            "target": task.target.name,
            "level": task.target.level,
            "modality": task.modality,
            "model": output.model,
            "fold": [str(fold) for fold in output.folds],
            "y_true": y,
            "y_pred": predicted,
            "y_pred_corrected": output.corrected,
            "y_low": output.low,
            "y_high": output.high,
            "class": names,
            "probability": probability,
            "n_windows": task.design.n_windows.astype(float),
        }
    )
