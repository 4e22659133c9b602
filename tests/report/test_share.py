"""What is packed for publication holds no row about a person."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from report_support import make_results

from eupnea.errors import InputError
from eupnea.report.share import choices, share
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


def _told(study: Study, text: str) -> str:
    """Return why a table of the cohort that holds a text is left out."""
    (study.folder / "tables" / "own.tsv").write_text(f"name\tvalue\n{text}\t1\n")
    return {one.name: one.reason for one in choices(study)}["tables/own.tsv"]


def test_people_are_found_in_whatever_way_they_are_written(real: Study) -> None:
    real.__dict__["participants"] = pd.DataFrame({"participant": ["sub-01", "sub-Hildegard", "sub-p7", "sub-rest"]})
    rows = real.recordings.assign(session="ses-20190314", task="rest")
    real.__dict__["recordings"] = rows
    for text in ("sub-01", "worst: sub-01_task-rest", "x_sub-01", "SUB-HILDEGARD", "of hildegard, left", "on 20190314"):
        assert _told(real, text) == "names participants", text
    for text in ("01", "sub-012", "rest", "hildegards", "p7x", "2019"):
        assert _told(real, text) == "", text


def test_pictures_are_packed_with_the_table_that_tells_what_is_drawn_only(real: Study) -> None:
    for name in ("holiday.png", "sub-01.tsv", "sub-01.png"):
        (real.folder / "figures" / name).write_text("rank\tvalue\n")
    judged = {one.name: one.reason for one in choices(real)}
    assert "without a table" in judged["figures/holiday.png"]
    assert judged["figures/sub-01.tsv"] == judged["figures/sub-01.png"] == "names participants"


def test_a_table_for_readers_may_head_a_column_by_recording_but_not_by_participant(real: Study) -> None:
    (real.folder / "tables" / "modalities.tsv").write_text("features\twindow\trecording\ncardiac\t0.2\t0.1\n")
    (real.folder / "tables" / "people.tsv").write_text("participant\trecording\n07\t0.1\n")
    (real.folder / "figures" / "pairs.tsv").write_text("recording\tvalue\n07_rest\t0.1\n")
    judged = {one.name: one.reason for one in choices(real)}
    assert not judged["tables/modalities.tsv"]
    assert "row per person" in judged["tables/people.tsv"]
    assert "row per person" in judged["figures/pairs.tsv"]


def test_numbers_of_few_people_are_not_published(real: Study, tmp_path: Path) -> None:
    metrics = "metric\tvalue\tn_participants\nmae\t7.25\t3\nauc\t0.5\t50\nrate\t0.125\tn/a\n"
    (real.folder / "metrics.tsv").write_text(metrics)
    commands = {"aMae": "7.25", "aMaeLow": "7.5", "aMaeN": "3", "aAuc": "0.5", "aAucN": "50", "aRate": "0.125"}
    text = "".join(f"\\newcommand{{\\{name}}}{{{value}}}\n" for name, value in commands.items())
    (real.folder / "numbers.tex").write_text(text)
    for name, count in (("few", 4), ("many", 5)):
        (real.folder / "tables" / f"{name}.tsv").write_text(f"who\tvalue\tn\nx\t1\t{count}\n")
        (real.folder / "tables" / f"{name}.tex").write_text("1")
    judged = {one.name: one.reason for one in share(real, tmp_path / "out.zip")}
    packed = _packed(tmp_path / "out.zip")
    assert packed["metrics.tsv"].decode() == metrics.replace("mae\t7.25\t3\n", "")
    assert [line.split("{")[1] for line in packed["numbers.tex"].decode().splitlines()] == [
        *("\\aAuc}", "\\aAucN}", "\\aRate}"),
    ]
    assert "fewer than 5" in judged["tables/few.tsv"]
    assert "fewer than 5" in judged["tables/few.tex"]
    assert judged["tables/many.tsv"] == judged["tables/many.tex"] == ""


def test_the_packed_manifest_names_no_file_and_tells_of_no_single_one(real: Study, tmp_path: Path) -> None:
    told = json.loads((real.folder / "manifest.json").read_text())
    told["config"]["dataset"] |= {"path": "…/smithson_2019", "recordings_table": "ward_7b.tsv", "feature_table": None}
    told["inputs"] = [{"file": f"{number}.edf", "bytes": 1, "sha256": f"{number:064d}"} for number in range(3)]
    (real.folder / "manifest.json").write_text(json.dumps(told))
    real.__dict__.pop("manifest", None)
    share(real, tmp_path / "out.zip")
    packed = json.loads(_packed(tmp_path / "out.zip")["manifest.json"])
    private = ("smithson", "ward_7b", ".edf", *(one["sha256"] for one in told["inputs"]))
    assert not [word for word in private if word in json.dumps(packed)]
    assert packed["inputs"]["files"] == 3
    assert packed["config"]["dataset"]["source"] == "bids"


def test_links_of_a_simulated_study_are_not_followed(real: Study, tmp_path: Path) -> None:
    _manifest(real, source="simulated", suppress_below=5)
    (tmp_path / "private.txt").write_text("private")
    (real.folder / "linked.txt").symlink_to(tmp_path / "private.txt")
    share(real, tmp_path / "out.zip")
    assert "linked.txt" not in _packed(tmp_path / "out.zip")
