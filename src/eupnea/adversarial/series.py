"""Age from the series themselves: convolutional networks on cleaned respiration and on RR intervals, under attack.

Windows of the signals are what the networks see; the prediction of a person is the mean over the person's windows.
Attacks shift every sample (in standard deviations of the window for respiration, of the training people for RR).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.adversarial.attacks import Model, attack
from eupnea.adversarial.cohort import Cohort, read_numbers
from eupnea.adversarial.networks import INNER_STEPS, SERIES_COST_S, Attacker, epochs_within, fit_series_network
from eupnea.adversarial.radius import Norm
from eupnea.adversarial.result import AdversarialResult, curve_point, make_result
from eupnea.adversarial.robustness import budget_of, fold_seed_of, people_folds
from eupnea.adversarial.zoo import LinearModel
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.intervals import bca_interval
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.io.seeds import seed_for

Array = NDArray[np.float64]
Series = Literal["respiration", "rr"]

SERIES_HZ = 5.0
"""Samples per second of the series: breathing lies below 1 Hz, the variability of the heart rate below 0.5 Hz."""

MODALITY: dict[Series, str] = {"respiration": "respiration", "rr": "cardiac"}

MIN_VALID_SHARE = 0.8
"""Share of a window's respiration that must be valid; for RR: of the window that intervals must cover."""

FEWEST_EPOCHS = 20
"""Epochs of a network on series whatever the budget says."""


def choose_windows(windows: pd.DataFrame, *, config: AdversarialConfig) -> pd.DataFrame:
    """Return the windows that the networks see: at most ``series_windows`` per person, evenly over the recordings."""
    length = config.window_s or windows["window_s"].min()
    rows = windows[windows["window_s"] == length].sort_values(["participant", "recording", "start_s"], kind="stable")
    place = rows.groupby("participant").cumcount()
    count = rows.groupby("participant")["recording"].transform("size")
    most = np.minimum(count, config.series_windows)
    is_first = np.floor(place * most / count) != np.floor((place - 1) * most / count)
    return rows.loc[is_first, ["participant", "recording", "start_s", "window_s"]].reset_index(drop=True)


def cut_series(chosen: pd.DataFrame, respiration: pd.DataFrame, beats: pd.DataFrame) -> dict[Series, Array]:
    """Cut the series of some windows.

    Parameters
    ----------
    chosen
        Windows of one length: recording, start_s, window_s.
    respiration, beats
        Rows in the contracts of the same names; the first signal of a recording counts.

    Returns
    -------
    dict
        Shape (windows, samples) for each series: respiration standardised in each window, RR in ms. Rows of NaN where
        too little of the window is valid.
    """
    breathing = {str(name): part for name, part in respiration.groupby("recording", sort=False)}
    hearts = {str(name): part for name, part in beats.groupby("recording", sort=False)}
    rows = list(chosen.itertuples(index=False))
    return {
        "respiration": np.array([_respiration(breathing.get(str(row.recording)), _grid(row)) for row in rows]),
        "rr": np.array([_rr(hearts.get(str(row.recording)), _grid(row)) for row in rows]),
    }


def series_models(
    chosen: pd.DataFrame,
    series: dict[Series, Array],
    participants: pd.DataFrame,
    *,
    config: AdversarialConfig,
    seed: int,
) -> AdversarialResult:
    """Train networks on series, plainly and against ℓ2 and ℓ∞ attacks, and attack them on people not seen.

    Parameters
    ----------
    chosen, series
        Windows and their series, from `choose_windows` and `cut_series`.
    participants
        Table of the results contract.
    config, seed
        Block of the stage; seed of the study.

    Returns
    -------
    AdversarialResult
        ``mae_series`` of each series, network, norm and ε; projected gradient, so lower bounds.
    """
    rows: list[MetricRow] = []
    tables, points = [], []
    for name, values in series.items():
        shared = {"target": config.target, "level": "participant", "modality": MODALITY[name], "family": name}
        cohort = _cohort(chosen, values, participants, config)
        if isinstance(cohort, str):
            rows.append(missing_row("adversarial", "mae_series", cohort, **shared))
            continue
        predictions = _cross_validate(cohort, config=config, seed=seed, family=name)
        more = _rows(predictions, shared, config=config, seed=seed)
        rows += more
        points += [curve_point("series", row, is_exact="lower bound" not in row["reason"]) for row in more]
        tables.append(predictions.assign(target=config.target, level="participant", modality=MODALITY[name]))
    return make_result(pd.concat(tables, ignore_index=True) if tables else None, rows, points)


