"""Nothing that tells who was recorded, or when, reaches the results."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from private_support import DATES, NAMES, codes_table, found_in, plant_bids, plant_files
from workflow_support import SMALL, Clone, make_clone

from eupnea.cli.simulate import run_simulate

PLANTED = (*NAMES, *DATES)
FILES = """
dataset:
  source: files
  path: planted
  recordings_table: recordings.tsv
  participants: {codes: private/codes.tsv}
  channels: [{pattern: airflow, kind: airflow, site: oronasal}, {pattern: ecg, kind: ecg}]
"""
BIDS = "dataset: {source: bids, path: planted}\n"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "dataset"
    run_simulate(folder, participants=6, scale="small", seed=5)
    return folder


def run(clone: Clone, dataset: str, until: tuple[str, ...] = ()) -> Path:
    text = SMALL.format(chunks=2).replace("simulate: {scale: small}\n", "")
    (clone.folder / "config.yaml").write_text(text + dataset, encoding="utf-8")
    clone.snakemake("--cores", "2", *until)
    return clone.folder / "results" / "small"


def searched(clone: Clone, results: Path) -> dict[str, set[str]]:
    """Search the results, and what Snakemake printed: its log is what people send when they ask for help."""
    log = clone.folder / ".snakemake" / "log"
    assert any(log.iterdir())
    found = found_in(results, PLANTED) | found_in(log, PLANTED)
    print(
        f"{len(PLANTED)} names and dates searched in {sum(one.is_file() for one in results.rglob('*'))} files: {found}"
    )
    return found


def test_the_search_opens_what_is_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"Smithson"))
    pd.DataFrame({"who": ["x", "Hildegard"]}).to_parquet(tmp_path / "b.parquet")
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d", "1961-05-17")
    assert set(found_in(tmp_path, PLANTED)) == {"a.tsv.gz", "b.parquet", "c.zip"}


@pytest.mark.study
@pytest.mark.parametrize("until", [("--until", "recordings"), pytest.param((), marks=pytest.mark.slow)])
def test_headers_comments_and_file_names_stay_outside_the_results(
    simulated: Path, tmp_path: Path, until: tuple[str, ...]
) -> None:
    clone = make_clone(tmp_path / "clone")
    plant_files(simulated, clone.folder / "planted")
    (clone.folder / "private").mkdir()
    codes_table(clone.folder / "private" / "codes.tsv")
    planted = {word for words in found_in(clone.folder / "planted", PLANTED).values() for word in words}
    assert planted >= {*NAMES, "17-may-1961", "1961-05-17", "20190314"}
    results = run(clone, FILES, until)
    recordings = pd.read_csv(results / "recordings" / "recordings.tsv", sep="\t")
    assert set(recordings["participant"]) == {f"sub-p{number:02d}" for number in range(1, 7)}
    assert (recordings["status"] == "used").sum() == len(recordings) - 1
    assert searched(clone, results) == {}


@pytest.mark.study
@pytest.mark.parametrize("until", [("--until", "recordings"), pytest.param((), marks=pytest.mark.slow)])
def test_acquisition_times_and_sidecar_fields_stay_outside_the_results(
    simulated: Path, tmp_path: Path, until: tuple[str, ...]
) -> None:
    clone = make_clone(tmp_path / "clone")
    shutil.copytree(simulated, clone.folder / "planted")
    plant_bids(clone.folder / "planted")
    planted = {word for words in found_in(clone.folder / "planted", PLANTED).values() for word in words}
    assert planted >= {*NAMES, "1961-05-17", "2019-03-14"}
    assert searched(clone, run(clone, BIDS, until)) == {}
