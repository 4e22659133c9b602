"""A recording that is a copy of another is found by its samples."""

from __future__ import annotations

import shutil

from recordings.builders import describe, write_dataset

from eupnea.recordings.merge import copies_between_people


def test_a_copy_of_a_persons_recording_is_set_aside(tmp_path):
    base = write_dataset(tmp_path)
    folder = base / "sub-01" / "beh"
    for ending in ("tsv.gz", "json"):
        shutil.copy(folder / f"sub-01_task-rest_physio.{ending}", folder / f"sub-01_task-game_physio.{ending}")
    described = describe(base)
    rows = described.recordings.set_index("recording")
    assert rows["status"].value_counts().to_dict() == {"used": 3, "set_aside": 1}
    aside = rows[rows["status"] == "set_aside"].iloc[0]
    assert aside["participant"] == "sub-01"
    assert "is a copy of the other" in aside["reason"]
    assert copies_between_people(described.channels, described.recordings) == []


def test_the_same_samples_of_two_people_are_told(tmp_path):
    base = write_dataset(tmp_path)
    names = [base / f"sub-0{n}" / "beh" / f"sub-0{n}_task-rest_physio.tsv.gz" for n in (1, 2)]
    shutil.copy(*names)
    described = describe(base)
    assert (described.recordings["status"] == "used").all()
    found = copies_between_people(described.channels, described.recordings)
    assert {one.level for one in found} == {"warning"}
    assert all("sub-01_task-rest, sub-02_task-rest" in one.what for one in found)


def test_recordings_of_their_own_are_no_copies(tmp_path):
    described = describe(write_dataset(tmp_path))
    assert (described.recordings["status"] == "used").all()
    assert described.channels["samples"].nunique() == len(described.channels)
    assert copies_between_people(described.channels, described.recordings) == []
