"""Removal of a known nuisance, judged by attackers on people not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from adversarial.worlds import make_world

from eupnea.adversarial import invariance
from eupnea.adversarial.blindness import balanced_accuracy, nuisance_labels, permuted
from eupnea.adversarial.cohort import recording_cohort
from eupnea.adversarial.erasure import Components, IdentityEraser, LinearEraser, Residualiser, one_hot
from eupnea.adversarial.identity import Pairs, eer_interval
from eupnea.adversarial.readers import ANEW_READERS, READERS, matched_pairs, read_anew, read_classes, score_pairs
from eupnea.config.adversarial import AdversarialConfig

CONFIG = AdversarialConfig(nuisances=["mode", "task", "session", "identity"], strengths=[0.0, 1.0], bootstraps=200)


@pytest.fixture(scope="module")
def result():
    windows, participants = make_world(mode_effect=0.6, age_effect=1.5)
    nothing = pd.DataFrame()
    return invariance(windows, nothing, participants, nothing, modality="respiration", config=CONFIG, seed=1)


def strongest(result, nuisance, model, strength, seen="features"):
    rows = result.metrics.query("metric == 'balanced_accuracy_strongest'")
    chosen = rows[(rows["nuisance"] == nuisance) & (rows["model"] == model) & (rows["subset"] == seen)]
    return chosen[chosen["strength"] == strength].iloc[0]


def test_the_mode_is_read_before_removal_and_not_after(result):
    before = strongest(result, "mode", "ridge_none", 0.0)
    assert before["value"] > 0.75
    assert before["p_value"] < 0.01
    for model in ("ridge_residualised", "ridge_linear_erasure"):
        after = strongest(result, "mode", model, 1.0)
        assert after["value"] < 0.62
        assert after["value"] < before["ci_low"]


def test_intervals_of_what_attackers_read_are_shares(result):
    rows = result.metrics[result.metrics["metric"].isin(["balanced_accuracy", "balanced_accuracy_strongest"])]
    assert rows["ci_low"].min() >= 0
    assert rows["ci_high"].max() <= 1


def test_the_strongest_attacker_is_compared_with_the_best_of_as_many(result):
    rows = result.metrics[(result.metrics["nuisance"] == "task") & (result.metrics["subset"] == "features")]
    rows = rows[rows["model"] == "ridge_none"]
    picked = rows[rows["metric"] == "balanced_accuracy_strongest"].iloc[0]
    each = rows[rows["metric"] == "balanced_accuracy"]
    assert set(each["comparator"]) == {*READERS, *(f"{name}_anew" for name in ANEW_READERS)}
    assert picked["value"] == each["value"].max()
    assert picked["chance"] > each["chance"].max()
    assert picked["p_value"] >= each.loc[each["value"].idxmax(), "p_value"]


def test_blindness_says_what_it_costs_in_years(result):
    cost = result.metrics[result.metrics["metric"] == "mae_difference"]
    errors = result.metrics[result.metrics["metric"] == "mae"]
    for row in cost.itertuples():
        same = errors[errors["nuisance"] == row.nuisance].set_index(["model", "strength"])["value"]
        plain = same.xs(0.0, level="strength").iloc[0]
        assert row.value == pytest.approx(same[row.model, row.strength] - plain)
        assert row.ci_low <= row.value <= row.ci_high
    assert set(cost["nuisance"]) == {"mode", "task", "identity"}


def test_age_survives_the_removal_of_the_mode(result):
    rows = result.metrics.query("metric == 'mae' and nuisance == 'mode'").set_index("model")["value"]
    assert rows["ridge_linear_erasure"] < rows["ridge_none"] + 2.0
    assert rows.max() < 10.0


def test_the_median_of_the_training_people_stands_beside_the_blind_models(result):
    errors = result.metrics[result.metrics["metric"] == "mae"].set_index("model")
    ages = make_world(mode_effect=0.6, age_effect=1.5)[1]["age"]
    assert errors.loc["median", "value"] == pytest.approx((ages - ages.median()).abs().mean(), abs=1.5)
    assert errors.loc["median", ["ci_low", "ci_high"]].notna().all()
    assert (errors.drop("median")["value"] < errors.loc["median", "value"]).all()


def test_what_has_no_effect_is_not_read(result):
    row = strongest(result, "task", "ridge_none", 0.0)
    assert row["value"] < 0.62
    assert 0.5 < row["chance"] < 0.56
    assert row["p_value"] > 0.05


def test_a_nuisance_that_does_not_vary_has_a_row_with_the_reason(result):
    row = result.metrics.query("nuisance == 'session'")
    assert len(row) == 1
    assert row["status"].item() == "not_answerable"
    assert "session" in row["reason"].item()


def test_people_of_the_same_age_are_told_apart_before_and_hardly_after(result):
    rows = result.metrics.query("metric == 'eer_strongest'").set_index("strength")
    assert rows.loc[0.0, "value"] < 0.15
    assert rows.loc[1.0, "value"] > max(0.25, 2 * rows.loc[0.0, "value"])
    errors = result.metrics.query("metric == 'mae' and nuisance == 'identity'").set_index("strength")["value"]
    assert errors[1.0] < errors[0.0] + 2.0
    assert (result.metrics["metric"] == "eer_floor").sum() == 1


def test_curves_hold_error_and_reading_for_every_strength(result):
    curve = result.curves.query("nuisance == 'mode' and model == 'ridge_linear_erasure'")
    assert set(curve["metric"]) == {"mae", "balanced_accuracy"}
    assert set(curve["strength"]) == {1.0}
    assert result.predictions.query("nuisance == 'mode'")["recording"].nunique() == 160


def test_people_without_identity_are_not_told_apart():
    windows, participants = make_world(identity=0.0, age_effect=0.5)
    config = CONFIG.model_copy(update={"nuisances": ["identity"], "strengths": [0.0]})
    nothing = pd.DataFrame()
    found = invariance(windows, nothing, participants, nothing, modality="respiration", config=config, seed=1)
    rows = found.metrics.query("metric == 'eer'")
    assert rows["value"].between(0.4, 0.6).all()


def test_erasure_leaves_no_covariance_and_residuals_no_class_means():
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b", "c"], 90)
    Z = one_hot(labels, ["a", "b", "c"])
    X = rng.standard_normal((90, 120)) + Z @ rng.standard_normal((3, 120))
    for cleaned in (LinearEraser.fit(X, Z).apply(X, 1.0), Residualiser.fit(X, Z).apply(X, Z, 1.0)):
        centred = cleaned - cleaned.mean(axis=0)
        assert np.abs(centred.T @ (Z - Z.mean(axis=0))).max() < 1e-7
    eraser = LinearEraser.fit(X, Z)
    np.testing.assert_allclose(eraser.apply(X, 0.0), X)
    np.testing.assert_allclose(eraser.projection @ eraser.projection, eraser.projection, atol=1e-8)
    assert np.linalg.matrix_rank(eraser.projection, tol=1e-6) == 2


def test_what_a_removal_leaves_in_new_people_is_read_only_by_attackers_taught_by_new_people():
    rng = np.random.default_rng(0)
    people = np.repeat([f"p{k:03d}" for k in range(240)], 2)
    labels = np.tile(["nasal", "oral"], 240)
    X = rng.standard_normal((480, 20))
    X[:, :3] += 1.2 * (labels == "oral")[:, None]
    old, new = np.arange(80), np.arange(80, 480)
    eraser = LinearEraser.fit(X[old], one_hot(labels[old], ["nasal", "oral"]))
    erased = eraser.apply(X, 1.0)
    blind = read_classes("logistic", (erased[old], labels[old]), erased[new], seed=0)
    assert balanced_accuracy(labels[new], blind) == pytest.approx(0.5, abs=0.02)
    for reader in ANEW_READERS:
        read = read_anew(reader, erased[new], labels[new], people[new], seed=0)
        assert balanced_accuracy(labels[new], read) > 0.57
        unread = read_anew(reader, rng.standard_normal((400, 20)), labels[new], people[new], seed=0)
        assert balanced_accuracy(labels[new], unread) < 0.57


def test_trees_read_what_no_linear_attacker_can():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((900, 20))
    labels = np.where(X[:, 0] * X[:, 1] > 0, "nasal", "oral")
    taught = (X[:500], labels[:500])
    read = {reader: read_classes(reader, taught, X[500:], seed=0) for reader in ("logistic", "boosted_trees")}
    assert balanced_accuracy(labels[500:], read["logistic"]) < 0.57
    assert balanced_accuracy(labels[500:], read["boosted_trees"]) > 0.75


def test_trees_tell_people_apart_by_the_distance_of_their_pairs():
    rng = np.random.default_rng(0)
    people = np.repeat([f"p{k:02d}" for k in range(60)], 4)
    ages = np.repeat(rng.uniform(20, 30, 60), 4)
    X = np.repeat(rng.standard_normal((60, 6)), 4, axis=0) + 0.3 * rng.standard_normal((240, 6))
    old, new = np.arange(120), np.arange(120, 240)
    genuine, impostor = matched_pairs(people[new], ages[new], 10.0)
    pairs = np.vstack([genuine, impostor])
    scores = score_pairs("pair_trees", (X[old], people[old], ages[old]), X[new], pairs, caliper=10.0, seed=0)
    assert scores[: len(genuine)].mean() > scores[len(genuine) :].mean() + 0.3


def test_people_who_read_are_never_those_who_are_read():
    people = np.repeat([f"p{k:02d}" for k in range(12)], 6)
    labels = np.repeat(np.where(np.arange(12) % 2, "a", "b"), 6)
    X = np.repeat(np.random.default_rng(0).standard_normal((12, 30)), 6, axis=0)
    for reader in ANEW_READERS:
        assert balanced_accuracy(labels, read_anew(reader, X, labels, people, seed=1)) < 0.8
    some = np.where(people == "p00", labels, "")
    assert set(read_anew("logistic", X, some, people, seed=1)) <= {"", "a", "b"}


def test_identity_erasure_keeps_the_reading_of_age():
    rng = np.random.default_rng(0)
    people = np.repeat([f"p{k:02d}" for k in range(40)], 4)
    ages = np.repeat(rng.uniform(20, 70, 40), 4)
    X = np.repeat(rng.standard_normal((40, 6)), 4, axis=0) + 0.2 * rng.standard_normal((160, 6))
    X[:, 0] = (ages - 45) / 10 + 0.2 * rng.standard_normal(160)
    eraser = IdentityEraser.fit(X, people, ages)
    hidden = eraser.apply(X, 1.0)
    assert np.linalg.matrix_rank(hidden, tol=1e-6) == 1
    assert abs(np.corrcoef(hidden @ eraser.reading, ages)[0, 1]) > 0.95
    assert np.all(np.diff(eraser.shares) >= 0)
    half = eraser.apply(X, 0.5)
    assert 1 < np.linalg.matrix_rank(half, tol=1e-6) < 6


def test_components_have_unit_variance_in_training():
    X = np.random.default_rng(0).standard_normal((30, 80))
    parts = Components.fit(X, 10).apply(X)
    np.testing.assert_allclose(np.cov(parts.T, ddof=0), np.eye(10), atol=1e-9)


def test_no_error_among_few_people_is_no_certainty():
    people = np.repeat([f"p{k:02d}" for k in range(12)], 2)
    rows = np.array([(a, b) for a in range(24) for b in range(a + 1, 24)])
    pairs = Pairs(rows, people[rows[:, 0]] == people[rows[:, 1]], np.zeros(len(rows), dtype=int))
    interval = eer_interval(pairs.genuine.astype(float), pairs, people, seed=[1])
    assert interval.estimate == interval.low == 0.0
    assert 0.2 < interval.high < 0.3
    noise = eer_interval(np.random.default_rng(0).standard_normal(len(rows)), pairs, people, seed=[1])
    assert noise.low < 0.5 < noise.high


def test_labels_are_permuted_within_people_or_between_them():
    people = np.repeat(["a", "b", "c", "d"], 4)
    within = np.tile(["x", "x", "y", "z"], 4)
    shuffled = permuted(within, people, np.random.default_rng(1))
    assert all(sorted(shuffled[people == name]) == ["x", "x", "y", "z"] for name in "abcd")
    assert list(shuffled) != list(within)
    between = np.repeat(["x", "y", "y", "x"], 4)
    shuffled = permuted(between, people, np.random.default_rng(3))
    assert all(len(set(shuffled[people == name])) == 1 for name in "abcd")
    assert sorted(shuffled) == sorted(between)


def test_balanced_accuracy_counts_classes_not_rows():
    truth = np.array(["a"] * 9 + ["b"])
    assert balanced_accuracy(truth, np.array(["a"] * 10)) == 0.5


def test_a_device_is_the_signals_of_a_recording_their_sites_and_their_rate():
    windows, participants = make_world(people=16, features=30, windows=1)
    cohort = recording_cohort(windows, participants, modality="respiration", config=CONFIG)
    names = cohort.keys["recording"]
    faster = names.str.contains("oral").to_numpy()
    told = pd.DataFrame({"recording": names, "signals": "airflow", "sites": "nasal", "sampling_hz": 25.0})
    same = nuisance_labels(cohort, participants, told, "device")
    assert isinstance(same, str)
    assert "device" in same
    labels = nuisance_labels(cohort, participants, told.assign(sampling_hz=np.where(faster, 50.0, 25.0)), "device")
    assert set(labels[faster]) == {"airflow nasal 50.0"}
    assert set(labels[~faster]) == {"airflow nasal 25.0"}
    assert isinstance(nuisance_labels(cohort, participants, pd.DataFrame(), "device"), str)
