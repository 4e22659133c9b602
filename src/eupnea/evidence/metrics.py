"""Rows of the metrics table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eupnea.io.contract import METRICS

MetricRow = dict[str, Any]

DUST = 1e-13
"""Differences below this are zero but for rounding: importances, losses and differences of shares are far larger."""

OWN_UNITS = ("reliability", "mixed_model")
"""Analyses with numbers in units of a feature, which may be as small as they like."""


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
    """Turn rows into a table with every column of the contract; numbers that are rounding dust become zero."""
    if not rows:
        return METRICS.empty()
    frame = METRICS.conform(pd.DataFrame(rows))
    for name in ("value", "se", "ci_low", "ci_high", "chance"):
        is_dust = (frame[name].abs() < DUST) & ~frame["analysis"].isin(OWN_UNITS)
        frame[name] = frame[name].mask(is_dust, 0.0)
    return frame