def _grid(row: Any) -> Array:
    return float(row.start_s) + np.arange(round(float(row.window_s) * SERIES_HZ)) / SERIES_HZ


def _respiration(table: pd.DataFrame | None, grid: Array) -> Array:
    """Average the samples around each point of the grid, and standardise."""
    missing = np.full(grid.size, np.nan)
    if table is None:
        return missing
    one = table[table["signal"] == table["signal"].iloc[0]]
    time = one["time_s"].to_numpy(dtype=float)
    inside = (time >= grid[0] - 0.5 / SERIES_HZ) & (time < grid[-1] + 0.5 / SERIES_HZ)
    valid = inside & one["is_valid"].to_numpy(dtype=bool) & np.isfinite(one["breathing"].to_numpy(dtype=float))
    if not inside.any() or valid.sum() < MIN_VALID_SHARE * inside.sum():
        return missing
    place = np.clip(np.round((time[valid] - grid[0]) * SERIES_HZ).astype(int), 0, grid.size - 1)
    totals = np.bincount(place, weights=one["breathing"].to_numpy(dtype=float)[valid], minlength=grid.size)
    counts = np.bincount(place, minlength=grid.size)
    known = counts > 0
    values = np.interp(grid, grid[known], totals[known] / counts[known])
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0 else missing


def _rr(table: pd.DataFrame | None, grid: Array) -> Array:
    """Interpolate the corrected intervals at each point of the grid, ms."""
    missing = np.full(grid.size, np.nan)
    if table is None:
        return missing
    one = table[(table["signal"] == table["signal"].iloc[0]) & table["rr_corrected_ms"].notna()]
    time = one["time_s"].to_numpy(dtype=float)
    inside = (time >= grid[0]) & (time <= grid[-1])
    covered_s = float(one["rr_corrected_ms"].to_numpy(dtype=float)[inside].sum()) / 1000
    if covered_s < MIN_VALID_SHARE * grid.size / SERIES_HZ:
        return missing
    return np.asarray(np.interp(grid, time, one["rr_corrected_ms"].to_numpy(dtype=float)))


def _cohort(chosen: pd.DataFrame, values: Array, participants: pd.DataFrame, config: AdversarialConfig) -> Cohort | str:
    """Return one row per window with a series and a known target, or the reason why there are too few people."""
    if config.target not in participants.columns:
        return f"the participants have no column '{config.target}'"
    numbers = dict(zip(participants["participant"].astype(str), read_numbers(participants[config.target]), strict=True))
    y = chosen["participant"].astype(str).map(numbers).to_numpy(dtype=float)
    kept = np.isfinite(y) & np.isfinite(values).all(axis=1) if len(values) else np.zeros(0, dtype=bool)
    keys = chosen.loc[kept, ["participant", "recording"]].reset_index(drop=True)
    people = keys["participant"].nunique()
    if people < config.min_participants:
        return f"{people} participants have this series and '{config.target}'; {config.min_participants} are needed"
    return Cohort(keys, values[kept], y[kept], [], np.ones(int(kept.sum())))


