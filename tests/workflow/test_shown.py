"""What is shown of a finished study: the packed workflow with captions, the notebooks, the chapter."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile

import pytest
from workflow_support import ROOT, Clone

from eupnea.figures.registry import FIGURES, all_figures
from eupnea.tables.registry import TABLES

CAPTIONS = ROOT / "workflow" / "report"


def test_every_figure_and_table_has_a_caption_for_the_packed_workflow() -> None:
    assert {path.stem for path in (CAPTIONS / "figures").glob("*.rst")} == set(all_figures())
    assert {path.stem for path in (CAPTIONS / "tables").glob("*.rst")} == set(TABLES)


@pytest.mark.study
@pytest.mark.xdist_group("study")
def test_the_packed_workflow_carries_captions_and_categories(copied: Clone) -> None:
    copied.snakemake("--report", "results/small/workflow.zip")
    with zipfile.ZipFile(copied.folder / "results" / "small" / "workflow.zip") as packed:
        names = packed.namelist()
        page = packed.read(next(name for name in names if name.endswith("/report.html") and "/raw/" not in name))
    text = page.decode()
    shown = {name.rsplit("/", 1)[-1] for name in names}
    for category in ("Report", "Tables", "Identification", "Traits", "Age models", "Reliability and effects"):
        assert category in text
    assert shown >= {f"{name}.svg" for name in all_figures()} | {f"{name}.tsv" for name in TABLES} | {"report.html"}
    assert "false non-matches against false matches" in text
    assert "Simulated people" in text
    assert not re.search(r"""<(?:script|link)[^>]+(?:src|href)=["']https?:""", text)


@pytest.mark.study
@pytest.mark.xdist_group("study")
def test_the_notebooks_become_pages_without_remote_scripts(copied: Clone) -> None:
    copied.snakemake("--cores", "2", "notebooks")
    pages = sorted((copied.folder / "results" / "small" / "notebooks").glob("*.html"))
    assert len(pages) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    for path in pages:
        page = path.read_text(encoding="utf-8")
        assert not re.search(r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
        assert str(copied.folder) not in page
    viewer = next(page for page in pages if page.stem.startswith("01")).read_text(encoding="utf-8")
    assert "viewer-data" in viewer


@pytest.mark.study
@pytest.mark.xdist_group("study")
def test_the_example_chapter_of_the_study_compiles_and_fits_the_page(copied: Clone) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not here: install texlive-latex-base and texlive-latex-recommended")
    folder = copied.folder / "results" / "small" / "thesis"
    for command in (["pdflatex"], ["bibtex"], ["pdflatex"], ["pdflatex"]):
        options = ["-interaction=nonstopmode", "-halt-on-error"] if command == ["pdflatex"] else []
        done = subprocess.run([*command, *options, "example"], cwd=folder, capture_output=True, check=False)
        log = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, log[-1500:]
    assert "undefined" not in log
    over = [float(points) for points in re.findall(r"Overfull .hbox \(([\d.]+)pt too wide\)", log)]
    assert max(over, default=0.0) < 2
    lines = (copied.folder / "results" / "small" / "numbers.tex").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 4000


@pytest.mark.study
@pytest.mark.xdist_group("study")
def test_every_figure_has_its_caption_in_the_report(finished: Clone) -> None:
    page = (finished.folder / "results" / "small" / "report.html").read_text(encoding="utf-8")
    assert [name for names in FIGURES.values() for name in names if f'id="figure-{name}"' not in page] == []
    assert json.loads(re.findall(r'id="viewer-data">(.*?)</script>', page, re.DOTALL)[0])
