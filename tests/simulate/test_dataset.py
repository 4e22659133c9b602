"""The simulated cohort is a BIDS dataset like any other, and its truth can be recovered from it."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from eupnea.config.dataset import DatasetConfig
from eupnea.config.simulate import SimulateConfig
from eupnea.recordings.discovery import discover
from eupnea.simulate import participant_labels, simulate_recording, write_dataset_root, write_participants
from eupnea.simulate.bids import write_physio
from eupnea.simulate.cohort import cohort_size
from eupnea.simulate.dataset import DECIMALS

SEED = 5
SMALL = SimulateConfig(scale="small")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("cohort")
    write_dataset_root(SMALL, SEED, folder)
    files, truth = write_participants(SMALL, SEED, folder, participant_labels(SMALL)[:3])
    return folder, files, truth


def _samples(path: Path) -> np.ndarray:
    text = gzip.decompress(path.read_bytes()).decode()
    return np.array(
        [[np.nan if cell == "n/a" else float(cell) for cell in row.split("\t")] for row in text.splitlines()]
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_sizes_are_those_of_the_scale_unless_told_otherwise() -> None:
    full = cohort_size(SimulateConfig(scale="full"))
    assert (full.participants, full.rest_minutes, full.task_minutes) == (100, 5, 45)
    demo = cohort_size(SimulateConfig(participants=7, task_minutes=20))
    assert (demo.participants, demo.rest_minutes, demo.task_minutes) == (7, 5, 20)
    assert participant_labels(SimulateConfig(participants=2)) == ["sub-001", "sub-002"]
    assert participant_labels(SimulateConfig(participants=1200))[-1] == "sub-1200"


def test_every_recording_has_two_files_events_and_what_they_inherit(
    dataset: tuple[Path, pd.DataFrame, pd.DataFrame],
) -> None:
    folder, files, truth = dataset
    assert len(truth) == 3 * 4
    for recording in truth["recording"]:
        participant = recording.split("_")[0]
        for device in ("resp", "ecg"):
            path = folder / participant / "beh" / f"{recording}_recording-{device}_physio.tsv.gz"
            about = json.loads((folder / f"recording-{device}_physio.json").read_text())
            samples = _samples(path)
            assert samples.shape[1] == len(about["Columns"])
            duration = truth.set_index("recording").loc[recording, "duration_s"]
            assert len(samples) / about["SamplingFrequency"] == pytest.approx(duration, abs=0.05)
            for column in about["Columns"]:
                assert {"Units", "Description"} <= set(about[column])
        assert (folder / participant / "beh" / f"{recording}_events.tsv").is_file()
    assert json.loads((folder / "dataset_description.json").read_text())["Name"].startswith("SIMULATED")
    for row in files.itertuples():
        assert (folder / row.path).stat().st_size == row.bytes
        assert _sha256(folder / row.path) == row.sha256


def test_the_recordings_room_finds_every_recording_with_its_mode_and_task(
    dataset: tuple[Path, pd.DataFrame, pd.DataFrame],
) -> None:
    folder, _, truth = dataset
    entries = discover(DatasetConfig(source="bids", path=folder), folder)
    assert sorted(entry.recording for entry in entries) == sorted(truth["recording"])
    assert {(entry.mode, entry.task) for entry in entries} == {
        (mode, task) for mode in ("nasal", "oral") for task in ("rest", "nback")
    }
    assert all(
        len(entry.sources) == 2 and all(one.sidecars and one.events for one in entry.sources) for entry in entries
    )


def test_offset_and_drift_of_the_clocks_are_recovered_from_the_triggers(
    dataset: tuple[Path, pd.DataFrame, pd.DataFrame],
) -> None:
    folder, _, truth = dataset
    for row in truth.itertuples():
        starts = []
        for device, rate in (("resp", 50.0), ("ecg", 250.0)):
            path = folder / row.participant / "beh" / f"{row.recording}_recording-{device}_physio.tsv.gz"
            trigger = _samples(path)[:, -1]
            starts.append((np.flatnonzero(np.diff(trigger) > 0) + 0.5) / rate)
        seen = min(len(starts[0]), len(starts[1]))
        assert seen >= row.n_triggers - 1
        reference, own = starts[0][:seen], starts[1][:seen]
        slope, offset = np.polyfit(own, reference, 1)
        assert np.abs(offset + slope * own - reference).max() < 0.03
        true = own.mean() / (1 + row.sync_drift_ppm * 1e-6) + row.sync_offset_s
        assert offset + slope * own.mean() == pytest.approx(true, abs=0.01)
        assert np.diff(reference).std() > 0.5
    assert truth["sync_offset_s"].abs().max() > 0.5
    assert truth["sync_drift_ppm"].abs().max() > 10


def test_participants_table_has_the_people_that_the_truth_knows(
    dataset: tuple[Path, pd.DataFrame, pd.DataFrame],
) -> None:
    folder, _, truth = dataset
    table = pd.read_csv(folder / "participants.tsv", sep="\t").set_index("participant_id")
    assert list(table.index) == participant_labels(SMALL)
    for row in truth.itertuples():
        assert table.loc[row.participant, "age"] == row.age
        assert {"F": "female", "M": "male"}[table.loc[row.participant, "sex"]] == row.sex


def test_scans_tell_order_and_mood_but_no_date(dataset: tuple[Path, pd.DataFrame, pd.DataFrame]) -> None:
    folder, _, truth = dataset
    for participant, rows in truth.groupby("participant"):
        scans = pd.read_csv(folder / participant / f"{participant}_scans.tsv", sep="\t")
        assert list(scans.columns) == ["filename", "order", "mood"]
        assert all((folder / participant / name).is_file() for name in scans["filename"])
        assert sorted(set(scans["order"])) == [1, 2, 3, 4]
        first = rows.sort_values("order").iloc[0]
        assert first["task"] == "rest"


def test_half_of_the_people_begin_with_oral_breathing() -> None:
    from eupnea.simulate.cohort import planned_recordings
    from eupnea.simulate.people import style_seed

    first = [style_seed(SEED, f"sub-{k:03d}", "order", "").random() < 0.5 for k in range(400)]
    assert np.mean(first) == pytest.approx(0.5, abs=0.08)
    plans = planned_recordings(SMALL, "sub-001", oral_first={"": True})
    assert [(plan.mode, plan.task) for plan in plans][:2] == [("oral", "rest"), ("oral", "nback")]


def test_events_have_blocks_a_break_and_speech(dataset: tuple[Path, pd.DataFrame, pd.DataFrame]) -> None:
    folder, _, truth = dataset
    recording = truth.loc[truth["task"] == "nback", "recording"].iloc[0]
    events = pd.read_csv(folder / "sub-001" / "beh" / f"{recording}_events.tsv", sep="\t")
    assert list(events.columns) == ["onset", "duration", "trial_type"]
    assert events["trial_type"].tolist() == ["instruction", "block1", "speech", "break", "block2", "speech"]
    blocks = events[events["trial_type"].str.startswith("block")]
    assert blocks["duration"].sum() == pytest.approx(4 * 60)
    assert (events["onset"].diff().dropna() > 0).all()


def test_the_real_protocol_has_45_minutes_of_task_in_blocks() -> None:
    from eupnea.simulate.schedule import events_table, schedule

    events = events_table(schedule(SimulateConfig(scale="full"), "nback"))
    blocks = events[events["trial_type"].str.startswith("block")]
    assert blocks["duration"].sum() == pytest.approx(45 * 60)
    assert (blocks["duration"] >= 300).all()


def test_one_participant_written_alone_has_the_same_bytes(
    dataset: tuple[Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    _, files, truth = dataset
    again, truth_again = write_participants(SMALL, SEED, tmp_path, ["sub-003"])
    mine = files[files["path"].str.startswith("sub-003")].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, mine)
    pd.testing.assert_frame_equal(
        truth_again, truth[truth["participant"] == "sub-003"].reset_index(drop=True), check_exact=True
    )
    other, _ = write_participants(SMALL, SEED + 1, tmp_path / "other", ["sub-003"])
    physio = mine["path"].str.endswith(".gz")
    assert not set(other["sha256"]) & set(mine.loc[physio, "sha256"])


def test_sessions_are_days_with_a_mood_each(tmp_path: Path) -> None:
    config = SimulateConfig(scale="small", sessions=2, rest_minutes=1, task_minutes=0)
    write_dataset_root(config, SEED, tmp_path)
    files, truth = write_participants(config, SEED, tmp_path, ["sub-001"])
    assert set(truth["session"]) == {"ses-1", "ses-2"}
    assert set(truth["task"]) == {"rest"}
    sessions = pd.read_csv(tmp_path / "sub-001" / "sub-001_sessions.tsv", sep="\t")
    assert list(sessions.columns) == ["session_id", "day", "mood"]
    assert sessions["day"].iloc[0] == 0
    assert sessions["day"].iloc[1] > 0
    assert any("ses-2/beh/sub-001_ses-2_task-rest_acq-nasal" in path for path in files["path"])
    style = truth.groupby(["mode", "session"])["true_rate_bpm"].first().unstack()
    assert (style["ses-1"] != style["ses-2"]).all()


def test_another_sensor_for_oral_breathing_is_told_by_the_sidecars(tmp_path: Path) -> None:
    config = SimulateConfig(scale="small", oral_sensor="thermistor", rest_minutes=1, task_minutes=0, artefacts=0)
    write_dataset_root(config, SEED, tmp_path)
    write_participants(config, SEED, tmp_path, ["sub-001"])
    about = json.loads((tmp_path / "acq-oral_recording-resp_physio.json").read_text())
    assert about["Columns"] == ["thermistor", "trigger"]
    entries = discover(DatasetConfig(source="bids", path=tmp_path), tmp_path)
    by_mode = {entry.mode: {side for one in entry.sources for side in one.sidecars} for entry in entries}
    assert "acq-oral_recording-resp_physio.json" in by_mode["oral"]
    assert "acq-oral_recording-resp_physio.json" not in by_mode["nasal"]


def test_nose_and_mouth_at_once_show_who_keeps_breathing_through_the_nose() -> None:
    config = SimulateConfig(scale="small", split_flow=True, artefacts=0, rest_minutes=1)
    for participant in participant_labels(config):
        made = simulate_recording(config, SEED, participant=participant, mode="oral")
        nose, mouth = (np.abs(made.respiration[name]).mean() for name in ("nasal_flow", "oral_flow"))
        assert mouth / (nose + mouth) == pytest.approx(made.state.oral_share, abs=0.06)


def test_artefacts_can_be_switched_off_and_are_there_otherwise() -> None:
    clean = simulate_recording(SimulateConfig(artefacts=0), SEED, task="nback")
    assert not clean.bursts
    assert np.isfinite(clean.respiration["airflow"]).all()
    assert not clean.beats["is_ectopic"].any()
    messy = simulate_recording(SimulateConfig(artefacts=10), SEED, task="nback")
    assert {burst.kind for burst in messy.bursts} == {"motion", "swallow", "missing", "flat"}
    assert np.isnan(messy.respiration["airflow"]).any()


def test_without_signature_sensors_do_not_differ_either_unless_they_have_their_own() -> None:
    def level(config: SimulateConfig, participant: str) -> float:
        made = simulate_recording(config, SEED, participant=participant)
        return float(np.nanstd(np.diff(made.respiration["airflow"], 2)))

    config = SimulateConfig(signature=0, artefacts=0, rest_minutes=2)
    people = [f"sub-{k:03d}" for k in range(6)]
    same = [level(config, one) for one in people]
    own = [level(config.model_copy(update={"sensor_signature": 1.0}), one) for one in people]
    assert np.std(np.log(same)) < 0.12
    assert np.std(np.log(own)) > 0.3


def test_speech_breaks_and_sighs_are_in_the_truth() -> None:
    made = simulate_recording(SimulateConfig(), SEED, task="nback")
    spoken = made.events[made.events["trial_type"] == "speech"]
    inside = made.breaths[made.breaths["condition"] == "speech"]
    assert inside["inhale_onset_s"].between(spoken["onset"].min(), (spoken["onset"] + spoken["duration"]).max()).all()
    assert {"task", "speech", "break", "rest"} == set(made.breaths["condition"])
    assert made.duration_s == pytest.approx(made.events[["onset", "duration"]].iloc[-1].sum() + 5)


def test_the_ecg_file_and_the_true_beats_agree_through_the_clock() -> None:
    made = simulate_recording(SimulateConfig(artefacts=0), SEED, participant="sub-002")
    own = made.clock.to_own(made.beats["time_s"].to_numpy())
    own = own[(own > 1) & (own < made.duration_s - 1)]
    ecg = made.cardiac["ecg"]
    peaks = [int(t * 250) - 10 + np.argmax(ecg[int(t * 250) - 10 : int(t * 250) + 11]) for t in own]
    assert np.abs(np.array(peaks) / 250 - own).max() < 0.006


def test_names_of_participants_need_nothing_heavy() -> None:
    script = (
        "import sys\nfrom eupnea.simulate.cohort import participant_labels\n"
        "assert not {'numpy', 'pandas', 'pydantic'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_fifty_minutes_are_simulated_and_written_in_a_second_and_a_half(tmp_path: Path) -> None:
    config = SimulateConfig(task_minutes=45)
    simulate_recording(SMALL, SEED)
    start = time.process_time()
    made = simulate_recording(config, SEED, task="nback")
    for device, columns in (("resp", made.respiration), ("ecg", made.cardiac)):
        write_physio(columns, tmp_path / f"{device}.tsv.gz", decimals=DECIMALS)
    assert time.process_time() - start < 1.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"modes": ("nasal", "nasal")},
        {"split_flow": True, "oral_sensor": "thermistor"},
        {"task_name": "rest"},
        {"task_name": "n-back"},
        {"signature": -1},
    ],
)
def test_impossible_cohorts_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SimulateConfig.model_validate(wrong)
