"""The oracle: plausible strengths, chance without a signature, and agreement with simulated breathing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.config.simulate import SimulateConfig
from eupnea.simulate import oracle, simulate_flow
from eupnea.simulate.constants import STYLE

SEED = 3


def _value(table: pd.DataFrame, **where: str) -> float:
    rows = table
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1
    return float(rows["value"].iloc[0])


@pytest.fixture(scope="module")
def default() -> pd.DataFrame:
    return oracle(SimulateConfig(), SEED)


def _rank1(table: pd.DataFrame, protocol: str, modality: str = "respiration") -> float:
    return _value(table, quantity="rank1", protocol=protocol, modality=modality)


def test_breathing_identifies_far_from_perfectly_and_less_across_modes(default: pd.DataFrame) -> None:
    within, across = _rank1(default, "within_mode"), _rank1(default, "across_modes")
    assert 0.5 < within < 0.8
    assert 0.2 < across < 0.65 * within
    assert across < _rank1(default, "across_days") < within


def test_traits_are_weak_to_moderate(default: pd.DataFrame) -> None:
    for modality in ("respiration", "cardiac", "all"):
        assert 0.05 < _value(default, quantity="r2", modality=modality, target="age") < 0.5
        assert 0 < _value(default, quantity="r2", modality=modality, target="bmi") < 0.15
        assert 0.6 < _value(default, quantity="auc", modality=modality, target="sex") < 0.9


def test_the_heart_is_told_by_more_than_breathing(default: pd.DataFrame) -> None:
    assert _rank1(default, "across_days", "cardiac") > _rank1(default, "across_days")
    assert _rank1(default, "across_days", "all") > _rank1(default, "across_days", "cardiac")


def test_explained_variance_and_d_prime_belong_together(default: pd.DataFrame) -> None:
    table = (
        default[default["protocol"] == "within_mode"]
        .pivot_table(index="feature", columns="quantity", values="value")[["explained_variance", "d_prime"]]
        .dropna()
    )
    assert len(table) == len(STYLE)
    assert table["explained_variance"].between(0, 1).all()
    assert table.corr("spearman").iloc[0, 1] > 0.95


def test_without_signature_everything_is_chance() -> None:
    table = oracle(SimulateConfig(signature=0.0), SEED)
    for protocol in ("within_mode", "across_modes", "across_days"):
        for modality in ("respiration", "cardiac", "all"):
            assert _rank1(table, protocol, modality) == pytest.approx(1 / 40)
            assert _value(table, quantity="eer", protocol=protocol, modality=modality) == 0.5
    assert abs(_value(table, quantity="r2", modality="all", target="age")) < 0.03
    assert _value(table, quantity="auc", modality="all", target="sex") == pytest.approx(0.5, abs=0.04)


def test_identification_rises_with_the_signature() -> None:
    found = [_rank1(oracle(SimulateConfig(signature=s), SEED), "within_mode") for s in (0.25, 0.5, 1.0, 2.0)]
    assert found == sorted(found)
    assert found[0] < 0.3
    assert found[-1] > 0.8


def test_without_trait_effects_nothing_is_known_about_age_but_people_are_told_apart() -> None:
    table = oracle(SimulateConfig(trait_effects=0.0), SEED)
    assert abs(_value(table, quantity="r2", modality="all", target="age")) < 0.03
    assert _rank1(table, "within_mode") > 0.4


@pytest.mark.parametrize("name", ["rate_bpm", "tidal_volume_l", "duty_cycle"])
def test_the_error_of_a_window_is_that_of_simulated_breathing(name: str) -> None:
    """Means over 60 s windows of one steady person scatter as the oracle assumes."""
    found = []
    for seed in range(12):
        _, b = simulate_flow(duration_s=1200, sampling_hz=1, seed=seed, sighs_per_hour=1e-9)
        total = b["end_s"] - b["inhale_onset_s"]
        values = {
            "rate_bpm": np.log(60 / total),
            "tidal_volume_l": np.log(b["inhale_volume_l"]),
            "duty_cycle": ((b["exhale_onset_s"] - b["inhale_onset_s"]) / total).pipe(lambda d: np.log(d / (1 - d))),
        }[name]
        found.append(values.groupby((b["inhale_onset_s"] // 60).astype(int)).mean())
    expected = next(one.sampling_sd for one in STYLE if one.name == name)
    assert np.concatenate(found).std() == pytest.approx(expected, rel=0.3)


def test_the_same_seed_gives_the_same_table(default: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(default, oracle(SimulateConfig(), SEED), check_exact=True)
