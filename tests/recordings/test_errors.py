"""Everything that can be wrong with a dataset is said, with the file and what to do; good recordings go on."""

from __future__ import annotations

import gzip
import json
import os

import numpy as np
import pandas as pd
import pytest
from recordings.builders import (
    breathing,
    config,
    describe,
    heart,
    only_reason,
    write_dataset,
    write_physio,
)

from eupnea.errors import ConfigError, InputError
from eupnea.io.contract import RECORDINGS
from eupnea.recordings.discovery import discover
from eupnea.recordings.merge import check_recordings
from eupnea.recordings.participants import read_people
from eupnea.recordings.targets import check_targets, targets_table

BAD = "sub-01/beh/sub-01_task-rest_physio"


@pytest.fixture
def base(tmp_path):
    return write_dataset(tmp_path / "dataset")


def replace_bad(base, columns, sampling_hz=100.0, **keys):
    write_physio(base / f"{BAD}.tsv.gz", columns, sampling_hz, **keys)


def good_columns():
    return {"airflow": breathing(100.0), "ecg": heart(100.0)}


def test_a_good_dataset_is_used_whole(base):
    described = describe(base)
    assert (described.recordings["status"] == "used").all()
    assert (described.recordings["signals"] == "airflow,ecg").all()
    assert described.recordings["duration_s"].eq(60).all()
    assert described.findings.empty


def test_sidecar_missing(base):
    (base / f"{BAD}.json").unlink()
    reason = only_reason(describe(base))
    assert "sidecar is missing" in reason
    assert f"{BAD}.tsv.gz" in reason


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"Columns": ["airflow"]}, ["number of columns differs", "1 in the sidecar", "2 in the file"]),
        ({"Columns": None}, ["does not name the columns"]),
        ({"Columns": ["airflow", "airflow"]}, ["does not name the columns"]),
        ({"Columns": "airflow"}, ["does not name the columns"]),
        ({"SamplingFrequency": 0}, ["SamplingFrequency cannot be right", "found 0"]),
        ({"SamplingFrequency": -5}, ["SamplingFrequency cannot be right"]),
        ({"SamplingFrequency": 1e12}, ["SamplingFrequency cannot be right"]),
        ({"SamplingFrequency": "100"}, ["SamplingFrequency cannot be right", "'100'"]),
        ({"SamplingFrequency": None}, ["SamplingFrequency cannot be right", "found nothing"]),
        ({"StartTime": "now"}, ["StartTime"]),
    ],
)
def test_sidecar_wrong(base, keys, words):
    replace_bad(base, good_columns(), sidecar=keys)
    reason = only_reason(describe(base))
    assert all(word in reason for word in [*words, f"{BAD}.json"])


def test_words_of_a_sidecar_that_are_not_known_are_reported_and_not_used(base):
    replace_bad(base, good_columns(), sidecar={"airflow": {"Kind": "Belt"}, "ecg": {"Kind": "egc", "Polarity": "up"}})
    described = describe(base)
    assert (described.recordings["status"] == "used").all()
    row = described.findings.squeeze()
    assert row["level"] == "warning"
    assert "Kind" in row["what"]
    assert "much like 'ecg'" in row["what"]
    assert "ppg" in row["what"]
    assert row["where"] == f"{BAD}.tsv.gz, channel ecg"


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_sidecar_not_json(base, content):
    (base / f"{BAD}.json").write_bytes(content)
    assert "not a JSON table" in only_reason(describe(base))


def test_sidecar_rate_contradicts_the_times_in_the_file(base):
    columns = good_columns()
    replace_bad(base, {"time": np.arange(columns["ecg"].size) / 50.0} | columns)
    reason = only_reason(describe(base))
    assert "sampling rate differs from the times" in reason
    assert "50 Hz" in reason


def test_truncated_gz(base):
    path = base / f"{BAD}.tsv.gz"
    path.write_bytes(path.read_bytes()[:-200])
    assert "cut off" in only_reason(describe(base))


def test_damaged_gz(base):
    path = base / f"{BAD}.tsv.gz"
    path.write_bytes(b"no gzip at all")
    assert "damaged or not gzip" in only_reason(describe(base))


def test_empty_file(base):
    (base / f"{BAD}.tsv.gz").write_bytes(gzip.compress(b""))
    assert "empty" in only_reason(describe(base))


def test_text_where_numbers_belong(base):
    text = gzip.decompress((base / f"{BAD}.tsv.gz").read_bytes()).replace(b"\n", b"\nabc", 1)
    (base / f"{BAD}.tsv.gz").write_bytes(gzip.compress(text))
    assert "text where numbers belong" in only_reason(describe(base))


