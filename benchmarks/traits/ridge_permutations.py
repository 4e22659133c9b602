"""Nested ridge with 1000 label permutations: closed form against the scikit-learn loop, in CPU time."""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eupnea.traits.folds import balanced_folds, relabellings
from eupnea.traits.nested import NestedFit, nested_predictions
from eupnea.traits.preprocess import Preprocessing, scale_pair
from eupnea.traits.smoothers import Smoother, ridge_matrices

PENALTIES = np.logspace(0, 5, 7)
FloatArray = NDArray[np.float64]


def make_data(n: int, p: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """People by features with 40 common factors; two features follow the target weakly."""
    x = rng.standard_normal((n, 40)) @ rng.standard_normal((40, p)) + 2 * rng.standard_normal((n, p))
    y = rng.normal(30, 8, n)
    x[:, 0] += 0.05 * y
    x[:, 1] -= 0.05 * y
    return x, y


def loop(x: FloatArray, y: FloatArray, folds: NDArray[np.intp]) -> FloatArray:
    """Nested cross-validation as one writes it with scikit-learn."""
    predicted = np.empty(len(y))
    for fold in np.unique(folds):
        train = folds != fold
        search = GridSearchCV(
            make_pipeline(StandardScaler(), Ridge()),
            {"ridge__alpha": PENALTIES},
            cv=PredefinedSplit(folds[train]),
            scoring="neg_mean_squared_error",
        )
        predicted[~train] = search.fit(x[train], y[train]).predict(x[~train])
    return predicted


def closed_form(x: FloatArray, labels: FloatArray, folds: NDArray[np.intp]) -> NestedFit:
    """Run the same for all columns of labels."""
    how = Preprocessing()

    def matrices(train: NDArray[np.intp], test: NDArray[np.intp]) -> FloatArray:
        return ridge_matrices(*scale_pair(x[train], x[test], how), PENALTIES)

    return nested_predictions([Smoother("ridge", len(PENALTIES), matrices)], labels, folds)


def main() -> None:
    """Time both, interleaved, and compare the predictions of the target and of some permutations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--features", type=int, default=800)
    parser.add_argument("--permutations", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    x, y = make_data(options.people, options.features, rng)
    folds = balanced_folds(y, 10, rng)
    labels = np.column_stack([y, y[relabellings(y, folds, options.permutations, rng)].T])
    ratios, worst = [], 0.0
    for number in range(options.rounds):
        start = time.process_time()
        peer = loop(x, labels[:, number], folds)
        peer_s = time.process_time() - start
        start = time.process_time()
        fit = closed_form(x, labels, folds)
        own_s = time.process_time() - start
        own = fit.predict(fit.choose(("ridge",)))[:, number]
        worst = max(worst, float(np.abs(own - peer).max()))
        ratios.append(peer_s * labels.shape[1] / own_s)
        print(f"scikit-learn, one target: {peer_s:.2f} s; closed form, {labels.shape[1]} targets: {own_s:.2f} s")
    print(f"ratio for {labels.shape[1]} targets: {np.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})")
    print(f"largest difference of predictions: {worst:.1e} (years)")


if __name__ == "__main__":
    main()
