from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from eupnea.associations.mixed import mixed_models
from eupnea.associations.random_intercept import fit_random_intercept
from eupnea.config.associations import AssociationsConfig
from eupnea.io.contract import DICTIONARY

CONFIG = AssociationsConfig()


def _grouped(seed: int, person_sd: float = 1.0, q: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    people = np.sort(rng.integers(12, size=90))
    people = np.unique(people, return_inverse=True)[1]
    x = np.column_stack([np.ones(90), rng.standard_normal(90), rng.standard_normal(people.max() + 1)[people]])
    noise = person_sd * rng.standard_normal((people.max() + 1, q))[people] + rng.standard_normal((90, q))
    return x, 5 + x[:, 1:2] * 0.5 + noise, people


@pytest.mark.parametrize("person_sd", [0.4, 1.0, 3.0])
def test_closed_form_agrees_with_statsmodels(person_sd: float) -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    x, y, people = _grouped(1, person_sd)
    fit = fit_random_intercept(x, y, people)
    for column in range(y.shape[1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer = MixedLM(y[:, column], x, people).fit(reml=True, method=["bfgs", "powell"], gtol=1e-10)
        assert fit.log_likelihood[column] >= peer.llf - 1e-8
        assert fit.log_likelihood[column] == pytest.approx(peer.llf, abs=1e-6)
        np.testing.assert_allclose(fit.beta[column], peer.fe_params, rtol=1e-4, atol=1e-5)


def test_at_the_same_variance_ratio_the_numbers_are_those_of_statsmodels_to_rounding() -> None:
    from statsmodels.regression.linear_model import GLS

    x, y, people = _grouped(2)
    fit = fit_random_intercept(x, y, people)
    for column in range(y.shape[1]):
        covariance = np.eye(len(x)) + fit.ratio[column] * (people[:, None] == people)
        peer = GLS(y[:, column], x, sigma=covariance).fit()
        np.testing.assert_allclose(fit.beta[column], peer.params, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(fit.se_model[column], peer.bse, rtol=1e-6)
        assert fit.residual_variance[column] == pytest.approx(peer.scale, rel=1e-6)


def test_without_differences_between_people_it_is_least_squares() -> None:
    x, y, people = _grouped(3, person_sd=0.0)
    y = y - np.array([y[people == person].mean(axis=0) for person in range(people.max() + 1)])[people]
    fit = fit_random_intercept(x, y, people)
    assert (fit.ratio == 0).all()
    np.testing.assert_allclose(fit.beta, np.linalg.lstsq(x, y, rcond=None)[0].T, atol=1e-10)


def test_gain_and_offset_of_a_feature_scale_its_effects() -> None:
    x, y, people = _grouped(4)
    one, two = fit_random_intercept(x, y, people), fit_random_intercept(x, 1e4 * y + 1e5, people)
    np.testing.assert_allclose(two.beta[:, 1:], 1e4 * one.beta[:, 1:], rtol=1e-6)
    np.testing.assert_allclose(two.se_robust, 1e4 * one.se_robust, rtol=1e-5)


def _cohort(
    *, n_people: int = 24, n_features: int = 40, mode: float = 0.0, age: float = 0.0, slope: float = 0.0, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    years = rng.uniform(20, 70, n_people)
    people = [f"sub-{number:02d}" for number in range(n_people)]
    participants = pd.DataFrame(
        {"participant": people, "age": years, "sex": np.tile(["F", "M"], n_people)[:n_people], "bmi": 25.0}
    )
    participants["bmi"] += rng.standard_normal(n_people)
    parts = []
    for number, person in enumerate(people):
        own = rng.standard_normal(n_features) + age * years[number]
        for label in ("nasal", "oral"):
            recording = 0.7 * rng.standard_normal(n_features)
            for task in ("rest", "work"):
                minutes = np.arange(6.0)
                noise = rng.standard_normal((6, n_features))
                values = (
                    own + recording + mode * (label == "oral") + slope * (task == "work") * minutes[:, None] + noise
                )
                part = pd.DataFrame(values, columns=[f"respiration__a__f{i:02d}" for i in range(n_features)])
                keys = {"participant": person, "session": "", "mode": label, "task": task, "run": "", "window_s": 60.0}
                keys |= {"recording": f"{person}_task-{task}_acq-{label}"}
                parts.append(part.assign(**keys, start_s=60 * minutes, time_on_task_s=60 * minutes))
    return pd.concat(parts, ignore_index=True), participants


def _betas(table: pd.DataFrame, term: str) -> pd.DataFrame:
    return table[(table["term"] == term) & (table["metric"] == "beta")]


def test_known_effects_lie_in_their_intervals() -> None:
    windows, participants = _cohort(mode=0.8, age=0.03, slope=0.1)
    table = mixed_models(windows, participants, DICTIONARY.empty(), config=CONFIG)
    for term, truth in (("mode[oral]", 0.8), ("age", 0.03), ("time_on_task_min", 0.1), ("mode[oral]:task[work]", 0.0)):
        rows = _betas(table, term)
        assert len(rows) == 40
        inside = (rows["ci_low"] <= truth) & (truth <= rows["ci_high"])
        assert inside.mean() >= 0.85
        assert rows["value"].mean() == pytest.approx(truth, abs=0.02 + 0.15 * truth)


def test_without_effects_tests_hold_their_level_although_windows_of_a_recording_are_alike() -> None:
    tables = []
    for seed in range(8):
        windows, participants = _cohort(seed=seed)
        tables.append(mixed_models(windows, participants, DICTIONARY.empty(), config=CONFIG))
    table = pd.concat(tables)
    for term in ("mode[oral]", "task[work]", "time_on_task_min", "age", "sex[M]", "bmi"):
        p = _betas(table, term)["p_value"]
        assert len(p) == 320
        assert 0.02 <= (p < 0.05).mean() <= 0.085, term


def test_the_naive_standard_error_would_not_hold_its_level() -> None:
    windows, _ = _cohort(n_features=300)
    x = np.column_stack([np.ones(len(windows)), (windows["mode"] == "oral") - 0.5])
    people = pd.factorize(windows["participant"])[0]
    fit = fit_random_intercept(x, windows.filter(like="respiration__").to_numpy(), people)
    assert (np.abs(fit.beta[:, 1] / fit.se_model[:, 1]) > 2.07).mean() > 0.2
    assert (np.abs(fit.beta[:, 1] / fit.se_robust[:, 1]) > 2.07).mean() < 0.1


def test_what_a_dataset_cannot_tell_is_named() -> None:
    windows, participants = _cohort()
    windows = windows[windows["mode"] == "nasal"].assign(mode="")
    participants = participants.drop(columns="bmi").assign(sex="F")
    table = mixed_models(windows, participants, DICTIONARY.empty(), config=CONFIG)
    reasons = table[table["status"] == "not_answerable"].set_index("term")["reason"]
    assert reasons["mode"] == "one mode only"
    assert reasons["mode_task"] == "needs two modes and two tasks"
    assert reasons["bmi"] == "the dataset has no column 'bmi'"
    assert "sex" in reasons.index
    assert reasons["cardiac" if "cardiac" in reasons.index else "mode"]
    assert len(_betas(table, "task[work]").dropna(subset="value")) == 40


def test_missing_windows_are_left_out_feature_by_feature() -> None:
    windows, participants = _cohort(n_features=3)
    windows.loc[windows.index[::3], "respiration__a__f01"] = np.nan
    windows["respiration__a__f02"] = 7.0
    table = mixed_models(windows, participants, DICTIONARY.empty(), config=CONFIG)
    rows = _betas(table, "mode[oral]").set_index("feature")
    assert rows.loc["respiration__a__f00", "n_observations"] == len(windows)
    assert rows.loc["respiration__a__f01", "n_observations"] == len(windows) - len(windows.index[::3])
    flat = table[table["feature"] == "respiration__a__f02"]
    assert flat["reason"].tolist() == ["the feature does not vary"]


def test_bad_residuals_are_flagged() -> None:
    windows, participants = _cohort(n_features=2)
    windows["respiration__a__f01"] = np.exp(2 * windows["respiration__a__f01"])
    table = mixed_models(windows, participants, DICTIONARY.empty(), config=CONFIG)
    checks = table[table["metric"] == "residual_check"].set_index("feature")
    assert checks.loc["respiration__a__f00", "value"] == 0
    assert checks.loc["respiration__a__f01", "value"] == 1
    assert "skewed" in checks.loc["respiration__a__f01", "reason"]
