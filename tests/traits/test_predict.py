from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from traits.cohorts import long_targets, make_cohort

from eupnea.config.traits import TargetConfig, TraitsConfig
from eupnea.evidence.permutation import permutation_p
from eupnea.io.contract import METRICS, RECORDING_FEATURES, TRAIT_PREDICTIONS
from eupnea.traits.compare import compare_traits
from eupnea.traits.controls import within_sex_rows
from eupnea.traits.design import build_design
from eupnea.traits.evaluate import score_columns
from eupnea.traits.nested import nested_predictions
from eupnea.traits.outputs import closed_form_outputs, smoothers_of
from eupnea.traits.predict import predict_traits
from eupnea.traits.preprocess import Preprocessing
from eupnea.traits.results import TraitsResult
from eupnea.traits.smoothers import family_smoother, radial_smoother
from eupnea.traits.targets import Target, build_target
from eupnea.traits.task import Task

FAST = TraitsConfig(folds=5, repeats=2, permutations=99, bootstraps=200, learning_draws=1, trees=30)
NOTHING_LONG = RECORDING_FEATURES.empty()
Cohort = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def _predict(
    cohort: Cohort, config: TraitsConfig = FAST, modality: str = "respiration", long: pd.DataFrame = NOTHING_LONG
) -> TraitsResult:
    windows, recordings, participants, targets = cohort
    return predict_traits(
        windows,
        long,
        recordings,
        participants,
        targets,
        modality=modality,
        config=config,
        seed=3,
    )


def _value(metrics: pd.DataFrame, column: str = "value", **wanted: str) -> float:
    wanted = {"control": "", "subset": "", "term": "", "family": "", **wanted}
    rows = metrics[np.logical_and.reduce([metrics[name] == value for name, value in wanted.items()])]
    assert len(rows) == 1, rows
    return float(rows[column].iloc[0])


@pytest.fixture(scope="module")
def strong() -> TraitsResult:
    return _predict(make_cohort(n_people=40, age_effect=1.5, sex_effect=2.5))


def test_a_known_effect_is_found_and_beats_baseline_and_chance(strong: TraitsResult) -> None:
    metrics = strong.metrics
    age = {"target": "age", "model": "selected"}
    assert _value(metrics, metric="pearson_r", **age) > 0.6
    assert _value(metrics, "p_value", metric="mae", **age) == pytest.approx(0.01)
    assert _value(metrics, "ci_high", metric="mae", **age) < _value(
        metrics, metric="mae", target="age", model="baseline"
    )
    assert _value(metrics, metric="auc", target="sex", model="selected") > 0.75
    assert _value(metrics, "chance", metric="auc", target="sex", model="selected") == pytest.approx(0.47, abs=0.08)
    assert _value(metrics, "p_value", metric="mae", target="bmi", model="selected") > 0.05


def test_every_row_and_prediction_fits_the_contract(strong: TraitsResult) -> None:
    assert list(strong.metrics.columns) == METRICS.column_names
    assert list(strong.predictions.columns) == TRAIT_PREDICTIONS.column_names
    shown = strong.metrics[strong.metrics["status"] == "ok"]
    assert shown["value"].notna().all()
    headline = shown[(shown["model"] == "selected") & (shown["control"] == "") & (shown["metric"].isin(["mae", "auc"]))]
    assert headline[["ci_low", "ci_high", "n_participants", "n_recordings"]].notna().all().all()
    assert (headline["ci_low"] <= headline["value"]).all()
    assert (headline["value"] <= headline["ci_high"]).all()


def test_a_participant_is_in_one_fold_and_predicted_once_per_repeat(strong: TraitsResult) -> None:
    keys = ["target", "model", "repeat", "participant"]
    assert not strong.predictions.duplicated(keys).any()
    ages = strong.predictions[(strong.predictions["target"] == "age") & (strong.predictions["model"] == "selected")]
    assert ages.groupby("repeat")["participant"].nunique().eq(40).all()
    assert ages.groupby("repeat")["fold"].nunique().eq(5).all()
    assert ages[["y_low", "y_high", "y_pred_corrected"]].notna().all().all()


