"""Drift of a Langevin model: a polynomial through the mean change at each level of the signal.

References
----------
Friedrich et al. (2000), Phys Lett A 271:217.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.kernels import kernel
from eupnea.features.timeseries.moments import interpolated, places_in_pandas
from eupnea.features.timeseries.registry import Parameters, Partial, calculator

INDEPENDENT = 1e-6
"""Norm of what is new in a power of the level below which the polynomial is left to tsfresh's singular values."""

STEADY_ROOT = 1e-10
"""Relative error of a root, from the condition of polynomial and root, above which it is left to tsfresh."""


def _level_bounds(block: Block, n_levels: int) -> Floats:
    """Return the quantiles that part all samples but the last into levels, shape (windows, levels + 1)."""
    places = places_in_pandas(block.n_samples - 1, n_levels)
    return interpolated(_without_last(block.ordered, block.x[:, -1]), places)


@kernel
def _without_last(ordered: Floats, last: Floats) -> Floats:
    """Take one sample per window out of the sorted windows."""
    kept = np.empty((ordered.shape[0], ordered.shape[1] - 1))
    for row in range(ordered.shape[0]):
        gone = np.searchsorted(ordered[row], last[row])
        kept[row, :gone] = ordered[row, :gone]
        kept[row, gone:] = ordered[row, gone + 1 :]
    return kept


@kernel
def _add_exactly(sums: Floats, lost: Floats, place: int, value: float) -> None:
    """Add with Kahan's correction, as pandas does when it averages groups."""
    corrected = value - lost[place]
    total = sums[place] + corrected
    lost[place] = total - sums[place] - corrected
    sums[place] = total


@kernel
def _level_means(x: Floats, bounds: Floats) -> tuple[Floats, Floats]:
    """Average level and next change of the samples between neighbouring bounds; empty levels are left out."""
    n_levels = bounds.size - 1
    level, level_lost = np.zeros(n_levels), np.zeros(n_levels)
    drift, drift_lost = np.zeros(n_levels), np.zeros(n_levels)
    count = np.zeros(n_levels)
    for sample in range(x.size - 1):
        value, place = x[sample], -1
        for bound in bounds:
            place += bound < value
        place = max(place, 0)
        count[place] += 1
        _add_exactly(level, level_lost, place, value)
        _add_exactly(drift, drift_lost, place, x[sample + 1] - value)
    full = count > 0
    return level[full] / count[full], drift[full] / count[full]


@kernel
def _fit_polynomial(level: Floats, drift: Floats, degree: int) -> tuple[Floats, float]:
    """Fit by Householder reflections on unit columns, highest power first; also give the smallest new norm."""
    n_rows, n_terms = level.size, degree + 1
    table = np.empty((n_rows, n_terms + 1))
    scale, smallest = np.empty(n_terms), 1.0
    table[:, degree] = 1.0
    for power in range(1, n_terms):
        table[:, degree - power] = table[:, degree - power + 1] * level
    table[:, n_terms] = drift
    for term in range(n_terms):
        scale[term] = math.sqrt((table[:, term] ** 2).sum())
        table[:, term] /= scale[term]
    for term in range(n_terms):
        norm = math.sqrt((table[term:, term] ** 2).sum())
        smallest = min(smallest, norm)
        mirror = table[term:, term].copy()
        mirror[0] += norm if mirror[0] > 0 else -norm
        length = (mirror * mirror).sum()
        if length == 0:
            return np.full(n_terms, np.nan), 0.0
        for column in range(term, n_terms + 1):
            share = 2 * (mirror * table[term:, column]).sum() / length
            table[term:, column] -= share * mirror
    solution = np.empty(n_terms)
    for term in range(n_terms - 1, -1, -1):
        rest = table[term, n_terms]
        for later in range(term + 1, n_terms):
            rest -= table[term, later] * solution[later]
        solution[term] = rest / table[term, term]
    return solution / scale, smallest


@kernel
def _drift_polynomials(x: Floats, bounds: Floats, degree: int) -> tuple[Floats, Floats]:
    """Fit every window; NaN where levels coincide, and the smallest new norm (1 there, 0 with too few levels)."""
    found, independence = np.full((x.shape[0], degree + 1), np.nan), np.ones(x.shape[0])
    for row in range(x.shape[0]):
        if not (bounds[row, 1:] > bounds[row, :-1]).all():
            continue
        level, drift = _level_means(x[row], bounds[row])
        independence[row] = 0.0
        if level.size > degree:
            found[row], independence[row] = _fit_polynomial(level, drift, degree)
    return found, independence


def _polynomials(block: Block, degree: int, n_levels: int) -> tuple[Floats, Floats]:
    known = block.__dict__.setdefault("drift_polynomials", {})
    if (degree, n_levels) not in known:
        known[degree, n_levels] = _drift_polynomials(block.x, _level_bounds(block, n_levels), degree)
    return known[degree, n_levels]


def _is_model(request: Parameters, n_samples: int) -> bool:
    return isinstance(request["r"], int) and 1 < request["r"] < n_samples and 0 < request["m"] < request["r"]


@calculator("friedrich_coefficients", "coeff", "m", "r", accepts=lambda r, n: _is_model(r, n) and r["coeff"] >= 0)
def _friedrich_coefficients(block: Block, requests: Sequence[Parameters]) -> Partial:
    values = np.full((block.n_windows, len(requests)), np.nan)
    unsure = np.zeros(block.n_windows, dtype=np.bool_)
    for column, request in enumerate(requests):
        found, independence = _polynomials(block, request["m"], request["r"])
        if request["coeff"] <= request["m"]:
            values[:, column] = found[:, request["coeff"]]
        unsure |= independence < INDEPENDENT
    return Partial(values, unsure)


def _largest_root(coefficients: Floats) -> tuple[Floats, Floats]:
    """Return the largest real part among each polynomial's roots, and how much the roots magnify errors."""
    degree = coefficients.shape[1] - 1
    companion = np.zeros((len(coefficients), degree, degree))
    companion[:, np.arange(1, degree), np.arange(degree - 1)] = 1.0
    companion[:, 0] = -coefficients[:, 1:] / coefficients[:, :1]
    roots = np.linalg.eigvals(companion)
    powers = np.arange(degree, -1, -1)
    size = np.abs(roots)[..., None] ** powers @ np.abs(coefficients)[..., None]
    slope = roots[..., None] ** (powers[:-1] - 1) @ (coefficients[:, :-1] * powers[:-1])[..., None]
    magnified = size[..., 0] / np.abs(slope[..., 0]) / np.abs(roots)
    return roots.real.max(axis=1), magnified.max(axis=1)


@calculator("max_langevin_fixed_point", "m", "r", accepts=_is_model)
def _max_langevin_fixed_point(block: Block, requests: Sequence[Parameters]) -> Partial:
    values = np.full((block.n_windows, len(requests)), np.nan)
    unsure = np.zeros(block.n_windows, dtype=np.bool_)
    for column, request in enumerate(requests):
        found, independence = _polynomials(block, request["m"], request["r"])
        defined: NDArray[np.intp] = np.flatnonzero(np.isfinite(found).all(axis=1) & (found != 0).all(axis=1))
        magnified = np.zeros(block.n_windows)
        if defined.size:
            values[defined, column], magnified[defined] = _largest_root(found[defined])
        error = magnified * np.finfo(np.float64).eps / independence
        unsure |= (independence < INDEPENDENT) | ~(error < STEADY_ROOT) | (found == 0).any(axis=1)
    return Partial(values, unsure)
