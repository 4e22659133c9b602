"""Turn attacked predictions into rows of metrics and points of curves, with intervals over people."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.adversarial.result import curve_point
from eupnea.adversarial.robustness import Attacked, budget_of
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.correction import benjamini_hochberg
from eupnea.evidence.intervals import bca_interval, bootstrap_rows
from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.evidence.permutation import paired_sign_flip
from eupnea.io.seeds import seed_for

Array = NDArray[np.float64]

REFERENCES = {"xgboost_noise": "xgboost", "mlp_attacked_2": "mlp", "mlp_attacked_inf": "mlp"}
"""The plain model that the price of robustness is counted from; ridge for all others."""

PLAIN = "ridge_clean"

MOST_FEATURES = 0.9
"""Share of the features from which a model counts as one that uses all of them."""

NORMAL = 1.96
"""Standard errors on each side of a 95 % interval."""

RIVALS = ("median", "ridge_clean", "ridge_robust", "lasso_robust", "xgboost", "mlp")
"""Models that the others are compared with under the design perturbation."""


class Summary:
    """Errors per person of one analysis, and the rows made of them."""

    def __init__(self, attacked: Attacked, *, config: AdversarialConfig, seed: int, modality: str) -> None:
        self.attacked, self.config, self.modality = attacked, config, modality
        self.seed = seed
        frame = attacked.predictions.assign(error=lambda rows: (rows["y_true"] - rows["y_pred"]).abs())
        self.errors = frame.pivot_table(
            index="participant", columns=["model", "norm", "epsilon"], values="error", aggfunc="mean", sort=True
        )
        self.models = list(dict.fromkeys(frame["model"]))
        self.exact = frame.groupby(["model", "norm", "epsilon"])["attack_is_exact"].all()
        self.names = frame.groupby(["model", "norm", "epsilon"])["attack"].first()
        self.shared: dict[str, Any] = {
            "target": config.target,
            "level": "participant",
            "modality": modality,
            "n_participants": float(len(self.errors)),
        }

    def rows(self) -> tuple[list[MetricRow], list[MetricRow]]:
        """Return the rows of metrics and the points of curves."""
        errors, curves = self._errors()
        transfers = self._transfers()
        stability, shares = self._stability()
        metrics = [
            *errors,
            *self._fit(),
            *self._prices(),
            *self._comparisons(),
            *self._verdicts(),
            *transfers,
            *stability,
        ]
        points = [*curves, *(curve_point("transfer", row, is_exact=False) for row in transfers), *shares]
        return metrics, points

    def _error(self, model: str, norm: str, epsilon: float) -> Array:
        return self.errors[(model, norm, epsilon)].to_numpy(dtype=float)

    def _interval(self, values: Array, *labels: object) -> dict[str, float]:
        seed = seed_for(self.seed, "adversarial", self.modality, *labels)
        return bca_interval(values, n_boot=self.config.bootstraps, seed=seed).as_columns()

    def _row(self, metric: str, value: float, **columns: object) -> MetricRow:
        return metric_row("adversarial", metric, float(value), **(self.shared | columns))

    def _errors(self) -> tuple[list[MetricRow], list[MetricRow]]:
        rows, points = [], []
        for model in self.models:
            for _, norm, epsilon in sorted(key for key in self.errors.columns if key[0] == model):
                values = self._error(model, norm, epsilon)
                is_exact = not self._is_bound(model, norm, epsilon)
                columns = {
                    "model": model,
                    "norm": norm,
                    "epsilon": epsilon,
                    "attack": self.names[(model, norm, epsilon)],
                }
                note = "" if is_exact else budget_of(self.config).words(str(columns["attack"]))
                interval = self._interval(values, "mae")
                row = self._row("mae", values.mean(), **columns, **interval, reason=note)
                points.append(curve_point("robustness", row, is_exact=is_exact))
                if epsilon > 0:
                    rows.append(row)
            clean = next(point for point in points if point["model"] == model and point["epsilon"] == 0)
            kept = {name: clean[name] for name in ("se", "ci_low", "ci_high") if name in clean}
            rows.append(self._row("mae", clean["value"], model=model, epsilon=0.0, attack="none", **kept))
        return rows, points

    def _fit(self) -> list[MetricRow]:
        frame = self.attacked.predictions
        clean = frame[(frame["epsilon"] == 0) & (frame["norm"] == "inf")]
        rows = []
        for model in self.models:
            chosen = clean[clean["model"] == model].groupby("participant", sort=True)[["y_true", "y_pred"]].mean()
            truth, predicted = chosen["y_true"].to_numpy(), chosen["y_pred"].to_numpy()
            for metric, statistic in (("r2", _r2), ("pearson_r", _pearson)):
                interval = bootstrap_rows(
                    chosen.index.to_numpy(),
                    partial(_of_rows, statistic, truth, predicted),
                    n_boot=self.config.bootstraps,
                    seed=seed_for(self.seed, "adversarial", self.modality, metric),
                )
                rows.append(
                    self._row(
                        metric, interval.estimate, model=model, epsilon=0.0, attack="none", **interval.as_columns()
                    )
                )
        return rows

    def _prices(self) -> list[MetricRow]:
        rows = []
        for model in self.models:
            reference = REFERENCES.get(model, PLAIN)
            if model in ("median", reference):
                continue
            loss = self._error(model, "inf", 0.0) - self._error(reference, "inf", 0.0)
            columns = {"model": model, "comparator": reference, "epsilon": 0.0, "attack": "none"}
            rows.append(self._row("price_of_robustness", loss.mean(), **columns, **self._interval(loss, "price")))
        return rows

    def _comparisons(self) -> list[MetricRow]:
        rows = []
        for epsilon in (0.0, self.config.design_epsilon):
            for model in self.models:
                rivals = [rival for rival in RIVALS if rival in self.models and rival != model]
                rows += [self._comparison(model, rival, epsilon) for rival in rivals]
        adjusted = benjamini_hochberg([row["p_value"] for row in rows])
        family = f"Benjamini-Hochberg over {len(rows)} comparisons of models ({self.modality})"
        return [row | {"p_adjusted": p, "correction": family} for row, p in zip(rows, adjusted, strict=True)]

    def _comparison(self, model: str, rival: str, epsilon: float) -> MetricRow:
        difference = self._error(model, "inf", epsilon) - self._error(rival, "inf", epsilon)
        test = paired_sign_flip(difference, n_permutations=2000, seed=seed_for(self.seed, "sign_flip", self.modality))
        columns = {"model": model, "comparator": rival, "norm": "inf" if epsilon else "", "epsilon": epsilon}
        attack = self.names[(model, "inf", epsilon)]
        return self._row(
            "mae_difference",
            difference.mean(),
            **columns,
            **self._interval(difference, "difference"),
            attack=attack,
            p_value=test.p_value,
            n_permutations=float(test.n_permutations),
            reason=self._bound_words([name for name in (model, rival) if self._is_bound(name, "inf", epsilon)]),
        )

    def _is_bound(self, model: str, norm: str, epsilon: float) -> bool:
        return not bool(self.exact[(model, norm, epsilon)])

    @staticmethod
    def _bound_words(models: list[str]) -> str:
        """Say whose error is a lower bound, so that the comparison favours it; empty for none."""
        return f"the error of {' and '.join(models)} is a lower bound: the attack was searched for" if models else ""

    def _verdicts(self) -> list[MetricRow]:
        """Say for every ε how many models beat the median by more than the interval of the paired difference."""
        rows = []
        for norm, epsilon in sorted({(key[1], key[2]) for key in self.errors.columns}):
            if epsilon == 0 and norm != "inf":
                continue
            baseline = self._error("median", norm, epsilon)
            better = []
            for model in self.models:
                if model in ("median", "selected"):
                    continue
                difference = self._error(model, norm, epsilon) - baseline
                if self._interval(difference, "verdict")["ci_high"] < 0:
                    better.append(f"{model} (lower bound)" if self._is_bound(model, norm, epsilon) else model)
            columns = {"norm": norm if epsilon else "", "epsilon": epsilon, "comparator": "median"}
            text = f"better than the median: {', '.join(better)}" if better else "nothing beats the median"
            rows.append(self._row("n_models_better_than_median", len(better), **columns, reason=text))
        return rows

    def _transfers(self) -> list[MetricRow]:
        frame = self.attacked.transfers
        errors = frame.assign(error=(frame["y_true"] - frame["y_pred"]).abs())
        table = errors.groupby(["model", "source", "participant"], sort=True)["error"].mean()
        rows = []
        for source in self.models:
            if source in ("median", "selected"):
                continue
            for model in self.models:
                values = table[model][source].to_numpy(dtype=float)
                columns = {"model": model, "comparator": source, "norm": "inf", "epsilon": self.config.design_epsilon}
                interval = self._interval(values, "transfer")
                note = "shift made for the comparator"
                rows.append(
                    self._row("mae_transfer", values.mean(), **columns, **interval, attack="transfer", reason=note)
                )
        return rows

    def _stability(self) -> tuple[list[MetricRow], list[MetricRow]]:
        rows, points = [], []
        n_fits = self.config.repeats * self.config.folds
        n_features = int(self.attacked.choices["feature"].nunique())  # ridge uses whatever can be used
        for model in self.models:
            chosen = self.attacked.choices[self.attacked.choices["model"] == model]
            if not len(chosen):
                continue
            sets = pd.crosstab([chosen["repeat"], chosen["fold"]], chosen["feature"]).to_numpy(dtype=float)
            sets = np.vstack([sets, np.zeros((n_fits - len(sets), sets.shape[1]))])  # folds that chose nothing
            shares = chosen["feature"].value_counts().sort_index() / n_fits
            number = float(len(chosen) / n_fits)
            is_choice = number < MOST_FEATURES * n_features
            value, se = _selection_stability(sets, n_features) if is_choice else (np.nan, np.nan)
            rows.append(self._row("n_features_used", number, model=model))
            note = "uses all features or none: there is no choice" if np.isnan(value) else ""
            status = "not_supported" if np.isnan(value) else "ok"
            spread = {"se": se, "ci_low": value - NORMAL * se, "ci_high": min(value + NORMAL * se, 1.0)}
            told = {} if np.isnan(se) else spread
            rows.append(self._row("selection_stability", value, model=model, reason=note, **told) | {"status": status})
            if is_choice:
                points += [
                    curve_point("features", self._row("selection_share", share, model=model, feature=str(feature)))
                    for feature, share in shares.items()
                ]
        return rows, points


def _selection_stability(sets: Array, n_features: int) -> tuple[float, float]:
    """Return how alike the chosen sets of features are (1 always the same, 0 as by chance), and its standard error.

    Parameters
    ----------
    sets
        Shape (number of fits, features that any fit chose): 1 where chosen. The standard error takes the fits as
        independent, which folds that share people are not.
    n_features
        Features that there were to choose from.

    References
    ----------
    Nogueira, Sechidis, Brown (2018), J Mach Learn Res 18:174, equation 4 and theorem 7.
    """
    n_fits = len(sets)
    shares, sizes = sets.mean(axis=0), sets.sum(axis=1) / n_features
    size = float(sizes.mean())
    spread = size * (1 - size)
    if n_fits < 2 or spread <= 1e-12:
        return float("nan"), float("nan")
    variances = n_fits / (n_fits - 1) * shares * (1 - shares)
    stability = 1 - float(variances.sum()) / n_features / spread
    each = sets @ shares / n_features - sizes * size + stability / 2 * (2 * size * sizes - sizes - size + 1)
    each /= spread
    return stability, float(2 * np.sqrt(np.sum((each - each.mean()) ** 2)) / n_fits)


def _of_rows(
    statistic: Callable[[Array, Array], float], truth: Array, predicted: Array, rows: NDArray[np.intp]
) -> float:
    return statistic(truth[rows], predicted[rows])


def _r2(truth: Array, predicted: Array) -> float:
    total = float(np.sum((truth - truth.mean()) ** 2))
    return 1 - float(np.sum((truth - predicted) ** 2)) / total if total > 0 else float("nan")


def _pearson(truth: Array, predicted: Array) -> float:
    if np.ptp(truth) == 0 or np.ptp(predicted) < 1e-9 * max(1.0, float(np.abs(predicted).max())):
        return float("nan")
    return float(np.corrcoef(truth, predicted)[0, 1])


def robustness_tables(
    attacked: Attacked, *, config: AdversarialConfig, seed: int, modality: str
) -> tuple[pd.DataFrame, list[MetricRow], list[MetricRow]]:
    """Return predictions, rows of metrics and points of curves of attacked age models."""
    metrics, points = Summary(attacked, config=config, seed=seed, modality=modality).rows()
    predictions = attacked.predictions.assign(nuisance="", y_pred_corrected=np.nan)
    return predictions, metrics, points