def _cross_validate(cohort: Cohort, *, config: AdversarialConfig, seed: int, family: Series) -> pd.DataFrame:
    names, first, codes = np.unique(cohort.participants, return_index=True, return_inverse=True)
    people = Cohort(cohort.keys.iloc[first], cohort.X[first], cohort.y[first], [], np.bincount(codes).astype(float))
    folds = people_folds(people, 0, config=config, seed=seed, modality=f"series {family}")
    tables = []
    for fold in range(config.folds):
        test = folds[codes] == fold
        X = _scaled(cohort.X, ~test) if family == "rr" else cohort.X
        fold_seed = fold_seed_of(seed, f"series {family}", 0, fold)
        models = _fit(X[~test], cohort.y[~test], config, fold_seed)
        for name, model in models.items():
            aim = _aim(model.predict(X[test]), cohort.y[test], codes[test])
            for norm, epsilon in _sizes(config):
                rng = np.random.default_rng(fold_seed)
                found = attack(model, X[test], aim, epsilon=epsilon, norm=norm, rng=rng, budget=budget_of(config))
                known = {"model": name, "norm": str(norm), "epsilon": epsilon, "attack": found.name}
                rows = cohort.keys.loc[test, ["participant"]].assign(y_true=cohort.y[test], y_pred=found.predictions)
                mean = rows.groupby("participant", as_index=False).mean().assign(**known, fold=str(fold))
                tables.append(mean.assign(attack_is_exact=found.is_exact))
    windows = dict(zip(names, people.n_windows, strict=True))
    stacked = pd.concat(tables, ignore_index=True)
    unused = {"recording": "", "nuisance": "", "repeat": 0, "y_pred_corrected": np.nan, "strength": np.nan}
    return stacked.assign(n_windows=stacked["participant"].map(windows), **unused)


def _aim(predicted: Array, y: Array, codes: NDArray[np.intp]) -> Array:
    """Return what to lead each window away from, so that all windows of a person are led in the person's direction.

    A person is predicted by the mean of the windows; windows led in opposite directions would undo each other.
    """
    means = np.bincount(codes, weights=predicted) / np.maximum(np.bincount(codes), 1)
    return predicted + y - means[codes]


def _scaled(X: Array, train: NDArray[np.bool_]) -> Array:
    return (X - X[train].mean()) / (float(X[train].std()) or 1.0)


def _fit(X: Array, y: Array, config: AdversarialConfig, seed: list[int]) -> dict[str, Model]:
    epochs = epochs_within(
        X.size,
        passes=1 + INNER_STEPS,
        fits=2 * 3 * config.folds,
        budget_s=config.time_budget_s,
        fewest=FEWEST_EPOCHS,
        cost_s=SERIES_COST_S,
    )
    number = int(np.random.default_rng(seed).integers(2**31))
    attackers = {
        "cnn": Attacker(),
        "cnn_attacked_2": Attacker(2, config.design_epsilon_2),
        "cnn_attacked_inf": Attacker("inf", config.design_epsilon),
    }
    models: dict[str, Model] = {"median": LinearModel(np.zeros(X.shape[1]), float(np.median(y)), "median")}
    return models | {
        name: fit_series_network(X[:, :, None], y, attacker=attacker, epochs=epochs, seed=number)
        for name, attacker in attackers.items()
    }


def _sizes(config: AdversarialConfig) -> list[tuple[Norm, float]]:
    inf = sorted({0.0, *config.epsilons_inf, config.design_epsilon})
    two = sorted({epsilon for epsilon in config.epsilons_2 if epsilon > 0})
    return [*(("inf", epsilon) for epsilon in inf), *((2, epsilon) for epsilon in two)]


def _rows(
    predictions: pd.DataFrame, shared: dict[str, str], *, config: AdversarialConfig, seed: int
) -> list[MetricRow]:
    errors = predictions.assign(error=(predictions["y_true"] - predictions["y_pred"]).abs())
    rows = []
    for (model, norm, epsilon), part in errors.groupby(["model", "norm", "epsilon"], sort=True):
        values = part.sort_values("participant")["error"].to_numpy(dtype=float)
        labels = ("adversarial", "series", shared["family"])
        interval = bca_interval(values, n_boot=config.bootstraps, seed=seed_for(seed, *labels))
        attack_name, is_exact = str(part["attack"].iloc[0]), bool(part["attack_is_exact"].all())
        note = "" if is_exact else budget_of(config).words(attack_name)
        told: dict[str, Any] = {"model": model, "norm": norm, "epsilon": epsilon, "attack": attack_name}
        told["n_participants"] = float(values.size)
        mean = float(values.mean())
        rows.append(
            metric_row("adversarial", "mae_series", mean, **shared, **told, **interval.as_columns(), reason=note)
        )
    return rows
