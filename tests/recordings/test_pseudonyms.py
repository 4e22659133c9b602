"""Once participants are re-coded, the names of their files stay outside every table; they are found all the same."""

from __future__ import annotations

import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eupnea.adversarial.carry import Carrier
from eupnea.config.dataset import DatasetConfig, EventsConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.config.study import StudyConfig
from eupnea.errors import EupneaError, InputError, RecordingError
from eupnea.recordings.describe import describe_chunk
from eupnea.recordings.events import intervals_of
from eupnea.recordings.load import load_signals
from eupnea.recordings.pseudonyms import file_aliases, without_file_names
from eupnea.report.manifest import manifest_of

NAMES = ("smithson", "hildegard", "albert")


@pytest.fixture
def dataset(tmp_path: Path) -> tuple[DatasetConfig, Path]:
    """Two people whose files carry their names; one file of the first cannot be read."""
    base = tmp_path / "dataset"
    rows = ["path\tparticipant\ttask\tsampling_hz"]
    time = np.arange(0, 120, 1 / 25)
    for number, name in enumerate(("HildegardSmithson", "AlbertSmithson")):
        (base / name).mkdir(parents=True)
        wave = pd.DataFrame({"airflow": np.sin(2 * np.pi * (0.2 + 0.05 * number) * time)})
        wave.to_csv(base / name / f"{name}_rest.csv", index=False)
        rows.append(f"{name}/{name}_rest.csv\t{name}\trest\t25")
    (base / "HildegardSmithson" / "HildegardSmithson_task.edf").write_bytes(b"0       Hildegard Smithson")
    rows.append("HildegardSmithson/HildegardSmithson_task.edf\tHildegardSmithson\ttask\t")
    (base / "recordings.tsv").write_text("\n".join([*rows, ""]))
    (tmp_path / "codes.tsv").write_text("participant\tcode\nHildegardSmithson\tq1\nAlbertSmithson\tq2\n")
    config = DatasetConfig(
        source="files",
        path=base,
        recordings_table="recordings.tsv",
        participants={"codes": tmp_path / "codes.tsv"},
        channels=[{"pattern": "airflow", "kind": "airflow"}],
    )
    return config, base


def _described(config: DatasetConfig, base: Path):
    people = ["sub-q1", "sub-q2"] if config.participants.codes else ["sub-HildegardSmithson", "sub-AlbertSmithson"]
    return describe_chunk(config, RecordingsConfig(), base, people, 0)


def test_no_table_names_a_file(dataset) -> None:
    config, base = dataset
    described = _described(config, base)
    assert sorted(described.recordings["status"]) == ["set_aside", "used", "used"]
    tables = (described.recordings, described.channels, described.findings, described.intervals)
    texts = "\n".join(table.to_csv() for table in tables).lower()
    assert not [name for name in NAMES if name in texts]
    assert "sub-q1/file-002.edf" in texts


def test_without_codes_the_names_are_shown(dataset) -> None:
    config, base = dataset
    plain = config.model_copy(update={"participants": config.participants.model_copy(update={"codes": None})})
    described = _described(plain, base)
    assert "HildegardSmithson_task.edf" in described.findings.to_csv()
    assert file_aliases(plain, base) == {}


def test_the_files_are_found_by_their_aliases(dataset) -> None:
    config, base = dataset
    described = _described(config, base)
    signals = load_signals(base, described.channels, aliases=file_aliases(config, base))
    assert {recording for recording, _ in signals} == {"sub-q1_task-rest", "sub-q2_task-rest"}
    with pytest.raises(EupneaError):
        load_signals(base, described.channels)


def test_an_attacked_recording_is_found_by_its_alias(dataset) -> None:
    config, base = dataset
    described = _described(config, base)
    tables = (described.recordings, described.channels, described.intervals)
    carrier = Carrier(base, *tables, StudyConfig(), 30.0, aliases=file_aliases(config, base))
    assert set(carrier.load("sub-q1_task-rest")) == {"airflow"}


