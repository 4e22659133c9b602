"""tsfresh as the oracle, and what it means to agree with it."""

from __future__ import annotations

import numpy as np
import pandas as pd

RELATIVE = 1e-9
"""Largest relative deviation from tsfresh."""

ROUNDING = 1e-13
"""Share of a column's largest magnitude below which a value is rounding (a mean of zero, a phase of zero)."""


def by_tsfresh(windows: np.ndarray, settings: object) -> pd.DataFrame:
    """Let tsfresh compute the features, and drop the name of the series from its columns."""
    from tsfresh import extract_features

    n_windows, n_samples = windows.shape
    frame = pd.DataFrame({"id": np.repeat(np.arange(n_windows), n_samples), "value": windows.ravel()})
    found = extract_features(
        frame,
        column_id="id",
        column_value="value",
        default_fc_parameters=settings,
        n_jobs=0,
        disable_progressbar=True,
    )
    return found.rename(columns=lambda name: name.split("__", 1)[1])


def deviating(ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, float]:
    """Give the columns that deviate, with their largest relative deviation."""
    assert list(ours) == list(theirs), "names or order of the columns differ"
    a, b = ours.to_numpy(), theirs.to_numpy()
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.abs(a), np.abs(b))
        scale = np.where(np.isfinite(b), np.abs(b), 0).max(axis=0)
        apart = ~same & ~(np.abs(a - b) <= RELATIVE * size + ROUNDING * scale)
        relative = np.where(apart, np.abs(a - b) / size, 0)
    columns = np.flatnonzero(apart.any(axis=0))
    return {ours.columns[column]: float(np.nan_to_num(relative[:, column], nan=np.inf).max()) for column in columns}


def breathing(n_windows: int, n_samples: int, *, seed: int) -> np.ndarray:
    """Simulate a minute of breathing per window."""
    rng = np.random.default_rng(seed)
    minute = np.linspace(0, 1, n_samples, endpoint=False)
    phase = rng.uniform(0, 2 * np.pi, (n_windows, 1))
    drift = np.cumsum(rng.standard_normal((n_windows, n_samples)), axis=1) / np.sqrt(n_samples)
    return np.sin(2 * np.pi * 15 * minute + phase) + 0.3 * drift + 0.2 * rng.standard_normal((n_windows, n_samples))
