"""Whole datasets: names to labels, clocks, sessions, people; real ones too."""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
import pytest
from recordings.builders import breathing, config, describe, heart, write_dataset, write_physio

from eupnea.errors import ConfigError, InputError
from eupnea.recordings.bids import Tree, parse_name
from eupnea.recordings.describe import describe_chunk
from eupnea.recordings.discovery import discover
from eupnea.recordings.load import load_signals
from eupnea.recordings.merge import recordings_of_chunks
from eupnea.recordings.participants import participants_table, read_people
from eupnea.recordings.readers.registry import read_file
from eupnea.recordings.targets import targets_table
from eupnea.recordings.triggers import to_recording_clock


def test_real_ds000210_finds_fifteen_people_and_reports_the_sixteen_others(shared_data):
    dataset = config(cardiac="ppg", declared_s={"cuedSGT": 520, "rest": 612})
    described = describe(shared_data("ds000210"), dataset)
    recordings = described.recordings
    assert len(recordings) == 75
    assert (recordings["status"] == "used").all()
    assert (recordings["signals"] == "belt,ppg").all()
    assert recordings.groupby("task")["duration_s"].unique().map(list).to_dict() == {"cuedSGT": [520], "rest": [612]}
    people = read_people(dataset, shared_data("ds000210"), recordings)
    assert people.table["has_recordings"].sum() == 15
    assert any(finding.what.startswith("16 participants have no recordings") for finding in people.findings)
    assert people.table["sex"].value_counts().to_dict() == {"female": 16, "male": 15}
    assert set(people.table.columns) == {"participant", "age", "sex", "n_recordings", "has_recordings"}
    targets = targets_table(dataset, shared_data("ds000210"), recordings, people.table)
    assert set(targets["participant"]) == set(recordings["participant"])


def test_real_ecgiddb_makes_sessions_of_days_and_people_of_headers(shared_data):
    dataset = config(
        source="files",
        pattern="Person_{participant}/rec_{run}.hea",
        entities={"sessions_from_dates": True, "task": {"default": "rest"}},
        channels=[{"pattern": "ECG I filtered", "kind": "ignore"}],
        participants={"from_headers": True},
    )
    base = shared_data("ecgiddb")
    described = describe(base, dataset)
    recordings = described.recordings
    assert len(recordings) == 310
    assert recordings["recording"].is_unique
    assert recordings["participant"].nunique() == 90
    assert (recordings.groupby("participant")["session"].nunique() >= 2).sum() == 20
    assert recordings.loc[recordings["session"] == "ses-1", "day"].eq(0).all()
    assert recordings.loc[recordings["session"] == "ses-2", "day"].gt(0).all()
    text = described.recordings.to_csv() + described.channels.to_csv()
    assert "2004" not in text
    people = participants_table(dataset, base, recordings)
    assert people["age"].notna().all()
    assert people["age"].between(13, 75).all()
    assert set(people["sex"]) == {"male", "female"}
    some = described.channels[described.channels["recording"].str.startswith("sub-02_")]
    signals = load_signals(base, some)
    assert all(signal.values.size == 10000 for signal in signals.values())


def test_every_real_format_through_one_recordings_table(shared_data, tmp_path):
    root = shared_data("README.md").parent
    lines = [
        "path\tparticipant\ttask\trun\tchannel\tkind\tsite\tunit\tpolarity\tsampling_hz\tclock",
        *(f"eegmat/Subject05_{run}.edf\t05\t{task}\t\t\t\t\t\t\t\t" for run, task in ((1, "rest"), (2, "arithmetic"))),
        "fantasia/f1o08m.mat\tf1o08\trest\t\t\t\t\t\t\t\t",
        "acqknowledge/physio-4.4.0-c.acq\tacq\trest\t\t\t\t\t\t\t\t",
        "mitdb/100.hea\t100\trest\t\t\t\t\t\t\t\t",
        "airflow/resp1_airflow.npy\tair\trest\t1\t\tairflow\tnasal\t\tdown\t1000\tone",
        "airflow/ecg1.npy\tair\trest\t1\t\tecg\t\t\t\t1000\tone",
        "airflow/resp4_CO2.npy\tair\trest\t2\t\tco2\t\t\t\t62.5\t",
    ]
    base = tmp_path / "dataset"
    base.mkdir()
    for name in ("eegmat", "fantasia", "acqknowledge", "mitdb", "airflow"):
        (base / name).mkdir()
        for file in (root / name).iterdir():
            (base / name / file.name).write_bytes(file.read_bytes())
    (base / "recordings.tsv").write_text("\n".join(lines) + "\n")
    dataset = config(source="files", recordings_table="recordings.tsv", path=str(base))
    described = describe(base, dataset)
    rows = described.recordings.set_index("recording")
    assert rows["status"].eq("used").all(), rows["reason"].tolist()
    assert rows["signals"].to_dict() == {
        "sub-05_task-rest": "ecg",
        "sub-05_task-arithmetic": "ecg",
        "sub-f1o08_task-rest": "belt,ecg",
        "sub-acq_task-rest": "belt,ecg",
        "sub-100_task-rest": "ecg,ecg",
        "sub-air_task-rest_run-1": "airflow,ecg",
        "sub-air_task-rest_run-2": "co2",
    }
    assert rows.loc["sub-air_task-rest_run-1", "sync_method"] == "one_file"
    signals = load_signals(base, described.channels)
    airflow = np.load(root / "airflow/resp1_airflow.npy")
    assert np.allclose(signals["sub-air_task-rest_run-1", "airflow"].values, airflow)
    assert signals["sub-100_task-rest", "ecg-2"].values.size == 650000


