"""The two questions: does an age model hold under attack, and can it be blind to what it should not use?"""

from __future__ import annotations

import pandas as pd

from eupnea.adversarial.cohort import participant_cohort
from eupnea.adversarial.result import AdversarialResult, make_result
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.metrics import missing_row


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
    return _unanswered("invariance", "not implemented", modality, config)


def _unanswered(analysis: str, reason: str, modality: str, config: AdversarialConfig) -> AdversarialResult:
    row = missing_row(analysis, "mae", reason, target=config.target, modality=modality, level="participant")
    return make_result(None, [row], [])