def test_compressed_bombs_are_refused_without_being_unpacked(base):
    (base / f"{BAD}.tsv.gz").write_bytes(gzip.compress(b"1\t2\n" * 5_000_000))
    reason = only_reason(describe(base, max_megabytes=5))
    assert "too long" in reason
    assert "recordings.max_megabytes" in reason


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        (np.full(6000, np.nan), "holds no number"),
        (np.full(6000, 3.0), "never changes"),
        (np.r_[np.full(5900, 3.0), breathing(100.0)[:100]], "flat line during 98%"),
        (np.r_[np.full(3500, np.nan), breathing(100.0)[:2500]], "58% of the samples are missing"),
    ],
)
def test_a_bad_channel_is_set_aside_and_the_other_one_used(base, channel, words):
    replace_bad(base, {"airflow": channel, "ecg": heart(100.0)})
    described = describe(base)
    row = described.recordings.set_index("recording").loc["sub-01_task-rest"]
    assert row["status"] == "used"
    assert row["signals"] == "ecg"
    assert words in row["reason"].replace("A flat", "flat")
    channels = described.channels.set_index(["recording", "signal"])
    assert channels.loc[("sub-01_task-rest", "airflow"), "status"] == "set_aside"
    assert channels.loc[("sub-01_task-rest", "ecg"), "status"] == "used"


def test_a_recording_without_any_good_channel_is_set_aside(base):
    replace_bad(base, {"airflow": np.full(6000, np.nan), "ecg": np.zeros(6000)})
    reason = only_reason(describe(base))
    assert "holds no number" in reason
    assert "never changes" in reason


def test_channel_sampled_too_slowly(base):
    replace_bad(base, {"ecg": heart(20.0)}, 20.0)
    assert "too slowly for ecg" in only_reason(describe(base))


def test_channels_that_nobody_knows(base):
    replace_bad(base, {"a": breathing(100.0), "b": breathing(100.0)})
    reason = only_reason(describe(base))
    assert "names: a, b" in reason
    assert "dataset.channels" in reason


def test_too_short(base):
    replace_bad(base, {name: values[:300] for name, values in good_columns().items()})
    assert "Too short: 3.0 s" in only_reason(describe(base))


def test_two_files_claim_the_same_channel(base):
    for recording in ("a", "b"):
        path = base / f"sub-01/beh/sub-01_task-rest_recording-{recording}_physio.tsv.gz"
        write_physio(path, {"airflow": breathing(100.0)}, 100.0)
    (base / f"{BAD}.tsv.gz").unlink()
    reason = only_reason(describe(base))
    assert "Two files claim the same channel" in reason
    assert "recording-a" in reason
    assert "recording-b" in reason


def test_devices_that_cannot_be_aligned(base):
    (base / f"{BAD}.tsv.gz").unlink()
    (base / f"{BAD}.json").unlink()
    columns = {"resp": {"airflow": breathing(25.0)}, "ecg": {"ecg": heart(250.0)}}
    for name, rate in (("resp", 25.0), ("ecg", 250.0)):
        path = base / f"sub-01/beh/sub-01_task-rest_recording-{name}_physio.tsv.gz"
        write_physio(path, columns[name], rate, start_s=None)
    described = describe(base)
    row = described.recordings.set_index("recording").loc["sub-01_task-rest"]
    assert row["sync_method"] == "not_aligned"
    assert np.isnan(row["sync_offset_s"])
    assert row["status"] == "used"
    assert "cannot be aligned: no shared trigger, and no declared start times" in row["reason"]


def test_events_without_onset_set_the_recording_aside(base):
    (base / "sub-01/beh/sub-01_task-rest_events.tsv").write_text("onset\tduration\ttrial_type\nsoon\t5\tbreak\n")
    reason = only_reason(describe(base))
    assert "events.tsv, line 2" in reason


def test_dataset_folder_missing(tmp_path):
    with pytest.raises(InputError, match="does not exist") as caught:
        discover(config(), tmp_path / "nowhere")
    assert "dataset.path" in str(caught.value)


def test_no_recordings_found_says_what_was_looked_for(tmp_path):
    with pytest.raises(InputError, match=r"sub-\*/\[ses-\*/\]\*/sub-\*_\{physio\}"):
        discover(config(), tmp_path)
    pattern = "Person_{participant}/rec_{run}.hea"
    with pytest.raises(InputError, match=r"Person_\{participant\}"):
        discover(config(source="files", pattern=pattern), tmp_path)