@pytest.mark.parametrize(("offset_s", "drift_ppm"), [(1.7, 40.0), (-2.0, -50.0)])
def test_two_devices_are_aligned_by_their_triggers(tmp_path, offset_s, drift_ppm):
    duration_s = 300.0
    pulses = np.sort(np.random.default_rng(4).uniform(5, duration_s - 5, 25))
    base = tmp_path / "dataset"

    def trigger(rate, times):
        samples = np.zeros(int(duration_s * rate))
        for one in times:
            samples[int(np.ceil(one * rate)) : int(np.ceil((one + 0.1) * rate))] = 5.0
        return samples

    own = (pulses - offset_s) * (1 + drift_ppm * 1e-6)
    folder = base / "sub-01" / "beh"
    flow, ecg = breathing(25.0, duration_s), heart(250.0, duration_s)
    write_physio(
        folder / "sub-01_task-rest_recording-resp_physio.tsv.gz",
        {"airflow": np.repeat(flow, 4), "trigger": trigger(100, pulses)},
        100.0,
    )
    write_physio(
        folder / "sub-01_task-rest_recording-ecg_physio.tsv.gz", {"ecg": ecg, "trigger": trigger(250, own)}, 250.0
    )
    described = describe(base)
    row = described.recordings.iloc[0]
    assert row["sync_method"] == "trigger"
    assert abs(row["sync_offset_s"] - offset_s) < 0.02
    assert abs(row["sync_drift_ppm"] - drift_ppm) < 10
    assert row["sync_offset_se_s"] < 0.01
    channels = described.channels.set_index("signal")
    assert channels.loc["airflow", "offset_s"] == 0
    found = to_recording_clock(
        own, offset_s=channels.loc["ecg", "offset_s"], drift_ppm=channels.loc["ecg", "drift_ppm"]
    )
    assert np.abs(found - pulses).max() < 0.02


def test_the_clocks_of_the_simulated_cohort_are_recovered(tmp_path):
    from eupnea.config.simulate import SimulateConfig
    from eupnea.simulate.dataset import write_dataset_root, write_participants

    simulated = SimulateConfig(scale="small", participants=3)
    write_dataset_root(simulated, 5, tmp_path)
    _, truth = write_participants(simulated, 5, tmp_path, ["sub-001", "sub-002", "sub-003"])
    described = describe(tmp_path)
    found = described.recordings.set_index("recording").sort_index()
    truth = truth.set_index("recording").sort_index()
    assert found.index.equals(truth.index)
    assert (found["sync_method"] == "trigger").all()
    for at_s in (0.0, 0.5, 1.0):
        own = at_s * found["duration_s"].to_numpy()
        error = [
            to_recording_clock(t, offset_s=f, drift_ppm=d) - to_recording_clock(t, offset_s=g, drift_ppm=e)
            for t, f, d, g, e in zip(
                own,
                found["sync_offset_s"],
                found["sync_drift_ppm"],
                truth["sync_offset_s"],
                truth["sync_drift_ppm"],
                strict=True,
            )
        ]
        assert np.abs(error).max() < 0.02
    z = (found["sync_drift_ppm"] - truth["sync_drift_ppm"]) / found["sync_drift_se_ppm"]
    assert z.abs().max() < 4
    assert found.loc[found["task"] != "rest", "sync_drift_se_ppm"].max() < 40
    assert (described.channels.query("kind == 'airflow'")["polarity"] == "up").all()
    assert (found.loc[found["task"] != "rest", "excluded_s"] > 30).all()
    people = participants_table(config(), tmp_path, described.recordings)
    assert people["bmi"].notna().all()


