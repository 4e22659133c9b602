"""Age models under attack, on worlds with and without an effect of age."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from adversarial.worlds import make_world

from eupnea.adversarial import age_models
from eupnea.adversarial.summary import _selection_stability
from eupnea.config.adversarial import AdversarialConfig
from eupnea.io.contract import ADVERSARIAL_PREDICTIONS, METRICS

CONFIG = AdversarialConfig(
    epsilons_inf=[0.0, 0.1, 0.3], epsilons_2=[0.0, 1.0], attack_queries=60, trees=30, bootstraps=200
)
SEARCHED = ["kernel_adversarial", "xgboost", "xgboost_noise"]
LINEAR = ["ridge_clean", "ridge_robust", "lasso_clean", "lasso_robust", "adversarial_inf", "adversarial_2"]


def run(windows, participants, config=CONFIG, seed=1):
    nothing = pd.DataFrame()
    return age_models(windows, nothing, participants, nothing, modality="respiration", config=config, seed=seed)


@pytest.fixture(scope="module")
def strong():
    return run(*make_world(age_effect=1.0))


@pytest.fixture(scope="module")
def null():
    return run(*make_world(age_effect=0.0, seed=3))


def errors(result, norm="inf"):
    table = result.metrics[(result.metrics["metric"] == "mae") & result.metrics["norm"].isin(["", norm])]
    return table.pivot_table(index="model", columns="epsilon", values="value")


def test_tables_follow_their_contracts(strong):
    assert list(strong.predictions.columns) == ADVERSARIAL_PREDICTIONS.column_names
    assert list(strong.metrics.columns) == METRICS.column_names
    assert set(strong.metrics["analysis"]) == {"adversarial"}
    assert strong.predictions.groupby(["model", "norm", "epsilon"])["participant"].nunique().eq(40).all()


def test_every_point_says_which_attack_made_it_and_whether_it_is_exact(strong):
    attacks = strong.predictions[strong.predictions["epsilon"] > 0].groupby("model")[["attack", "attack_is_exact"]]
    first = attacks.first()
    assert (first.loc[LINEAR, "attack"] == "exact").all()
    assert first.loc[LINEAR, "attack_is_exact"].all()
    assert first.loc["xgboost", "attack"] == "block_search"
    assert not first.loc[["xgboost", "xgboost_noise", "kernel_adversarial"], "attack_is_exact"].any()
    bounds = strong.metrics[(strong.metrics["model"] == "xgboost") & (strong.metrics["metric"] == "mae")]
    assert bounds.loc[bounds["epsilon"] > 0, "reason"].str.contains("lower bound").all()


def test_comparisons_and_verdicts_name_the_models_whose_error_is_a_lower_bound(strong):
    pairs = strong.metrics[strong.metrics["metric"] == "mae_difference"]
    searched = pairs["model"].isin(SEARCHED) | pairs["comparator"].isin(SEARCHED)
    told = pairs["reason"].str.contains("lower bound")
    assert (told == (searched & (pairs["epsilon"] > 0))).all()
    trees = pairs[(pairs["model"] == "ridge_clean") & (pairs["comparator"] == "xgboost") & (pairs["epsilon"] > 0)]
    assert "the error of xgboost is" in trees["reason"].item()
    verdicts = strong.metrics[strong.metrics["metric"] == "n_models_better_than_median"]
    names = verdicts["reason"].str.removeprefix("better than the median: ").str.split(", ")
    for epsilon, better in zip(verdicts["epsilon"], names, strict=True):
        for name in better:
            assert name.endswith(" (lower bound)") == (epsilon > 0 and name.split()[0] in SEARCHED)
    assert any("lower bound" in reason for reason in verdicts["reason"])


@pytest.mark.parametrize("norm", ["inf", "2"])
def test_more_epsilon_hurts_more(strong, norm):
    assert (errors(strong, norm).diff(axis=1).iloc[:, 1:] >= -1e-9).all(axis=None)


def test_age_is_found_and_robust_models_hold(strong):
    table = errors(strong)
    assert table.loc["lasso_clean", 0.0] < 0.75 * table.loc["median", 0.0]
    best_rival = table.loc[["ridge_clean", "ridge_robust", "lasso_clean", "lasso_robust"], 0.1].min()
    assert table.loc["adversarial_inf_robust", 0.1] <= best_rival + 1.0
    assert table.loc["adversarial_inf_robust", 0.1] < table.loc["ridge_clean", 0.1]
    assert table.loc["ridge_robust", 0.3] < table.loc["ridge_clean", 0.3]


def test_selected_is_one_of_the_linear_models_in_every_fold(strong):
    clean = strong.predictions[(strong.predictions["epsilon"] == 0) & (strong.predictions["norm"] == "inf")]
    wide = clean.pivot_table(index="participant", columns="model", values="y_pred")
    same = wide.drop(columns="selected").sub(wide["selected"], axis=0).abs().min(axis=1)
    assert same.max() < 1e-9


def test_no_attack_of_another_model_hurts_a_linear_model_more_than_its_own(strong):
    transfers = strong.metrics[strong.metrics["metric"] == "mae_transfer"]
    own = errors(strong)[0.1]
    for model in LINEAR:
        assert transfers.loc[transfers["model"] == model, "value"].max() <= own[model] + 1e-9


def test_without_an_effect_nothing_beats_the_median_and_a_row_says_so(null):
    verdicts = null.metrics[null.metrics["metric"] == "n_models_better_than_median"]
    assert (verdicts["value"] == 0).all()
    assert (verdicts["reason"] == "nothing beats the median").all()


def test_intervals_hold_the_value_and_use_people(strong):
    rows = strong.metrics[strong.metrics["metric"].isin(["mae", "mae_transfer"])]
    assert (rows["ci_low"] <= rows["value"]).all()
    assert (rows["value"] <= rows["ci_high"]).all()
    assert (rows["n_participants"] == 40).all()


def test_order_of_the_rows_changes_nothing(strong):
    windows, participants = make_world(age_effect=1.0)
    shuffled = run(windows.sample(frac=1, random_state=0), participants.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled.metrics, strong.metrics, check_exact=True)


def test_what_cannot_be_answered_has_one_row_with_the_reason():
    windows, participants = make_world(people=10)
    few = run(windows, participants).metrics
    assert len(few) == 1
    assert "10 participants" in few["reason"][0]
    assert few["status"][0] == "not_answerable"
    assert "no column 'age'" in run(windows, participants.drop(columns="age")).metrics["reason"][0]
    no_windows = run(windows.iloc[:0], participants)
    assert len(no_windows.metrics) == 1
    assert list(no_windows.predictions.columns) == ADVERSARIAL_PREDICTIONS.column_names


def test_ages_as_text_are_read():
    windows, participants = make_world(people=20)
    text = participants.assign(age=participants["age"].astype(int).astype(str))
    text.loc[0, "age"], text.loc[1, "age"] = "89+", "n/a"
    config = CONFIG.model_copy(update={"trees": 5, "attack_queries": 10})
    predictions = run(windows, text, config).predictions
    assert predictions["participant"].nunique() == 19
    assert predictions.loc[predictions["participant"] == "sub-00", "y_true"].eq(89).all()


def test_stability_is_one_for_the_same_choice_and_zero_for_chance_and_its_interval_covers():
    same = np.tile([1.0, 1.0, 0.0], (5, 1))
    assert _selection_stability(same, 3) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-12))
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(200):
        sets = np.stack([rng.permutation(200) < 40 for _ in range(30)]).astype(float)
        value, se = _selection_stability(sets, 200)
        covered.append(abs(value) <= 1.96 * se)
    assert value == pytest.approx(0.0, abs=0.03)
    assert 0.85 <= np.mean(covered) <= 0.99
    unchosen = _selection_stability(sets[:, sets.any(axis=0)], 200)
    assert unchosen == pytest.approx((value, se))
