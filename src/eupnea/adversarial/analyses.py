"""Two questions: whether an age model holds under attack, and whether it can be blind to what it should not use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.adversarial.cohort import Cohort, participant_cohort, recording_cohort
from eupnea.adversarial.result import AdversarialResult, make_result
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.metrics import MetricRow, missing_row


def age_models(
    windows: pd.DataFrame,
    recordings: pd.DataFrame,
    participants: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    modality: str,
    config: AdversarialConfig,
    seed: int,
) -> AdversarialResult:
    """Predict age (or another number) with plain and robust models, and attack them all.

    Parameters
    ----------
    windows, recordings, participants, dictionary
        Tables of the results contract.
    modality
        Group of features: respiration, cardiac, coupling, all, device.
    config, seed
        Block of the stage; seed of the study.

    Returns
    -------
    AdversarialResult
        Predictions and errors, clean and under attack; comparisons, price of robustness, transfer of attacks, stability
        of the chosen features. A single row with the reason where the dataset cannot answer.
    """
    from eupnea.adversarial.robustness import cross_validate
    from eupnea.adversarial.summary import robustness_tables

    cohort = participant_cohort(windows, participants, modality=modality, config=config)
    if isinstance(cohort, str):
        return _unanswered("adversarial", cohort, modality, config)
    attacked = cross_validate(cohort, config=config, seed=seed, modality=modality)
    return make_result(*robustness_tables(attacked, config=config, seed=seed, modality=modality))


def invariance(
    windows: pd.DataFrame,
    recordings: pd.DataFrame,
    participants: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    modality: str,
    config: AdversarialConfig,
    seed: int,
) -> AdversarialResult:
    """Make age models blind to nuisances, and let fresh attackers say what can still be read.

    Parameters and returns as in `age_models`.
    """
    from eupnea.adversarial import blindness, identity

    cohort = recording_cohort(windows, participants, modality=modality, config=config)
    if isinstance(cohort, str):
        return _unanswered("invariance", cohort, modality, config)
    shared: dict[str, Any] = {
        "target": config.target,
        "level": "recording",
        "modality": modality,
    }
    rows: list[MetricRow] = [blindness.median_row(cohort, shared, config=config, seed=seed)]
    points: list[MetricRow] = []
    tables: list[pd.DataFrame] = []
    for nuisance in config.nuisances:
        if nuisance == "identity":
            more, curve, hidden = identity.identity_rows(cohort, config=config, seed=seed, shared=shared)
            tables += [
                _predictions(cohort, result.predicted, "identity_erasure", result.strength, shared, "identity")
                for result in hidden
            ]
        else:
            labels = blindness.nuisance_labels(cohort, participants, recordings, nuisance)
            if isinstance(labels, str):
                rows.append(blindness.unanswered(nuisance, labels, shared))
                continue
            blinded = blindness.blind_models(cohort, labels, config=config, seed=seed, label=f"{modality} {nuisance}")
            more, curve = blindness.blindness_rows(
                cohort, labels, blinded, nuisance=nuisance, config=config, seed=seed, shared=shared
            )
            tables += [
                _predictions(cohort, result.predicted, result.method, result.strength, shared, nuisance)
                for result in blinded
            ]
        rows += more
        points += curve
    return make_result(pd.concat(tables, ignore_index=True) if tables else None, rows, points)


def _predictions(
    cohort: Cohort,
    predicted: NDArray[np.float64],
    method: str,
    strength: float,
    shared: dict[str, Any],
    nuisance: str,
) -> pd.DataFrame:
    frame = cohort.keys[["participant", "recording"]].assign(
        y_true=cohort.y, y_pred=predicted, n_windows=cohort.n_windows
    )
    same = {name: shared[name] for name in ("target", "level", "modality")}
    known = {"repeat": 0, "epsilon": 0.0, "attack": "none", "attack_is_exact": True}
    return frame.assign(model=f"ridge_{method}", nuisance=nuisance, strength=strength, **same, **known)


def _unanswered(analysis: str, reason: str, modality: str, config: AdversarialConfig) -> AdversarialResult:
    row = missing_row(analysis, "mae", reason, target=config.target, modality=modality, level="participant")
    return make_result(None, [row], [])