def test_declared_start_times_align_where_there_is_no_trigger(tmp_path):
    base = tmp_path / "dataset"
    for name, columns, rate, start in (
        ("resp", {"airflow": breathing(25.0)}, 25.0, 0.0),
        ("ecg", {"ecg": heart(250.0)}, 250.0, -1.5),
    ):
        write_physio(base / f"sub-01/beh/sub-01_task-rest_recording-{name}_physio.tsv.gz", columns, rate, start_s=start)
    described = describe(base)
    assert described.recordings["sync_method"].tolist() == ["declared"]
    assert described.channels.set_index("signal").loc["ecg", "start_s"] == -1.5
    assert load_signals(base, described.channels)["sub-01_task-rest", "ecg"].start_s == -1.5
    shared = describe(base, config(clocks="shared"))
    assert shared.recordings["sync_method"].tolist() == ["one_file"]


@pytest.mark.parametrize(
    ("names", "entities"),
    [
        (("acq-nasal", "acq-oral"), {}),
        (("ses-nose", "ses-mouth"), {"mode": {"entity": "ses", "values": {"nose": "nasal", "mouth": "oral"}}}),
        (
            ("task-restnasal", "task-restoral"),
            {
                "mode": {"entity": "task", "pattern": "(nasal|oral)$"},
                "task": {"entity": "task", "pattern": "^(.*?)(?:nasal|oral)$"},
            },
        ),
    ],
)
def test_the_mode_comes_from_whichever_entity_the_study_uses(tmp_path, names, entities):
    for name in names:
        task = "" if name.startswith("task") else "_task-rest"
        parts = f"sub-01_{name}{task}" if name.startswith("ses") else f"sub-01{task}_{name}"
        write_physio(tmp_path / f"sub-01/beh/{parts}_physio.tsv.gz", {"airflow": breathing()})
    entries = discover(config(entities=entities), tmp_path)
    assert sorted(entry.mode for entry in entries) == ["nasal", "oral"]
    assert {entry.task for entry in entries} == {"rest"}


def test_a_mapped_label_that_cannot_stand_in_a_name_is_refused(tmp_path):
    write_physio(tmp_path / "sub-01/beh/sub-01_task-rest_physio.tsv.gz", {"airflow": breathing()})
    with pytest.raises(ConfigError, match=r"dataset\.entities\.task"):
        discover(config(entities={"task": {"entity": "task", "values": {"rest": "../x"}}}), tmp_path)


def test_sidecars_are_inherited_from_the_general_to_the_special(tmp_path):
    path = tmp_path / "sub-01/ses-1/beh/sub-01_ses-1_task-rest_physio.tsv.gz"
    write_physio(path, {"airflow": breathing()})
    (tmp_path / "sub-01/ses-1/beh/sub-01_ses-1_task-rest_physio.json").unlink()
    (tmp_path / "physio.json").write_text(json.dumps({"SamplingFrequency": 1}))
    (tmp_path / "task-rest_physio.json").write_text(json.dumps({"SamplingFrequency": 25, "StartTime": 0}))
    (tmp_path / "task-game_physio.json").write_text(json.dumps({"SamplingFrequency": 99}))
    (tmp_path / "sub-01/ses-1/sub-01_ses-1_physio.json").write_text(json.dumps({"Columns": ["airflow"]}))
    (entry,) = discover(config(), tmp_path)
    assert entry.sources[0].sidecars == (
        "physio.json",
        "task-rest_physio.json",
        "sub-01/ses-1/sub-01_ses-1_physio.json",
    )
    described = describe(tmp_path)
    assert described.recordings[["status", "sampling_hz"]].to_numpy().tolist() == [["used", 25.0]]


def test_names_that_are_not_bids_are_not_taken_apart():
    assert parse_name("sub-01_task-rest_physio.tsv.gz").entities == {"sub": "01", "task": "rest"}
    assert all(parse_name(name) is None for name in ("README", "sub-01_rest_physio.tsv.gz", "sub-_physio.tsv", ".tsv"))


