"""Networks: their slopes are right, seeds fix them, and training against attacks helps under attack."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from adversarial.worlds import make_world

from eupnea.adversarial.attacks import attack
from eupnea.config.adversarial import AdversarialConfig

networks = pytest.importorskip("eupnea.adversarial.networks")


def rows(n=60, p=40, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, 45 + 8 * X[:, 0] + 5 * rng.standard_normal(n)


def attacked_error(model, X, y, norm="inf", epsilon=0.15):
    found = attack(model, X, y, epsilon=epsilon, norm=norm, rng=np.random.default_rng(0))
    assert found.name == "projected_gradient"
    return np.abs(y - found.predictions).mean()


def test_slope_is_the_derivative_of_the_prediction():
    X, y = rows()
    model = networks.fit_feature_network(X, y, epochs=50)
    for feature in (0, 7):
        step = np.zeros(40)
        step[feature] = 1e-5
        slope = (model.predict(X + step) - model.predict(X - step)) / 2e-5
        np.testing.assert_allclose(model.gradient(X)[:, feature], slope, atol=1e-6)


def test_the_seed_fixes_the_network():
    X, y = rows()
    first, again, other = (networks.fit_feature_network(X, y, epochs=50, seed=seed).predict(X) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
@pytest.mark.parametrize(("norm", "epsilon"), [("inf", 0.15), (2, 1.0)])
def test_training_against_attacks_helps_new_people_under_attack(norm, epsilon):
    X, y = rows(n=150)
    new_X, new_y = rows(n=150, seed=1)
    plain = networks.fit_feature_network(X, y, epochs=200)
    robust = networks.fit_feature_network(X, y, epochs=200, attacker=networks.Attacker(norm, epsilon))
    assert attacked_error(robust, new_X, new_y, norm, epsilon) < 0.9 * attacked_error(
        plain, new_X, new_y, norm, epsilon
    )


@pytest.mark.slow
def test_series_network_reads_the_rate_of_new_series():
    rng = np.random.default_rng(0)
    rates = rng.uniform(0.15, 0.4, 120)
    times = np.arange(256) / 5.0
    series = np.sin(2 * np.pi * rates[:, None] * times + rng.uniform(0, 6, (120, 1)))[:, :, None]
    model = networks.fit_series_network(series[:80], rates[:80], epochs=400)
    assert np.corrcoef(model.predict(series[80:]), rates[80:])[0, 1] > 0.7
    flat = series[80:].reshape(40, -1)
    assert model.gradient(flat).shape == flat.shape
    assert attacked_error(model, flat, rates[80:]) > np.abs(model.predict(flat) - rates[80:]).mean()


def test_epochs_follow_from_the_budget_and_never_from_the_clock():
    assert networks.epochs_within(10**4, passes=1, fits=1, budget_s=300) == networks.MOST_EPOCHS
    assert networks.epochs_within(10**9, passes=6, fits=50, budget_s=1) == networks.FEWEST_EPOCHS


@pytest.mark.slow
def test_networks_on_features_keep_the_time_budget_of_the_config():
    X, y = rows(n=160, p=800)
    config = AdversarialConfig(models="thorough", time_budget_s=20.0)
    share_s = config.time_budget_s / config.folds / config.repeats
    networks.fit_networks(X, y, config=config, seed=[1])  # compiles
    start = time.process_time()
    networks.fit_networks(X, y, config=config, seed=[2])
    assert time.process_time() - start < share_s


@pytest.mark.slow
def test_networks_on_series_keep_the_time_budget_of_the_config():
    from eupnea.adversarial.series import _fit

    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((160, 300)), rng.standard_normal(160)
    config = AdversarialConfig(models="thorough", time_budget_s=150.0)
    _fit(X, y, config, [1])  # compiles
    start = time.process_time()
    models = _fit(X, y, config, [2])
    for model in models.values():
        model.predict(X)  # waits until the training is done
    assert time.process_time() - start < config.time_budget_s / (2 * config.folds)


@pytest.mark.slow
def test_thorough_models_and_gradient_reversal_run_through_the_analyses():
    from eupnea.adversarial import age_models, invariance

    windows, participants = make_world(people=24, features=40, mode_effect=0.6)
    config = AdversarialConfig(
        models="thorough", folds=3, nuisances=["mode"], strengths=[0.0, 1.0], epsilons_2=[0.0, 1.0], bootstraps=200
    )
    nothing = pd.DataFrame()
    options = {"modality": "respiration", "config": config, "seed": 1}
    models = age_models(windows, nothing, participants, nothing, **options).metrics["model"]
    assert {"mlp", "mlp_attacked_2", "mlp_attacked_inf"} <= set(models)
    blind = invariance(windows, nothing, participants, nothing, **options).metrics
    rows_of = blind[blind["metric"] == "balanced_accuracy_strongest"].set_index(["model", "subset"])["value"]
    assert rows_of["ridge_gradient_reversal", "features"] < rows_of["ridge_none", "features"]
