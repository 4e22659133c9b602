"""One job: compiled loops, linear algebra, boosted trees and a network, as the steps of a study use them."""

from __future__ import annotations

import sys

import numpy as np

from eupnea.adversarial.networks import fit_feature_network
from eupnea.features.timeseries.extraction import extract
from eupnea.traits.models import fit_boosted


def work(seed: int) -> None:
    """Do the same amount of work for every seed."""
    rng = np.random.default_rng(seed)
    extract(rng.normal(size=(10, 1500)))
    for _ in range(3):
        np.linalg.eigh(np.cov(rng.normal(size=(600, 1200))))
    x, y = rng.normal(size=(300, 60)), rng.normal(size=300)
    fit_boosted(x, y, is_class=False, trees=100, seed=seed)
    fit_feature_network(x[:100], y[:100], epochs=5, seed=seed)


if __name__ == "__main__":
    work(int(sys.argv[1]))