def test_order_and_content_do_not_depend_on_the_chunks(tmp_path):
    base = write_dataset(tmp_path / "dataset", participants=4)
    whole = describe(base)
    parts = [
        describe_chunk(config(), whole_config(), base, list(own), 0)
        for own in (("sub-03", "sub-01"), ("sub-04",), ("sub-02",), ())
    ]
    merged = recordings_of_chunks([one.recordings for one in parts])
    pd.testing.assert_frame_equal(merged, recordings_of_chunks([whole.recordings]))
    assert merged["recording"].tolist()[:3] == ["sub-01_task-game", "sub-01_task-rest", "sub-02_task-game"]


def whole_config():
    from eupnea.config.recordings import RecordingsConfig

    return RecordingsConfig()


def test_events_exclude_use_and_name_blocks(tmp_path):
    base = write_dataset(tmp_path / "dataset", participants=1, tasks=("rest",))
    (base / "task-rest_events.tsv").write_text(
        "onset\tduration\ttrial_type\n0\t20\tblock1\n20\t10\tbreak\n30\t40\tblock2\n25\t10\tspeech\n5\t0\tstimulus\n"
    )
    described = describe(base)
    assert described.recordings[["duration_s", "used_s", "excluded_s"]].to_numpy().tolist() == [[60.0, 45.0, 15.0]]
    assert described.intervals[["onset_s", "duration_s", "role", "label"]].to_numpy().tolist() == [
        [0.0, 20.0, "block", "block1"],
        [20.0, 10.0, "exclude", "break"],
        [25.0, 10.0, "exclude", "speech"],
        [30.0, 30.0, "block", "block2"],
    ]
    used = describe(base, config(events={"use": ["block.*"], "exclude": ["speech"], "margin_s": 1}))
    assert used.recordings[["used_s", "excluded_s"]].to_numpy().tolist() == [[44.0, 12.0]]


def test_participants_columns_are_whitelisted_renamed_converted_and_counted(tmp_path):
    base = write_dataset(tmp_path / "dataset", participants=5)
    (base / "participants.tsv").write_text(
        "participant_id\tGender\tAge\theight\tweight\tname\tdiagnosis\n"
        "sub-01\tM\t89+\t1.80\t81\tErika Mustermann\thealthy\n"
        "sub-02\tfemale\tn/a\t1.60\t64\tErika Mustermann\thealthy\n"
        "sub-03\tdivers\t30\t18.0\t80\tErika Mustermann\thealthy\n"
        "sub-04\tn/a\tyoung\tn/a\t80\tErika Mustermann\thealthy\n"
        "sub-05\tF\t25\t1.70\t70\tErika Mustermann\thealthy\n"
    )
    dataset = config(participants={"units": {"height_cm": "m"}})
    people = read_people(dataset, base, describe(base, dataset).recordings)
    table = people.table.set_index("participant")
    assert "Mustermann" not in people.table.to_csv() + repr(people.findings)
    assert "diagnosis" not in table
    assert table["age"].tolist()[:3:2] == [89, 30]
    assert table["age"].isna().tolist() == [False, True, False, True, False]
    assert table["sex"].tolist() == ["male", "female", "divers", "", "female"]
    assert table["height_cm"].tolist()[:2] == pytest.approx([180, 160])
    assert table["bmi"].tolist()[:2] == pytest.approx([25, 25])
    assert np.isnan(table.loc["sub-03", "bmi"])
    words = " | ".join(finding.what for finding in people.findings)
    for expected in ("censored age", "1 × divers", "height_cm 1800 is outside", "age is not a number", "sex of 1"):
        assert expected in words
    bare = read_people(config(), base, describe(base).recordings)
    assert bare.table["bmi"].isna().all()
    assert any("set dataset.participants.units" in finding.change for finding in bare.findings)


