"""Tables, sidecars, names and configs of a dataset, however broken, become findings or errors that name the file."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recordings.builders import config, write_dataset
from recordings.mutations import N_INPUTS, Guard, mutated
from workflow_support import make_clone

from eupnea.config.load import load_study
from eupnea.config.study import StudyConfig
from eupnea.errors import EupneaError
from eupnea.features.imported import import_features
from eupnea.recordings.check import check_study
from eupnea.recordings.discovery import discover
from eupnea.recordings.plan import plan_study
from eupnea.recordings.readers.registry import read_file
from eupnea.recordings.recordings_table import read_recordings_table
from eupnea.recordings.wfdb_header import read_header

ROOT = Path(__file__).resolve().parents[2]
N_DATASETS, N_TABLES, N_CONFIGS, N_DRAWN = (max(8, N_INPUTS * part // 100) for part in (3, 20, 5, 3))
RUN = "sub-01/beh/sub-01_task-rest"
RESULTS = "study-of-hostile-files"


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A BIDS dataset with every kind of table that is read."""
    base = write_dataset(tmp_path_factory.mktemp("good") / "dataset")
    people = pd.read_csv(base / "participants.tsv", sep="\t").assign(height_cm=[170, 181.5], mood="fair")
    people.to_csv(base / "participants.tsv", sep="\t", index=False)
    (base / f"{RUN}_events.tsv").write_text("onset\tduration\ttrial_type\n5\t2.5\tspeech\n20\t10\tblock1\n")
    (base / "sub-01" / "sub-01_scans.tsv").write_text(
        "filename\tacq_time\tcalm\nbeh/sub-01_task-rest_physio.tsv.gz\t2001-01-01T10:11:12\t3\n"
    )
    (base / "sub-01" / "sub-01_sessions.tsv").write_text("session_id\tweight_kg\nses-1\t70\n")
    (base / "phenotype").mkdir()
    (base / "phenotype" / "mood.tsv").write_text("participant_id\tscore\nsub-01\t4\nsub-02\t5\n")
    return base


def study_of(base: Path) -> StudyConfig:
    dataset = {
        "source": "bids",
        "path": str(base),
        "targets": {"phenotype": {"mood": {"score": "score"}}, "scans": {"calm": "calm"}},
        "participants": {"columns": {"age": "age", "sex": "sex", "height_cm": "height_cm", "mood": "mood"}},
    }
    return StudyConfig.model_validate({"name": RESULTS, "dataset": dataset})


def test_the_good_dataset_can_run(good):
    checked = check_study(study_of(good))
    assert checked.can_run, checked.findings["what"].tolist()
    assert (checked.recordings["status"] == "used").all()


def test_mutated_datasets_become_findings(good, tmp_path):
    guard, outcomes = Guard(), set()
    names = sorted(path.relative_to(good).as_posix() for path in good.rglob("*") if path.is_file())
    base = tmp_path / "dataset"
    shutil.copytree(good, base)
    study = study_of(base)
    for number in range(N_DATASETS):
        rng = np.random.default_rng([9, number])
        name = names[number % len(names)]
        content = (good / name).read_bytes()
        (base / name).write_bytes(mutated(content, rng))
        kind = name.split("_")[-1] if "sub-" in name else name
        with guard.one(f"dataset: {kind}"):
            checked = check_study(study)
            outcomes.add(bool(len(checked.findings)))
            assert checked.findings["what"].ne("").all()
            plan_study(study)
        (base / name).write_bytes(content)
    print(guard.table())
    assert len(guard.counts) > 6
    assert True in outcomes


def test_what_is_no_file_is_set_aside_and_no_input_of_the_workflow(good, tmp_path):
    base = tmp_path / "dataset"
    shutil.copytree(good, base)
    whole = plan_study(study_of(base)).all_files
    broken = [f"{RUN}_physio.tsv.gz", f"{RUN.replace('01', '02')}_physio.tsv.gz", f"{RUN}_events.tsv"]
    for name, target in zip(broken, ("../not-fetched", "/dev/zero", Path(broken[2]).name), strict=True):
        (base / name).unlink()
        (base / name).symlink_to(target)
    assert set(whole) - set(plan_study(study_of(base)).all_files) == {(base / name).as_posix() for name in broken}
    assert (check_study(study_of(base)).recordings["status"] == "set_aside").sum() == 2


TABLES = {
    "recordings table": (
        "recordings.tsv",
        "path\tparticipant\tsession\tmode\ttask\trun\tchannel\tkind\tsampling_hz\tstart_s\tdeclared_s\n"
        "a.csv\t01\t1\tnasal\trest\t1\tflow\tairflow\t25\t0\t300\nb.hea\t02\t2\toral\tgame\t2\t\t\t\t\t\n",
    ),
    "participant codes": ("codes.tsv", "participant\tcode\n01\tp1\n02\tp2\n"),
    "feature table, tsv": (
        "features.tsv",
        "participant\ttask\tage\trate\tvolume\n1\trest\t30\t0.2\t5\n2\trest\t40\t0.3\t6\n",
    ),
    "feature table, csv": ("features.csv", "participant,session,rate\n1,1,0.2\n1,2,0.25\n2,1,0.3\n"),
    "feature table, parquet": ("features.parquet", ""),
    "WFDB header": (
        "b.hea",
        "b 2 250/1(0) 1000 10:11:12 01/02/2003\nb.dat 212 200(0)/mV 12 0 0 0 0 ECG\nb.dat 212\n# 30 M\n",
    ),
}


