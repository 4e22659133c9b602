"""The documentation builds without a warning or a network, its links lead somewhere, and it is up to date."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools_support import load_tool

from eupnea.adversarial.radius import auto_radius
from eupnea.config.study import StudyConfig

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WRITTEN = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), ROOT / "config" / "README.md"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the documentation as ``make docs`` does."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def pages(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}


def test_links_between_pages_lead_somewhere(built: Path) -> None:
    texts = pages(built)
    anchors = {name: set(re.findall(r'id="([^"]+)"', text)) for name, text in texts.items()}
    checked = 0
    for name, text in texts.items():
        for target in re.findall(r'(?:href|src)="([^"]+)"', text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = html.unescape(target).partition("#")
            file = path.partition("?")[0] or name
            assert (built / file).is_file(), f"{name} -> {target}"
            if anchor and file.endswith(".html"):
                assert anchor in anchors[file], f"{name} -> {target}"
            checked += 1
    assert checked > 100


def test_reading_the_pages_asks_nobody_for_anything(built: Path) -> None:
    for name, text in pages(built).items():
        loaded = re.findall(r'<(?:script|img|iframe)[^>]+src="([^"]+)"|<link[^>]+href="([^"]+)"', text)
        remote = [target for pair in loaded for target in pair if re.match(r"(?:https?:)?//", target)]
        assert not remote, name


def test_formulas_are_drawn(built: Path) -> None:
    text = (built / "method-models.html").read_text(encoding="utf-8")
    assert text.count("<math") >= 20
    assert "$" not in re.sub(r"<(code|pre|script).*?</\1>", "", text, flags=re.DOTALL)


def test_every_config_key_stands_in_the_manual(built: Path) -> None:
    text = (built / "config.html").read_text(encoding="utf-8")
    blocks = StudyConfig().model_dump(mode="json")
    keys = [f"{block}.{key}" for block, values in blocks.items() if isinstance(values, dict) for key in values]
    assert len(keys) > 80
    assert not [key for key in keys if key not in text]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_links_to_files_of_the_repository_are_right(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_files_named_in_the_text_are_there(path: Path) -> None:
    named = re.findall(
        r"`((?:src|docs|config|workflow|notebooks|benchmarks|tools|tests)/[\w./-]+)`", path.read_text(encoding="utf-8")
    )
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


def test_the_picture_of_the_workflow_is_what_snakemake_says() -> None:
    tool = load_tool("rulegraph")
    edges = tool.without_detours(tool.edges_of_study())
    assert tool.DOT.read_text(encoding="utf-8") == tool.dot_text(edges), "run: make rulegraph"
    drawn = re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", tool.DOT.with_suffix(".svg").read_text(encoding="utf-8"))
    assert set(drawn) == edges, "run: make rulegraph"


def test_leaving_out_detours_keeps_what_is_reached() -> None:
    tool = load_tool("rulegraph")
    assert tool.without_detours({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}


def test_the_radius_of_the_method_page_is_that_of_the_code() -> None:
    import numpy as np

    X = np.random.default_rng(0).standard_normal((40, 5))
    noise = np.random.default_rng(1).standard_normal((40, 4000))
    noise -= noise.mean(axis=0)
    told = np.mean(np.abs(X.T @ noise).max(axis=0) / np.abs(noise).sum(axis=0))
    assert auto_radius(X, norm="inf") == pytest.approx(told, rel=0.03)
