"""Attacks stay in their ball, and what is called exact cannot be beaten."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from eupnea.adversarial import KernelAdversarialRegressor
from eupnea.adversarial.attacks import Budget, attack, random_shifts, transfer
from eupnea.adversarial.zoo import LinearModel

EPSILON = 0.3


class Steps:
    """A model without slope: it counts features above zero; the last feature does nothing."""

    used_features = np.array([True, True, True, True, False])

    def predict(self, X):
        return (X[:, :4] > 0).sum(axis=1).astype(float)


def rows(n=30, p=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, X[:, 0] + rng.standard_normal(n)


def kernel_model():
    X, y = rows()
    return KernelAdversarialRegressor(gamma=0.3, radius=0.01).fit(X, y)


MODELS = {
    "linear": LinearModel(np.array([1.0, -2.0, 0.0, 0.5, 0.1]), 0.3),
    "kernel": kernel_model(),
    "steps": Steps(),
}


@pytest.mark.parametrize("norm", [2, "inf"])
@pytest.mark.parametrize("name", list(MODELS))
def test_attacks_stay_in_the_ball_and_never_help(name, norm):
    X, y = rows()
    found = attack(MODELS[name], X, y, epsilon=EPSILON, norm=norm, rng=np.random.default_rng(0))
    lengths = np.linalg.norm(found.shifts, ord=2 if norm == 2 else np.inf, axis=1)
    assert lengths.max() <= EPSILON * (1 + 1e-9)
    np.testing.assert_allclose(found.predictions, MODELS[name].predict(X + found.shifts))
    assert np.all(np.abs(y - found.predictions) >= np.abs(y - MODELS[name].predict(X)) - 1e-12)


@pytest.mark.parametrize("norm", [2, "inf"])
def test_no_random_perturbation_exceeds_an_exact_attack(norm):
    X, y = rows()
    model = MODELS["linear"]
    found = attack(model, X, y, epsilon=EPSILON, norm=norm, rng=np.random.default_rng(0))
    assert found.is_exact
    worst = np.abs(y - found.predictions)
    rng = np.random.default_rng(1)
    for _ in range(500):
        shifts = random_shifts(X.shape, epsilon=EPSILON, norm=norm, rng=rng)
        assert np.all(np.abs(y - model.predict(X + shifts)) <= worst + 1e-12)


def test_exact_attack_is_the_best_of_all_corners():
    X, y = rows()
    model = MODELS["linear"]
    found = attack(model, X, y, epsilon=EPSILON, norm="inf", rng=np.random.default_rng(0))
    corners = EPSILON * np.array(list(product([-1.0, 1.0], repeat=5)))
    best = np.max([np.abs(y - model.predict(X + corner)) for corner in corners], axis=0)
    np.testing.assert_allclose(np.abs(y - found.predictions), best)


@pytest.mark.parametrize("name", ["kernel", "steps"])
def test_searched_attacks_are_called_lower_bounds_and_nearly_reach_brute_force(name):
    X, y = rows()
    model = MODELS[name]
    found = attack(model, X, y, epsilon=EPSILON, norm="inf", rng=np.random.default_rng(0), budget=Budget(queries=400))
    assert not found.is_exact
    grid = EPSILON * np.array(list(product([-1.0, 0.0, 1.0], repeat=5)))
    best = np.max([np.abs(y - model.predict(X + shift)) for shift in grid], axis=0)
    assert np.abs(y - found.predictions).mean() >= 0.97 * best.mean()
    shifts = random_shifts(X.shape, epsilon=EPSILON, norm="inf", rng=np.random.default_rng(2))
    assert np.abs(y - found.predictions).mean() > 1.02 * np.abs(y - model.predict(X + shifts)).mean()


def test_search_leaves_unused_features_alone():
    X, y = rows()
    found = attack(MODELS["steps"], X, y, epsilon=EPSILON, norm="inf", rng=np.random.default_rng(0))
    assert not found.shifts[:, 4].any()


def test_search_never_loses_what_it_was_given():
    X, y = rows()
    model = MODELS["steps"]
    options = {"norm": "inf", "rng": np.random.default_rng(0)}
    small = attack(model, X, y, epsilon=0.1, **options)
    large = attack(model, X, y, epsilon=0.2, budget=Budget(queries=10), starts=(small.shifts,), **options)
    assert np.all(np.abs(y - large.predictions) >= np.abs(y - small.predictions))


def test_no_epsilon_no_change():
    X, y = rows()
    found = attack(MODELS["steps"], X, y, epsilon=0.0, norm=2, rng=np.random.default_rng(0))
    assert found.is_exact
    assert not found.shifts.any()


def test_transfer_hurts_no_more_than_the_own_attack():
    X, y = rows()
    model, other = MODELS["linear"], LinearModel(np.array([1.0, 1.0, 1.0, 1.0, 1.0]), 0.0)
    own = attack(model, X, y, epsilon=EPSILON, norm="inf", rng=np.random.default_rng(0))
    foreign = attack(other, X, y, epsilon=EPSILON, norm="inf", rng=np.random.default_rng(0))
    carried = transfer(model, X, foreign.shifts)
    assert np.all(np.abs(y - carried.predictions) <= np.abs(y - own.predictions) + 1e-12)
