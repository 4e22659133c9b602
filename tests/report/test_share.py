"""What is packed for publication holds no row about a person."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from report_support import make_results

from eupnea.errors import InputError
from eupnea.report.share import share
from eupnea.study import Study


@pytest.fixture
def real(tmp_path: Path) -> Study:
    """A study of real people: cohort numbers, a figure of the cohort, one of single people, and a table."""
    study = make_results(tmp_path / "results" / "real", simulated=False)
    _manifest(study, source="bids", suppress_below=5)
    figures, tables = study.folder / "figures", study.folder / "tables"
    figures.mkdir()
    tables.mkdir()
    (figures / "cmc.tsv").write_text("rank\tvalue\n1\t0.5\n")
    (figures / "cmc.pdf").write_bytes(b"%PDF")
    (figures / "zoo.tsv").write_text("participant\tvalue\nsub-01\t0.5\n")
    (figures / "zoo.pdf").write_bytes(b"%PDF")
    (figures / "captions-traits.tsv").write_text("figure\tcaption\nx\tworst: sub-03\n")
    (tables / "participants.tex").write_text("fewer than 5")
    (tables / "own.parquet").write_bytes(b"PAR1")
    (study.folder / "report.html").write_text("<html></html>")
    log = study.folder / "logs" / "figures" / "traits.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("WARNING py.warnings: /home/hildegard/eupnea/drawing.py:117: UserWarning")
    return study


def _manifest(study: Study, *, source: str, suppress_below: int) -> None:
    config = {"dataset": {"source": source}, "tables": {"suppress_below": suppress_below}}
    inputs = [{"file": "sub-01/beh/sub-01_physio.tsv.gz", "bytes": 1, "sha256": "ab"}]
    (study.folder / "manifest.json").write_text(json.dumps({"config": config, "inputs": inputs}))
    study.__dict__.pop("manifest", None)


def _packed(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_only_numbers_about_the_cohort_are_packed(real: Study, tmp_path: Path) -> None:
    judged = {one.name: one.reason for one in share(real, tmp_path / "out.zip")}
    packed = _packed(tmp_path / "out.zip")
    assert set(packed) == {
        *("metrics.tsv", "manifest.json", "features/dictionary.tsv", "figures/cmc.tsv", "figures/cmc.pdf"),
        *("tables/participants.tex", "contents.tsv"),
    }
    assert not [name for name, content in packed.items() if b"sub-0" in content or b"hildegard" in content]
    assert "row per person" in judged["figures/zoo.pdf"]
    assert "cannot be searched" in judged["tables/own.parquet"]
    assert "names participants" in judged["figures/captions-traits.tsv"]
    assert "single people" in judged["recordings/participants.tsv"]


def test_a_study_without_its_report_is_not_packed(real: Study, tmp_path: Path) -> None:
    (real.folder / "report.html").unlink()
    with pytest.raises(InputError, match=r"report\.html"):
        share(real, tmp_path / "out.zip")


def test_a_file_about_people_is_refused_when_asked_for(real: Study, tmp_path: Path) -> None:
    for name, words in (("figures/zoo.tsv", "may not be published"), ("figures/none.tsv", "does not exist")):
        with pytest.raises(InputError, match=words):
            share(real, tmp_path / "out.zip", more=[name])
    assert not (tmp_path / "out.zip").exists()


def test_small_groups_are_not_published(real: Study, tmp_path: Path) -> None:
    _manifest(real, source="bids", suppress_below=1)
    judged = {one.name: one.reason for one in share(real, tmp_path / "out.zip")}
    assert "suppress_below" in judged["tables/participants.tex"]


def test_simulated_people_may_be_shown_and_the_bytes_are_the_same(real: Study, tmp_path: Path) -> None:
    _manifest(real, source="simulated", suppress_below=5)
    share(real, tmp_path / "a.zip")
    share(real, tmp_path / "b.zip")
    assert "recordings/participants.tsv" in _packed(tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_an_unfinished_study_is_not_packed(real: Study, tmp_path: Path) -> None:
    (real.folder / "manifest.json").unlink()
    real.__dict__.pop("manifest", None)
    with pytest.raises(InputError, match="has not finished"):
        share(real, tmp_path / "out.zip")


def test_links_and_a_config_that_names_people_are_not_packed(real: Study, tmp_path: Path) -> None:
    (tmp_path / "private.pdf").write_bytes(b"%PDF private")
    (real.folder / "figures" / "link.pdf").symlink_to(tmp_path / "private.pdf")
    told = json.loads((real.folder / "manifest.json").read_text())
    told["config"]["dataset"]["pattern"] = "sub-01/{task}.edf"
    (real.folder / "manifest.json").write_text(json.dumps(told))
    real.__dict__.pop("manifest", None)
    judged = {one.name: one.reason for one in share(real, tmp_path / "out.zip")}
    assert "link" in judged["figures/link.pdf"]
    assert "names participants" in judged["manifest.json"]
    assert not {"figures/link.pdf", "manifest.json"} & set(_packed(tmp_path / "out.zip"))
