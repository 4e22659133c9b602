"""Further models, for looking: regularised logistic regression, random forest, gradient boosting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eupnea.identification.closed_form import ABSENT
from eupnea.identification.evaluation import FoldScores, calibrated_on_others
from eupnea.identification.normalise import NO_EVIDENCE

if TYPE_CHECKING:
    from eupnea.config.identification import ModelsConfig
    from eupnea.identification.study import Run, Study

TREES = 300
"""Trees of the random forest."""

BOOSTING = {"n_estimators": 60, "max_depth": 3, "learning_rate": 0.2, "colsample_bytree": 0.3, "max_bin": 32}
"""Boosting rounds (each one tree per person) and their size; kept small, boosting is slow with many people."""

SMALLEST_PROBABILITY = 1e-6
"""Probabilities are floored here before their logarithm is taken."""


def models_for(study: Study, run: Run) -> tuple[str, ...]:
    """List the further models that run on a protocol, modality and window length."""
    config = study.config.models
    if not study.is_shortest or run.name not in config.other_protocols or study.modality not in config.other_modalities:
        return ()
    few = len(run.engine.samples.people) <= config.trees_up_to
    slow = config.thorough if few or config.analysis_set == "thorough" else ()
    return (*config.standard, *slow)


def run_other_model(study: Study, run: Run, model: str) -> list[FoldScores]:
    """Fit one further model on every fold, with fixed hyper-parameters, on the clipped and scaled features.

    Its scores are calibrated on other people: none are made inside the enrolment.
    """
    return calibrated_on_others(run.engine.samples, [_score(study, run, result, model) for result in run.selected])


def _score(study: Study, run: Run, result: FoldScores, model: str) -> FoldScores:
    samples, fold = run.engine.samples, result.fold
    run.engine.record.allow(fold.enrol, f"{run.name}, {model}, fold {fold.name}")
    preparation, prepared = run.engine.fitted(fold.enrol, "clip")
    run.engine.record.note(model, fold.enrol)
    people, labels = np.unique(samples.person[fold.enrol], return_inverse=True)
    seed = int(np.random.default_rng(study.seed_of(run.name, model, fold.name)).integers(2**31))
    classifier = make_classifier(model, study.config.models, seed)
    classifier.fit(prepared, labels)
    probability = classifier.predict_proba(run.engine.prepared(preparation, fold.probe))
    scores = np.full((len(samples.people), len(fold.probe)), ABSENT)
    scores[people] = np.log(np.maximum(probability.T, SMALLEST_PROBABILITY))
    return FoldScores(fold, None, scores, 0.0, NO_EVIDENCE, result.enrolment_s)


def make_classifier(model: str, config: ModelsConfig, seed: int) -> Any:
    """Make an unfitted classifier with the scikit-learn interface."""
    if model == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=config.logistic_c, max_iter=500, tol=1e-4)
    if model == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(TREES, max_features="sqrt", n_jobs=1, random_state=seed)
    from xgboost import XGBClassifier

    return XGBClassifier(**BOOSTING, tree_method="hist", n_jobs=1, random_state=seed)
