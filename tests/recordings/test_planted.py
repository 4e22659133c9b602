"""A name in the place of any field of a file stays out of everything that is written about the file."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from private_support import found_in
from recordings.builders import breathing, config, heart
from recordings.mutations import N_INPUTS, Seed, made_seeds

from eupnea.config.dataset import DatasetConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.config.signals import SignalsConfig
from eupnea.errors import InputError
from eupnea.io.job import job
from eupnea.io.tables import write_table
from eupnea.recordings.cells import described
from eupnea.recordings.describe import describe_chunk
from eupnea.recordings.discovery import discover
from eupnea.recordings.load import load_signals
from eupnea.recordings.readers.registry import read_file
from eupnea.signals.clean import clean_chunk

NAME = "Qwyzsmith von Qwyzburg"
WORD = ("qwyz",)
"""What is searched: the part of the name that fits into the shortest field."""
_FIXED = {"version": 8, "patient": 80, "recording": 80, "day": 8, "time": 8, "header bytes": 8, "reserved": 44}
_FIXED |= {"records": 8, "record duration": 8, "signals": 4}
_PER_SIGNAL = {"label": 16, "transducer": 80, "unit": 8, "lowest": 8, "highest": 8, "lowest digital": 8}
_PER_SIGNAL |= {"highest digital": 8, "prefilter": 80, "samples": 8, "reserved of the signal": 32}
SHOWN = {"label", "unit"}
"""Fields that are shown as they are: without the names of channels nobody could say what they are."""
_ACQ_SHOWN = [slice(4096 + channel * 254 + 6, 4096 + channel * 254 + 88) for channel in range(2)]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seed]:
    """Give small good files by their names; those of tables and headers of text last a minute."""
    return {seed.name: seed for seed in made_seeds(tmp_path_factory.mktemp("seeds"))}


def _placed(content: bytes, start: int, width: int) -> bytes:
    return content[:start] + NAME[:width].ljust(width).encode() + content[start + width :]


def _european(seed: Seed) -> Iterator[tuple[str, Seed]]:
    """Yield the file with the name in each field of its header of 256 bytes, and of its first signal."""
    start = 0
    for field, width in (_FIXED | _PER_SIGNAL).items():
        if field not in SHOWN:
            yield field, dataclasses.replace(seed, content=_placed(seed.content, start, width))
        start += width


def _binary(seed: Seed, *, end: int) -> Iterator[tuple[str, Seed]]:
    """Yield the file with the name in many places of its headers, but where channels have names and units."""
    for start in range(0, min(end, len(seed.content)), max(8, end * 10 // N_INPUTS)):
        if not any(start < one.stop and start + len(NAME) > one.start for one in _ACQ_SHOWN):
            yield f"byte {start}", dataclasses.replace(seed, content=_placed(seed.content, start, len(NAME)))


def _words(seed: Seed, *, keep: tuple[str, ...] = ()) -> Iterator[tuple[str, Seed]]:
    """Yield the text with the name instead of each word, but those that are shown, and with a line of it."""
    lines = seed.content.split(b"\n")
    for number, line in enumerate(lines[:11]):
        for place, word in enumerate(line.split(b" ")):
            for part in dict.fromkeys((word, *word.split(b"="), *word.split(b","))):
                if part and part.decode() not in keep:
                    changed = line.replace(part, NAME.encode(), 1)
                    broken = b"\n".join([*lines[:number], changed, *lines[number + 1 :]])
                    yield f"line {number + 1}, word {place + 1}", dataclasses.replace(seed, content=broken)
    yield "a line more", dataclasses.replace(seed, content=b"\n".join([NAME.encode(), *lines]))


def _sidecars(seed: Seed) -> Iterator[tuple[str, Seed]]:
    good = {"SamplingFrequency": 250, "StartTime": 0, "Columns": ["airflow", "ecg"], "airflow": {}}
    wrong: list[dict[str, object]] = [
        *({key: value} for key in good for value in (NAME, [NAME], {NAME: NAME})),
        *({"airflow": {key: NAME}} for key in ("Kind", "Site", "Polarity", "Description")),
        {"Columns": [NAME, "ecg", "airflow"]},
        {"SamplingFrequency": [NAME, NAME]},
        {NAME: NAME},
    ]
    for number, keys in enumerate(wrong):
        yield f"sidecar {number}", dataclasses.replace(seed, content=json.dumps(good | keys).encode())
    for number, text in enumerate((NAME, f'"{NAME}"', f"[{NAME}]", f'{{"{NAME}": {NAME}}}', f'{{"SamplingF": {NAME}')):
        yield f"no JSON {number}", dataclasses.replace(seed, content=text.encode())


def broken(seeds: dict[str, Seed]) -> Iterator[tuple[str, Seed]]:
    """Yield every file with the name planted, and where."""
    rows = np.column_stack([breathing(250.0), heart(250.0)])
    table = "\n".join(f"{a:.4f}\t{b:.4f}" for a, b in rows).encode()
    cells = table.replace(table.split(b"\n")[200], f"1\t{NAME}".encode(), 1)
    more = table.replace(table.split(b"\n")[200], f"1\t{NAME}\t2".encode(), 1)
    sidecar = Seed("bids_physio", "a.json", b"", {"a.tsv.gz": gzip.compress(table)})
    found = {
        "EDF": _european(seeds["a.edf"]),
        "BDF": _european(seeds["a.bdf"]),
        "AcqKnowledge": _binary(seeds["a.acq"], end=4096 + 2 * 254 + 64),
        "NumPy": _binary(seeds["a.npy"], end=128),
        "NumPy archive": _binary(seeds["b.npz"], end=256),
        "MATLAB 4": _binary(seeds["b.mat"], end=20),
        "WFDB": _words(seeds["a.hea"], keep=("ECG",)),
        "BrainVision": _words(seeds["a.vhdr"], keep=("Ch1=ECG,,0.001,mV", "ECG,,0.001,mV", "ECG", "mV", "Ch1")),
        "sidecar": _sidecars(sidecar),
        "table with times": _words(seeds["a.csv"], keep=("ecg", "time", "time,ecg")),
        "RR intervals": _words(seeds["a.txt"]),
        "Polar": _words(seeds["a.hrm"]),
        "Empatica, pulse": _words(seeds["BVP.csv"]),
        "Empatica, beats": _words(seeds["IBI.csv"]),
    }
    for kind, files in found.items():
        for place, seed in files:
            yield f"{kind}, {place}", seed
    for place, content in (("a cell", cells), ("a row", more)):
        good = json.dumps({"SamplingFrequency": 250, "StartTime": 0, "Columns": ["airflow", "ecg"]}).encode()
        yield f"samples, {place}", Seed("bids_physio", "a.tsv", content, {"a.json": good})


def _results(dataset: DatasetConfig, base: Path, results: Path) -> pd.Series:
    """Go from the recordings to the cleaned signals, write everything, and return what became of each recording."""
    with job(results / "step.log"):
        people = [entry.participant for entry in discover(dataset, base)]
        chunk = describe_chunk(dataset, RecordingsConfig.model_validate({"min_duration_s": 1}), base, people, 0)
        cleaned = clean_chunk(load_signals(base, chunk.channels), chunk.channels, chunk.intervals, SignalsConfig())
        for part in (dataclasses.asdict(chunk), cleaned._asdict()):
            for name, table in part.items():
                write_table(table, results / f"{name}.parquet")
    return chunk.recordings["status"].value_counts()


def test_a_name_in_any_field_stays_out_of_what_is_written(
    seeds: dict[str, Seed], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, places = ["path\tparticipant\tsampling_hz\tformat"], {}
    for number, (place, seed) in enumerate(broken(seeds)):
        participant = f"{number:03d}"
        places[participant] = place
        for name, content in {seed.name: seed.content, **seed.others}.items():
            bids = f"sub-{participant}/beh/sub-{participant}_task-rest_physio.{name.partition('.')[2]}"
            path = tmp_path / ("bids/" + bids if seed.reader == "bids_physio" else f"files/{participant}/{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if seed.reader != "bids_physio":
            rows.append(f"{participant}/{seed.main}\t{participant}\t250\t{seed.reader}")
    (tmp_path / "files" / "recordings.tsv").write_text("\n".join(rows))
    listed = config(source="files", recordings_table="recordings.tsv")
    counts = _results(listed, tmp_path / "files", tmp_path / "results")
    counts += _results(config(), tmp_path / "bids", tmp_path / "results" / "bids")
    printed = capsys.readouterr()
    print(f"{len(places)} fields: {counts.to_dict()}")
    assert found_in(tmp_path / "results", WORD) == {}, places
    assert WORD[0] not in (printed.out + printed.err).lower()
    assert counts.sum() == len(places)
    assert counts["set_aside"] > 100
    assert counts["used"] > 20


def test_numbers_are_told_and_texts_are_not() -> None:
    told = {0: "0", -5: "-5", 1e12: "1e+12", 250.5: "250.5", 19610517: "about 2e+07", 10**5000: "inf", True: "true"}
    assert {value: described(value) for value in told} == told
    assert described(float("nan")) == "nan"
    assert described("100") == "the text '100'"
    assert described("19610517") == "the text 'about 2e+07'"
    assert described(NAME) == f"text of {len(NAME)} characters"
    assert described("egc", words=("ecg", "belt")) == "text of 3 characters, much like 'ecg'"
    assert [described(one) for one in (None, " ", [NAME], {NAME: 1}, b"x")] == [
        *("nothing", "nothing", "a list of 1", "a table of 1 keys", "bytes"),
    ]


def test_what_is_told_leads_to_the_place(seeds: dict[str, Seed], tmp_path: Path) -> None:
    header = seeds["a.hea"].content.replace(b"a.dat", b"Smithson.dat")
    (tmp_path / "a.hea").write_bytes(header)

    with pytest.raises(InputError, match="file of signal 1") as caught:
        read_file(tmp_path, "a.hea", "wfdb")
    assert "Smithson" not in str(caught.value)
