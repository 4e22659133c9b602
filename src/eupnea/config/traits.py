"""Config of the traits stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eupnea.config.base import Block

Modality = Literal["respiration", "cardiac", "coupling", "all", "device", "demographics"]
SlowModel = Literal["elastic_net", "svm", "random_forest", "xgboost"]


class TargetConfig(Block):
    """One thing to predict."""

    name: str
    """Name of the column: ``age``, ``sex``, ``bmi``, a blood pressure, a questionnaire score, …"""

    level: Literal["participant", "session", "recording"] = "participant"
    """Where the column stands: ``participant`` (``participants.tsv`` or ``phenotype/``), ``session``
    (``sessions.tsv``), ``recording`` (``scans.tsv``). Folds split participants at every level."""

    kind: Literal["auto", "numeric", "binary", "ordinal", "classes"] = "auto"
    """``auto`` takes numbers as numeric (two different values: binary; few whole ones: ordinal) and text as classes."""

    scale: Literal["auto", "linear", "log"] = "auto"
    """Scale that a numeric target is modelled on; errors are always in its own unit. ``auto`` takes the logarithm of
    positive targets with a long upper tail (skewness above 1: the ages of a student sample with a few elders)."""

    order: list[str] = Field(default=[])
    """The categories of an ordinal target given as text, lowest first."""

    derived_from: list[Modality] = Field(default=[])
    """Modalities that the target is computed from (resting heart rate: ``[cardiac]``); they are left out, as is ``all``
    when it contains one of them."""


class TraitsConfig(Block):
    """What the signals say about age, sex, BMI and other columns."""

    targets: list[TargetConfig] = Field(
        default=[TargetConfig(name="age"), TargetConfig(name="sex"), TargetConfig(name="bmi")]
    )
    """What is predicted. A target that is missing or constant is reported as not answerable."""

    modalities: list[Modality] = Field(default=["respiration", "cardiac", "coupling", "all", "device", "demographics"])
    """Groups of features that predict; ``device`` and ``demographics`` are controls."""

    models: Literal["standard", "thorough"] = "standard"
    """``standard``: median or majority, demographics, ridge on summaries, ridge on windows, kernel ridge, kernel ridge
    with balanced families of features, their stack, elastic net, XGBoost. ``thorough`` adds support vectors and
    random forests, and permutes these slower models too."""

    window_s: float | None = Field(default=None, gt=0)
    """Length of the windows that are used, s; empty: the shortest there are."""

    folds: int = Field(default=8, ge=3, le=50)
    """Folds of participants; the inner folds are the other outer folds. Fewer where there are fewer people."""

    repeats: int = Field(default=3, ge=1, le=100)
    """Repeats of the cross-validation with other folds; the numbers are means over repeats."""

    permutations: int = Field(default=1000, ge=0, le=100_000)
    """Relabellings of people behind a p-value; every nested step is repeated in each. 0: no p-values."""

    slow_permutations: int = Field(default=40, ge=0, le=10_000)
    """Relabellings at most for models without a closed form, in ``thorough``; drawing stops early when the result
    is clear."""

    bootstraps: int = Field(default=1000, ge=100, le=100_000)
    """Bootstrap draws of people behind an interval."""

    coverage: float = Field(default=0.9, gt=0.5, lt=1)
    """Share of people whose conformal interval should hold the truth."""

    min_participants: int = Field(default=10, ge=6)
    """People with both features and target below which a target is not answered."""

    min_class_participants: int = Field(default=4, ge=2)
    """People that a class needs; smaller classes are left out and counted."""

    summaries: list[Literal["mean", "sd", "median", "q10", "q25", "q75", "q90"]] = Field(
        default=["mean", "sd", "q10", "q90"]
    )
    """How windows become one row per participant (or session, recording)."""

    max_missing: float = Field(default=0.5, ge=0, lt=1)
    """Share of missing values in the training people above which a feature is left out of the fold."""

    clip_sd: float = Field(default=4.0, gt=0)
    """Standardised features are limited to this many standard deviations of the training people."""

    confounds: list[str] = Field(default=["age", "sex", "bmi"])
    """Columns of the participants that are regressed out of the features inside the folds, as a second result; the
    target itself and what it is computed from stay in."""

    learning_shares: list[float] = Field(default=[0.4, 0.6, 0.8, 1.0])
    """Shares of the training people that the learning curve is made of."""

    learning_draws: int = Field(default=3, ge=1, le=100)
    """Random choices of training people per share."""

    importance_draws: int = Field(default=20, ge=1, le=1000)
    """Shuffles per family of features behind its importance."""

    dependence_features: int = Field(default=6, ge=0, le=100)
    """How many features get a partial dependence curve."""

    trees: int = Field(default=100, ge=1, le=5000)
    """Boosting rounds, and trees of a forest."""

    narrow_age_sd: float = Field(default=5.0, ge=0)
    """Standard deviation of age below which the result says that the range is narrow, years."""
