"""Datasets with names and dates planted wherever a format can hold them, and a search through every byte of results."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import edfio
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from acq_support import acq_bytes

NAMES = ("smithson", "hildegard", "wintergreen", "ward_7b", "drquill", "patient-4711")
BIRTH, RECORDED = dt.date(1961, 5, 17), dt.date(2019, 3, 14)
DATES = tuple(
    date.strftime(form).lower()
    for date in (BIRTH, RECORDED)
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d-%b-%Y", "%Y%m%d", "%d/%m/%Y", "%d.%m.%y")  # the last two: WFDB and EDF
)
PEOPLE = tuple(
    f"{name}Smithson" for name in ("Hildegard", "Albert", "Bertha", "Carl", "Dora", "Emil", "Fritz", "Greta")
)
_BASE64 = re.compile(rb"base64,([A-Za-z0-9+/=\s]{40,})")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def simulated_signals(dataset: Path) -> Iterator[tuple[str, str, str, dict[str, tuple[np.ndarray, float]]]]:
    """Yield participant, task, mode and signals (values, sampling rate in Hz) of a simulated BIDS dataset."""
    for path in sorted(dataset.glob("sub-*/**/*_recording-resp_physio.tsv.gz")):
        entities = dict(part.split("-") for part in path.name.split("_") if "-" in part)
        signals = {}
        for device, channel, hz in (("resp", "airflow", 50.0), ("ecg", "ecg", 250.0)):
            file = path.with_name(path.name.replace("recording-resp", f"recording-{device}"))
            sidecar = json.loads((dataset / f"recording-{device}_physio.json").read_text(encoding="utf-8"))
            assert sidecar["SamplingFrequency"] == hz
            column = sidecar["Columns"].index(channel)
            values = pd.read_csv(file, sep="\t", header=None, usecols=[column])[column].interpolate().bfill()
            signals[channel] = (values.to_numpy(float), hz)
        yield entities["sub"], entities["task"], entities["acq"], signals


def plant_files(dataset: Path, target: Path) -> None:
    """Write EDF, WFDB, BDF and AcqKnowledge files in which every field of text tells who was recorded, and when.

    The fields are those of patient and recording, comments, annotations, markers, journals, descriptions of channels,
    and the names of the files.
    """
    target.mkdir()
    rows, order = [], {}
    for participant, task, mode, signals in simulated_signals(dataset):
        name = PEOPLE[order.setdefault(participant, len(order))]
        stem = f"{name}_{RECORDED:%Y%m%d}_{task}_{mode}"
        write = WRITERS[_KINDS.get(order[participant], "edf")]
        file = write(target, stem, name, signals)
        rows.append({"path": file, "participant": name, "mode": mode, "task": task})
    (target / f"{PEOPLE[0]}_broken.edf").write_bytes(b"0       Hildegard Smithson")
    rows.append({"path": f"{PEOPLE[0]}_broken.edf", "participant": PEOPLE[0], "mode": "oral", "task": "broken"})
    pd.DataFrame(rows).to_csv(target / "recordings.tsv", sep="\t", index=False)
    people = pd.read_csv(dataset / "participants.tsv", sep="\t")
    people["participant_id"] = [PEOPLE[number] for number in range(len(people))]
    people["email"], people["birth_date"] = "hildegard@wintergreen", BIRTH.isoformat()
    people.to_csv(target / "participants.tsv", sep="\t", index=False)


def codes_table(path: Path) -> None:
    """Write the key that re-codes the participants."""
    lines = [f"{name}\tp{number:02d}" for number, name in enumerate(PEOPLE, start=1)]
    path.write_text("\n".join(["participant\tcode", *lines, ""]), encoding="utf-8")


def plant_bids(dataset: Path) -> None:
    """Add acquisition times, sidecar fields and columns that name people and days to a BIDS dataset."""
    for path in dataset.glob("sub-*/**/*_scans.tsv"):
        table = pd.read_csv(path, sep="\t")
        table["acq_time"], table["operator"] = f"{RECORDED.isoformat()}T10:11:12", "DrQuill"
        table.to_csv(path, sep="\t", index=False)
    for path in dataset.glob("*physio.json"):
        sidecar = json.loads(path.read_text(encoding="utf-8"))
        more = {
            "PatientName": "Hildegard Smithson",
            "PatientBirthDate": BIRTH.isoformat(),
            "InstitutionName": "Wintergreen clinic",
            "StationName": "Ward_7b",
            "AcquisitionDateTime": RECORDED.isoformat(),
        }
        path.write_text(json.dumps(sidecar | more), encoding="utf-8")
    people = pd.read_csv(dataset / "participants.tsv", sep="\t")
    people["name"], people["birth_date"], people["hospital_id"] = "Smithson", BIRTH.isoformat(), "patient-4711"
    people.to_csv(dataset / "participants.tsv", sep="\t", index=False)


def _write_edf(target: Path, stem: str, name: str, signals: dict[str, tuple[np.ndarray, float]]) -> str:
    return _write_european(edfio.Edf, edfio.EdfSignal, target / f"{stem}.edf", name, signals)


def _write_bdf(target: Path, stem: str, name: str, signals: dict[str, tuple[np.ndarray, float]]) -> str:
    return _write_european(edfio.Bdf, edfio.BdfSignal, target / f"{stem}.bdf", name, signals)


def _write_european(
    kind: type, signal: type, path: Path, name: str, signals: dict[str, tuple[np.ndarray, float]]
) -> str:
    written = kind(
        [
            signal(values, hz, label=label, physical_dimension="mV" if label == "ecg" else "l/s")
            for label, (values, hz) in _whole_seconds(signals).items()
        ],
        patient=edfio.Patient(code="patient-4711", birthdate=BIRTH, name=name, additional=("ward_7b",)),
        recording=edfio.Recording(startdate=RECORDED, investigator_technician_code="DrQuill"),
        starttime=dt.time(10, 11, 12),
        annotations=[
            edfio.EdfAnnotation(3, None, "Hildegard Smithson greets DrQuill"),
            edfio.EdfAnnotation(5, 2, "talking to Hildegard Smithson"),  # excludes two seconds
        ],
    )
    written.write(path)
    return path.name


def _write_acq(target: Path, stem: str, name: str, signals: dict[str, tuple[np.ndarray, float]]) -> str:
    whole = _whole_seconds(signals)
    base_hz = max(hz for _, hz in whole.values())
    channels = {
        label: (values, int(base_hz / hz), "mV" if label == "ecg" else "l/s") for label, (values, hz) in whole.items()
    }
    told = f"{name}, born {BIRTH:%d-%b-%Y}, patient-4711, ward_7b, {RECORDED.isoformat()}, Wintergreen clinic"
    markers = {750: "Hildegard Smithson greets DrQuill", 1000: f"{RECORDED:%d.%m.%Y}"}
    (target / f"{stem}.acq").write_bytes(acq_bytes(channels, base_hz, markers=markers, text=told))
    return f"{stem}.acq"


def _write_wfdb(target: Path, stem: str, name: str, signals: dict[str, tuple[np.ndarray, float]]) -> str:
    """Write one signal file per channel, 16 bit, and a header with comments."""
    lines, whole = [], _whole_seconds(signals)
    samples = len(whole["airflow"][0])
    for label, (values, hz) in whole.items():
        gain = 30000 / np.abs(values).max()
        (target / f"{stem}_{label}.dat").write_bytes(np.round(values * gain).astype("<i2").tobytes())
        unit = "mV" if label == "ecg" else "l/s"
        lines.append(f"{stem}_{label}.dat 16x{int(hz / 50)} {gain:.6f}(0)/{unit} 16 0 0 0 0 {label}")
    head = f"{stem} {len(lines)} 50 {samples} 10:11:12 {RECORDED:%d/%m/%Y}"
    comments = [f"# {name} born {BIRTH:%d-%b-%Y}", "# Age: 40 Sex: F", "# Wintergreen clinic, DrQuill"]
    (target / f"{stem}.hea").write_text("\n".join([head, *lines, *comments, ""]), encoding="utf-8")
    return f"{stem}.hea"


WRITERS = {"edf": _write_edf, "wfdb": _write_wfdb, "bdf": _write_bdf, "acq": _write_acq}
"""Format -> what writes a file of it (folder, stem, person, signals), and returns the file's name."""
_KINDS = {1: "wfdb", 2: "bdf", 3: "acq"}
"""Number of the person -> format, where it is not EDF."""


