"""Identify people by each feature set, with the same folds and the same nested choice, and compare in pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eupnea.config.identification import ModelsConfig, default_protocols
from eupnea.evidence.intervals import bca_interval
from eupnea.evidence.permutation import paired_sign_flip
from eupnea.identification.engine import Engine
from eupnea.identification.error_rates import equal_error_rate, two_way_draws
from eupnea.identification.evaluation import SELECTED, decisions, person_means, run_folds
from eupnea.identification.fusion import WINDOW
from eupnea.identification.numbers import comparisons
from eupnea.identification.protocols import split_samples
from eupnea.identification.samples import BLOCK_KEYS, Samples, make_samples

N_BOOT = 10_000
SEED = 20260101
KEYS = ["recording", "participant", *BLOCK_KEYS, "start_s", "window_s"]


@dataclass(frozen=True)
class Outcome:
    """What one feature set reached: per-person rank-1 of windows, and recording-level comparisons."""

    rank1: np.ndarray
    comparisons: pd.DataFrame
    n_features: int
    n_windows: int

    @property
    def eer(self) -> float:
        """Equal error rate of whole recordings."""
        own = (self.comparisons["owner"] == self.comparisons["claimed"]).to_numpy()
        score = self.comparisons["score"].to_numpy()
        return equal_error_rate(score[own], score[~own])


def samples_of(windows: pd.DataFrame, features: pd.DataFrame, modality: str, window_s: float) -> Samples:
    """Put a feature set into the study's windows; every window stays, what a peer lacks is filled like any gap."""
    named = features.replace([np.inf, -np.inf], np.nan)
    named = named.set_axis([f"{modality}__peer__{name}" for name in features], axis=1).astype(float)
    return make_samples(pd.concat([windows[KEYS], named], axis=1), modality, window_s, max_missing_share=0.999)[0]


def identify(samples: Samples, protocol: str) -> Outcome:
    """Run one protocol with the shipped models and the nested choice."""
    rule = default_protocols()[protocol]
    split = split_samples(rule, samples, min_people=5, name=protocol)
    engine = Engine(samples, ModelsConfig(), max_missing_share=0.5)
    found = run_folds(engine, split.folds, guard_s=rule.guard_s, where=protocol, models=(SELECTED,))[SELECTED]
    rank1 = person_means(decisions(samples, found, WINDOW), len(samples.people))
    return Outcome(rank1, comparisons(samples, found), samples.X.shape[1], len(samples.X))


def compare(ours: Outcome, peer: Outcome) -> dict[str, float]:
    """Give the paired difference in rank-1 (BCa over people, exact sign flip) and in EER (people drawn alike)."""
    interval = bca_interval(ours.rank1 - peer.rank1, n_boot=N_BOOT, seed=SEED)
    draws = [
        two_way_draws(
            *(t.comparisons[name].to_numpy() for name in ("score", "claimed", "owner")), n_boot=2000, seed=[SEED]
        )["eer"]
        for t in (ours, peer)
    ]
    low, high = np.nanquantile(draws[1] - draws[0], [0.025, 0.975])
    return {
        "rank1_difference": interval.estimate,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "p_value": paired_sign_flip(ours.rank1 - peer.rank1, seed=SEED).p_value,
        "eer_gain": peer.eer - ours.eer,
        "eer_gain_low": float(low),
        "eer_gain_high": float(high),
    }