def test_families_that_carry_the_effect_are_named(strong: TraitsResult) -> None:
    wanted = {"target": "age", "model": "ridge", "metric": "importance_mae"}
    assert _value(strong.metrics, family="first", **wanted) > 5 * max(
        _value(strong.metrics, family="second", **wanted), 0.1
    )
    shap = {"target": "age", "model": "xgboost", "metric": "mean_abs_shap"}
    assert _value(strong.metrics, family="first", **shap) > _value(strong.metrics, family="second", **shap)
    first = strong.curves[(strong.curves["curve"] == "shap") & (strong.curves["target"] == "age")].iloc[0]
    assert first["family"] == "first"


def test_curves_are_there_for_figures(strong: TraitsResult) -> None:
    assert set(strong.curves["curve"]) == {"learning", "calibration", "shap", "partial_dependence"}
    learning = strong.curves[(strong.curves["curve"] == "learning") & (strong.curves["target"] == "age")]
    assert learning["y"].iloc[-1] < learning["y"].iloc[0]


def test_the_gap_is_free_of_age_only_after_correction(strong: TraitsResult) -> None:
    slope = {"target": "age", "model": "selected", "metric": "gap_slope"}
    assert _value(strong.metrics, term="uncorrected", **slope) < -0.1
    assert abs(_value(strong.metrics, term="corrected", **slope)) < 0.1
    assert np.isfinite(_value(strong.metrics, target="age", model="selected", metric="gap_partial_r", term="bmi"))


def test_without_any_effect_people_split_says_chance_and_row_split_pretends() -> None:
    config = FAST.model_copy(update={"targets": [TargetConfig(name="age")]})
    metrics = _predict(make_cohort(n_people=36, person_sd=3.0, seed=5), config).metrics
    age = {"target": "age", "model": "selected", "metric": "r2"}
    assert _value(metrics, **age) < 0.15
    assert _value(metrics, control="participant_split", **age) < 0.15
    assert _value(metrics, control="random_row_split", **age) > 0.5


def test_removing_confounds_removes_what_they_explain() -> None:
    windows, recordings, participants, _ = make_cohort(n_people=60, age_effect=2.0, seed=6)
    rng = np.random.default_rng(6)
    participants["bmi"] = 25 + 0.15 * (participants["age"] - 45) + rng.normal(0, 0.8, 60)
    config = FAST.model_copy(update={"targets": [TargetConfig(name="bmi")], "confounds": ["age"]})
    metrics = _predict((windows, recordings, participants, long_targets(participants)), config).metrics
    bmi = {"target": "bmi", "model": "selected", "metric": "pearson_r"}
    assert _value(metrics, **bmi) > 0.7
    assert _value(metrics, control="confounds_removed", term="age", **bmi) < 0.35


def test_signals_that_tell_sex_only_tell_nothing_within_a_sex() -> None:
    p: list[float] = []
    for seed in range(6):
        windows, _, participants, _ = make_cohort(n_people=40, n_features=10, n_windows=1, sex_effect=3.0, seed=seed)
        rng = np.random.default_rng(seed)
        participants["age"] = 45 + 10 * (participants["sex"] == "M") + 5 * rng.standard_normal(40)
        config = TraitsConfig(folds=4, repeats=1, permutations=99, bootstraps=100)
        found = build_target(long_targets(participants), TargetConfig(name="age"), config, set(windows["participant"]))
        assert isinstance(found, Target)
        design, used = build_design(windows, participants, found, config)
        task = Task(found, design, found.values[used], "respiration", config, seed)
        null_y = task.permuted(task.folds(0), 99)
        outputs, _ = closed_form_outputs(task, smoothers_of(task), 0, null_y, stack=False)
        selected = [output for output in outputs if output.model == "selected"]
        rows = within_sex_rows(task, participants, selected, null_y)
        assert {row["subset"] for row in rows} == {"sex=F", "sex=M"}
        assert {row["metric"] for row in rows if np.isfinite(row["p_value"])} == {"pearson_r"}
        p += [row["p_value"] for row in rows if np.isfinite(row["p_value"])]
    assert np.count_nonzero(np.array(p) <= 0.05) <= 3


