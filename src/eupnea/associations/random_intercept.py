"""Random-intercept models of many features at once, by restricted maximum likelihood in closed form.

For y = Xβ + b_person + e the covariance of a person with n_i rows is σ² (I + θ J), with inverse (I - c_i J) / σ² and
c_i = θ / (1 + n_i θ). Everything the likelihood needs are X'X, X'y, y'y and the sums of each person, so that
all features are profiled over θ together.

References
----------
Laird & Ware (1982), Biometrics 38:963. Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, §2.
Bell & McCaffrey (2002), Surv Methodol 28:169 (leave-one-person-out variance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LOG_RATIO_RANGE = (-14.0, 10.0)
"""Natural logarithms of θ = between / residual variance that are searched; below it the ratio is 0."""

GRID = 49
"""Points of the first search: two per unit."""

GOLDEN_STEPS = 60
"""Steps of the golden section that follows: they shrink the bracket to rounding."""


@dataclass(frozen=True, slots=True)
class RandomIntercept:
    """Fit of q features.

    Attributes
    ----------
    beta
        Shape (q, p).
    se_model, se_robust
        Shape (q, p): standard errors under the model, and from leaving out one person at a time, which holds whatever
        the correlation of a person's rows is.
    ratio, residual_variance, person_variance
        Shape (q,): θ, σ², θσ².
    log_likelihood
        Shape (q,): restricted log-likelihood with its constants.
    residuals
        Shape (n, q): y - Xβ - b.
    """

    beta: FloatArray
    se_model: FloatArray
    se_robust: FloatArray
    ratio: FloatArray
    residual_variance: FloatArray
    person_variance: FloatArray
    log_likelihood: FloatArray
    residuals: FloatArray


@dataclass(frozen=True, slots=True)
class _Sums:
    n: int
    counts: FloatArray
    xx: FloatArray
    xy: FloatArray
    yy: FloatArray
    sx: FloatArray
    sy: FloatArray


def fit_random_intercept(x: FloatArray, y: FloatArray, people: NDArray[np.intp]) -> RandomIntercept:
    """Fit y ~ x + (1 | person) for every column of y.

    Parameters
    ----------
    x
        Shape (n, p), of full column rank, with its intercept.
    y
        Shape (n, q), no missing values.
    people
        Shape (n,): person of each row, 0 ... G - 1.

    Returns
    -------
    RandomIntercept
    """
    centre, scale = y.mean(axis=0), y.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    z = (y - centre) / scale
    sums = _sums(x, z, people)
    ratio = _best_ratio(sums)
    beta, sigma2, information, log_likelihood = _profile(sums, ratio)
    se_model = np.sqrt(sigma2[:, None] * np.diagonal(np.linalg.inv(information), axis1=1, axis2=2))
    se_robust = _left_out_se(x, z, people, sums, ratio, beta)
    residuals = z - x @ beta.T
    totals = _by_person(residuals, people, len(sums.counts))
    shrunk = ratio / (1 + sums.counts[:, None] * ratio) * totals
    beta = beta * scale[:, None]
    beta = beta + np.linalg.lstsq(x, np.ones(len(x)), rcond=None)[0] * centre[:, None]
    return RandomIntercept(
        beta,
        se_model * scale[:, None],
        se_robust * scale[:, None],
        ratio,
        sigma2 * scale**2,
        ratio * sigma2 * scale**2,
        log_likelihood - (len(x) - x.shape[1]) * np.log(scale),
        (residuals - shrunk[people]) * scale,
    )


def _sums(x: FloatArray, y: FloatArray, people: NDArray[np.intp]) -> _Sums:
    n_people = int(people.max()) + 1
    return _Sums(
        len(x),
        np.bincount(people, minlength=n_people).astype(float),
        x.T @ x,
        x.T @ y,
        (y**2).sum(axis=0),
        _by_person(x, people, n_people),
        _by_person(y, people, n_people),
    )


def _by_person(values: FloatArray, people: NDArray[np.intp], n_people: int) -> FloatArray:
    order = np.argsort(people, kind="stable")
    starts = np.searchsorted(people[order], np.arange(n_people))
    return np.add.reduceat(values[order], starts, axis=0)


def _profile(sums: _Sums, ratio: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give β, σ², X'V⁻¹X (without σ²) and the restricted log-likelihood at θ, for every feature."""
    n_free = sums.n - sums.xx.shape[0]
    c = ratio[:, None] / (1 + ratio[:, None] * sums.counts)
    information, right = _normal_equations(sums, c)
    total = sums.yy - np.einsum("qg,gq->q", c, sums.sy**2)
    beta = np.asarray(np.linalg.solve(information, right[..., None])[..., 0], dtype=np.float64)
    sigma2 = np.maximum(total - np.einsum("qa,qa->q", beta, right), 1e-300) / n_free
    log_det = np.log1p(ratio[:, None] * sums.counts).sum(axis=1) + np.linalg.slogdet(information)[1]
    log_likelihood = np.asarray(-0.5 * (n_free * (np.log(2 * np.pi * sigma2) + 1) + log_det))
    return beta, np.asarray(sigma2), information, log_likelihood


def _best_ratio(sums: _Sums) -> FloatArray:
    n_features = sums.xy.shape[1]
    grid = np.linspace(*LOG_RATIO_RANGE, GRID)
    table = np.stack([_profile(sums, np.full(n_features, np.exp(point)))[3] for point in grid])
    best = np.clip(table.argmax(axis=0), 1, GRID - 2)
    low, high = grid[best - 1], grid[best + 1]
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(GOLDEN_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        better_left = _profile(sums, np.exp(left))[3] >= _profile(sums, np.exp(right))[3]
        high, low = np.where(better_left, right, high), np.where(better_left, low, left)
    ratio = np.exp((low + high) / 2)
    nothing = np.zeros(n_features)
    return np.where(_profile(sums, nothing)[3] >= _profile(sums, ratio)[3], nothing, ratio)


def _left_out_se(
    x: FloatArray, y: FloatArray, people: NDArray[np.intp], sums: _Sums, ratio: FloatArray, beta: FloatArray
) -> FloatArray:
    """Give the jackknife standard errors over people, θ held: shape (q, p)."""
    n_people = len(sums.counts)
    c = ratio[:, None] / (1 + ratio[:, None] * sums.counts)
    information, right = _normal_equations(sums, c)
    squares = np.zeros_like(beta)
    for person in range(n_people):
        rows = people == person
        own = c[:, person]
        outer = np.outer(sums.sx[person], sums.sx[person])
        left_information = information - x[rows].T @ x[rows] + own[:, None, None] * outer
        left_right = right - (x[rows].T @ y[rows]).T + own[:, None] * np.outer(sums.sy[person], sums.sx[person])
        left_beta = np.einsum("qab,qb->qa", np.linalg.pinv(left_information, hermitian=True), left_right)
        squares += (left_beta - beta) ** 2
    return np.sqrt((n_people - 1) / n_people * squares)


def _normal_equations(sums: _Sums, c: FloatArray) -> tuple[FloatArray, FloatArray]:
    outer = np.einsum("ga,gb->gab", sums.sx, sums.sx)
    information = sums.xx - np.tensordot(c, outer, axes=1)
    return information, sums.xy.T - np.einsum("qg,ga,gq->qa", c, sums.sx, sums.sy, optimize=True)
