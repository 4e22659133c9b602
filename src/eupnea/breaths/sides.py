"""Two paths of air recorded at once: left and right nostril, nose and mouth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eupnea.errors import InputError
from eupnea.signals.presets import RESPIRATION_HZ

Floats = NDArray[np.float64]

WINDOW_S = 60.0
"""Stretch that one value is told for, s: many breaths, short against the nasal cycle (hours)."""
MIN_VALID_SHARE = 0.5
"""Windows with fewer valid samples than this share have no value."""
SIDES = {"laterality": ("nasal_left", "nasal_right"), "oral_share": ("nasal", "oral")}
"""Sites of the first and the second path of each measure."""


def share_of_second(
    first: ArrayLike,
    second: ArrayLike,
    sampling_hz: float,
    *,
    is_valid: ArrayLike | None = None,
    window_s: float = WINDOW_S,
) -> Floats:
    """Return the share of ventilation that takes the second path, window by window.

    Parameters
    ----------
    first, second
        Shape (n,): flow on either path, inspiration up, with the same gain.
    sampling_hz
        Their rate, Hz.
    is_valid
        Shape (n,): samples that are believed; all finite ones by default.
    window_s
        Length of the windows, s; a rest at the end is left out.

    Returns
    -------
    ndarray
        Shape (k,), 0 to 1; NaN where too little is valid or nothing flows.

    Notes
    -----
    The share is cov(second, total) / var(total): what the second path contributes to the total flow. Noise of a path
    without flow does not count as flow, as it would in a ratio of amplitudes.
    """
    flows = np.stack([np.asarray(first, dtype=float), np.asarray(second, dtype=float)])
    valid = np.isfinite(flows).all(axis=0)
    if is_valid is not None:
        valid &= np.asarray(is_valid, dtype=bool)
    size = int(window_s * sampling_hz)
    n_windows = valid.size // size
    weight = valid[: n_windows * size].reshape(n_windows, size)
    cut = np.where(valid, flows, 0.0)[:, : n_windows * size].reshape(2, n_windows, size)
    count = np.maximum(weight.sum(axis=1), 1)
    centred = (cut - (cut.sum(axis=2) / count)[:, :, None]) * weight
    total = centred.sum(axis=0)
    power = (total**2).sum(axis=1)
    shared = (centred[1] * total).sum(axis=1)
    share = np.divide(shared, power, out=np.full(n_windows, np.nan), where=power > 0)
    return np.where(weight.mean(axis=1) >= MIN_VALID_SHARE, np.clip(share, 0, 1), np.nan)


def sides_over_time(
    respiration: pd.DataFrame, channels: pd.DataFrame, measure: str, *, window_s: float = WINDOW_S
) -> pd.DataFrame:
    """Return the laterality of the nostrils, or the oral share of ventilation, over time.

    Parameters
    ----------
    respiration, channels
        Rows in the contracts RESPIRATION and CHANNELS.
    measure
        ``laterality``: (right - left) / (right + left), -1 to 1. ``oral_share``: mouth / (mouth + nose), 0 to 1.
    window_s
        Length of the windows, s.

    Returns
    -------
    DataFrame
        Columns recording, start_s, window_s, value; no rows for recordings without both sites of one kind.

    Raises
    ------
    InputError
        The measure is another one.
    """
    if measure not in SIDES:
        raise InputError("Unknown measure", where="measure", found=measure, allowed=", ".join(SIDES))
    rows = []
    used = channels[channels["status"] == "used"]
    for recording, mine in used.groupby("recording", sort=False):
        pair = [mine[mine["site"] == site] for site in SIDES[measure]]
        if any(len(side) == 0 for side in pair) or pair[0]["kind"].iloc[0] != pair[1]["kind"].iloc[0]:
            continue
        signals = [
            respiration[(respiration["recording"] == recording) & (respiration["signal"] == side["signal"].iloc[0])]
            for side in pair
        ]
        both = signals[0].merge(signals[1], on="time_s", suffixes=("_first", "_second"))
        share = share_of_second(
            both["breathing_first"],
            both["breathing_second"],
            RESPIRATION_HZ,
            is_valid=both["is_valid_first"] & both["is_valid_second"],
            window_s=window_s,
        )
        start = (both["time_s"].iloc[0] if len(both) else 0.0) + window_s * np.arange(share.size)
        value = 2 * share - 1 if measure == "laterality" else share
        rows.append(pd.DataFrame({"recording": recording, "start_s": start, "window_s": window_s, "value": value}))
    return (
        pd.concat(rows, ignore_index=True)
        if rows
        else pd.DataFrame(columns=["recording", "start_s", "window_s", "value"])
    )
