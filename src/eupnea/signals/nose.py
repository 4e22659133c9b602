"""The flow of the whole nose from the flow of its two nostrils."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.signals.quality import judge

if TYPE_CHECKING:
    from eupnea.config.signals import QualityConfig

WORSE = ("clipped_share", "gap_share", "motion_share")


def sum_of_flows(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Add the flow of both nostrils.

    Parameters
    ----------
    left, right
        Cleaned flow, in the columns of the contract RESPIRATION.

    Returns
    -------
    DataFrame
        The same columns at the times that both have; valid where both are.
    """
    both = left.merge(right, on="time_s", suffixes=("", "_right"), validate="one_to_one")
    bands = {name: both[name] + both[f"{name}_right"] for name in ("detection", "breathing", "above")}
    return both[["time_s"]].assign(**bands, is_valid=both["is_valid"] & both["is_valid_right"])


def quality_of_sum(left: pd.DataFrame, right: pd.DataFrame, config: QualityConfig) -> pd.DataFrame:
    """Judge the sum of two signals from what is known of each.

    What is missing, clipped or moved in one is so in the sum; the sum is flat where both are; of noise and of power out
    of the band it has what both have together, so that a closed nostril does no harm.

    Parameters
    ----------
    left, right
        Epochs of each, in the columns of the contract QUALITY.
    config
        What epochs may hold.
    """
    left, right = _at_the_same_time(left, right, config.epoch_s)
    power = [one["scale_au"].fillna(0.0) ** 2 for one in (left, right)]
    weight = [one / (power[0] + power[1]).replace(0.0, np.nan) for one in power]
    beyond = [share * one["out_of_band_share"].fillna(0.0) for share, one in zip(weight, (left, right), strict=True)]
    told = {name: np.fmax(left[name], right[name]) for name in WORSE}
    told |= {name: np.hypot(left[name], right[name]) for name in ("scale_au", "noise_au")}
    told |= {"flat_share": np.fmin(left["flat_share"], right["flat_share"]), "out_of_band_share": beyond[0] + beyond[1]}
    told |= {"offset_au": left["offset_au"] + right["offset_au"]}
    told |= {"quantisation_au": np.fmin(left["quantisation_au"], right["quantisation_au"])}
    return judge(left.assign(**told), config)


def _at_the_same_time(left: pd.DataFrame, right: pd.DataFrame, epoch_s: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the epochs of the left that the right has too, and the nearest of the right: their clocks may differ."""
    if left.empty or right.empty:
        return left.head(0), right.head(0)
    starts = right["start_s"].to_numpy(dtype=float)
    own = left["start_s"].to_numpy(dtype=float)
    nearest = np.searchsorted((starts[1:] + starts[:-1]) / 2, own)
    both = np.abs(own - starts[nearest]) <= epoch_s / 2
    return left[both].reset_index(drop=True), right.iloc[nearest[both]].reset_index(drop=True)
