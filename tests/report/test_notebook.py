"""Notebooks become pages that ask nobody for anything; the viewer of a notebook is that of the report."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import nbformat
import pytest
from report_support import make_results

from eupnea.errors import InputError
from eupnea.report.notebook import page_of, run_notebook
from eupnea.report.viewer import signal_viewer

RECORDING = "sub-01_task-rest_acq-nasal_run-1"
REMOTE = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*["']?(?:https?:)?//|import\s.*['"]https?:"""
)


def notebook(*cells: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def test_a_page_holds_no_remote_script() -> None:
    made = notebook("1")
    output = nbformat.v4.new_output(
        "display_data", {"text/html": '<b>kept</b><script src="https://cdn/x.js"></script>'}
    )
    made.cells[0].outputs = [output]
    page = page_of(made)
    assert "<b>kept</b>" in page
    assert not REMOTE.search(page)


def test_without_care_there_would_be_remote_scripts() -> None:
    from nbconvert import HTMLExporter

    assert REMOTE.search(HTMLExporter().from_notebook_node(notebook("1"))[0])


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_is_run_on_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_results(tmp_path / "results")
    path = tmp_path / "own.ipynb"
    code = "import eupnea, os; print('people:', len(eupnea.load(os.environ['EUPNEA_STUDY']).participants))"
    nbformat.write(notebook(code), path)
    before = path.read_bytes()
    run_notebook(path, tmp_path / "own.html", study="results")
    page = (tmp_path / "own.html").read_text(encoding="utf-8")
    assert "people: 12" in page
    assert str(tmp_path) not in page
    assert path.read_bytes() == before
    nbformat.write(notebook("raise ValueError('no such breath')"), path)
    with pytest.raises(InputError, match="no such breath"):
        run_notebook(path, tmp_path / "other.html", study="results")
    assert not (tmp_path / "other.html").exists()


def test_the_viewer_of_a_notebook_shows_the_stretch_that_was_asked_for(tmp_path: Path) -> None:
    study = make_results(tmp_path)
    frame = signal_viewer(study, RECORDING, start_s=40.0, seconds=20.0).data
    page = html.unescape(re.findall(r'srcdoc="([^"]*)"', frame)[0])
    held = json.loads(re.findall(r'id="viewer-data">(.*?)</script>', page, re.DOTALL)[0])[0]
    assert held["inhale"] == [40.0, 44.0, 48.0, 52.0, 56.0]
    assert len(held["values"]) == pytest.approx(20 * held["hz"], abs=1)
    assert "default-src 'none'" in page


def test_the_viewer_says_which_recordings_it_can_show(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="status 'used'"):
        signal_viewer(make_results(tmp_path), "sub-99_task-rest")