def test_targets_of_every_level(tmp_path):
    base = tmp_path / "dataset"
    for session in ("1", "2"):
        name = f"sub-01/ses-{session}/beh/sub-01_ses-{session}_task-rest_physio.tsv.gz"
        write_physio(base / name, {"airflow": breathing()})
        (base / f"sub-01/ses-{session}/sub-01_ses-{session}_scans.tsv").write_text(
            "filename\tacq_time\tarousal\toperator\n"
            f"beh/sub-01_ses-{session}_task-rest_physio.tsv.gz\t2019-03-0{session}T10:00:00\t{session}5\tErika\n"
        )
    (base / "sub-01/sub-01_sessions.tsv").write_text("session_id\tmood\nses-1\t3\nses-2\tn/a\n")
    (base / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\nsub-09\t40\n")
    (base / "phenotype").mkdir()
    (base / "phenotype/stai.tsv").write_text("participant_id\tscore\titem1\nsub-01\t41\t1\n")
    dataset = config(
        targets={
            "sessions": {"mood": "mood"},
            "scans": {"arousal": "arousal"},
            "phenotype": {"stai": {"score": "stai"}},
        }
    )
    described = describe(base, dataset)
    assert described.recordings["day"].tolist() == [0, 1]
    people = participants_table(dataset, base, described.recordings)
    targets = targets_table(dataset, base, described.recordings, people)
    assert targets.to_numpy().tolist() == [
        ["sub-01", "", "", "age", "participant", "30.0"],
        ["sub-01", "", "", "stai", "participant", "41"],
        ["sub-01", "ses-1", "", "mood", "session", "3"],
        ["sub-01", "ses-1", "sub-01_ses-1_task-rest", "arousal", "recording", "15"],
        ["sub-01", "ses-2", "sub-01_ses-2_task-rest", "arousal", "recording", "25"],
    ]
    everything = "".join(frame.to_csv() for frame in (described.recordings, described.channels, targets, people))
    assert "2019" not in everything
    assert "Erika" not in everything
    missing = config(targets={"phenotype": {"bdi": {"score": "bdi"}}})
    with pytest.raises(ConfigError, match=r"phenotype\.bdi"):
        targets_table(missing, base, described.recordings, people)


def test_participants_may_carry_codes(tmp_path):
    base = write_dataset(tmp_path / "dataset")
    codes = tmp_path / "codes.tsv"
    codes.write_text("participant\tcode\nsub-01\tx7\nsub-02\tk3\n")
    dataset = config(participants={"codes": str(codes)})
    described = describe(base, dataset)
    assert set(described.recordings["participant"]) == {"sub-k3", "sub-x7"}
    people = participants_table(dataset, base, described.recordings).set_index("participant")
    assert people["age"].to_dict() == {"sub-k3": 22, "sub-x7": 21}
    codes.write_text("participant\tcode\nsub-01\tx7\n")
    with pytest.raises(ConfigError, match="no code"):
        discover(dataset, base)
    codes.write_text("participant\tcode\nsub-01\tx7\nsub-02\tx7\n")
    with pytest.raises(ConfigError, match="repeated"):
        discover(dataset, base)


def test_a_file_that_changed_since_it_was_described_is_named(tmp_path):
    base = write_dataset(tmp_path / "dataset", participants=1, tasks=("rest",))
    described = describe(base)
    path = base / "sub-01/beh/sub-01_task-rest_physio.tsv.gz"
    write_physio(path, {"airflow": breathing(100.0)}, 100.0)
    with pytest.raises(InputError, match="no longer in its file"):
        load_signals(base, described.channels)


def test_fifty_minutes_of_four_channels_are_read_fast(tmp_path):
    """0.6 s of CPU time were measured beforehand for such a file; noise of the machine is allowed for."""
    rng = np.random.default_rng(0)
    import io

    import pyarrow as pa
    from isal import igzip
    from pyarrow import csv

    table = pa.table({str(i): np.round(rng.normal(0, 1000, 3_000_000)).astype("int32") for i in range(4)})
    buffer = io.BytesIO()
    csv.write_csv(table, buffer, csv.WriteOptions(include_header=False, delimiter="\t"))
    path = tmp_path / "sub-01_task-rest_physio.tsv.gz"
    path.write_bytes(igzip.compress(buffer.getvalue()))
    sidecar = tmp_path / "sub-01_task-rest_physio.json"
    sidecar.write_text(
        json.dumps({"SamplingFrequency": 1000, "StartTime": 0, "Columns": ["flow", "ecg", "ppg", "belt"]})
    )
    started = time.process_time()
    content = read_file(tmp_path, path.name, "bids_physio", sidecars=(sidecar.name,))
    taken = time.process_time() - started
    assert np.array_equal(content.signals["ppg"].values, table.column("2").to_numpy())
    assert taken < 1.5, taken


def test_discovery_needs_only_the_standard_library(tmp_path):
    import subprocess
    import sys

    code = (
        "import sys; from eupnea.config.dataset import DatasetConfig; import eupnea.recordings.discovery; "
        "print([m for m in ('numpy', 'pandas', 'pyarrow', 'scipy', 'mne', 'wfdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_tree_lists_folders_in_natural_order(tmp_path):
    for number in (10, 2, 1):
        write_physio(tmp_path / f"sub-{number}/beh/sub-{number}_physio.tsv.gz", {"airflow": breathing(duration_s=1)})
    assert [path.split("/")[0] for path in Tree(tmp_path).signal_files(("physio",))] == ["sub-1", "sub-2", "sub-10"]
