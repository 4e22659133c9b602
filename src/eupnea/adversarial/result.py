"""What an adversarial analysis hands over, and the curves that figures are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from eupnea.evidence.metrics import MetricRow, metrics_frame
from eupnea.io.contract import ADVERSARIAL_PREDICTIONS

CURVE_COLUMNS = {
    "analysis": "str",
    "curve": "str",
    "target": "str",
    "modality": "str",
    "model": "str",
    "comparator": "str",
    "feature": "str",
    "norm": "str",
    "epsilon": "float64",
    "attack": "str",
    "attack_is_exact": "bool",
    "nuisance": "str",
    "strength": "float64",
    "metric": "str",
    "value": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "chance": "float64",
    "n_participants": "float64",
}
"""Columns of the curves: ``curve`` is robustness, transfer, features or invariance; the others as in the metrics."""


@dataclass(frozen=True, slots=True)
class AdversarialResult:
    """Tables of one analysis.

    Attributes
    ----------
    predictions
        Contract of adversarial predictions.
    metrics
        Contract of metrics, analysis ``adversarial`` or ``invariance``.
    curves
        One row per point of a curve; columns as in `CURVE_COLUMNS`.
    """

    predictions: pd.DataFrame
    metrics: pd.DataFrame
    curves: pd.DataFrame


def make_result(predictions: pd.DataFrame | None, rows: list[MetricRow], curves: list[MetricRow]) -> AdversarialResult:
    """Bring predictions, rows of metrics and points of curves into their columns."""
    conformed = ADVERSARIAL_PREDICTIONS.empty() if predictions is None else ADVERSARIAL_PREDICTIONS.conform(predictions)
    return AdversarialResult(conformed, metrics_frame(rows), curves_frame(curves))


def curve_point(curve: str, row: MetricRow, *, is_exact: bool = True) -> MetricRow:
    """Return a row of metrics as a point of a curve; `is_exact` is false where the attack is a lower bound."""
    kept = {name: row[name] for name in CURVE_COLUMNS if name in row}
    return {**kept, "curve": curve, "attack_is_exact": is_exact}


def curves_frame(points: list[MetricRow]) -> pd.DataFrame:
    """Turn points into a table with every column of the curves."""
    frame = pd.DataFrame(points, index=range(len(points)))
    columns = {}
    for name, kind in CURVE_COLUMNS.items():
        values = frame[name] if name in frame.columns else pd.Series(None, index=frame.index, dtype=object)
        if kind == "str":
            columns[name] = values.astype("str").where(values.notna(), "")
        elif kind == "bool":
            columns[name] = values.astype(object).eq(True)
        else:
            columns[name] = values.astype(float)
    return pd.DataFrame(columns, index=frame.index)
