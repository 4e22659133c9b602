"""Correct the p-values of all targets and modalities, and compare models and modalities on the same people."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from eupnea.config.traits import TraitsConfig
from eupnea.evidence.correction import benjamini_hochberg
from eupnea.evidence.intervals import bca_interval
from eupnea.evidence.metrics import MetricRow, metric_row, metrics_frame
from eupnea.evidence.permutation import paired_sign_flip
from eupnea.evidence.resampled_t import corrected_resampled_t
from eupnea.io.contract import METRICS, TRAIT_PREDICTIONS
from eupnea.io.seeds import seed_for
from eupnea.io.tables import concat_tables

CONTROL_MODALITIES = ("device", "demographics")
"""Modalities that are no claim: they are corrected as a family of their own."""

SIGNALS = ("respiration", "cardiac", "coupling", "all")
"""Modalities that are compared with each other."""

REFERENCES = ("baseline", "demographics")
"""Models that the selection is compared with."""

SIGN_FLIP, RESAMPLED_T = "paired sign flip over people", "corrected resampled t over folds"
"""How comparisons are tested: told in the column ``reason``."""

MIN_PEOPLE = 6
"""People in common that a comparison needs."""


def compare_traits(
    metrics: list[pd.DataFrame], predictions: list[pd.DataFrame], *, config: TraitsConfig, seed: int
) -> pd.DataFrame:
    """Stack the metrics of all modalities, correct their p-values, and add the comparisons.

    Parameters
    ----------
    metrics, predictions
        What `eupnea.traits.predict.predict_traits` gave for each modality.
    config, seed
        The traits block, and the seed of the study.

    Returns
    -------
    pandas.DataFrame
        All rows with `p_adjusted` (Benjamini–Hochberg over targets × modalities, for each model and number), then
        rows with analysis ``comparison``: mean difference in loss, `model` (or `modality`) minus `comparator`; below
        zero is better. Loss is the absolute error, or the squared error of the probability.
    """
    table = adjust(concat_tables([METRICS.empty(), *metrics], METRICS))
    losses = loss_table(concat_tables([TRAIT_PREDICTIONS.empty(), *predictions], TRAIT_PREDICTIONS))
    rows: list[MetricRow] = []
    for (target, level), group in losses.groupby(["target", "level"], sort=True):
        columns = {"target": target, "level": level, "metric": group["metric"].iloc[0]}
        rows += _model_rows(group, columns, config, seed) + _modality_rows(group, columns, config, seed)
    compared = adjust_comparisons(metrics_frame(rows))
    return concat_tables([table, compared], METRICS)


def adjust(table: pd.DataFrame) -> pd.DataFrame:
    """Fill `p_adjusted` of the traits rows over targets × modalities, for each model, number, control and subset.

    Rows that come corrected (age gaps, over columns) stay as they are.
    """
    table = table.copy()
    tested = table["p_value"].notna() & (table["analysis"] == "traits") & table["p_adjusted"].isna()
    is_control = table["modality"].isin(CONTROL_MODALITIES)
    keys = [table["metric"], table["model"], is_control, table["control"], table["subset"]]
    for _, rows in table[tested].groupby([key[tested] for key in keys], sort=True):
        table.loc[rows.index, "p_adjusted"] = benjamini_hochberg(rows["p_value"])
        table.loc[rows.index, "correction"] = f"Benjamini-Hochberg over {len(rows)} targets x modalities"
    return table


def adjust_comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Fill `p_adjusted` of comparison rows over everything compared by the same test; controls are a family apart."""
    table = table.copy()
    kind = np.where(table["comparator"].isin(SIGNALS), "modalities", "models")
    for _, rows in table.groupby([table["reason"], kind, table["modality"].isin(CONTROL_MODALITIES)], sort=True):
        table.loc[rows.index, "p_adjusted"] = benjamini_hochberg(rows["p_value"])
        table.loc[rows.index, "correction"] = (
            f"Benjamini-Hochberg over {int(rows['p_value'].notna().sum())} comparisons"
        )
    return table


