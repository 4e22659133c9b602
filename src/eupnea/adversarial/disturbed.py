"""Attack age models through the recordings: disturb the signals, compute the features again, predict.

One recording of each of some people is disturbed; the models are those of the cross-validation, fitted without that
person. The worst counts of several random draws, of smaller sizes and of the recording as it is: an attacker need not
use all that is allowed. Every number is a lower bound of the damage. A disturbed recording that preprocessing refuses
stays in: its features are unknown, and are imputed by the training medians like others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.adversarial.carry import Carrier
from eupnea.adversarial.cohort import Cohort, participant_cohort, summarise
from eupnea.adversarial.result import AdversarialResult, curve_point, make_result
from eupnea.adversarial.robustness import fit_fold, fold_seed_of, people_folds
from eupnea.adversarial.signal_attacks import disturb
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.intervals import bca_interval
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.features.columns import feature_columns
from eupnea.io.seeds import seed_for
from eupnea.recordings.signal import RawSignal

Array = NDArray[np.float64]

RECORDING_COST_S, MINUTE_COST_S = 0.25, 0.08
"""Assumed seconds of carrying a recording through the stages: for each recording, and for each minute of it."""

MINUTES_TOGETHER = 120.0
"""Minutes of disturbed recordings that go through the stages at once: a job must not hold more with their length."""

FEWEST_PEOPLE = 3
"""People who are attacked whatever the budget says."""

FEWEST_FOR_INTERVAL = 8
"""People below which errors get no interval: so few say little about others, and the interval would hide that."""

ONCE = ("none", 0.0, 0)
"""Kind, ε and draw of the recording as it is."""


def signal_attacks(
    windows: pd.DataFrame, participants: pd.DataFrame, carrier: Carrier, *, config: AdversarialConfig, seed: int
) -> AdversarialResult:
    """Disturb one recording of each of some people, and let every age model predict from what is left.

    Parameters
    ----------
    windows, participants
        Tables of the results contract.
    carrier
        Carries a recording through the stages.
    config, seed
        Block of the stage; seed of the study.

    Returns
    -------
    AdversarialResult
        Predictions (norm ``signal``); ``mae_signal`` of every modality, model, disturbance and size, with the same
        recordings undisturbed (ε = 0) beside it; how many disturbed recordings gave no features.
    """
    cohorts = {
        name: participant_cohort(windows, participants, modality=name, config=config) for name in config.modalities
    }
    answered = {name: cohort for name, cohort in cohorts.items() if isinstance(cohort, Cohort)}
    rows: list[MetricRow] = [
        missing_row("adversarial", "mae_signal", reason, target=config.target, modality=name, norm="signal")
        for name, reason in cohorts.items()
        if isinstance(reason, str)
    ]
    if not answered or not config.disturbances:
        return make_result(None, rows, [])
    chosen = choose_recordings(windows, carrier.recordings, next(iter(answered.values())), config=config)
    carried = carry_all(chosen, carrier, config=config, seed=seed)
    tables, points = [], []
    for modality, cohort in answered.items():
        predictions = predict_carried(carried, cohort, modality=modality, config=config, seed=seed)
        more = _rows(predictions, config=config, seed=seed, modality=modality)
        rows += [*more, _refused(carried, config, modality)]
        points += [curve_point("signal", row, is_exact=row["epsilon"] == 0) for row in more]
        tables.append(predictions)
    return make_result(pd.concat(tables, ignore_index=True), rows, points)


def choose_recordings(
    windows: pd.DataFrame, recordings: pd.DataFrame, cohort: Cohort, *, config: AdversarialConfig
) -> list[str]:
    """Return the shortest recording of each of as many people as the budget allows, evenly over the target."""
    used = windows.loc[windows["participant"].isin(cohort.participants), ["participant", "recording"]].drop_duplicates()
    duration_s = recordings.set_index("recording")["duration_s"].astype(float)
    used = used.assign(duration_s=duration_s.loc[used["recording"]].to_numpy())
    ordered = used.sort_values(["participant", "duration_s", "recording"], kind="stable").drop_duplicates("participant")
    first = ordered.set_index("participant")["recording"]
    minutes = ordered["duration_s"] / 60
    versions = 1 + len(config.disturbances) * len(_sizes(config)) * config.disturbance_draws
    cost_s = versions * float((RECORDING_COST_S + MINUTE_COST_S * minutes).mean())
    number = int(np.clip(config.disturbance_budget_s / cost_s, min(FEWEST_PEOPLE, len(first)), len(first)))
    by_age = cohort.participants[np.argsort(cohort.y, kind="stable")]
    places = np.unique(np.round(np.linspace(0, len(by_age) - 1, number)).astype(int))
    return [str(first[person]) for person in by_age[places]]


def carry_all(chosen: list[str], carrier: Carrier, *, config: AdversarialConfig, seed: int) -> pd.DataFrame:
    """Return the windows of every version of the recordings, with the columns attack, epsilon and draw.

    A version of which nothing is left has one row without window and features.
    """
    told = carrier.recordings.set_index("recording")
    tables = []
    for recording in chosen:
        signals, person = carrier.load(recording), told.loc[recording, "participant"]
        together = max(1, int(MINUTES_TOGETHER * 60 / float(told.loc[recording, "duration_s"])))
        versions = list(_versions(config))
        for first in range(0, len(versions), together):
            some = dict(enumerate(versions[first : first + together]))
            found = carrier.windows(
                recording,
                {str(number): _disturbed(signals, recording, version, seed) for number, version in some.items()},
            )
            for number, (kind, epsilon, draw) in some.items():
                rows = found[found["recording"] == str(number)]
                if rows.empty:
                    rows = pd.DataFrame({"participant": [person]})
                tables.append(rows.assign(recording=recording, attack=kind, epsilon=epsilon, draw=draw))
    return pd.concat(tables, ignore_index=True)


def _disturbed(
    signals: Mapping[str, RawSignal], recording: str, version: tuple[Any, float, int], seed: int
) -> Mapping[str, RawSignal]:
    kind, epsilon, draw = version
    return disturb(signals, kind, epsilon, seed_for(seed, "disturbed", recording, kind, draw)) if epsilon else signals


def predict_carried(
    carried: pd.DataFrame, cohort: Cohort, *, modality: str, config: AdversarialConfig, seed: int
) -> pd.DataFrame:
    """Return the worst prediction of the draws, in the contract of adversarial predictions."""
    versions = _version_rows(carried, cohort, modality, config)
    folds = people_folds(cohort, 0, config=config, seed=seed, modality=modality)
    fold_of = dict(zip(cohort.participants, folds, strict=True))
    own = versions["participant"].map(fold_of).to_numpy()
    tables = []
    for fold in np.unique(own):
        fold_seed = fold_seed_of(seed, modality, 0, int(fold))
        scaling, models = fit_fold(cohort, folds == fold, config=config, fold_seed=fold_seed)
        mine = versions[own == fold]
        X = scaling.apply(mine[cohort.columns].to_numpy(dtype=float))
        keys = mine.drop(columns=cohort.columns).assign(fold=str(fold))
        tables += [keys.assign(model=name, y_pred=model.predict(X)) for name, model in models.items()]
    known = {"repeat": 0, "target": config.target, "level": "recording", "modality": modality, "norm": "signal"}
    return _worst(pd.concat(tables, ignore_index=True)).assign(**known)


def _version_rows(carried: pd.DataFrame, cohort: Cohort, modality: str, config: AdversarialConfig) -> pd.DataFrame:
    """Return one row of features per version, with its person, truth and disturbance; unknown ones are NaN."""
    told = ["recording", "attack", "epsilon", "draw"]
    version = carried.groupby(told, sort=True).ngroup().map("{:09d}".format)
    rows = carried.assign(version=version)[["version", *told, "participant"]].drop_duplicates("version")
    rows = rows.sort_values("version").set_index("version")
    kept = carried.assign(version=version)[carried["window_s"].notna()]
    columns = feature_columns(carried, modality)
    table, names, counts = summarise(kept, ["version"], columns, list(config.summaries))
    table = table.assign(n_windows=counts).set_index("version").reindex(rows.index)
    rows["y_true"] = rows["participant"].map(dict(zip(cohort.participants, cohort.y, strict=True)))
    rows["n_windows"] = table["n_windows"].fillna(0.0)
    features = table.reindex(columns=[name for name in cohort.columns if name in names])
    return pd.concat([rows, features.reindex(columns=cohort.columns)], axis=1).reset_index(drop=True)


def _worst(predictions: pd.DataFrame) -> pd.DataFrame:
    """Keep the largest error of each recording, model, disturbance and size: of all draws up to it, or of none."""
    clean = predictions[predictions["epsilon"] == 0]
    tables = [clean]
    for kind in sorted(set(predictions["attack"]) - {"none"}):
        drawn = predictions[predictions["attack"] == kind]
        for size in sorted(set(drawn["epsilon"])):
            allowed = pd.concat([drawn[drawn["epsilon"] <= size], clean], ignore_index=True)
            tables.append(allowed.assign(attack=kind, epsilon=size))
    candidates = pd.concat(tables, ignore_index=True)
    errors = (candidates["y_true"] - candidates["y_pred"]).abs()
    keys = ["recording", "model", "attack", "epsilon"]
    order = candidates.assign(error=errors).sort_values([*keys, "error", "draw"], kind="stable")
    kept = order.drop_duplicates(keys, keep="last", ignore_index=True).drop(columns=["error", "draw"])
    return kept.assign(attack_is_exact=kept["epsilon"] == 0, nuisance="", y_pred_corrected=np.nan)


def _rows(predictions: pd.DataFrame, *, config: AdversarialConfig, seed: int, modality: str) -> list[MetricRow]:
    errors = predictions.assign(error=(predictions["y_true"] - predictions["y_pred"]).abs())
    rows = []
    for model, kind, epsilon in product(dict.fromkeys(errors["model"]), *_conditions(config)):
        sought = ("none", 0.0) if epsilon == 0 else (kind, epsilon)
        chosen = errors[(errors["model"] == model) & (errors["attack"] == sought[0]) & (errors["epsilon"] == sought[1])]
        columns: dict[str, Any] = {"modality": modality, "model": model, "attack": kind, "epsilon": epsilon}
        rows.append(_row(chosen.sort_values("recording")["error"].to_numpy(dtype=float), columns, config, seed))
    return rows


def _row(errors: Array, columns: dict[str, Any], config: AdversarialConfig, seed: int) -> MetricRow:
    shared = {**_shared(config), **columns, "n_participants": float(errors.size)}
    labels = ("adversarial", "signal", columns["modality"])
    note = "the same recordings, undisturbed"
    if columns["epsilon"] > 0:
        note = f"lower bound: worst of {config.disturbance_draws} random draws per size, one recording per person"
    if errors.size < FEWEST_FOR_INTERVAL:
        note += f"; {errors.size} people are too few for an interval: raise adversarial.disturbance_budget_s"
        return metric_row("adversarial", "mae_signal", float(errors.mean()), **shared, reason=note)
    interval = bca_interval(errors, n_boot=config.bootstraps, seed=seed_for(seed, *labels)).as_columns()
    return metric_row("adversarial", "mae_signal", float(errors.mean()), **shared, **interval, reason=note)


def _refused(carried: pd.DataFrame, config: AdversarialConfig, modality: str) -> MetricRow:
    """Say how many of the disturbed recordings the stages refused: that is a defence, not a prediction."""
    versions = carried[carried["epsilon"] > 0].drop_duplicates(["recording", "attack", "epsilon", "draw"])
    lost = versions["window_s"].isna()
    note = "disturbed recordings of which preprocessing kept no window"
    return metric_row(
        "adversarial",
        "share_refused",
        float(lost.mean()),
        **_shared(config),
        modality=modality,
        n_participants=float(versions["participant"].nunique()),
        n_observations=float(len(versions)),
        reason=note,
    )


def _shared(config: AdversarialConfig) -> dict[str, Any]:
    return {"target": config.target, "level": "recording", "norm": "signal"}


def _sizes(config: AdversarialConfig) -> list[float]:
    return sorted({epsilon for epsilon in config.disturbance_epsilons if epsilon > 0})


def _conditions(config: AdversarialConfig) -> tuple[list[str], list[float]]:
    return list(config.disturbances), [0.0, *_sizes(config)]


def _versions(config: AdversarialConfig) -> Iterator[tuple[Any, float, int]]:
    yield ONCE
    yield from product(config.disturbances, _sizes(config), range(config.disturbance_draws))
