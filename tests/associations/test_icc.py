from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.associations.icc import intraclass_correlations, median_icc
from eupnea.associations.reliability import reliability
from eupnea.config.associations import AssociationsConfig
from eupnea.io.contract import DICTIONARY, RECORDING_FEATURES

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
)
"""Six targets, four judges: table 2 of Shrout & Fleiss (1979)."""


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [("icc_1_1", 0.17, -0.13, 0.72), ("icc_2_1", 0.29, 0.02, 0.76), ("icc_3_1", 0.71, 0.34, 0.95)],
)
def test_published_example(name: str, value: float, low: float, high: float) -> None:
    icc = intraclass_correlations(SHROUT_FLEISS[:, :, None])
    assert getattr(icc, name)[0] == pytest.approx(value, abs=0.006)
    assert icc.intervals[name][0][0] == pytest.approx(low, abs=0.006)
    assert icc.intervals[name][1][0] == pytest.approx(high, abs=0.006)


def test_intervals_cover_the_truth_and_a_shift_between_measurements_hurts_agreement_only() -> None:
    rng = np.random.default_rng(0)
    person = rng.standard_normal((20, 1, 2000))
    values = person + rng.standard_normal((20, 4, 2000)) + rng.standard_normal((1, 4, 2000))
    icc = intraclass_correlations(values)
    for name, truth in (("icc_2_1", 1 / 3), ("icc_3_1", 0.5)):
        low, high = icc.intervals[name]
        assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.97
    shifted = intraclass_correlations(values + np.array([0, 3, 6, 9])[None, :, None])
    np.testing.assert_allclose(shifted.icc_3_1, icc.icc_3_1)
    assert (shifted.icc_2_1 < icc.icc_2_1).mean() > 0.99


def test_median_over_features_counts_complete_people_and_its_interval_covers() -> None:
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(200):
        shared, own = 0.7**0.5, 0.3**0.5  # features go together, as those of a person do
        person = shared * rng.standard_normal((25, 1, 1)) + own * rng.standard_normal((25, 1, 40))
        values = person + shared * rng.standard_normal((25, 3, 1)) + own * rng.standard_normal((25, 3, 40))
        median, low, high = median_icc(values)
        assert median == pytest.approx(np.median(intraclass_correlations(values).icc_3_1))
        covered.append(low <= 0.5 <= high)
    assert 0.9 <= np.mean(covered) <= 0.99
    values[4, 1, :] = np.nan
    assert median_icc(values)[0] == pytest.approx(np.median(intraclass_correlations(np.delete(values, 4, 0)).icc_3_1))


def test_gain_and_offset_change_no_icc_and_scale_the_error_of_measurement() -> None:
    values = np.random.default_rng(1).standard_normal((12, 3, 5)) + np.arange(12)[:, None, None] / 4
    one, two = intraclass_correlations(values), intraclass_correlations(5 * values - 40)
    np.testing.assert_allclose(one.icc_2_1, two.icc_2_1)
    np.testing.assert_allclose(5 * one.sem, two.sem)
    np.testing.assert_allclose(one.mdc, 1.96 * np.sqrt(2) * one.sem)


def _windows(n_people: int = 15, modes: tuple[str, ...] = ("nasal", "oral"), seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    stable, rows = rng.standard_normal(n_people), []
    for person in range(n_people):
        for mode in modes:
            own = rng.standard_normal()
            for task in ("rest", "work"):
                for window in range(5):
                    label = f"sub-{person:02d}_task-{task}_acq-{mode}"
                    keys = {"recording": label, "participant": f"sub-{person:02d}", "session": "", "mode": mode}
                    keys |= {"task": task, "run": "", "start_s": 60.0 * window, "window_s": 60.0}
                    noise = 0.3 * rng.standard_normal(3)
                    rows.append(
                        keys
                        | {
                            "respiration__a__stable": stable[person] + noise[0],
                            "respiration__a__by_mode": own + noise[1],
                            "respiration__a__noise": noise[2],
                        }
                    )
    return pd.DataFrame(rows)


def _row(table: pd.DataFrame, **wanted: str) -> pd.Series:
    rows = table[np.logical_and.reduce([table[name] == value for name, value in wanted.items()])]
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_feature_stable_across_modes_is_told_from_one_that_is_not() -> None:
    table = reliability(_windows(), RECORDING_FEATURES.empty(), DICTIONARY.empty(), config=AssociationsConfig())
    across = {"term": "modes", "metric": "icc_3_1"}
    assert _row(table, feature="respiration__a__stable", **across)["value"] > 0.9
    assert _row(table, feature="respiration__a__by_mode", **across)["ci_low"] < 0.3
    within = {"term": "windows", "subset": "mode=oral,task=rest", "metric": "icc_3_1"}
    assert _row(table, feature="respiration__a__by_mode", **within)["value"] > 0.8
    assert _row(table, feature="respiration__a__noise", **within)["value"] < 0.4
    assert _row(table, feature="respiration__a__stable", **within)["p_adjusted"] < 0.001


def test_what_a_dataset_cannot_tell_has_a_reason() -> None:
    windows = _windows(modes=("nasal",))
    windows.loc[windows["participant"] != "sub-00", "respiration__a__noise"] = np.nan
    table = reliability(windows, RECORDING_FEATURES.empty(), DICTIONARY.empty(), config=AssociationsConfig())
    assert _row(table, term="modes")["reason"] == "the dataset has one mode only"
    assert _row(table, term="sessions")["status"] == "not_answerable"
    missing = _row(table, term="tasks", feature="respiration__a__noise")
    assert missing["status"] == "not_supported"
    assert missing["reason"].startswith("1 participants")


def test_features_of_recordings_and_empty_tables() -> None:
    recordings = _windows().groupby(["recording", "participant", "session", "mode", "task", "run"]).mean().reset_index()
    recordings = recordings.drop(columns=["start_s", "window_s"])
    table = reliability(_windows(), recordings, DICTIONARY.empty(), config=AssociationsConfig())
    assert (table["level"] == "recording").any()
    empty = reliability(
        _windows().iloc[:0], RECORDING_FEATURES.empty(), DICTIONARY.empty(), config=AssociationsConfig()
    )
    assert set(empty["status"]) == {"not_supported"}