def _use(kind: str, path: Path) -> None:
    if kind == "recordings table":
        read_recordings_table(path, path.name)
        discover(config(source="files", recordings_table=path.name), path.parent)
    elif kind == "participant codes":
        coded = config(source="files", pattern="coded/{participant}.csv", participants={"codes": path})
        discover(coded, path.parent)
    elif kind == "WFDB header":
        header = read_header(path, path.name)
        assert all(size >= 0 for size in header.bytes_needed.values())
    else:
        import_features(path)


@pytest.mark.filterwarnings("ignore")
def test_mutated_tables_give_an_error_or_a_table(tmp_path):
    guard = Guard()
    for name in ("01.csv", "02.csv"):
        (tmp_path / "coded").mkdir(exist_ok=True)
        (tmp_path / "coded" / name).write_text("1\n2\n")
    parquet = io.BytesIO()
    pd.DataFrame({"participant": ["1", "2"], "rate": [0.2, 0.3]}).to_parquet(parquet)
    for number in range(N_TABLES):
        kind = list(TABLES)[number % len(TABLES)]
        name, text = TABLES[kind]
        content = mutated(text.encode() or parquet.getvalue(), np.random.default_rng([10, number]))
        (tmp_path / name).write_bytes(content)
        with guard.one(kind):
            _use(kind, tmp_path / name)
    print(guard.table())
    assert all(one.refused < one.inputs for one in guard.counts.values())


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{one}: &{one} [{','.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefghij", "bcdefghijk", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [touch executed]",
        "name: !!python/object/apply:os.system [touch executed]",
        "name: !!python/name:os.system ''",
        f"{BOMB}name: *k\n",
        f"{BOMB}dataset: *k\n",
        "name: " + "[" * 5000 + "]" * 5000,
        "name: " + "9" * 6000,
        "? {a: b}\n: c",
        "name: x\nname: 2020-13-45",
        "name: \ud800".encode("utf-8", "surrogatepass"),
        b"\xff\xfename: x",
    ],
)
def test_a_config_executes_nothing_and_does_not_grow(tmp_path, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    guard = Guard()
    with guard.one("config"):
        load_study(path)
    assert guard.counts["config"].refused == 1
    assert not (tmp_path / "executed").exists()


def test_mutated_configs_give_an_error_or_a_study(tmp_path):
    guard = Guard()
    texts = [
        (ROOT / "config.yaml").read_bytes(),
        *(one.read_bytes() for one in sorted((ROOT / "config" / "studies").glob("*.yaml"))),
    ]
    path = tmp_path / "config.yaml"
    for number in range(N_CONFIGS):
        path.write_bytes(mutated(texts[number % len(texts)], np.random.default_rng([11, number])))
        with guard.one("config"):
            assert isinstance(load_study(path), StudyConfig)
    print(guard.table())
    assert 0 < guard.counts["config"].refused < N_CONFIGS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
_COLUMNS = (
    st.just(["airflow", "ecg"])
    | st.lists(st.sampled_from(["airflow", "time", "a\tb", "", "<b>"]) | st.text(max_size=8), max_size=3)
    | _JSON
)
_RATE = st.sampled_from([100, 25.0]) | st.sampled_from([1e-9, 1e30, 10**400, "100", True]) | st.floats() | _JSON
_START = st.sampled_from([0, -3.5, None]) | _JSON
_CELL = st.floats().map(repr) | st.sampled_from(["n/a", "", "1e400", "0x1", "½", "-"]) | st.text(max_size=5)
_CELLS = st.lists(st.lists(st.floats().map(repr), min_size=2, max_size=2), min_size=1, max_size=8) | st.lists(
    st.lists(_CELL, max_size=3), max_size=8
)


def test_drawn_sidecars_and_samples_give_an_error_or_data(tmp_path):
    guard = Guard()

    @settings(
        max_examples=N_DRAWN, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(rate=_RATE, columns=_COLUMNS, start=_START, more=_JSON, cells=_CELLS)
    def read(rate, columns, start, more, cells):
        about = {"SamplingFrequency": rate, "Columns": columns, "StartTime": start, "airflow": more}
        (tmp_path / "a.json").write_text(json.dumps(about))
        (tmp_path / "a.tsv").write_bytes("\n".join("\t".join(row) for row in cells).encode("utf-8", "surrogatepass"))
        for reader in ("bids_physio", "text", "rr_text", "empatica"):
            with guard.one(f"{reader} (drawn)", unnamed=tmp_path):
                content = read_file(tmp_path, "a.tsv", reader, sidecars=("a.json",), sampling_hz=25.0)
                assert all(np.isfinite(one.start_s) for one in content.signals.values())

    read()
    print(guard.table())
    assert 0 < guard.counts["bids_physio (drawn)"].refused < guard.counts["bids_physio (drawn)"].inputs


def test_the_workflow_reads_configs_without_executing_them(tmp_path, monkeypatch):
    from snakemake.common.configfile import load_configfile

    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text("name: !!python/object/apply:os.system [touch executed]\n")
    with pytest.raises(Exception, match="not valid JSON or YAML"):
        load_configfile("config.yaml")
    assert not Path("executed").exists()


@pytest.mark.parametrize("named", [True, False])
def test_a_config_that_is_a_template_is_refused(tmp_path, named):
    """Snakemake would execute the code in it; of the default config not even the first line is executed."""
    clone = make_clone(tmp_path / "clone")
    text = f"__use_yte__: true\n__definitions__:\n  - open('{tmp_path}/executed', 'w')\nname: x\n"
    config_file = clone.folder / ("study.yaml" if named else "config.yaml")
    config_file.write_text(text)
    done = clone.snakemake("--dry-run", *(["--configfile", "study.yaml"] if named else []), check=False)
    assert done.returncode != 0
    assert "a template that executes code" in done.stdout + done.stderr
    assert named or not (tmp_path / "executed").exists()
    with pytest.raises(EupneaError, match="executes code"):
        load_study(config_file)