def loss_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Give the loss of every prediction: absolute error of numbers, squared error of probabilities."""
    frame = predictions.copy()
    is_class = frame["class"] != ""
    outcome = np.where(frame["probability"].isna(), np.nan, frame["y_true"])
    several = is_class & (frame.groupby(["target", "level"])["y_true"].transform("max") > 1)
    outcome = np.where(several, 1.0, outcome)
    squared = (frame["probability"] - outcome) ** 2
    frame["loss"] = np.where(is_class, squared, (frame["y_pred"] - frame["y_true"]).abs())
    frame["metric"] = np.where(is_class, "brier_difference", "mae_difference")
    return frame


def _model_rows(group: pd.DataFrame, columns: dict[str, str], config: TraitsConfig, seed: int) -> list[MetricRow]:
    rows = []
    for modality, part in group.groupby("modality", sort=True):
        selected = part[part["model"] == "selected"]
        for model in sorted(set(part["model"]) - {"selected"}):
            other = part[part["model"] == model]
            base = {**columns, "modality": modality, "model": "selected", "comparator": model}
            if model in REFERENCES:
                rows += _paired_row(selected, other, base, config, seed)
            else:
                rows += _resampled_row(selected, other, base)
    return rows


def _modality_rows(group: pd.DataFrame, columns: dict[str, str], config: TraitsConfig, seed: int) -> list[MetricRow]:
    selected = group[group["model"] == "selected"]
    present = [name for name in SIGNALS if (selected["modality"] == name).any()]
    rows = []
    for second, first in combinations(present, 2):
        base = {**columns, "modality": first, "model": "selected", "comparator": second}
        sides = [selected[selected["modality"] == name] for name in (first, second)]
        rows += _paired_row(sides[0], sides[1], base, config, seed)
    return rows


def _paired_row(
    left: pd.DataFrame, right: pd.DataFrame, base: dict[str, str], config: TraitsConfig, seed: int
) -> list[MetricRow]:
    repeats = sorted(set(left["repeat"]) & set(right["repeat"]))
    means = [
        side[side["repeat"].isin(repeats)].groupby("participant", sort=True)["loss"].mean() for side in (left, right)
    ]
    difference = (means[0] - means[1]).dropna()
    if len(difference) < MIN_PEOPLE:
        return []
    labels = seed_for(seed, "traits", "comparison", *base.values())
    interval = bca_interval(difference.to_numpy(), n_boot=config.bootstraps, seed=labels)
    test = paired_sign_flip(difference.to_numpy(), seed=labels)
    rest = {name: value for name, value in base.items() if name != "metric"}
    return [
        metric_row(
            "comparison",
            base["metric"],
            interval.estimate,
            reason=SIGN_FLIP,
            **rest,
            **interval.as_columns(),
            p_value=test.p_value,
            n_permutations=test.n_permutations,
            chance=0.0,
            n_participants=len(difference),
        )
    ]


def _resampled_row(left: pd.DataFrame, right: pd.DataFrame, base: dict[str, str]) -> list[MetricRow]:
    from scipy.stats import t

    keys = ["repeat", "fold"]
    folds = [side.groupby(keys, sort=True)["loss"].mean() for side in (left, right)]
    difference = (folds[0] - folds[1]).dropna()
    n_folds = left["fold"].nunique()
    if len(difference) < 2 or n_folds < 2:
        return []
    test = corrected_resampled_t(difference.to_numpy(), test_share=1 / (n_folds - 1))
    reach = test.se * float(t.ppf(0.975, len(difference) - 1))
    rest = {name: value for name, value in base.items() if name != "metric"}
    return [
        metric_row(
            "comparison",
            base["metric"],
            test.mean,
            reason=RESAMPLED_T,
            **rest,
            se=test.se,
            ci_low=test.mean - reach,
            ci_high=test.mean + reach,
            p_value=test.p_value,
            chance=0.0,
            n_participants=left["participant"].nunique(),
        )
    ]
