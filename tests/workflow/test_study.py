"""The small study runs, finishes after anything, and says the same on any number of cores."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from workflow_support import Clone, make_clone

import eupnea

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

CHUNK_STEPS = {"recordings_chunk", "signals", "breaths", "beats", "features_chunk"}


def test_bare_snakemake_writes_the_report(finished: Clone) -> None:
    assert (finished.folder / "results" / "small" / "report.html").stat().st_size > 100_000
    assert finished.planned() == {}


def test_every_table_of_the_contract_is_there(finished: Clone) -> None:
    study = eupnea.load(finished.folder / "results" / "small")
    assert study.is_simulated
    assert study.recordings["status"].eq("used").all()
    for name in ("participants", "quality", "windows", "dictionary", "metrics", "scores", "predictions", "people"):
        assert len(getattr(study, name)), name
    assert len(study.breaths("sub-001", mode="nasal", task="rest")) > 10
    assert len(study.beats("sub-001", mode="oral")) > 100
    assert set(study.metrics["analysis"]) >= {"identification", "verification", "traits", "adversarial", "reliability"}


@pytest.mark.parametrize("cores", ["1", "2"])
def test_same_results_on_any_number_of_cores_and_chunks(finished: Clone, tmp_path: Path, cores: str) -> None:
    other = make_clone(tmp_path / "other")
    other.config(chunks=3 if cores == "2" else 2)
    other.snakemake("--cores", cores)
    by_chunk = ("signals/", "breaths/", "beats/", "features/windows-", "features/recordings-", "features/set_aside-")
    chunked = lambda name: name.startswith((*by_chunk, "simulate/files", "simulate/truth", "recordings/chunk"))  # noqa: E731
    mine, theirs = finished.digests(), other.digests()
    same = {name for name in mine if cores == "1" or not chunked(name)}
    # The chunk is a column of recordings.tsv, and the report shows the table of recordings without it.
    same -= {"recordings/recordings.tsv"} if cores == "2" else set()
    assert {name for name in same if mine[name] != theirs.get(name)} == set()


def test_touching_inputs_reruns_nothing(copied: Clone) -> None:
    for path in [*copied.folder.glob("results/small/simulate/files-*.tsv"), *copied.folder.glob("src/eupnea/**/*.py")]:
        path.touch()
    assert copied.planned() == {}


def test_a_comment_reruns_nothing_and_an_edit_only_what_imports_it(copied: Clone) -> None:
    module = copied.folder / "src" / "eupnea" / "config" / "breaths.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text + "\n# only a comment\n", encoding="utf-8")
    assert copied.planned() == {}
    words = copied.folder / "src" / "eupnea" / "report" / "viewer.py"
    words.write_text(words.read_text(encoding="utf-8") + "\nUNUSED = 1\n", encoding="utf-8")
    assert set(copied.planned()) == {"report", "report_manifest"}


def test_deleting_one_output_rebuilds_only_what_needs_it(copied: Clone) -> None:
    (copied.folder / "results" / "small" / "tables" / "traits.tex").unlink()
    assert set(copied.planned()) == {"tables"}
    copied.snakemake("--cores", "2")
    assert (copied.folder / "results" / "small" / "tables" / "traits.tex").is_file()


def test_a_new_participant_reruns_one_chunk(copied: Clone) -> None:
    dataset = copied.folder / "dataset"
    (copied.folder / "results" / "small" / "simulate" / "dataset").rename(dataset)
    newest = sorted(path for path in dataset.glob("sub-*") if path.is_dir())[-1]
    aside = newest.rename(copied.folder / newest.name)
    copied.config(more="dataset: {source: bids, path: dataset, respiratory: airflow}\n")
    text = (copied.folder / "config.yaml").read_text(encoding="utf-8").replace("simulate: {scale: small}", "")
    (copied.folder / "config.yaml").write_text(text.replace("name: small", "name: bids"), encoding="utf-8")
    copied.snakemake("--cores", "2", "--until", "features_chunk")
    assert copied.planned("--until", "features_chunk") == {}
    aside.rename(newest)
    assert copied.planned("--until", "features_chunk") == dict.fromkeys(CHUNK_STEPS, 1)


def test_killed_runs_finish_with_the_same_command_and_the_same_tables(finished: Clone, tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "killed")
    clone.config()
    for seconds in (8, 20, 35):
        process = subprocess.Popen(
            clone.command("--cores", "2"),
            cwd=clone.folder,
            env=clone.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    clone.snakemake("--cores", "2")
    assert clone.digests() == finished.digests()


def test_a_living_lock_is_respected(copied: Clone) -> None:
    (copied.folder / "results" / "small" / "report.html").unlink()
    (copied.folder / "results" / "small" / "features" / "windows.parquet").unlink()
    first = subprocess.Popen(
        copied.command("--cores", "1"),
        cwd=copied.folder,
        env=copied.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    locks = copied.folder / ".snakemake" / "locks"
    while first.poll() is None and not list(locks.glob("*.lock")):
        time.sleep(0.1)
    second = copied.snakemake("--cores", "1", check=False)
    assert first.poll() is None, "the first run ended too early to be disturbed"
    assert second.returncode != 0
    assert "lock" in (second.stdout + second.stderr).lower()
    assert first.wait() == 0
