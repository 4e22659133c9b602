"""How often intervals hold the truth, in simulated cohorts."""

from __future__ import annotations

import numpy as np

from eupnea.evidence.intervals import Interval, bca_interval, proportion_interval, rate_interval
from eupnea.identification.error_rates import equal_error_rate, two_way_draws

CONCENTRATION = 3.0
"""Spread of people around the mean accuracy: Beta(m c, (1 − m) c); 3 is as wide as on real data."""

DISTANCE, PERSON_SD, PAIR_SD, RECORDING_SD = 2.5, 0.4, 0.5, 0.6
"""Genuine against impostor scores; scatter of people (as enrolled, as probes), of pairs, of recordings of a pair."""


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


def scores_of_cohort(rng: np.random.Generator, people: int, distance: float, recordings: int = 4):
    """Draw scores with effects of the enrolled person, the probe person and their pair."""
    claimed, owner = np.meshgrid(np.arange(people), np.arange(people), indexing="ij")
    base = PERSON_SD * (rng.normal(size=people)[claimed] + rng.normal(size=people)[owner])
    base = base + PAIR_SD * rng.normal(size=base.shape) + np.where(claimed == owner, distance, 0.0)
    scores = base[..., None] + RECORDING_SD * rng.normal(size=(*base.shape, recordings))
    repeat = np.repeat(claimed.ravel(), recordings), np.repeat(owner.ravel(), recordings)
    return scores.ravel(), *repeat


def eer_coverage(people: int, interval_of, *, cohorts: int, distance: float = DISTANCE, seed: int = 0):
    """Return the share of cohorts whose interval holds the EER of the population."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    spread = np.sqrt(2 * PERSON_SD**2 + PAIR_SD**2 + RECORDING_SD**2)
    truth = float(norm.cdf(-distance / 2 / spread))
    held, width = 0, []
    for cohort in range(cohorts):
        interval: Interval = interval_of(*scores_of_cohort(rng, people, distance), cohort)
        held += bool(interval.low <= truth <= interval.high)
        width.append(interval.high - interval.low)
    return held / cohorts, float(np.mean(width)), truth


def two_way(score, claimed, owner, seed: int) -> Interval:
    own = claimed == owner
    draws = two_way_draws(score, claimed, owner, n_boot=300, seed=[seed])["eer"]
    return rate_interval(equal_error_rate(score[own], score[~own]), float(draws.std(ddof=1)), len(np.unique(owner)))