def test_participant_missing_from_the_table(base):
    (base / "participants.tsv").write_text("participant_id\tage\nsub-02\t30\n")
    described = describe(base)
    people = read_people(config(), base, described.recordings)
    assert [finding.recording for finding in people.findings if "no row in the participants table" in finding.what] == [
        "sub-01"
    ]
    assert people.table["participant"].tolist() == ["sub-01", "sub-02"]
    assert np.isnan(people.table["age"].iloc[0])


def test_no_participants_table(base):
    (base / "participants.tsv").unlink()
    people = read_people(config(), base, describe(base).recordings)
    assert people.table["participant"].tolist() == ["sub-01", "sub-02"]
    assert "no participants table" in people.findings[0].what


def test_participant_named_twice(base):
    (base / "participants.tsv").write_text("participant_id\tage\nsub-02\t30\nsub-02\t31\n")
    with pytest.raises(InputError, match="line 3"):
        read_people(config(), base, describe(base).recordings)


def test_target_missing_or_constant(base):
    (base / "participants.tsv").write_text("participant_id\tage\tsex\nsub-01\t30\tM\nsub-02\t30\tF\n")
    recordings = describe(base).recordings
    people = read_people(config(), base, recordings)
    targets = targets_table(config(), base, recordings, people.table)
    check_targets(targets, [("sex", "participant")])
    with pytest.raises(ConfigError, match="same value for everybody"):
        check_targets(targets, [("age", "participant")])
    with pytest.raises(ConfigError, match="age \\(participant\\), sex \\(participant\\)"):
        check_targets(targets, [("bmi", "participant")])


def test_fewer_than_two_recordings_per_person(tmp_path):
    base = write_dataset(tmp_path / "dataset", tasks=("rest",))
    with pytest.raises(ConfigError, match="two usable recordings"):
        check_recordings(describe(base).recordings, config())
    check_recordings(describe(write_dataset(tmp_path / "other")).recordings, config())


def test_no_usable_recording_at_all(base):
    for path in base.rglob("*_physio.json"):
        path.write_text(json.dumps({"SamplingFrequency": 0, "Columns": ["airflow", "ecg"]}))
    with pytest.raises(ConfigError, match="No recording can be used"):
        check_recordings(describe(base).recordings, config())
    with pytest.raises(ConfigError, match="No recording can be used"):
        check_recordings(RECORDINGS.empty(), config())


def test_a_link_that_leaves_the_dataset_is_refused(base, tmp_path):
    path = base / f"{BAD}.tsv.gz"
    outside = tmp_path / "outside.tsv.gz"
    path.rename(outside)
    os.symlink(outside, path)
    assert "leaves the dataset" in only_reason(describe(base))


def test_a_link_within_the_dataset_is_followed(base):
    """Datalad keeps the content of files in one place and links to it."""
    path = base / f"{BAD}.tsv.gz"
    (base / ".git").mkdir()
    path.rename(base / ".git" / "content")
    path.symlink_to("../../.git/content")
    assert describe(base).recordings["status"].eq("used").all()


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/x.csv", "a\\..\\b.csv"])
def test_a_path_that_leaves_the_dataset_is_refused(tmp_path, path):
    (tmp_path / "outside.csv").write_text("1\n2\n")
    base = tmp_path / "dataset"
    base.mkdir()
    (base / "recordings.tsv").write_text(f"path\tparticipant\tkind\tsampling_hz\n{path}\t01\tbelt\t25\n")
    described = describe(base, config(source="files", recordings_table="recordings.tsv"))
    assert "leaves the dataset" in only_reason(described)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.csv\t0 1\tbelt\t25", "wrong participant"),
        ("a.csv\t../../x\tbelt\t25", "wrong participant"),
        ("a.csv\t01\tnose\t25", "wrong kind"),
        ("a.csv\t01\tbelt\tfast", "wrong sampling_hz"),
        ("a.csv\t01\tbelt\t-1", "wrong sampling_hz"),
        ("a.xyz\t01\tbelt\t25", "wrong format"),
    ],
)
def test_a_wrong_cell_of_the_recordings_table_is_named(tmp_path, row, words):
    (tmp_path / "recordings.tsv").write_text(f"path\tparticipant\tkind\tsampling_hz\n{row}\n")
    with pytest.raises(ConfigError, match=words) as caught:
        discover(config(source="files", recordings_table="recordings.tsv"), tmp_path)
    assert "line 2" in str(caught.value)


def test_reasons_stand_in_one_line(base):
    replace_bad(base, good_columns(), sidecar={"SamplingFrequency": 0})
    frame = describe(base).recordings
    assert not frame["reason"].str.contains("\n").any()
    assert isinstance(frame, pd.DataFrame)
