"""Correct the headline's p-values for the whole family of modalities, protocols and window lengths."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.evidence.correction import benjamini_hochberg, max_t
from eupnea.identification.compare import FUSION
from eupnea.identification.evaluation import SELECTED

NULL_COLUMNS = ["protocol", "modality", "window_s", "metric", "k", "draws"]
KEYS = NULL_COLUMNS[:-1]
CELL, MATCHED = " -> ", "matched lengths"
"""How subsets are named: a cell of the matrix (enrolment -> probe), and rows of equal lengths."""

ERRORS = ("eer",)
"""Metrics whose small values are the extreme ones."""


def correct_family(metrics: pd.DataFrame, nulls: pd.DataFrame) -> pd.DataFrame:
    """Adjust the p-values of every metric by the maximum statistic over the tests that were permuted together.

    A draw deals the recordings of a block to its people in the same way in every modality, protocol and window length
    that uses the same recordings of it (else independently, which makes the correction stricter): the largest
    standardised statistic of a draw, over all of them, is what an observed one is held against.

    Parameters
    ----------
    metrics
        Rows of all modalities.
    nulls
        Draws behind the headline's p-values, of all modalities; columns `NULL_COLUMNS`.

    Returns
    -------
    metrics
        The same rows with ``p_adjusted`` and ``correction``.

    References
    ----------
    Westfall & Young (1993), Resampling-Based Multiple Testing.
    """
    metrics = metrics.copy()
    headline = metrics["analysis"].isin(["identification", "verification"]) & (metrics["model"] == SELECTED)
    headline &= metrics["p_value"].notna() & (metrics["control"] == "") & (metrics["correction"] == "")
    headline &= ~metrics["subset"].str.contains(CELL) & ~metrics["subset"].str.startswith(MATCHED)
    fused = metrics["level"] == "fused"
    keyed = metrics.assign(k=(metrics["probe_s"] / metrics["window_s"]).round().where(fused, 0).fillna(0).astype(int))
    for metric, family in nulls.groupby("metric", sort=True):
        rows = keyed.index[headline & (keyed["metric"] == metric)]
        draws = family.set_index(KEYS)["draws"].reindex(pd.MultiIndex.from_frame(keyed.loc[rows, KEYS]))
        known = draws.notna().to_numpy()
        rows, arrays = rows[known], [np.asarray(one, dtype=float) for one in draws[known]]
        if not arrays:
            continue
        sign = -1.0 if metric in ERRORS else 1.0
        adjusted = _adjusted(sign * metrics.loc[rows, "value"].to_numpy(dtype=float), [sign * one for one in arrays])
        metrics.loc[rows, "p_adjusted"] = np.maximum(adjusted, metrics.loc[rows, "p_value"])
        metrics.loc[rows, "correction"] = f"max-T, {len(rows)} tests: modalities, protocols and window lengths"
    return _correct_rest(metrics)


def _correct_rest(metrics: pd.DataFrame) -> pd.DataFrame:
    """Adjust the p-values of controls and of the matrix's cells for the false discovery rate, kind by kind."""
    rest = metrics["analysis"].isin(["identification", "verification"]) & metrics["model"].isin([SELECTED, FUSION])
    rest &= metrics["p_value"].notna() & (metrics["correction"] == "")
    kind = metrics["control"].mask(metrics["subset"].str.contains(CELL), "cells of the matrix")
    kind = kind.mask(metrics["subset"].str.startswith(MATCHED), MATCHED).str.replace("_", " ")
    for (metric, name), rows in metrics[rest].groupby([metrics["metric"], kind]).groups.items():
        metrics.loc[rows, "p_adjusted"] = benjamini_hochberg(metrics.loc[rows, "p_value"])
        metrics.loc[rows, "correction"] = f"Benjamini-Hochberg, {len(rows)} tests of {metric}: {name or 'score fusion'}"
    return metrics


def _adjusted(observed: np.ndarray, draws: list[np.ndarray]) -> np.ndarray:
    """Standardise each test by its own null, then compare with the maximum of each joint draw."""
    shortest = min(len(one) for one in draws)
    null = np.column_stack([one[:shortest] for one in draws])
    mean = np.array([np.nanmean(one) for one in draws])
    sd = np.array([np.nanstd(one) for one in draws])
    sd = np.where(sd > 0, sd, np.nan)
    return max_t((observed - mean) / sd, (null - mean) / sd)
