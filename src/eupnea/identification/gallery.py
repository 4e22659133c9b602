"""Rank-1 against the number of enrolled people, and beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.evidence.intervals import participant_resamples
from eupnea.evidence.metrics import MetricRow, metric_row
from eupnea.identification.evaluation import decisions
from eupnea.identification.fusion import WINDOW
from eupnea.identification.score_table import curve_frame

if TYPE_CHECKING:
    from eupnea.identification.space import Matrix
    from eupnea.identification.study import Run, Study

BOOTSTRAP = 200
"""Draws of people behind the interval of a gallery curve: each refits the extrapolation."""

OBSERVED, EXTRAPOLATED = "observed", "extrapolated (beta-binomial)"


def gallery_rows(study: Study, run: Run) -> tuple[list[MetricRow], pd.DataFrame]:
    """Give rank-1 per window for smaller galleries, exactly, and for larger ones, by a model.

    A smaller gallery is a random part of the enrolled people that holds the right one; its expected rank-1 follows
    from how many others came closer (no resampling noise). For larger ones the share u of people who come closer is
    taken to follow a beta distribution over probes, fitted by maximum likelihood to the observed counts:
    rank-1(g) = E[(1 − u)^(g − 1)]. The fit to the whole gallery is kept: people are not learnt again.

    Returns
    -------
    rows, curve
        Rows ``rank1_gallery``; points with x = people in the gallery.
    """
    table = decisions(run.engine.samples, run.selected, WINDOW)
    closer, others = table["rank"].to_numpy() - 1, table["n_enrolled"].to_numpy() - 1
    person = table["person"].to_numpy()
    largest = int(others.min()) + 1
    sizes = sorted({*(g for g in study.config.gallery_sizes), largest})
    seen, beyond = [g for g in sizes if g <= largest], [g for g in sizes if g > largest]
    weight = 1.0 / np.bincount(person)[person]
    estimate = _curve(closer, others, weight, seen, beyond)
    seed = study.seed_of("gallery", run.name)
    draws = [
        _curve(closer[rows], others[rows], weight[rows], seen, beyond)
        for rows in participant_resamples(person, n_boot=BOOTSTRAP, seed=seed)
    ]
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    labels = [OBSERVED] * len(seen) + [EXTRAPOLATED] * len(beyond)
    curve = curve_frame("gallery", [*seen, *beyond], estimate, low=low, high=high).assign(label=labels)
    rows = [
        metric_row(
            "identification",
            "rank1_gallery",
            point["y"],
            **run.headline(
                level="window",
                gallery_size=point["x"],
                probe_s=study.samples.window_s,
                subset=point["label"],
                ci_low=point["y_low"],
                ci_high=point["y_high"],
                chance=1 / point["x"],
                n_participants=len(np.unique(person)),
                n_observations=len(table),
            ),
        )
        for point in curve.to_dict("records")
    ]
    return rows, curve


def smaller_gallery(closer: NDArray[np.intp], others: NDArray[np.intp], size: int) -> Matrix:
    """Return each probe's chance of rank 1 among `size` − 1 of the `others`, of whom `closer` come closer."""
    from scipy.special import gammaln

    free = others - closer
    drawn = size - 1
    log_ways = gammaln(free + 1) - gammaln(np.maximum(free - drawn, 0) + 1)
    log_all = gammaln(others + 1) - gammaln(np.maximum(others - drawn, 0) + 1)
    return np.where(free >= drawn, np.exp(log_ways - log_all), 0.0)


def fit_beta(closer: NDArray[np.intp], others: NDArray[np.intp]) -> tuple[float, float]:
    """Fit the beta distribution of the share of people who come closer, by maximum likelihood."""
    from scipy.optimize import minimize
    from scipy.special import betaln

    pairs, counts = np.unique(np.column_stack([closer, others]), axis=0, return_counts=True)
    k, n = pairs.T.astype(float)

    def loss(log_shape: Matrix) -> float:
        a, b = np.exp(np.clip(log_shape, -8, 8))
        return float(-np.sum(counts * (betaln(k + a, n - k + b) - betaln(a, b))))

    best = minimize(loss, np.log([0.3, 2.0]), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4})
    a, b = np.exp(np.clip(best.x, -8, 8))
    return float(a), float(b)


def _curve(
    closer: NDArray[np.intp], others: NDArray[np.intp], weight: Matrix, seen: list[int], beyond: list[int]
) -> Matrix:
    from scipy.special import betaln

    weight = weight / weight.sum()
    observed = [float(np.sum(weight * smaller_gallery(closer, others, size))) for size in seen]
    if not beyond:
        return np.array(observed)
    a, b = fit_beta(closer, others)
    grown = np.exp(betaln(a, b + np.array(beyond) - 1.0) - betaln(a, b))
    return np.array([*observed, *np.minimum(grown, observed[-1])])
