"""Config of the adversarial stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eupnea.config.base import Block

Modality = Literal["respiration", "cardiac", "coupling", "all", "device"]
Nuisance = Literal["mode", "task", "session", "device", "sex", "identity"]
Disturbance = Literal["noise", "gain", "drift", "dropped_samples", "time_warp"]
Summary = Literal["mean", "sd", "median", "q10", "q25", "q75", "q90"]


class AdversarialConfig(Block):
    """Age models that are robust, or blind to what they should not use."""

    modalities: list[Modality] = Field(default=["respiration", "all"])
    """Groups of features that predict."""

    target: str = "age"
    """Column of the participants that is predicted; it must hold numbers."""

    models: Literal["standard", "thorough"] = "standard"
    """``standard``: median, ridge and lasso (each tuned on clean and on robust loss), adversarial linear models,
    adversarial kernel model, XGBoost with and without noise. ``thorough`` adds networks on features, and convolutional
    networks on the cleaned respiration and RR series."""

    window_s: float | None = Field(default=None, gt=0)
    """Length of the windows that are used, s; empty: the shortest there are."""

    summaries: list[Summary] = Field(default=["mean"])
    """How windows become one row per participant."""

    min_participants: int = Field(default=15, ge=8)
    """People with features and target below which nothing is answered."""

    folds: int = Field(default=5, ge=3, le=50)
    """Outer folds of participants."""

    inner_folds: int = Field(default=4, ge=2, le=50)
    """Folds inside the training people, for tuning."""

    repeats: int = Field(default=1, ge=1, le=100)
    """Repeats of the cross-validation with other folds; numbers are means over repeats."""

    bootstraps: int = Field(default=1000, ge=100, le=100_000)
    """Bootstrap draws of people behind an interval."""

    max_missing: float = Field(default=0.5, ge=0, lt=1)
    """Share of missing values in the training people above which a feature is left out of the fold."""

    clip_sd: float = Field(default=4.0, gt=0)
    """Standardised features are limited to this many standard deviations of the training people, before any attack."""

    epsilons_inf: list[float] = Field(default=[0.0, 0.02, 0.05, 0.1, 0.2, 0.3])
    """Largest shift of every feature (ℓ∞), in standard deviations of the training people; 0 is the clean input."""

    epsilons_2: list[float] = Field(default=[0.0, 0.1, 0.3, 1.0, 2.0])
    """Length of the shift of all features together (ℓ2), in standard deviations of the training people."""

    design_epsilon: float = Field(default=0.1, gt=0)
    """ℓ∞ shift that models tuned on robust loss are tuned for, and that models are compared at."""

    design_epsilon_2: float = Field(default=1.0, gt=0)
    """ℓ2 shift that the network trained against ℓ2 attacks is trained for."""

    scale_c: float = Field(default=1.0, gt=0)
    """Factor c of the radius without tuning, c · E‖X'ε‖ / ‖ε‖₁."""

    kernel_scale_c: float = Field(default=0.1, gt=0)
    """The same factor for the kernel model; at 1, with few people and many features, only the mean would be left."""

    attack_queries: int = Field(default=200, ge=10)
    """Predictions per person and ε that the search on trees may use; more makes its lower bound tighter."""

    attack_restarts: int = Field(default=3, ge=1)
    """Starts of projected gradient: one at the person, the others at random points of the ball."""

    attack_steps: int = Field(default=20, ge=1)
    """Steps of projected gradient per start."""

    trees: int = Field(default=60, ge=1, le=5000)
    """Boosting rounds of XGBoost."""

    noise_copies: int = Field(default=10, ge=1, le=1000)
    """Noisy copies per person that XGBoost with noise augmentation is trained on."""

    series_windows: int = Field(default=8, ge=1, le=10_000)
    """Windows per person, at most, that the networks on series see."""

    time_budget_s: float = Field(default=300.0, gt=0)
    """Seconds that training the networks of one analysis and modality may be expected to take; it sets their number of
    epochs beforehand (from a fixed cost per step), so that results do not depend on the machine's speed."""

    disturbances: list[Disturbance] = Field(default=["noise", "gain", "drift", "dropped_samples", "time_warp"])
    """What is done to the recordings themselves before they are cleaned and their features are computed again. Empty:
    nothing. A study that starts from a feature table has no recordings to disturb."""

    disturbance_epsilons: list[float] = Field(default=[0.1, 0.3])
    """Sizes. Noise and drift: largest shift in standard deviations of the signal. Gain: largest relative change.
    Dropped samples: share lost. Time warp: largest relative change of speed. All below 1."""

    disturbance_draws: int = Field(default=2, ge=1, le=1000)
    """Random draws per recording, disturbance and size; the worst for each model counts, a lower bound."""

    disturbance_budget_s: float = Field(default=120.0, gt=0)
    """Seconds that carrying disturbed recordings through the stages may be expected to take; it sets the number of
    people beforehand (one recording each, from fixed costs per recording and per minute of it), so that results do not
    depend on the machine's speed."""

    reversal_weight: float = Field(default=1.0, gt=0)
    """Weight of the reversed gradient at strength 1, against the loss of age (in units of its variance)."""

    nuisances: list[Nuisance] = Field(default=["mode", "task", "session", "device", "sex", "identity"])
    """What the age model is to be blind to; those that a dataset does not vary are named in a row. ``device``: kinds
    and sites of the signals, and the sampling rate."""

    strengths: list[float] = Field(default=[0.0, 0.5, 0.9, 1.0])
    """Strengths of removal, 0 (none) to 1 (all)."""

    components: int = Field(default=30, ge=2)
    """Principal components (of the training people) that blind models work on; at most a third of the people."""

    age_caliper_years: float = Field(default=3.0, gt=0)
    """Impostors of the identity attack are at most this many years apart."""

    min_impostor_pairs: int = Field(default=20, ge=5)
    """Pairs of different people of the same age below which the identity attack is not reported."""
