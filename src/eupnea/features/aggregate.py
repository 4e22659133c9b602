"""One row per participant from many windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eupnea.errors import InputError

STATISTICS = ("mean", "sd", "median", "q10", "q25", "q75", "q90")
"""What windows can be reduced to."""


def aggregate_windows(
    windows: pd.DataFrame, columns: Sequence[str], *, statistics: Sequence[str] = ("mean", "sd")
) -> pd.DataFrame:
    """Reduce the windows of each participant to one row.

    Parameters
    ----------
    windows
        Rows in the contract WINDOWS, of one length.
    columns
        Features.
    statistics
        Any of `STATISTICS`; missing windows do not count, ``sd`` needs two.

    Returns
    -------
    DataFrame
        Index ``participant`` (sorted); columns ``<feature>|<statistic>``, feature by feature.

    Raises
    ------
    InputError
        A statistic is not known.
    """
    unknown = [name for name in statistics if name not in STATISTICS]
    if unknown:
        raise InputError(
            "Unknown statistic", where="statistics", found=", ".join(unknown), allowed=", ".join(STATISTICS)
        )
    names = list(columns)
    values = windows[names].astype(float).replace([np.inf, -np.inf], np.nan)
    grouped = values.groupby(windows["participant"].astype("str"), sort=True)
    tables = {statistic: _reduced(grouped, statistic) for statistic in statistics}
    parts = {f"{name}|{statistic}": tables[statistic][name] for name in names for statistic in statistics}
    return pd.DataFrame(
        parts, index=pd.Index(sorted(windows["participant"].astype("str").unique()), name="participant")
    )


def _reduced(grouped: object, statistic: str) -> pd.DataFrame:
    if statistic.startswith("q"):
        return grouped.quantile(int(statistic[1:]) / 100)  # type: ignore[attr-defined]
    method = {"mean": "mean", "sd": "std", "median": "median"}[statistic]
    return getattr(grouped, method)()
