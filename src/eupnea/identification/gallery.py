"""Rank-1 against the number of enrolled people, and beyond them."""

from __future__ import annotations

from functools import partial
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
    people, of_person = np.unique(person, return_inverse=True)
    chances = [_mean_of(of_person, smaller_gallery(closer, others, size)) for size in seen]
    counts = [above_counts(closer[person == one], others[person == one], int(others.max())) for one in people]
    curve_of = partial(_curve, np.array(chances), np.array(counts), beyond)
    estimate = curve_of(np.arange(len(people)))
    seed = study.seed_of("gallery", run.name)
    draws = [curve_of(drawn) for drawn in participant_resamples(people, n_boot=BOOTSTRAP, seed=seed)]
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


def above_counts(closer: NDArray[np.intp], others: NDArray[np.intp], n: int) -> Matrix:
    """Count the probes with more than j closer people, further people, and others, for j below `n`; shape (3, n)."""
    counted = [np.bincount(values, minlength=n + 1) for values in (closer, others - closer, others)]
    return np.cumsum(np.array(counted)[:, ::-1], axis=1)[:, ::-1][:, 1:].astype(float)


def fit_beta(counts: Matrix) -> tuple[float, float]:
    """Fit the beta distribution of the share of people who come closer, by maximum likelihood.

    Ratios of gamma functions are products, Γ(k + a) / Γ(a) = a (a + 1) … (a + k − 1): a probe adds log(a + j) for every
    j below the number who came closer, log(b + j) for every j below the number who did not, and takes away
    log(a + b + j) for every j below both together: one logarithm per j, whatever the number of probes.

    Parameters
    ----------
    counts
        Shape (3, n), of `above_counts`.
    """
    from scipy.optimize import minimize

    place = np.arange(float(counts.shape[1]))

    def loss(log_shape: Matrix) -> float:
        a, b = np.exp(np.clip(log_shape, -8, 8))
        closer, further, both = (np.log(one + place) @ n for one, n in zip((a, b, a + b), counts, strict=True))
        return float(both - closer - further)

    best = minimize(loss, np.log([0.3, 2.0]), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4})
    a, b = np.exp(np.clip(best.x, -8, 8))
    return float(a), float(b)


def _mean_of(group: NDArray[np.intp], values: Matrix) -> Matrix:
    return np.bincount(group, weights=values) / np.bincount(group)


def _curve(chances: Matrix, counts: Matrix, beyond: list[int], drawn: NDArray[np.intp]) -> Matrix:
    """Make the curve of some people, from each person's chances (sizes, people) and counts (people, 3, n)."""
    from scipy.special import betaln

    observed = chances[:, drawn].mean(axis=1)
    if not beyond:
        return observed
    a, b = fit_beta(counts[drawn].sum(axis=0))
    grown = np.exp(betaln(a, b + np.array(beyond) - 1.0) - betaln(a, b))
    return np.array([*observed, *np.minimum(grown, observed[-1])])
