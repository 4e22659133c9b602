"""Rows of the metrics table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eupnea.io.contract import METRICS

MetricRow = dict[str, Any]


def metric_row(analysis: str, metric: str, value: float, **columns: object) -> MetricRow:
    """Make one row of ``metrics.tsv``.

    Parameters
    ----------
    analysis, metric, value
        What every row has.
    **columns
        Any other column of the contract; a column left out is empty.

    Raises
    ------
    TypeError
        A column is not in the contract.
    """
    unknown = set(columns) - set(METRICS.column_names)
    if unknown:
        message = f"not columns of metrics.tsv: {', '.join(sorted(unknown))}"
        raise TypeError(message)
    return {"analysis": analysis, "metric": metric, "value": value, "status": "ok", **columns}


def missing_row(
    analysis: str, metric: str, reason: str, *, status: str = "not_answerable", **columns: object
) -> MetricRow:
    """Make a row for a number that the dataset cannot answer or support, with its reason."""
    return metric_row(analysis, metric, float("nan"), **columns) | {"status": status, "reason": reason}


def metrics_frame(rows: list[MetricRow]) -> pd.DataFrame:
    """Turn rows into a table with every column of the contract."""
    return METRICS.conform(pd.DataFrame(rows)) if rows else METRICS.empty()
