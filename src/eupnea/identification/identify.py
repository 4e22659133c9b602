"""Identification of one modality: every protocol, window length and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.evidence.metrics import MetricRow, metrics_frame, missing_row
from eupnea.identification import controls, gallery, importance, lengths, matrix, other_models, people_folds
from eupnea.identification.comparable import comparable_features
from eupnea.identification.evaluation import SELECTED, run_folds
from eupnea.identification.family import NULL_COLUMNS
from eupnea.identification.fusion import units_of
from eupnea.identification.null import NullDraws, null_of
from eupnea.identification.numbers import Context, closed_set_rows, verification_rows
from eupnea.identification.people import zoo
from eupnea.identification.protocols import split_samples
from eupnea.identification.samples import make_samples
from eupnea.identification.score_table import CURVE_COLUMNS, curves_of, score_rows
from eupnea.identification.study import Collected, Run, Study
from eupnea.io.contract import FAILURES, SCORES

if TYPE_CHECKING:
    from collections.abc import Callable

    from eupnea.config.identification import IdentificationConfig, ProtocolConfig

DEMOGRAPHICS = "demographics"
BREATHING_AND_HEART = ("respiration", "cardiac", "coupling", "all")
"""Modalities that get the analyses in depth; the controls get the protocols only."""


@dataclass(frozen=True)
class IdentificationResult:
    """What identification with one modality found.

    Attributes
    ----------
    scores
        Kept scores of the headline model, as the contract has them: calibrated log-likelihood ratios.
    metrics
        Rows of the metrics table.
    curves
        Points of curves: protocol, modality, model, window_s, curve (cmc, det, length, gallery, score_density, null),
        x, y, y_low, y_high, label.
    people
        The zoo: one row per protocol, window length and participant.
    failures
        Recordings without a usable window.
    nulls
        Draws behind the headline's p-values: protocol, modality, window_s, metric, k (windows fused, else 0), draws.
    """

    scores: pd.DataFrame
    metrics: pd.DataFrame
    curves: pd.DataFrame
    people: pd.DataFrame
    failures: pd.DataFrame
    nulls: pd.DataFrame


def identify(
    windows: pd.DataFrame,
    recordings: pd.DataFrame,
    participants: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    modality: str,
    config: IdentificationConfig,
    seed: int,
    write_scores: Callable[[pd.DataFrame], None] | None = None,
) -> IdentificationResult:
    """Identify people by one modality under every protocol, window length and model.

    Parameters
    ----------
    windows
        The window table with its features.
    recordings, participants, dictionary
        Tables of the contract.
    modality
        respiration, cardiac, coupling, all, device, cardiogenic, or demographics.
    config
        The block ``identification``.
    seed
        The study's seed.
    write_scores
        Takes the kept scores of one protocol and window length after the other; None: they stand in the result.

    Returns
    -------
    IdentificationResult
        A protocol that the dataset cannot answer is a row with the reason.

    Raises
    ------
    LeakError
        A split or a fit broke the rules of evidence.
    """
    found = Collected(write_scores=write_scores)
    lengths_s = sorted(float(s) for s in windows["window_s"].unique()) or [float("nan")]
    group = "all" if modality == DEMOGRAPHICS else modality
    for window_s in lengths_s:
        samples, failures = make_samples(windows, group, window_s, max_missing_share=config.max_missing_share)
        study = Study(
            samples, recordings, participants, dictionary, modality, config, seed, is_shortest=window_s == lengths_s[0]
        )
        if modality == DEMOGRAPHICS:
            for name, protocol in config.protocols.items():
                found.rows += controls.demographics_rows(study, name, protocol)
        elif len(samples.X):
            found.failures.append(failures)
            found.rows += controls.failure_rows(study, windows, samples)
            _run_study(study, found)
        else:
            length = "" if np.isnan(window_s) else f"{window_s:g} s "
            reason = f"no {length}window with {modality} features"
            found.rows += [_unanswered(study, name, reason) for name in config.protocols]
    return _result(found)


def _run_study(study: Study, found: Collected) -> None:
    for name, protocol in study.config.protocols.items():
        run = _run_protocol(study, name, protocol, found)
        if run is None or study.modality not in BREATHING_AND_HEART:
            continue
        _look_closer(study, run, found)
    if study.modality in BREATHING_AND_HEART and study.is_shortest:
        found.rows += matrix.matrix_rows(study) if study.config.matrix else []
        found.rows += importance.f_ratio_rows(study) if study.modality != "all" else []


def _run_protocol(study: Study, name: str, protocol: ProtocolConfig, found: Collected) -> Run | None:
    samples, config = study.samples, study.config
    split = split_samples(protocol, samples, min_people=config.min_people, name=name)
    if not split.folds:
        found.rows.append(_unanswered(study, name, split.reason))
        return None
    keep = comparable_features(samples, split, study.recordings, study.dictionary)
    if not keep.any():
        found.rows.append(_unanswered(study, name, "no feature means the same for the kinds of sensors on both sides"))
        return None
    subset = "same recording" if protocol.same_recording else ""
    columns = study.columns(name, subset=subset)
    engine = study.engine(keep)
    where = f"{name}, {study.modality}, {samples.window_s:g} s windows"
    results = run_folds(engine, split.folds, guard_s=protocol.guard_s, where=where)
    run = Run(name, protocol, columns, split, engine, results[SELECTED])
    null = null_of(study, engine, split, protocol, control=False)
    for model, folds in results.items():
        _collect(study, run.with_selected(folds), model, null if model == SELECTED else None, found)
    return run


def _collect(study: Study, run: Run, model: str, null: NullDraws | None, found: Collected) -> None:
    """Collect rows, and for the headline scores, curves and people, of one model."""
    samples, units = run.engine.samples, units_of(study.config.fused_windows)
    columns = run.headline(model=model)
    context = Context(samples, columns, study.config.bootstrap, study.seed_of(run.name, model))
    found.rows += closed_set_rows(context, run.selected, units, null)
    found.rows += verification_rows(context, run.selected, null)
    if model != SELECTED:
        return
    keys = {name: columns[name] for name in ("protocol", "modality", "model", "window_s")}
    scores = score_rows(samples, run.selected, units, window_scores=study.config.window_scores)
    found.add_scores(scores.assign(**keys))
    found.curves.append(curves_of(samples, run.selected, null).assign(**keys))
    found.people.append(zoo(samples, run.selected).assign(**keys))
    if null is not None:
        found.nulls.append(null.frame(units).assign(**keys))


def _look_closer(study: Study, run: Run, found: Collected) -> None:
    """Add controls, lengths, galleries, people who are not enrolled, and what carries it."""
    config = study.config
    found.rows += controls.matched_impostor_rows(study, run)
    found.rows += controls.amplitude_free_rows(study, run)
    if run.protocol.match_lengths and study.is_shortest:
        found.rows += controls.matched_length_rows(study, run)
    for model in other_models.models_for(study, run):
        folds = other_models.run_other_model(study, run, model)
        _collect(study, run.with_selected(folds), model, None, found)
    if not study.is_shortest:
        return
    keys = {"protocol": run.name, "modality": study.modality, "model": SELECTED, "window_s": study.samples.window_s}
    if run.name in config.length_protocols:
        _add(found, lengths.length_rows(study, run), keys)
    if run.name in config.detail_protocols:
        _add(found, gallery.gallery_rows(study, run), keys)
        found.rows += people_folds.open_set_rows(study, run)
        found.rows += people_folds.background_rows(study, run)
        found.rows += importance.family_rows(study, run)


def _add(found: Collected, brought: tuple[list[MetricRow], pd.DataFrame], keys: dict[str, Any]) -> None:
    rows, curve = brought
    found.rows += rows
    found.curves.append(curve.assign(**keys))


def _unanswered(study: Study, name: str, reason: str) -> MetricRow:
    return missing_row("identification", "rank1_recording", reason, **study.columns(name, model=SELECTED))


def _result(found: Collected) -> IdentificationResult:
    empty = pd.DataFrame({name: pd.Series(dtype=_curve_dtype(name)) for name in CURVE_COLUMNS})
    curves = pd.concat(found.curves, ignore_index=True)[CURVE_COLUMNS] if found.curves else empty
    people = pd.concat(found.people, ignore_index=True) if found.people else pd.DataFrame()
    scores = SCORES.conform(pd.concat(found.scores, ignore_index=True)) if found.scores else SCORES.empty()
    failures = FAILURES.conform(pd.concat(found.failures, ignore_index=True)) if found.failures else FAILURES.empty()
    nulls = pd.concat(found.nulls, ignore_index=True) if found.nulls else pd.DataFrame(columns=NULL_COLUMNS)
    return IdentificationResult(scores, metrics_frame(found.rows), curves, people, failures, nulls[NULL_COLUMNS])


def _curve_dtype(name: str) -> str:
    return "str" if name in ("protocol", "modality", "model", "curve", "label") else "float64"