def test_rows_in_another_order_change_nothing() -> None:
    windows, recordings, participants, targets = make_cohort(n_people=20, age_effect=1.0)
    config = FAST.model_copy(update={"targets": [TargetConfig(name="age"), TargetConfig(name="sex")]})
    one = _predict((windows, recordings, participants, targets), config)
    shuffled = tuple(frame.sample(frac=1, random_state=1) for frame in (windows, recordings, participants, targets))
    two = _predict(shuffled, config)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(one.metrics, two.metrics, check_exact=True)
    pd.testing.assert_frame_equal(one.predictions, two.predictions, check_exact=True)
    pd.testing.assert_frame_equal(one.curves, two.curves, check_exact=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "cortisol"}, "is not in the dataset"),
        ({"name": "constant"}, "the same for everybody"),
        ({"name": "rare"}, "3 participants"),
        ({"name": "age", "derived_from": ["respiration"]}, "computed from respiration"),
    ],
)
def test_a_target_that_cannot_be_answered_says_why(change: dict[str, object], words: str) -> None:
    windows, recordings, participants, _ = make_cohort(n_people=14)
    participants["constant"] = 1.0
    participants["rare"] = [1.5, 2.0, 3.0] + [np.nan] * 11
    config = FAST.model_copy(update={"targets": [TargetConfig.model_validate(change)]})
    result = _predict((windows, recordings, participants, long_targets(participants)), config)
    assert len(result.metrics) == 1
    assert result.metrics["status"].iloc[0] == "not_answerable"
    assert words in result.metrics["reason"].iloc[0]
    assert len(result.predictions) == 0


def test_all_signals_do_not_predict_what_one_of_them_tells() -> None:
    target = TargetConfig(name="age", derived_from=["cardiac"])
    result = _predict(make_cohort(n_people=14), FAST.model_copy(update={"targets": [target]}), "all")
    assert result.metrics["reason"].tolist() == ["'age' is computed from cardiac signals, which are part of all"]
    control = TargetConfig(name="age", derived_from=["device"])
    kept = _predict(make_cohort(n_people=14), FAST.model_copy(update={"targets": [control]}), "all")
    assert np.isfinite(_value(kept.metrics, metric="mae", target="age", model="selected"))


def test_a_modality_without_features_says_so() -> None:
    result = _predict(make_cohort(n_people=12), modality="cardiac")
    assert set(result.metrics["reason"]) == {"no window has cardiac features"}


def test_demographics_alone_are_a_modality() -> None:
    windows, recordings, participants, _ = make_cohort(n_people=40)
    participants["bmi"] = 20 + 0.1 * participants["age"]
    config = FAST.model_copy(update={"targets": [TargetConfig(name="bmi")]})
    cohort = (windows, recordings, participants, long_targets(participants))
    assert _value(_predict(cohort, config, "demographics").metrics, target="bmi", model="selected", metric="r2") > 0.9
    assert _value(_predict(cohort, config).metrics, target="bmi", model="demographics", metric="r2") > 0.9


def test_ages_given_as_a_bound_and_a_third_sex_are_handled_and_counted() -> None:
    windows, _, participants, _ = make_cohort(n_people=30)
    participants["age"] = participants["age"].round().astype(int).astype("str")
    participants.loc[0, "age"] = "89+"
    participants.loc[1, "age"] = "n/a"
    participants.loc[2, "sex"] = "O"
    targets, people = long_targets(participants), set(windows["participant"])
    age = build_target(targets, TargetConfig(name="age"), FAST, people)
    assert isinstance(age, Target)
    assert len(age.values) == 29
    assert age.values.max() == 89
    assert "1 values given as a bound" in age.note
    sex = build_target(targets, TargetConfig(name="sex"), FAST, people)
    assert isinstance(sex, Target)
    assert (sex.kind, sex.classes, len(sex.values)) == ("binary", ("F", "M"), 29)
    assert "1 observations belong to classes with too few people" in sex.note


