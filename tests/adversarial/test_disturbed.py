"""Disturbed recordings go through the stages again, and reach the age models that never saw their people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eupnea.adversarial.carry import Carrier
from eupnea.adversarial.cohort import participant_cohort
from eupnea.adversarial.disturbed import carry_all, choose_recordings, predict_carried, signal_attacks
from eupnea.config.study import StudyConfig
from eupnea.io.contract import CHANNELS, INTERVALS, RECORDINGS
from eupnea.recordings.signal import RawSignal

STUDY = StudyConfig.model_validate(
    {
        "features": {"window_s": [30]},
        "adversarial": {
            "modalities": ["respiration"],
            "min_participants": 10,
            "folds": 3,
            "inner_folds": 3,
            "trees": 5,
            "attack_queries": 10,
            "bootstraps": 100,
            "disturbances": ["dropped_samples", "time_warp"],
            "disturbance_epsilons": [0.2, 0.9],
            "disturbance_draws": 1,
        },
    }
)
PEOPLE, HZ = 12, 10.0


class Breathing(Carrier):
    """A carrier whose recordings are not read from files: the older, the slower the breathing."""

    def load(self, recording: str) -> dict[str, RawSignal]:
        """Return 90 s of airflow."""
        number = int(recording[4:6])
        rng = np.random.default_rng(number)
        times = np.arange(int(90 * HZ)) / HZ
        rate_hz = 0.35 - 0.012 * number
        values = np.sin(2 * np.pi * rate_hz * times + rng.uniform(0, 6)) + 0.02 * rng.standard_normal(times.size)
        return {"airflow": RawSignal(values, HZ)}


@pytest.fixture(scope="module")
def world() -> tuple[Breathing, pd.DataFrame, pd.DataFrame]:
    """A carrier, the windows that it gives of everybody, and the participants."""
    names = [f"sub-{number:02d}_task-rest" for number in range(PEOPLE)]
    people = [name[:6] for name in names]
    keys = {"recording": names, "participant": people, "session": "", "mode": "nasal", "task": "rest", "run": ""}
    recordings = RECORDINGS.conform(pd.DataFrame({**keys, "duration_s": 90.0, "status": "used", "chunk": 0}))
    channels = pd.DataFrame({"recording": names, "signal": "airflow", "kind": "airflow", "status": "used"})
    told = {"sampling_hz": HZ, "polarity": "up", "offset_s": 0.0, "drift_ppm": 0.0, "start_s": 0.0, "site": "nasal"}
    carrier = Breathing("", recordings, CHANNELS.conform(channels.assign(**told)), INTERVALS.empty(), STUDY, 30.0)
    windows = pd.concat([carrier.windows(name, {name: carrier.load(name)}) for name in names], ignore_index=True)
    participants = pd.DataFrame({"participant": people, "age": [20.0 + 4 * number for number in range(PEOPLE)]})
    return carrier, windows, participants


@pytest.fixture(scope="module")
def result(world):
    carrier, windows, participants = world
    return signal_attacks(windows, participants, carrier, config=STUDY.adversarial, seed=1)


def test_undisturbed_recordings_are_predicted_as_the_models_predict_their_windows(world, result):
    _, windows, participants = world
    config = STUDY.adversarial
    cohort = participant_cohort(windows, participants, modality="respiration", config=config)
    same = windows.assign(attack="none", epsilon=0.0, draw=0)
    found = predict_carried(same, cohort, modality="respiration", config=config, seed=1)
    clean = result.predictions[result.predictions["epsilon"] == 0]
    pairs = clean.merge(found, on=["participant", "model"], suffixes=("", "_known"))
    assert len(pairs) == len(clean) > 0
    np.testing.assert_allclose(pairs["y_pred"], pairs["y_pred_known"], rtol=1e-12)


def test_beats_that_cannot_be_a_hearts_take_the_heart_away_as_in_the_stages() -> None:
    names, hz = ["sub-00_task-rest"], 250.0
    times = np.arange(int(90 * hz)) / hz
    ecg = RawSignal(np.exp(-(((times % 0.8) - 0.4) ** 2) / 0.0004), hz)
    keys = {"recording": names, "participant": ["sub-00"], "task": "rest", "status": "used", "chunk": 0}
    recordings = RECORDINGS.conform(pd.DataFrame({**keys, "duration_s": 90.0}))
    told = {"sampling_hz": hz, "offset_s": 0.0, "drift_ppm": 0.0, "start_s": 0.0}
    channels = pd.DataFrame({"recording": names, "signal": "ecg", "kind": "ecg", "status": "used"}).assign(**told)
    known = (recordings, CHANNELS.conform(channels), INTERVALS.empty())
    shares = {}
    for slowest in (30.0, 90.0):  # the heart beats 75 times a minute
        study = STUDY.model_copy(update={"beats": STUDY.beats.model_copy(update={"min_rate_bpm": slowest})})
        windows = Carrier(Path(), *known, study, 30.0).windows(names[0], {names[0]: {"ecg": ecg}})
        shares[slowest] = windows["cardiac_quality"].mean()
    assert shares[30.0] == 1.0
    assert not shares[90.0] > 0


def test_an_attacker_may_do_less_than_is_allowed_and_the_median_never_moves(result):
    frame = result.predictions.assign(error=(result.predictions["y_true"] - result.predictions["y_pred"]).abs())
    errors = frame.set_index(["model", "attack", "epsilon", "participant"])["error"].sort_index()
    for model in ("ridge_clean", "xgboost"):
        clean, small, large = (errors[model, *key] for key in (("none", 0.0), ("time_warp", 0.2), ("time_warp", 0.9)))
        assert (small >= clean - 1e-12).all()
        assert (large >= small - 1e-12).all()
        assert clean.mean() < small.mean() < large.mean()
    assert (errors["median", "time_warp", 0.9] == errors["median", "none", 0.0]).all()


def test_recordings_that_lost_most_samples_are_refused_and_counted(world, result):
    refused = result.metrics[result.metrics["metric"] == "share_refused"].iloc[0]
    assert refused["n_observations"] == 4 * PEOPLE
    assert (result.metrics.loc[result.metrics["metric"] == "mae_signal", "n_participants"] == PEOPLE).all()
    names = [f"sub-{number:02d}_task-rest" for number in range(PEOPLE)]
    carried = carry_all(names, world[0], config=STUDY.adversarial, seed=1)
    windows_left = carried[carried["epsilon"] > 0].groupby(["attack", "epsilon", "recording"])["window_s"].count()
    assert len(windows_left) == 4 * PEOPLE
    assert refused["value"] == pytest.approx((windows_left == 0).mean())
    assert (windows_left["dropped_samples", 0.9] == 0).all()
    lost = result.predictions[(result.predictions["n_windows"] == 0) & (result.predictions["model"] == "ridge_clean")]
    assert len(lost) > PEOPLE / 2
    assert (lost.groupby("fold")["y_pred"].std(ddof=0) < 1e-9).all()


def test_few_people_get_no_interval_and_the_shortest_recording_is_taken(world):
    carrier, windows, participants = world
    config = STUDY.adversarial.model_copy(update={"disturbance_budget_s": 8.0})
    rows = signal_attacks(windows, participants, carrier, config=config, seed=1).metrics
    rows = rows[rows["metric"] == "mae_signal"]
    assert (rows["n_participants"] < 8).all()
    assert rows["ci_low"].isna().all()
    assert rows["reason"].str.contains("too few for an interval").all()
    longer = windows.assign(recording=windows["recording"].str.replace("rest", "long"))
    recordings = carrier.recordings.assign(recording=carrier.recordings["recording"].str.replace("rest", "long"))
    both = pd.concat([recordings.assign(duration_s=600.0), carrier.recordings], ignore_index=True)
    cohort = participant_cohort(windows, participants, modality="respiration", config=config)
    chosen = choose_recordings(pd.concat([longer, windows]), both, cohort, config=config)
    assert all(name.endswith("rest") for name in chosen)


def test_every_number_names_its_disturbance_and_says_that_it_is_a_lower_bound(result):
    rows = result.metrics[(result.metrics["metric"] == "mae_signal") & (result.metrics["epsilon"] > 0)]
    assert set(rows["attack"]) == {"dropped_samples", "time_warp"}
    assert rows.loc[rows["status"] == "ok", "reason"].str.contains("lower bound").all()
    assert not result.curves.loc[result.curves["epsilon"] > 0, "attack_is_exact"].any()
    assert not result.predictions.loc[result.predictions["epsilon"] > 0, "attack_is_exact"].any()


def test_the_budget_sets_how_many_people_are_attacked_and_who_they_are_never_changes(world):
    carrier, windows, participants = world
    config = STUDY.adversarial.model_copy(update={"disturbance_budget_s": 12.0})
    cohort = participant_cohort(windows, participants, modality="respiration", config=config)
    few = choose_recordings(windows, carrier.recordings, cohort, config=config)
    assert 3 <= len(few) < PEOPLE
    assert few == choose_recordings(windows, carrier.recordings, cohort, config=config)
    assert {few[0], few[-1]} == {"sub-00_task-rest", f"sub-{PEOPLE - 1}_task-rest"}


def test_too_few_people_are_a_row_with_the_reason(world):
    carrier, windows, participants = world
    few = participants.head(4)
    found = signal_attacks(windows, few, carrier, config=STUDY.adversarial, seed=1).metrics
    assert list(found["status"]) == ["not_answerable"]
    assert "4 participants" in found["reason"].iloc[0]
