"""Attack every age model on people it has not seen, and say what that costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.adversarial.attacks import Attack, Budget, Model, attack, transfer
from eupnea.adversarial.cohort import Cohort
from eupnea.adversarial.radius import Norm
from eupnea.adversarial.scaling import Scaling, balanced_folds
from eupnea.adversarial.zoo import LinearModel, TreeModel, fit_models
from eupnea.config.adversarial import AdversarialConfig
from eupnea.io.seeds import seed_for

Array = NDArray[np.float64]

SURROGATE = "ridge_robust"
"""The linear model whose exact attack the block search on trees starts from."""


_LABELS = ("adversarial", "age_models")


@dataclass(frozen=True, slots=True)
class Attacked:
    """What cross-validation under attack gives.

    Attributes
    ----------
    predictions
        One row per participant, repeat, model, norm and ε (see the contract of adversarial predictions).
    transfers
        One row per participant, repeat, model and model that the ℓ∞ shift of the design ε was made for.
    choices
        One row per repeat, fold, model and feature that the model uses (coefficient or importance not zero).
    """

    predictions: pd.DataFrame
    transfers: pd.DataFrame
    choices: pd.DataFrame


def cross_validate(cohort: Cohort, *, config: AdversarialConfig, seed: int, modality: str) -> Attacked:
    """Fit every model without the people of a fold and attack it on them.

    Everything (choice of features, scaling, tuning) is fitted to the training people. The shift is added to the
    standardised features.
    """
    predictions, transfers, choices = [], [], []
    for repeat in range(config.repeats):
        folds = people_folds(cohort, repeat, config=config, seed=seed, modality=modality)
        for fold in range(config.folds):
            test = folds == fold
            fold_seed = fold_seed_of(seed, modality, repeat, fold)
            scaling, models = fit_fold(cohort, test, config=config, fold_seed=fold_seed)
            test_X = scaling.apply(cohort.X[test])
            attacked, carried = _attack_all(models, test_X, cohort.y[test], config=config, seed=fold_seed)
            keys = _keys(cohort, test, repeat, fold, config, modality)
            predictions += [keys.assign(**columns) for columns in attacked]
            transfers += [keys.assign(**columns) for columns in carried]
            names = [name for name, kept in zip(cohort.columns, scaling.kept, strict=True) if kept]
            choices.append(_choices(models, names).assign(repeat=repeat, fold=fold))
    stacked = [pd.concat(parts, ignore_index=True) for parts in (predictions, transfers, choices)]
    return Attacked(stacked[0], stacked[1], stacked[2])


def people_folds(
    cohort: Cohort, repeat: int, *, config: AdversarialConfig, seed: int, modality: str
) -> NDArray[np.intp]:
    """Return the fold of each person in a repeat; shape (n,)."""
    rng = np.random.default_rng(seed_for(seed, *_LABELS, modality, repeat))
    return balanced_folds(cohort.y, config.folds, rng)


def fit_fold(
    cohort: Cohort, test: NDArray[np.bool_], *, config: AdversarialConfig, fold_seed: list[int]
) -> tuple[Scaling, dict[str, Model]]:
    """Fit scaling and every model to the people who are not in `test`, shape (n,)."""
    scaling = Scaling.fit(cohort.X[~test], max_missing=config.max_missing, clip_sd=config.clip_sd)
    return scaling, fit_models(scaling.apply(cohort.X[~test]), cohort.y[~test], config=config, seed=fold_seed)


def fold_seed_of(seed: int, modality: str, repeat: int, fold: int) -> list[int]:
    """Return the seed of a fold."""
    return seed_for(seed, *_LABELS, modality, repeat, fold)


def budget_of(config: AdversarialConfig) -> Budget:
    """Return what the config lets an attack spend."""
    return Budget(config.attack_steps, config.attack_restarts, config.attack_queries)


def _keys(
    cohort: Cohort, test: NDArray[np.bool_], repeat: int, fold: int, config: AdversarialConfig, modality: str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant": cohort.participants[test],
            "recording": "",
            "repeat": repeat,
            "target": config.target,
            "level": "participant",
            "modality": modality,
            "fold": str(fold),
            "y_true": cohort.y[test],
            "n_windows": cohort.n_windows[test],
        }
    )


def _attack_all(
    models: dict[str, Model], X: Array, y: Array, *, config: AdversarialConfig, seed: list[int]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    budget = budget_of(config)
    rows: list[dict[str, object]] = []
    design: dict[str, Attack] = {}
    surrogate = models[SURROGATE]
    families: tuple[tuple[Norm, list[float]], ...] = (("inf", config.epsilons_inf), (2, config.epsilons_2))
    for name, model in models.items():
        for norm, epsilons in families:
            rng = np.random.default_rng([*seed, len(str(norm)), len(rows)])
            starts: tuple[Array, ...] = ()
            for epsilon in sorted({*epsilons, *([config.design_epsilon] if norm == "inf" else [])}):
                direct = attack(surrogate, X, y, epsilon=epsilon, norm=norm, rng=rng).shifts
                found = attack(
                    model, X, y, epsilon=epsilon, norm=norm, rng=rng, budget=budget, starts=(*starts, direct, -direct)
                )
                starts = (found.shifts, _stretched(found.shifts, epsilon, norm))
                rows.append(_row(name, found) | {"norm": str(norm), "epsilon": epsilon})
                if norm == "inf" and epsilon == config.design_epsilon:
                    design[name] = found
    carried = [
        _row(name, transfer(model, X, found.shifts)) | {"source": source}
        for source, found in design.items()
        for name, model in models.items()
    ]
    return rows, carried


def _stretched(shifts: Array, epsilon: float, norm: Norm) -> Array:
    """Return the same shifts made as large as anything can be; the next, larger ball cuts them."""
    factor = 1e6 if norm == "inf" else 1.0 / max(epsilon, 1e-9) * 1e3
    return shifts * factor


def _row(name: str, found: Attack) -> dict[str, object]:
    return {
        "model": name,
        "attack": found.name,
        "attack_is_exact": found.is_exact,
        "y_pred": found.predictions,
    }


def _choices(models: dict[str, Model], names: list[str]) -> pd.DataFrame:
    """Return the features that each model uses, for models that can leave some out."""
    parts = []
    for name, model in models.items():
        if isinstance(model, LinearModel):
            used = np.abs(model.coef_) > 1e-6 * max(float(np.abs(model.coef_).max(initial=0.0)), 1e-12)
        elif isinstance(model, TreeModel):
            used = model.used_features
        else:
            continue
        parts.append(pd.DataFrame({"model": name, "feature": np.array(names, dtype=object)[used]}))
    return pd.concat(parts, ignore_index=True)
