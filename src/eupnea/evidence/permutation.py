"""P-values from permutations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

EXACT_UP_TO = 15
"""Pairs up to which a paired test goes through all sign patterns (2^15 = 32768) instead of drawing some."""


SIGNS_HELD = 1000
"""Random sign patterns worked on at once: what stays in the processor's cache is faster. Even: see `_some_sums`."""


class PermutationTest(NamedTuple):
    """Outcome of a permutation test: p-value, draws behind it, mean and standard deviation of the null."""

    p_value: float
    n_permutations: int
    chance: float
    chance_sd: float


def permutation_p(observed: float, null: ArrayLike, *, greater_is_better: bool = True) -> float:
    """Return the one-sided permutation p-value, (1 + #{T_b >= T}) / (1 + B).

    Parameters
    ----------
    observed
        The statistic on the real assignment.
    null
        Shape (B,): the statistic under each random assignment. Missing values are dropped.
    greater_is_better
        False for errors, where small values are the extreme ones.

    Returns
    -------
    float
        NaN when `observed` or the whole null is missing.

    References
    ----------
    Phipson & Smyth (2010), Stat Appl Genet Mol Biol 9:39.
    """
    draws = np.asarray(null, dtype=float)
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(observed) or draws.size == 0:
        return float("nan")
    extreme = draws >= observed if greater_is_better else draws <= observed
    return float((1 + np.count_nonzero(extreme)) / (1 + draws.size))


def sequential_p(
    observed: float,
    draw: Callable[[int], float],
    *,
    max_draws: int = 1000,
    stop_after: int = 20,
    greater_is_better: bool = True,
) -> PermutationTest:
    """Draw permutations until enough of them are as extreme as the observed statistic.

    Parameters
    ----------
    observed
        The statistic on the real assignment.
    draw
        Takes the number of the draw (0, 1, …; seed it by that number) and gives the statistic of one permutation.
    max_draws
        Draws at most.
    stop_after
        Extreme draws h after which drawing stops with p = h / draws; else p = (1 + extreme) / (1 + draws).
    greater_is_better
        False for errors, where small values are the extreme ones.

    Returns
    -------
    PermutationTest
        The p-value is valid whatever the stopping.

    References
    ----------
    Besag & Clifford (1991), Biometrika 78:301.
    """
    if not np.isfinite(observed):
        return PermutationTest(float("nan"), 0, float("nan"), float("nan"))
    null: list[float] = []
    extreme = 0
    for value in map(draw, range(max_draws)):
        if not np.isfinite(value):
            continue
        null.append(value)
        extreme += value >= observed if greater_is_better else value <= observed
        if extreme >= stop_after:
            break
    if not null:
        return PermutationTest(float("nan"), 0, float("nan"), float("nan"))
    stopped_early = extreme >= stop_after and len(null) < max_draws
    p = extreme / len(null) if stopped_early else (1 + extreme) / (1 + len(null))
    return PermutationTest(float(p), len(null), float(np.mean(null)), float(np.std(null)))


def paired_sign_flip(
    differences: ArrayLike, *, n_permutations: int = 10_000, seed: int | Sequence[int], two_sided: bool = True
) -> PermutationTest:
    """Test whether paired differences of the same participants have mean zero, by flipping signs.

    Parameters
    ----------
    differences
        Shape (n,): one difference per participant; missing ones are dropped.
    n_permutations
        Random sign patterns; up to 15 participants all patterns are gone through and the p-value is exact.
    seed, two_sided
        Seed of the generator; whether both directions count.

    Returns
    -------
    PermutationTest
        NaN for fewer than two participants.
    """
    known = np.asarray(differences, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        return PermutationTest(float("nan"), 0, float("nan"), float("nan"))
    exact, observed = known.size <= EXACT_UP_TO, float(known.mean())
    null = (_all_signs(known.size) @ known if exact else _some_sums(known, n_permutations, seed)) / known.size
    tolerance = 1e-12 * float(np.abs(known).max(initial=0.0))
    extreme = np.abs(null) >= abs(observed) - tolerance if two_sided else null >= observed - tolerance
    p = extreme.mean() if exact else (1 + np.count_nonzero(extreme)) / (1 + null.size)
    return PermutationTest(float(p), int(null.size), float(null.mean()), float(null.std()))


def _all_signs(n: int) -> NDArray[np.float64]:
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)


def _some_sums(known: NDArray[np.float64], n_permutations: int, seed: int | Sequence[int]) -> NDArray[np.float64]:
    """Sum the differences under random signs: one bit of the raw stream each, those of ``integers(2)``."""
    stream = np.random.default_rng(seed).bit_generator
    minus, one = np.uint32(1 << 31), np.float32(1.0).view(np.uint32)
    sums = np.empty(n_permutations)
    for start in range(0, n_permutations, SIGNS_HELD):
        part = sums[start : start + SIGNS_HELD]
        raw = stream.random_raw((part.size * known.size + 1) // 2).astype("<u8", copy=False).view("<u4")
        signs = ((raw[: part.size * known.size] & minus) | one).view(np.float32)
        part[:] = signs.reshape(part.size, known.size).astype(float) @ known
    return sums