def test_a_binary_target_with_three_classes_says_that_it_is_not_binary() -> None:
    windows, _, participants, _ = make_cohort(n_people=30)
    participants["sex"] = np.resize(["F", "M", "O"], 30)
    spec = TargetConfig(name="sex", kind="binary")
    found = build_target(long_targets(participants), spec, FAST, set(windows["participant"]))
    assert isinstance(found, Target)
    assert (found.kind, found.classes) == ("classes", ("F", "M", "O"))
    assert "asked for as binary, but 3 classes have enough people (F, M, O)" in found.note


def test_a_narrow_range_of_age_is_told_beside_the_headline() -> None:
    windows, recordings, participants, _ = make_cohort(n_people=15)
    participants["age"] = 20 + np.arange(15) % 5
    config = FAST.model_copy(update={"targets": [TargetConfig(name="age", kind="numeric")]})
    metrics = _predict((windows, recordings, participants, long_targets(participants)), config).metrics
    row = metrics[(metrics["model"] == "selected") & (metrics["metric"] == "mae") & (metrics["control"] == "")].iloc[0]
    assert "narrow range of age" in row["reason"]


def test_several_classes_and_ordinal_scores() -> None:
    windows, recordings, participants, _ = make_cohort(n_people=45, age_effect=2.0, seed=2)
    participants["group"] = pd.cut(participants["age"], 3, labels=["young", "middle", "old"]).astype("str")
    participants["mood"] = pd.cut(participants["age"], 4, labels=False)
    config = FAST.model_copy(update={"targets": [TargetConfig(name="group"), TargetConfig(name="mood")]})
    result = _predict((windows, recordings, participants, long_targets(participants)), config)
    group = {"target": "group", "model": "selected"}
    assert _value(result.metrics, metric="balanced_accuracy", **group) > 0.5
    assert _value(result.metrics, "p_value", metric="balanced_accuracy", **group) == pytest.approx(0.01)
    chance = _value(result.metrics, "chance", metric="balanced_accuracy", **group)
    assert chance == pytest.approx(1 / 3, abs=0.05)
    assert _value(result.metrics, metric="mae", target="mood", model="selected") < 0.9
    own = result.predictions[result.predictions["target"] == "group"]
    assert set(own["class"]) == {"young", "middle", "old"}
    assert own["probability"].dropna().between(0, 1).all()


def test_a_target_of_recordings_keeps_people_together() -> None:
    windows, recordings, participants, _ = make_cohort(n_people=20, seed=8)
    rng = np.random.default_rng(8)
    rows = windows[["participant", "recording"]].drop_duplicates()
    stress = pd.Series(rng.standard_normal(len(rows)), index=rows["recording"])
    columns = [name for name in windows.columns if "__first__" in name]
    windows[columns] += 2 * stress.reindex(windows["recording"]).to_numpy()[:, None]
    targets = rows.assign(session="", name="stress", level="recording", value=stress.to_numpy())
    config = FAST.model_copy(update={"targets": [TargetConfig(name="stress", level="recording")]})
    result = _predict((windows, recordings, participants, targets), config)
    assert _value(result.metrics, metric="pearson_r", target="stress", model="selected") > 0.6
    assert _value(result.metrics, "n_observations", metric="mae", target="stress", model="selected") == 40
    own = result.predictions[(result.predictions["model"] == "selected") & (result.predictions["repeat"] == 0)]
    assert own.groupby("participant")["fold"].nunique().eq(1).all()
    within = {"metric": "pearson_r", "target": "stress", "model": "selected", "subset": "within_people"}
    assert _value(result.metrics, **within) > 0.5
    assert _value(result.metrics, "p_value", **within) == pytest.approx(0.01)


