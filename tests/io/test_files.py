"""A file is written whole or not at all, and what a killed writer left is told from what a living one writes."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
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


@pytest.mark.parametrize("locks", [True, False])
def test_what_another_host_left_is_removed_after_a_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: bool
) -> None:
    young, old = (_left_by_another_host(tmp_path / name, monkeypatch) for name in ("young.tsv", "old.tsv"))
    for path, age_s in ((young, files.FORGOTTEN_S - 60), (old, files.FORGOTTEN_S + 60)):
        os.utime(path, (time.time() - age_s,) * 2)
    if not locks:
        monkeypatch.setattr(files.fcntl, "flock", _without_locks)
    assert remove_abandoned(tmp_path) == [old]
    assert young.read_text() == "half"


def test_an_old_file_that_is_held_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _left_by_another_host(tmp_path / "table.tsv", monkeypatch)
    os.utime(old, (1e9, 1e9))
    with old.open() as held:
        files.fcntl.flock(held, files.fcntl.LOCK_EX)
        assert remove_abandoned(tmp_path) == []
    assert remove_abandoned(tmp_path) == [old]


def test_a_writer_whose_file_was_removed_fails_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"table\.tsv"):
        _write_what_is_removed_meanwhile(tmp_path / "table.tsv")
    assert list(tmp_path.iterdir()) == []


def _write_what_is_removed_meanwhile(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("whole")
        temporary.unlink()


def test_the_command_of_the_documentation_removes_what_was_left_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")
    command = next(line.strip() for line in text.splitlines() if line.strip().startswith("find results/STUDY"))
    kept = [tmp_path / "results" / "STUDY" / "tables" / name for name in ("a.tsv", ".hidden.tsv", ".12345678-1.tsv")]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("whole")
    _left_by_another_host(kept[0], monkeypatch)
    assert len(list(kept[0].parent.iterdir())) == len(kept) + 1
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True)
    assert sorted(kept[0].parent.iterdir()) == sorted(kept)


def _left_by_another_host(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with monkeypatch.context() as changed:
        changed.setattr(files.socket, "gethostname", lambda: "another-host")
        with replacing(path.with_name(f"made.{path.name}")) as temporary:
            left = temporary
    path.with_name(f"made.{path.name}").unlink()
    left.write_text("half")
    return left


def _without_locks(*_: object) -> None:
    raise OSError(errno.EOPNOTSUPP, "no locks")


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
