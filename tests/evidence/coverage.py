"""How often intervals hold the truth, in simulated cohorts."""

from __future__ import annotations

import numpy as np

from eupnea.evidence.intervals import Interval, bca_interval, proportion_interval
from eupnea.identification.error_rates import equal_error_rate, two_way_draws

CONCENTRATION = 3.0
"""Spread of people around the mean accuracy: Beta(m c, (1 − m) c); 3 is as wide as on real data."""


def accuracy_coverage(people: int, mean: float, *, cohorts: int, probes: int = 40, bca: bool = False, seed: int = 0):
    """Return the share of cohorts whose interval holds the mean accuracy of new people."""
    rng = np.random.default_rng(seed)
    held = 0
    for cohort in range(cohorts):
        skill = rng.beta(mean * CONCENTRATION, (1 - mean) * CONCENTRATION, people)
        shares = rng.binomial(probes, skill) / probes
        interval = bca_interval(shares, n_boot=1000, seed=cohort) if bca else proportion_interval(shares)
        held += bool(interval.low <= mean <= interval.high)
    return held / cohorts


def scores_of_cohort(rng: np.random.Generator, people: int, recordings: int = 4, distance: float = 2.5):
    """Draw scores with effects of the enrolled person, the probe person and their pair."""
    claimed, owner = np.meshgrid(np.arange(people), np.arange(people), indexing="ij")
    base = 0.4 * rng.normal(size=people)[claimed] + 0.4 * rng.normal(size=people)[owner]
    base = base + 0.5 * rng.normal(size=base.shape) + np.where(claimed == owner, distance, 0.0)
    scores = base[..., None] + 0.6 * rng.normal(size=(*base.shape, recordings))
    repeat = np.repeat(claimed.ravel(), recordings), np.repeat(owner.ravel(), recordings)
    return scores.ravel(), *repeat


def eer_coverage(people: int, interval_of, *, cohorts: int, seed: int = 0):
    """Return the share of cohorts whose interval holds the EER of the population."""
    rng = np.random.default_rng(seed)
    score, claimed, owner = scores_of_cohort(rng, 700, 1)
    truth = equal_error_rate(score[claimed == owner], score[claimed != owner])
    spread = np.sqrt(2 * 0.4**2 + 0.5**2 + 0.6**2)
    from scipy.stats import norm

    truth = float(norm.cdf(-2.5 / 2 / spread))
    held, width = 0, []
    for cohort in range(cohorts):
        interval: Interval = interval_of(*scores_of_cohort(rng, people), cohort)
        held += bool(interval.low <= truth <= interval.high)
        width.append(interval.high - interval.low)
    return held / cohorts, float(np.mean(width)), truth


def two_way(score, claimed, owner, seed: int) -> Interval:
    own = claimed == owner
    draws = two_way_draws(score, claimed, owner, n_boot=300, seed=[seed])
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(equal_error_rate(score[own], score[~own]), float(draws.std()), float(low), float(high))