def test_what_differs_between_people_only_is_not_found_within_them() -> None:
    windows, recordings, participants, _ = make_cohort(n_people=30, age_effect=2.0, seed=3)
    rng = np.random.default_rng(3)
    rows = windows[["participant", "recording"]].drop_duplicates()
    age = participants.set_index("participant")["age"].reindex(rows["participant"]).to_numpy()
    targets = rows.assign(session="", name="load", level="recording", value=age / 14 + 0.3 * rng.standard_normal(60))
    config = FAST.model_copy(update={"targets": [TargetConfig(name="load", level="recording")]})
    metrics = _predict((windows, recordings, participants, targets), config).metrics
    load = {"metric": "pearson_r", "target": "load", "model": "selected"}
    assert _value(metrics, subset="between_people", **load) > 0.6
    assert _value(metrics, "p_value", subset="between_people", **load) == pytest.approx(0.01)
    assert _value(metrics, "p_value", subset="within_people", **load) > 0.05


def test_a_long_upper_tail_is_modelled_on_the_log_scale_and_scored_in_years() -> None:
    windows, recordings, participants, _ = make_cohort(n_people=60, age_effect=2.0)
    participants["age"] = 10 * np.exp((participants["age"] - 20) / 12)
    cohort = (windows, recordings, participants, long_targets(participants))
    found = {}
    for scale in ("auto", "linear"):
        config = FAST.model_copy(update={"targets": [TargetConfig(name="age", scale=scale)]})
        result = _predict(cohort, config)
        found[scale] = _value(result.metrics, metric="mae", target="age", model="selected")
        own = result.predictions[result.predictions["model"] == "selected"]
        assert ((own["y_low"] <= own["y_true"]) & (own["y_true"] <= own["y_high"])).mean() > 0.8
    assert found["auto"] < found["linear"]


def test_what_needs_length_is_used_too() -> None:
    windows, recordings, participants, targets = make_cohort(n_people=40)
    rng = np.random.default_rng(4)
    age = participants.set_index("participant")["age"]
    rows = windows.drop_duplicates("recording")[list(RECORDING_FEATURES.column_names)].reset_index(drop=True)
    told = age.reindex(rows["participant"]).to_numpy() / 14 + rng.standard_normal(len(rows))
    longer = windows.drop_duplicates("recording").assign(window_s=300.0, respiration__slow__f00=told)
    config = FAST.model_copy(update={"targets": [TargetConfig(name="age")], "repeats": 1})
    wanted = {"metric": "pearson_r", "target": "age", "model": "selected"}
    assert _value(_predict((windows, recordings, participants, targets), config).metrics, **wanted) < 0.4
    whole = _predict((windows, recordings, participants, targets), config, long=rows.assign(respiration__long__x=told))
    assert _value(whole.metrics, **wanted) > 0.5
    assert _value(whole.metrics, metric="importance_mae", target="age", model="ridge", family="long") > 0
    both = (pd.concat([windows, longer], ignore_index=True), recordings, participants, targets)
    slow = _predict(both, config)
    assert _value(slow.metrics, **wanted) > 0.5
    assert set(slow.predictions["n_windows"]) == {8.0}


def test_a_family_of_many_points_does_not_drown_one_of_few() -> None:
    rng = np.random.default_rng(11)
    n = 80
    y = rng.standard_normal(n)
    few = (y + 0.5 * rng.standard_normal(n))[:, None]
    features = np.hstack([rng.standard_normal((n, 60)), few])
    names, folds = ["many"] * 60 + ["few"], np.arange(n) % 5
    how = Preprocessing()
    plain = nested_predictions([radial_smoother("kernel", features, how)], y[:, None], folds)
    equal = nested_predictions([family_smoother("kernel", features, names, how)], y[:, None], folds)
    errors = [float(np.mean((fit.predict(fit.choose(("kernel",)))[:, 0] - y) ** 2)) for fit in (plain, equal)]
    assert errors[1] < 0.75 * errors[0]
    alone = nested_predictions([family_smoother("kernel", features, ["one"] * 61, how)], y[:, None], folds)
    np.testing.assert_allclose(alone.outer, plain.outer)


def test_thorough_models_run_and_are_permuted() -> None:
    changes = {"models": "thorough", "targets": [TargetConfig(name="age")], "repeats": 1, "slow_permutations": 3}
    metrics = _predict(make_cohort(n_people=20, age_effect=2.0), FAST.model_copy(update=changes)).metrics
    for model in ("elastic_net", "svm", "random_forest", "xgboost"):
        assert _value(metrics, metric="mae", target="age", model=model) < 14
        assert _value(metrics, "n_permutations", metric="mae", target="age", model=model) <= 3