def test_the_manifest_shows_aliases(dataset) -> None:
    config, base = dataset
    files = [(base / path).as_posix() for path in file_aliases(config, base)]
    manifest = manifest_of({}, code="", base=base, inputs=files, aliases=file_aliases(config, base))
    assert [row["file"] for row in manifest["inputs"]] == sorted(file_aliases(config, base).values())


def test_no_error_of_a_step_names_a_file(dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    config, base = dataset
    described = _described(config, base)
    aliases = file_aliases(config, base)
    (base / "HildegardSmithson" / "HildegardSmithson_rest.csv").unlink()
    with pytest.raises(RecordingError) as lost:
        load_signals(base, described.channels, aliases=aliases)
    failing = InputError("The machine cannot read a file", where="HildegardSmithson/HildegardSmithson_rest.csv")
    monkeypatch.setattr("eupnea.recordings.found.read_file", raising(failing))
    with pytest.raises(InputError) as failed:
        _described(config, base)
    for error in (lost.value, failed.value):
        assert "sub-q1/file-001.csv" in str(error)
        assert not [name for name in NAMES if name in str(error).lower()]


def test_no_traceback_of_a_step_names_a_file(dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    config, base = dataset
    path = base / "HildegardSmithson" / "HildegardSmithson_rest.csv"
    monkeypatch.setattr("eupnea.recordings.found.read_file", raising(OSError(5, "Input/output error", str(path))))
    with pytest.raises(RuntimeError) as failed:
        _described(config, base)
    printed = "".join(traceback.format_exception(failed.value))
    assert "OSError: [Errno 5] Input/output error" in printed
    assert "sub-q1/file-001.csv" in printed
    assert not [name for name in NAMES if name in printed.lower()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("record HildegardSmithson_rest: no samples", "record sub-q1/file-001: no samples"),
        ("nothing beside HildegardSmithson_task", "nothing beside sub-q1/file-002"),
        ("the folder AlbertSmithson is empty", "the folder sub-q2 is empty"),
        ("HildegardSmithson_notes.json is no JSON", "sub-q1_notes.json is no JSON"),
        ("100 Hz, airflow, sub-q1 and sub-q2", "100 Hz, airflow, sub-q1 and sub-q2"),
    ],
)
def test_stems_and_folders_are_replaced_as_whole_words(dataset, text: str, shown: str) -> None:
    table = pd.DataFrame({"what": [text]})
    assert without_file_names(table, file_aliases(*dataset))["what"].tolist() == [shown]


def test_what_files_of_several_people_are_called_names_nobody() -> None:
    aliases = {
        "ann/ecg_rest.csv": "sub-q1/file-001.csv",
        "bob/ecg_rest.csv": "sub-q2/file-001.csv",
        "ann/100.csv": "sub-q1/file-002.csv",
        "ann/airflow.csv": "sub-q1/file-003.csv",
        "q2/sub-q1.csv": "sub-q2/file-002.csv",
    }
    table = pd.DataFrame({"what": ["ecg_rest of bob at 100 Hz lacks airflow, as does sub-q1"]})
    shown = "ecg_rest of sub-q2 at 100 Hz lacks airflow, as does sub-q1"
    assert without_file_names(table, aliases)["what"].tolist() == [shown]


def test_free_text_of_an_event_is_not_kept() -> None:
    events = [(5.0, 2.0, "Talking to Hildegard Smithson"), (9.0, 1.0, "BAD_Smithson"), (20.0, 9.0, "block 2")]
    config = EventsConfig(use=("(begin) of .*", "rest of .*"))
    events += [(0.0, 4.0, "begin of Albert"), (4.0, 30.0, "rest of Albert")]
    kept = [(one.role, one.label) for one in intervals_of(events, config, start_s=0.0, end_s=60.0)]
    assert kept == [
        ("use", "begin"),
        ("use", "rest of .*"),
        ("exclude", "Talking"),
        ("exclude", "BAD_.*"),
        ("block", "block 2"),
    ]


def raising(error: Exception):
    def read(*_: object, **__: object) -> None:
        raise error

    return read
