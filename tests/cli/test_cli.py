"""The command, as a person uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from recordings.builders import breathing, heart, write_dataset, write_physio
from typer.testing import CliRunner

from eupnea.cli.app import app
from eupnea.config.load import load_study

BAD = "sub-01/beh/sub-01_task-rest_physio"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(app, [str(one) for one in arguments])

    return invoke


@pytest.fixture
def study(tmp_path, run):
    write_dataset(tmp_path / "dataset")
    done = run("init", "dataset", "-o", "study.yaml")
    assert done.exit_code == 0, done.output
    return tmp_path / "study.yaml"


def flat(text):
    return " ".join(text.replace("│", " ").split())


def test_init_writes_a_study_that_loads_and_explains_what_it_saw(study):
    config = load_study(study)
    assert config.dataset.source == "bids"
    assert config.dataset.participants.columns == {"age": "age", "sex": "sex"}
    text = study.read_text()
    assert "airflow: airflow" in text
    assert "No entity tells nasal from oral breathing" in text


def test_init_overwrites_nothing_unasked(study, run):
    study.write_text("name: mine\n")
    assert run("init", "dataset", "-o", study).exception.what == "The study is there already"
    assert study.read_text() == "name: mine\n"
    assert run("init", "dataset", "-o", study, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("task-restnasal", "task-restoral", "task-gamenasal", "task-gameoral"), {"rest", "game"}),
        (("task-baseline_acq-nose", "task-baseline_acq-mouth", "task-game_acq-nose"), {"rest", "game"}),
    ],
)
def test_init_finds_mode_and_rest_where_a_study_hides_them(tmp_path, run, names, expected):
    from eupnea.recordings.discovery import discover

    for name in names:
        write_physio(tmp_path / f"dataset/sub-01/beh/sub-01_{name}_physio.tsv.gz", {"flow": breathing()})
    assert run("init", "dataset", "-o", "study.yaml").exit_code == 0
    entries = discover(load_study("study.yaml").dataset, tmp_path / "dataset")
    assert {entry.mode for entry in entries} == {"nasal", "oral"}
    assert {entry.task for entry in entries} == expected


def test_init_says_what_it_looked_for(tmp_path, run):
    (tmp_path / "empty").mkdir()
    assert "sub-*" in str(run("init", "empty").exception)
    assert "does not exist" in str(run("init", "nowhere").exception)


def test_check_passes_a_study_that_can_run(study, run):
    done = run("check", study)
    assert done.exit_code == 0, done.output
    assert "4 recordings of 2 participants can be used; 0 are set aside" in done.output
    assert "The study can run" in done.output


def test_check_names_recording_what_where_and_what_to_do(study, run, tmp_path):
    path = tmp_path / "dataset" / f"{BAD}.tsv.gz"
    path.write_bytes(path.read_bytes()[:-100])
    write_dataset(tmp_path / "dataset2", participants=3)
    (tmp_path / "dataset" / "sub-03").mkdir()
    for louder, name in ((2, "rest"), (3, "game")):
        target = tmp_path / f"dataset/sub-03/beh/sub-03_task-{name}_physio.tsv.gz"
        write_physio(target, {"airflow": louder * breathing(100.0), "ecg": louder * heart(100.0)}, 100.0)
    done = run("check", study, "--table", "findings.tsv")
    assert done.exit_code == 0, done.output
    for words in ("set aside", "sub-01_task-rest", "cut off", "fetch or export the file again"):
        assert words in flat(done.output)
    findings = pd.read_csv("findings.tsv", sep="\t")
    row = findings[findings["level"] == "set_aside"].iloc[0]
    assert row["recording"] == "sub-01_task-rest"
    assert row["where"] == f"{BAD}.tsv.gz"


def test_check_fails_a_study_that_cannot_run(study, run, tmp_path):
    for path in (tmp_path / "dataset").rglob("*_task-game_physio.*"):
        path.unlink()
    done = run("check", study)
    assert done.exit_code == 1
    assert "stops the study" in done.output
    assert "two usable recordings" in flat(done.output)


def test_check_fails_on_a_target_that_is_named_and_not_there_and_notes_one_that_is_not_named(study, run):
    assert "bmi" in run("check", study, "--all").output
    study.write_text(study.read_text() + "\ntraits:\n  targets:\n    - name: bmi\n")
    done = run("check", study)
    assert done.exit_code == 1
    assert "A target does not exist" in flat(done.output)


def test_check_shows_cells_as_they_are(study, run, tmp_path):
    """Text from the data is never taken for markup."""
    write_physio(tmp_path / "dataset" / f"{BAD}.tsv.gz", {"[red]x[/nothing]": breathing(100.0)}, 100.0)
    done = run("check", study)
    assert done.exit_code in (0, 1)
    assert "[red]x[/nothing]" in flat(done.output)


def test_check_of_the_default_study_needs_nothing_yet(run, tmp_path):
    (tmp_path / "default.yaml").write_text("name: demo\n")
    done = run("check", "default.yaml", "--all")
    assert done.exit_code == 0
    assert "simulated when the study runs" in flat(done.output)


def test_check_of_a_dataset_that_is_not_downloaded_yet(run, tmp_path):
    (tmp_path / "s.yaml").write_text("name: s\ndataset: {source: bids, registry: ds000210, path: nowhere}\n")
    done = run("check", "s.yaml", "--all")
    assert done.exit_code == 0
    assert "downloaded when the study runs" in flat(done.output)


def test_simulate_writes_a_cohort_that_passes_its_check(run, tmp_path):
    done = run("simulate", "cohort", "--participants", 2, "--scale", "small", "--seed", 3)
    assert done.exit_code == 0, done.output
    assert run("init", "cohort").exit_code == 0
    checked = run("check", "cohort.yaml")
    assert checked.exit_code == 0, checked.output
    assert "8 recordings of 2 participants can be used; 0 are set aside" in checked.output
    assert "not empty" in str(run("simulate", "cohort").exception)
    broken = next((tmp_path / "cohort").rglob("*resp_physio.tsv.gz"))
    broken.write_bytes(broken.read_bytes()[:500])
    partly = "8 recordings of 2 participants can be used (1 of them without what is left out above); 0 are set aside"
    assert partly in flat(run("check", "cohort.yaml").output)


@pytest.mark.parametrize("name", ["ds000210", "ecgiddb", "eegmat"])
def test_the_ready_studies_pass_on_the_real_recordings(run, shared_data, tmp_path, name):
    (tmp_path / "data").symlink_to(shared_data(name).parent)
    (tmp_path / "config").symlink_to(ROOT / "config")
    done = run("check", Path("config/studies") / f"{name}.yaml")
    assert done.exit_code == 0, done.output


def test_help_names_every_command(run):
    text = run("--help").output
    assert all(word in text for word in ("check", "init", "simulate", "fetch", "snakemake"))
    for command in ("check", "init", "simulate", "fetch"):
        assert run(command, "--help").exit_code == 0


def test_the_console_command_ends_with_a_message_not_a_traceback(tmp_path):
    code = "import sys; sys.argv = ['eupnea', 'check', 'nowhere.yaml']; from eupnea.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "The study config does not exist" in done.stderr
    assert "Traceback" not in done.stderr
