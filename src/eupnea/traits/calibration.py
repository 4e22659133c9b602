"""How often what was said to be probable was true."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.evidence.intervals import binomial_interval
from eupnea.traits.outputs import Output
from eupnea.traits.task import Task

BINS = 5
"""Groups of people with like probabilities."""


def calibration_curve(task: Task, output: Output) -> pd.DataFrame:
    """Give the share of the positive class in groups of observations sorted by their predicted probability.

    Parameters
    ----------
    task, output
        The task, and its headline predictions; nothing is given unless there are two classes.
    """
    if task.target.kind != "binary":
        return pd.DataFrame()
    order = np.argsort(output.probability[:, 0], kind="stable")
    rows = []
    for part in np.array_split(order, BINS):
        if not len(part):
            continue
        interval = binomial_interval(float(task.y[part].sum()), len(part))
        rows.append(
            {
                "curve": "calibration",
                **{key: task.columns[key] for key in ("target", "level", "modality")},
                "model": output.model,
                "metric": "share",
                "x": float(output.probability[part, 0].mean()),
                "y": interval.estimate,
                "y_low": interval.low,
                "y_high": interval.high,
                "n_participants": float(np.unique(task.design.people[part]).size),
            }
        )
    return pd.DataFrame(rows)
