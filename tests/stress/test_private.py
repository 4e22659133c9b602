"""Nothing that tells who was recorded, or when, reaches the results."""

from __future__ import annotations

import base64
import getpass
import gzip
import shutil
import socket
import zipfile
import zlib
from pathlib import Path

import pandas as pd
import pytest
from private_support import DATES, NAMES, PEOPLE, codes_table, found_in, plant_bids, plant_files
from stress.conftest import SETTINGS
from workflow_support import ROOT, Clone, make_clone

import eupnea
from eupnea.cli.simulate import run_simulate
from eupnea.report.share import share

PLANTED = (*NAMES, *DATES)
FILES = """
dataset:
  source: files
  path: {base}/planted
  recordings_table: recordings.tsv
  participants: {{codes: {base}/private/codes.tsv}}
  channels: [{{pattern: airflow, kind: airflow, site: oronasal}}, {{pattern: ecg, kind: ecg}}]
"""
BIDS = "dataset: {{source: bids, path: {base}/planted}}\n"
TELLING = 5
"""Letters of a user or host that is searched for: ``root`` and ``vm`` stand in any text."""
WHOLE = pytest.param((), marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "dataset"
    run_simulate(folder, participants=len(PEOPLE), scale="small", seed=5)
    return folder


def run(clone: Clone, dataset: str, until: tuple[str, ...] = ()) -> Path:
    text = SETTINGS.replace("[png]", "[pdf, svg, png]") + dataset.format(base=clone.folder)
    (clone.folder / "config.yaml").write_text(text, encoding="utf-8")
    clone.snakemake("--cores", "2", *until)
    return clone.folder / "results" / "small"


def searched(clone: Clone, results: Path, *, is_whole: bool) -> dict[str, set[str]]:
    """Search the results, what is packed of them, and Snakemake's log: people send it when they ask for help.

    No result may name a folder, the user or the host of the machine; the log does.
    """
    log = clone.folder / ".snakemake" / "log"
    assert any(log.iterdir())
    folders = tuple(f"{one}/".lower() for one in (clone.folder, ROOT, Path.home()) if len(str(one)) > 1)
    folders += tuple(one.lower() for one in (getpass.getuser(), socket.gethostname()) if len(one) >= TELLING)
    assert (results / "report.html").is_file() == is_whole
    if is_whole:
        share(eupnea.load(results), results / "shared.zip")
    found = found_in(results, PLANTED + folders) | found_in(log, PLANTED)
    # Text of a PDF is numbers of glyphs, that of a PNG is drawn: it is found in the SVG of the same figure.
    stems = {
        suffix: {one.with_suffix("") for one in results.rglob(f"*{suffix}")} for suffix in (".png", ".pdf", ".svg")
    }
    assert stems[".png"] == stems[".pdf"] == stems[".svg"]
    assert (len(stems[".svg"]) > 10) == is_whole
    sizes = [one.stat().st_size for one in results.rglob("*") if one.is_file()]
    print(
        f"{len(PLANTED)} names and dates and {len(folders)} folders, users and hosts searched in {len(sizes)} files of "
        f"{sum(sizes) / 1e6:.0f} MB: {found}"
    )
    return found


def test_the_search_opens_what_is_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"Smithson"))
    pd.DataFrame({"who": ["x", "Hildegard"]}).to_parquet(tmp_path / "b.parquet")
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d", "1961-05-17")
    (tmp_path / "e.pdf").write_bytes(b"stream\n" + zlib.compress(b"DrQuill") + b"\nendstream")
    picture = base64.b64encode(b"<svg>what stands in a picture: Wintergreen</svg>")
    (tmp_path / "f.html").write_bytes(b'<img src="data:image/svg+xml;base64,' + picture + b'">')
    assert set(found_in(tmp_path, PLANTED)) == {"a.tsv.gz", "b.parquet", "c.zip", "e.pdf", "f.html"}


@pytest.mark.study
@pytest.mark.parametrize("until", [("--until", "recordings"), WHOLE])
def test_headers_comments_and_file_names_stay_outside_the_results(
    simulated: Path, tmp_path: Path, until: tuple[str, ...]
) -> None:
    clone = make_clone(tmp_path / "clone")
    plant_files(simulated, clone.folder / "planted")
    (clone.folder / "private").mkdir()
    codes_table(clone.folder / "private" / "codes.tsv")
    planted = {word for words in found_in(clone.folder / "planted", PLANTED).values() for word in words}
    assert planted >= {*NAMES, "17-may-1961", "1961-05-17", "20190314", "14/03/2019", "14.03.19"}
    results = run(clone, FILES, until)
    recordings = pd.read_csv(results / "recordings" / "recordings.tsv", sep="\t")
    assert set(recordings["participant"]) == {f"sub-p{number:02d}" for number in range(1, len(PEOPLE) + 1)}
    assert (recordings["status"] == "used").sum() == len(recordings) - 1
    assert searched(clone, results, is_whole=not until) == {}


@pytest.mark.study
@pytest.mark.parametrize("until", [("--until", "recordings"), WHOLE])
def test_acquisition_times_and_sidecar_fields_stay_outside_the_results(
    simulated: Path, tmp_path: Path, until: tuple[str, ...]
) -> None:
    clone = make_clone(tmp_path / "clone")
    shutil.copytree(simulated, clone.folder / "planted")
    plant_bids(clone.folder / "planted")
    planted = {word for words in found_in(clone.folder / "planted", PLANTED).values() for word in words}
    assert planted >= {*NAMES, "1961-05-17", "2019-03-14"}
    assert searched(clone, run(clone, BIDS, until), is_whole=not until) == {}
