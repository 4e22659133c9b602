"""Identification of one modality: every protocol, window length and model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.evidence.correction import holm
from eupnea.evidence.metrics import MetricRow, metrics_frame, missing_row
from eupnea.identification.engine import Engine, random_labels
from eupnea.identification.evaluation import SELECTED, NullDraws, null_draws, run_folds, units_of
from eupnea.identification.numbers import Context, closed_set_rows, verification_rows
from eupnea.identification.people import zoo
from eupnea.identification.protocols import split_samples
from eupnea.identification.samples import make_samples
from eupnea.identification.score_table import CURVE_COLUMNS, curves_of, score_rows
from eupnea.io.contract import FAILURES, SCORES
from eupnea.io.seeds import seed_for

if TYPE_CHECKING:
    from eupnea.config.identification import IdentificationConfig, ProtocolConfig
    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.protocols import Split
    from eupnea.identification.samples import Samples


@dataclass(frozen=True)
class IdentificationResult:
    """What identification with one modality found.

    Attributes
    ----------
    scores
        Kept scores of the headline model, as the contract has them.
    metrics
        Rows of the metrics table.
    curves
        Points of curves: protocol, modality, model, window_s, curve (cmc, det, length, gallery, score_density, null),
        x, y, y_low, y_high, label.
    people
        The zoo: one row per protocol, window length and participant.
    failures
        Recordings without a usable window.
    """

    scores: pd.DataFrame
    metrics: pd.DataFrame
    curves: pd.DataFrame
    people: pd.DataFrame
    failures: pd.DataFrame


@dataclass
class Collected:
    """What the protocols bring, before it is put together."""

    scores: list[pd.DataFrame] = field(default_factory=list)
    rows: list[MetricRow] = field(default_factory=list)
    curves: list[pd.DataFrame] = field(default_factory=list)
    people: list[pd.DataFrame] = field(default_factory=list)
    failures: list[pd.DataFrame] = field(default_factory=list)


def identify(
    windows: pd.DataFrame,
    recordings: pd.DataFrame,
    participants: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    modality: str,
    config: IdentificationConfig,
    seed: int,
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

    Returns
    -------
    IdentificationResult
        A protocol that the dataset cannot answer is a row with the reason.

    Raises
    ------
    LeakError
        A split or a fit broke the rules of evidence.
    """
    found = Collected()
    for window_s in sorted(windows["window_s"].unique()):
        samples, failures = make_samples(windows, modality, float(window_s), max_missing_share=config.max_missing_share)
        found.failures.append(failures)
        study = Study(samples, recordings, participants, dictionary, modality, config, seed)
        for name, protocol in config.protocols.items():
            _run_protocol(study, name, protocol, found)
    return _result(found)


@dataclass(frozen=True)
class Study:
    """Everything that an analysis of one modality and window length needs."""

    samples: Samples
    recordings: pd.DataFrame
    participants: pd.DataFrame
    dictionary: pd.DataFrame
    modality: str
    config: IdentificationConfig
    seed: int

    def columns(self, protocol: str, **more: Any) -> dict[str, Any]:
        """Return the columns that rows of a protocol share."""
        return {"protocol": protocol, "modality": self.modality, "window_s": self.samples.window_s, **more}


def _run_protocol(study: Study, name: str, protocol: ProtocolConfig, found: Collected) -> None:
    samples, config = study.samples, study.config
    columns = study.columns(name)
    if not samples.features:
        found.rows.append(
            missing_row("identification", "rank1_recording", _no_features(study), model=SELECTED, **columns)
        )
        return
    split = split_samples(protocol, samples, min_people=config.min_people, name=name)
    if not split.folds:
        found.rows.append(missing_row("identification", "rank1_recording", split.reason, model=SELECTED, **columns))
        return
    subset = "same recording" if protocol.same_recording else ""
    engine = Engine(samples, config.models, max_missing_share=config.max_missing_share)
    where = f"{name}, {study.modality}, {samples.window_s:g} s windows"
    results = run_folds(engine, split.folds, guard_s=protocol.guard_s, where=where)
    null = _null(study, engine, split, protocol)
    for model, folds in results.items():
        _collect(study, columns | {"model": model, "subset": subset}, folds, null if model == SELECTED else None, found)


def _null(study: Study, engine: Engine, split: Split, protocol: ProtocolConfig) -> NullDraws | None:
    samples, config = study.samples, study.config
    people = len({int(p) for fold in split.folds for p in samples.person[fold.enrol]})
    draws = config.permutations_few_people if people <= config.few_people else config.permutations
    if draws == 0:
        return None
    enrol = random_labels(samples, draws, study.seed)
    probe = random_labels(samples, draws, study.seed, purpose="probes") if protocol.same_recording else enrol
    return null_draws(engine, split.folds, enrol, probe, units_of(config.fused_windows))


def _collect(
    study: Study, columns: dict[str, Any], results: list[FoldScores], null: NullDraws | None, found: Collected
) -> None:
    units = units_of(study.config.fused_windows)
    seconds = float(np.mean([result.enrolment_s for result in results]))
    seed = seed_for(study.seed, "identification", *columns.values())
    context = Context(study.samples, columns | {"enrolment_s": seconds}, study.config.bootstrap, seed)
    found.rows += closed_set_rows(context, results, units, null)
    found.rows += verification_rows(context, results, null)
    keys = {name: columns[name] for name in ("protocol", "modality", "model", "window_s")}
    if columns["model"] == SELECTED:
        scores = score_rows(study.samples, results, units, window_scores=study.config.window_scores)
        found.scores.append(scores.assign(**keys))
        found.curves.append(curves_of(study.samples, results, null).assign(**keys))
        found.people.append(zoo(study.samples, results).assign(**keys))


def _no_features(study: Study) -> str:
    return f"no {study.samples.window_s:g} s window with {study.modality} features"


def _result(found: Collected) -> IdentificationResult:
    metrics = _corrected(metrics_frame(found.rows))
    curves = (
        pd.concat(found.curves, ignore_index=True)[CURVE_COLUMNS]
        if found.curves
        else pd.DataFrame(columns=CURVE_COLUMNS)
    )
    people = pd.concat(found.people, ignore_index=True) if found.people else pd.DataFrame()
    scores = SCORES.conform(pd.concat(found.scores, ignore_index=True)) if found.scores else SCORES.empty()
    failures = FAILURES.conform(pd.concat(found.failures, ignore_index=True)) if found.failures else FAILURES.empty()
    return IdentificationResult(scores, metrics, curves, people, failures)


def _corrected(metrics: pd.DataFrame) -> pd.DataFrame:
    """Correct the headline's p-values for the family of protocols and window lengths, metric by metric."""
    headline = metrics["analysis"].isin(["identification", "verification"]) & metrics["p_value"].notna()
    for metric in sorted(metrics.loc[headline, "metric"].unique()):
        rows = headline & (metrics["metric"] == metric)
        metrics.loc[rows, "p_adjusted"] = holm(metrics.loc[rows, "p_value"])
        metrics.loc[rows, "correction"] = "Holm, over protocols and window lengths of the modality"
    return metrics
