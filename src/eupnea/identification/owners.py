"""Probes dealt out anew among the people of their run: what fused scores would reach if they were nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from eupnea.compiled import JIT

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def owners_permuted(
    table: pd.DataFrame, blocks: pd.Series, *, n_draws: int, seed: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw rank-1 of recordings (mean over people) and EER with the probes' owners permuted inside fold and block.

    Parameters
    ----------
    table
        Comparisons of one protocol: every probe recording with every enrolled person.
    blocks
        Recording → its session, mode, task and run: probes change owners among each other there.
    n_draws, seed
        Draws and the seed of their generator.

    Returns
    -------
    rank1, eer
        Shape (n_draws,).
    """
    wide = table.pivot_table(index=["fold", "recording", "probe_participant"], columns="claimed", values="score")
    score = wide.to_numpy()
    people = {name: i for i, name in enumerate(wide.columns)}
    probes = wide.index.to_frame(index=False)
    owner = probes["probe_participant"].map(people).to_numpy()
    inside = probes["fold"] + "|" + blocks.reindex(probes["recording"]).to_numpy()
    groups = [np.asarray(rows) for rows in inside.groupby(inside).groups.values()]
    is_best = score == np.nanmax(score, axis=1, keepdims=True)
    ordered = np.sort(score[np.isfinite(score)])
    place = np.where(np.isfinite(score), np.searchsorted(ordered, score), -1)
    starts = np.append(np.flatnonzero(np.diff(ordered, prepend=-np.inf) > 0), ordered.size)
    probe, rng = np.arange(len(owner)), np.random.default_rng(seed)
    rank1, eer = np.empty(n_draws), np.empty(n_draws)
    for draw in range(n_draws):
        dealt = owner.copy()
        for rows in groups:
            dealt[rows] = rng.permutation(owner[rows])
        hits = np.bincount(dealt, weights=is_best[probe, dealt], minlength=len(people))
        counts = np.bincount(dealt, minlength=len(people))
        rank1[draw] = np.mean((hits / np.maximum(counts, 1))[counts > 0])
        own = place[probe, dealt]
        eer[draw] = equal_error_rate_of_places(np.sort(own[own >= 0]), starts)
    return rank1, eer


@numba.njit(**JIT)
def equal_error_rate_of_places(own: Any, starts: Any) -> float:
    """Return the equal error rate of comparisons that are in order already; see `error_rates.equal_error_rate`.

    Parameters
    ----------
    own
        Shape (m,): at how many comparisons each genuine one is above, in rising order.
    starts
        Where each score stands first among all comparisons, in rising order, and their number.
    """
    n_own, n_others = own.size, starts[-1] - own.size
    if n_own == 0 or n_others == 0:
        return np.nan
    low, high = 0, starts.size - 1  # at the last threshold nothing matches: the rates have crossed
    while low < high:
        middle = (low + high) // 2
        fnmr, fmr = _rates_at(own, starts[middle], n_own, n_others)
        if fnmr - fmr >= 0:
            high = middle
        else:
            low = middle + 1
    fnmr, fmr = _rates_at(own, starts[high], n_own, n_others)
    before_fnmr, before = _rates_at(own, starts[max(high - 1, 0)], n_own, n_others)
    gap_before = before_fnmr - before
    rise = fnmr - fmr - gap_before
    return float(before + (-gap_before / rise if rise > 0 else 0.0) * (fmr - before))


@numba.njit(**JIT)
def _rates_at(own: Any, threshold: int, n_own: int, n_others: int) -> tuple[float, float]:
    below_own = np.searchsorted(own, threshold)
    return below_own / n_own, 1.0 - (threshold - below_own) / n_others
