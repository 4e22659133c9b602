"""A file is written whole or not at all, and what a killed writer left is told from what a living one writes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from eupnea.io import files
from eupnea.io.files import remove_abandoned, replacing
from eupnea.io.owners import claim

WRITER = """
import sys, time
from eupnea.io.files import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that has half written ``results/table.tsv``."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "results" / "table.tsv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def hidden(folder: Path) -> list[Path]:
    return sorted(folder.rglob(".*.tsv"))


def test_what_a_killed_writer_left_is_removed_by_the_next_run(
    tmp_path: Path, writer: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(hidden(tmp_path / "results")) == 1
    claim(tmp_path, tmp_path / "results")
    assert list((tmp_path / "results").iterdir()) == []
    assert "Removed 1 half-written" in capsys.readouterr().err


def test_what_a_living_process_writes_stays(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    claim(tmp_path, tmp_path / "results")
    assert writer.poll() is None
    assert [path.read_text() for path in hidden(tmp_path / "results")] == ["half"]
    with replacing(tmp_path / "results" / "own.tsv") as temporary:
        assert remove_abandoned(tmp_path) == []
        temporary.write_text("whole")
    assert (tmp_path / "results" / "own.tsv").read_text() == "whole"


def test_what_cannot_be_judged_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with replacing(tmp_path / "table.tsv") as temporary:
        shutil.copy(temporary, tmp_path / "kept")
        name = temporary.name
    (tmp_path / "kept").rename(tmp_path / name)
    (tmp_path / ".hidden.tsv").write_text("somebody's own")
    monkeypatch.setattr(files.socket, "gethostname", lambda: "another-host")
    assert remove_abandoned(tmp_path) == []
    monkeypatch.undo()
    assert remove_abandoned(tmp_path) == [tmp_path / name]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden.tsv", "table.tsv"]


def test_folders_that_vanish_meanwhile_and_links_are_let_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside, results = tmp_path / "outside", tmp_path / "results"
    (results / "vanishing").mkdir(parents=True)
    outside.mkdir()
    with replacing(outside / "table.tsv") as temporary:
        name = temporary.name
    (outside / name).write_text("half")
    (results / "linked").symlink_to(outside)
    (results / name).symlink_to(outside / name)
    listed = files.os.scandir

    def scandir(folder: str | Path) -> Any:
        found = listed(folder)
        if Path(folder) == results:
            (results / "vanishing").rmdir()
        return found

    monkeypatch.setattr(files.os, "scandir", scandir)
    assert remove_abandoned(results) == []
    assert not (results / "vanishing").exists()
    assert (outside / name).read_text() == "half"


def test_a_temporary_name_shows_no_name_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.socket, "gethostname", lambda: "laptop-of-hildegard")
    with replacing(tmp_path / "table.tsv") as temporary:
        assert "hildegard" not in temporary.name


def test_nothing_stays_of_a_block_that_fails(tmp_path: Path) -> None:
    with suppress(ValueError), replacing(tmp_path / "table.tsv") as temporary:
        temporary.write_text("half")
        int("half")
    assert list(tmp_path.iterdir()) == []
