from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from traits.cohorts import long_targets
from traits.real_people import ecg_id, pulses

from eupnea.config.traits import TargetConfig, TraitsConfig
from eupnea.io.contract import RECORDING_FEATURES
from eupnea.traits.predict import predict_traits

CONFIG = TraitsConfig(
    targets=[TargetConfig(name="age"), TargetConfig(name="sex")], repeats=2, permutations=199, bootstraps=300, trees=50
)


def _metrics(windows: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    result = predict_traits(
        windows, RECORDING_FEATURES.empty(), windows, participants, long_targets(participants),
        modality="cardiac", config=CONFIG, seed=1,
    )  # fmt: skip
    metrics = result.metrics[(result.metrics["model"] == "selected") & (result.metrics["subset"] == "")]
    metrics = metrics[~metrics["metric"].str.startswith("gap_")]
    return metrics.set_index(["target", "metric", "control"]).sort_index()


@pytest.mark.slow
def test_twenty_seconds_of_ecg_tell_sex_and_something_of_age(shared_data: Callable[[str], Path]) -> None:
    metrics = _metrics(*ecg_id(shared_data("ecgiddb")))
    sex = metrics.loc[("sex", "auc", "")]
    assert sex["value"] > 0.72
    assert sex["ci_low"] > 0.6
    assert sex["p_value"] == pytest.approx(1 / 200)
    age = metrics.loc[("age", "pearson_r", "")]
    assert age["value"] > 0.5
    assert age["p_value"] <= 0.01
    error = metrics.loc[("age", "mae", "")]
    assert error["value"] < 7.9
    assert error["n_participants"] == 90
    cheated = metrics.loc[("age", "mae", "random_row_split")]["value"]
    honest = metrics.loc[("age", "mae", "participant_split")]["value"]
    assert cheated < 0.75 * honest
    assert honest == pytest.approx(error["value"], abs=1.0)


@pytest.mark.slow
def test_fifteen_students_of_one_age_tell_nothing_and_the_rows_say_why(shared_data: Callable[[str], Path]) -> None:
    metrics = _metrics(*pulses(shared_data("ds000210")))
    age = metrics.loc[("age", "mae", "")]
    assert age["p_value"] > 0.05
    assert "narrow range of age (18 to 31" in age["reason"]
    assert age["n_participants"] == 15
    assert metrics.loc[("age", "r2", "")]["value"] < 0.1
    assert np.isfinite(age["ci_high"])