def _whole_seconds(signals: dict[str, tuple[np.ndarray, float]]) -> dict[str, tuple[np.ndarray, float]]:
    seconds = min(int(len(values) // hz) for values, hz in signals.values())
    return {label: (values[: int(seconds * hz)], hz) for label, (values, hz) in signals.items()}


def found_in(folder: Path, words: tuple[str, ...]) -> dict[str, set[str]]:
    """Return, for each file below a folder, which words its name or its content holds, compressed content opened."""
    hits = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        text = path.relative_to(folder).as_posix().lower().encode() + b"\n" + b"\n".join(_opened(path)).lower()
        if found := {word for word in words if word.encode() in text}:
            hits[path.relative_to(folder).as_posix()] = found
    return hits


def _opened(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".gz":
        yield gzip.decompress(raw)
    elif path.suffix == ".parquet":
        table = pq.read_table(path)
        yield str(table.schema).encode() + str(table.schema.metadata).encode()
        for column in table.columns:
            if not column.type.equals("double"):
                yield "\n".join(map(str, column.to_pylist())).encode()
    elif path.suffix == ".pdf":
        for stream in _STREAM.findall(raw):
            try:
                yield zlib.decompressobj().decompress(stream)  # whatever stands behind its end
            except zlib.error:
                continue
    elif path.suffix == ".zip":
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\n" + archive.read(name)
    elif path.suffix == ".html":
        for text in _BASE64.findall(raw):
            yield base64.b64decode(text)