def test_comparisons_and_corrections() -> None:
    windows, recordings, participants, targets = make_cohort(n_people=30, age_effect=1.5)
    cardiac = make_cohort(n_people=30, seed=9, modality="cardiac")[0].filter(like="cardiac__")
    windows = pd.concat([windows, cardiac], axis=1)
    config = FAST.model_copy(update={"targets": [TargetConfig(name="age"), TargetConfig(name="sex")]})
    cohort = (windows, recordings, participants, targets)
    results = [_predict(cohort, config, modality) for modality in ("respiration", "cardiac", "demographics")]
    table = compare_traits([r.metrics for r in results], [r.predictions for r in results], config=config, seed=3)
    tested = table[(table["analysis"] == "traits") & (table["model"] == "selected") & (table["metric"] == "mae")]
    tested = tested[(tested["control"] == "") & (tested["subset"] == "")].set_index("modality")
    expected = stats.false_discovery_control(tested.loc[["respiration", "cardiac"], "p_value"])
    np.testing.assert_allclose(tested.loc[["respiration", "cardiac"], "p_adjusted"], expected)
    assert table.loc[table["p_value"].notna(), "p_adjusted"].notna().all()
    women = table[
        (table["subset"] == "sex=F") & (table["metric"] == "pearson_r") & (table["modality"] != "demographics")
    ]
    np.testing.assert_allclose(women["p_adjusted"], stats.false_discovery_control(women["p_value"]))
    assert (table["p_adjusted"].dropna() >= table.loc[table["p_adjusted"].notna(), "p_value"] - 1e-12).all()
    pairs = table[(table["analysis"] == "comparison") & (table["target"] == "age")]
    row = pairs[(pairs["modality"] == "cardiac") & (pairs["comparator"] == "respiration")].iloc[0]
    assert row["value"] > 0
    assert row["p_value"] < 0.05
    row = pairs[(pairs["modality"] == "respiration") & (pairs["comparator"] == "baseline")].iloc[0]
    assert row["ci_high"] < 0
    flips = table[(table["analysis"] == "comparison") & table["comparator"].isin(["baseline", "demographics"])]
    claims = flips[flips["modality"] != "demographics"]
    np.testing.assert_allclose(claims["p_adjusted"], stats.false_discovery_control(claims["p_value"]))
    widths = table[table["metric"] == "interval_width"]
    assert (widths["ci_low"] <= widths["value"]).all()
    assert (widths["value"] <= widths["ci_high"]).all()


def _null_p(number: int, target: str, metric: str) -> float:
    windows, _, participants, targets = make_cohort(n_people=24, n_features=8, n_windows=1, seed=1000 + number)
    config = TraitsConfig(folds=4, repeats=1, permutations=99, bootstraps=100)
    found = build_target(targets, TargetConfig(name=target), config, set(windows["participant"]))
    assert isinstance(found, Target)
    design, used = build_design(windows, participants, found, config)
    task = Task(found, design, found.values[used], "respiration", config, number)
    null_y = task.permuted(task.folds(0), 99)
    outputs, _ = closed_form_outputs(task, smoothers_of(task), 0, null_y)
    selected = next(output for output in outputs if output.model == "selected")
    assert selected.null is not None
    observed = score_columns(task, task.y[:, None], selected.score)[metric][0]
    null = score_columns(task, null_y, selected.null)[metric]
    return permutation_p(float(observed), null, greater_is_better=metric != "mae")


@pytest.mark.parametrize(("target", "metric"), [("age", "mae"), ("sex", "auc")])
def test_p_values_are_valid_in_cohorts_without_any_effect(target: str, metric: str) -> None:
    p = np.array([_null_p(number, target, metric) for number in range(200)])
    assert np.count_nonzero(p <= 0.05) <= 18
    assert stats.kstest(p, "uniform", alternative="greater").pvalue > 0.01
