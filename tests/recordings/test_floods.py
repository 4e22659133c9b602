"""Files that grow when opened, or claim to be enormous, are refused or read within bounds, at the usual limits."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
from acq_support import acq_bytes
from recordings.mutations import Guard

from eupnea.adversarial.cohort import read_numbers
from eupnea.errors import RecordingError
from eupnea.recordings.participants import _number as number_of_a_cell
from eupnea.recordings.readers.base import MOST_CHANNELS, Limits
from eupnea.recordings.readers.registry import read_file
from eupnea.recordings.tsv import MAX_TSV_BYTES, read_tsv
from eupnea.recordings.wfdb_header import read_header
from eupnea.traits.targets import _number as number_of_a_target

SIDECAR = json.dumps({"SamplingFrequency": 250, "Columns": ["airflow", "ecg"]}).encode()
JUST_ALLOWED = Limits().max_bytes - 10_000_000
BILLION = 10**9


def _packed(text: bytes, size: int) -> bytes:
    """Compress a repeated text of a given length, member by member: quick, and small."""
    piece = gzip.compress(text * (1_000_000 // len(text)), 9, mtime=0)
    return piece * (size // (1_000_000 // len(text) * len(text)))


def _edf(samples: int, *, width: int) -> tuple[bytes, int]:
    """Return an EDF header of one signal that claims `samples`, and the size that the file must have for it."""
    fields = [("0" if width == 2 else "\xffBIOSEMI").ljust(8), " " * 160, "01.01.0100.00.00", "512".ljust(8), " " * 44]
    records = -(-samples // 30_000)
    fields += [str(records).ljust(8), "1".ljust(8), "1".ljust(4), "ECG".ljust(16), " " * 80, "mV".ljust(8)]
    fields += ["-1".ljust(8), "1".ljust(8), "-32768".ljust(8), "32767".ljust(8), " " * 80, "30000".ljust(8), " " * 32]
    return "".join(fields).encode("latin-1"), 512 + records * 30_000 * width


def _sparse(path: Path, head: bytes, size: int) -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def _make(kind: str, folder: Path) -> tuple[str, str]:
    """Write a flood; return its name and reader."""
    name, _, what = kind.partition(": ")
    path, reader = folder / name, ""
    if what in ("packed text", "packed lines"):
        text = b"1\t2\n" if what == "packed text" else b"8\n"
        path.write_bytes(_packed(text, 2 * JUST_ALLOWED if what == "packed text" else JUST_ALLOWED))
    elif what == "one long line":
        path.write_bytes(_packed(b"1 ", JUST_ALLOWED))
    elif what == "as much as is allowed":
        path.write_bytes(_packed(b"12345\n", JUST_ALLOWED))
    elif what == "as many as are allowed":
        path.write_bytes(_packed(b"1\n", 98_000_000))
    elif what == "zeros":
        _write_zeros(path)
    elif what == "a billion samples":
        reader = _write_billion(path)
    (folder / "a.json").write_bytes(SIDECAR)
    readers = {".tsv.gz": "bids_physio", ".csv.gz": "text", ".rr.gz": "rr_text", ".npz": "numpy", ".npy": "numpy"}
    readers |= {".mat": "matlab", ".parquet": "parquet", ".edf": "edf", ".bdf": "edf", ".hea": "wfdb"}
    readers |= {".acq": "acqknowledge"}
    ending = next(one for one in readers if name.endswith(one))
    return name, reader or ("empatica" if name.startswith("BVP") else readers[ending])


def _write_zeros(path: Path) -> None:
    zeros = np.zeros(49_000_000)
    if path.suffix == ".npz":
        np.savez_compressed(path, ecg=zeros)
    elif path.suffix == ".mat":
        scipy.io.savemat(path, {"ecg": zeros, "fs": 250.0}, do_compression=True)
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"ecg": zeros}), path)


def _write_billion(path: Path) -> str:
    if path.suffix == ".npy":
        np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=(8,))
        raw = path.read_bytes().replace(b"(8,)", b"(1000000000,)").replace(b" " * 9 + b"\n", b"\n")
        _sparse(path, raw, 8 * BILLION + 200)
    elif path.suffix in (".edf", ".bdf"):
        _sparse(path, *_edf(BILLION, width=2 if path.suffix == ".edf" else 3))
    elif path.suffix == ".acq":
        wave = np.full(8, 7.0)
        head, tail = acq_bytes({"ecg": (wave, 1, "mV")}, 250, markers={}, text="").split(wave.tobytes())
        claim = head.index(b"mV") + 20  # behind the unit
        _sparse(path, head[:claim] + struct.pack("<i", BILLION) + head[claim + 4 :], len(head) + 8 * BILLION)
        with path.open("ab") as file:
            file.write(tail)
    else:
        announced = "" if "silent" in path.name else f" {BILLION}"
        path.write_text(f"{path.stem} 1 250{announced}\na.dat 16 200 16 0 0 0 0 ECG\n")
        _sparse(path.with_name("a.dat"), b"", 2 * BILLION)
    return ""


FLOODS = (
    *("a.tsv.gz: packed text", "a.csv.gz: packed text", "a.rr.gz: packed text", "BVP.csv.gz: packed text"),
    *("a.tsv.gz: packed lines", "a.csv.gz: packed lines", "a.rr.gz: packed lines", "BVP.csv.gz: packed lines"),
    *("a.csv.gz: one long line", "a.rr.gz: one long line", "BVP.csv.gz: one long line"),
    *("a.npy: a billion samples", "a.edf: a billion samples", "a.bdf: a billion samples", "a.acq: a billion samples"),
    *("a.hea: a billion samples", "silent.hea: a billion samples"),
)
LARGEST = (
    "a.csv.gz: as much as is allowed",
    "a.csv.gz: as many as are allowed",
    "a.npz: zeros",
    "a.mat: zeros",
    "a.parquet: zeros",
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_is_refused(tmp_path, kind):
    name, reader = _make(kind, tmp_path)
    guard = Guard()
    with guard.one(kind, unnamed=tmp_path):
        read_file(tmp_path, name, reader, sidecars=("a.json",), sampling_hz=250.0)
    print(guard.table())
    assert guard.counts[kind].refused == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGEST)
def test_what_is_just_allowed_is_read_within_a_gigabyte(tmp_path, kind):
    name, reader = _make(kind, tmp_path)
    guard = Guard()
    with guard.one(kind, unnamed=tmp_path):
        content = read_file(tmp_path, name, reader, sampling_hz=250.0)
        assert sum(one.values.size for one in content.signals.values()) > 30_000_000
    print(guard.table())
    assert guard.counts[kind].refused == 0


@pytest.mark.parametrize("text", [b"a\n", b"\t", b"\n", b"a\tb\tc\n", "€\n".encode(), b"\r"])
@pytest.mark.parametrize("head", [b"participant_id\n", b"participant_id" + b"\tx" * 100_000 + b"\n"])
def test_a_small_table_that_is_large_is_refused(tmp_path, text, head):
    path = tmp_path / "participants.tsv"
    path.write_bytes(head + text * ((MAX_TSV_BYTES - len(head)) // len(text)))
    guard = Guard()
    with guard.one("table"):
        read_tsv(path, path.name)
    assert guard.counts["table"].refused == 1


def test_a_header_without_end_is_not_read_to_its_end(tmp_path):
    _sparse(tmp_path / "a.hea", b"a 1 250 10\na.dat 16 200\n", 20 * BILLION)
    guard = Guard()
    with guard.one("header"):
        read_header(tmp_path / "a.hea", "a.hea")
    assert guard.counts["header"].longest_s < 1


def _annotated(path: Path, body: bytes) -> None:
    """Write an EDF of one record whose channel of annotations holds `body`."""
    samples = len(body) // 2 + 2
    head = "0".ljust(168) + "01.01.0100.00.00" + "768".ljust(8) + "EDF+C".ljust(44) + "1".ljust(8) + "1".ljust(8)
    fields = (("ECG", "EDF Annotations", 16), ("", "", 80), ("mV", "", 8), ("-1", "-1", 8), ("1", "1", 8))
    fields += (("-32768", "-32768", 8), ("32767", "32767", 8), ("", "", 80), ("250", str(samples), 8), ("", "", 32))
    head += "2".ljust(4) + "".join(one.ljust(width) + other.ljust(width) for one, other, width in fields)
    path.write_bytes(head.encode() + bytes(500) + body.ljust(2 * samples, b"\0"))


TAL = b"+0\x14\x14\0"


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (TAL + b"+" + b"9" * 3_000_000, False),
        (TAL + b"+0\x14" * 300_000, False),
        (TAL + b"+1\x14a\x14\0" * 2_000_000, True),
        (TAL + b"+1" + b"\x14a" * 3_000_000, True),
        (bytes(66_000_000), True),
    ],
    ids=["digits", "open", "many", "many texts", "long"],
)
def test_annotations_without_end_are_bounded(tmp_path, body, refused):
    _annotated(tmp_path / "a.edf", body)
    guard = Guard()
    with guard.one("annotations", unnamed=tmp_path):
        assert len(read_file(tmp_path, "a.edf", "edf").annotations) < 1_000_001
    assert guard.counts["annotations"].refused == refused


def test_long_cells_and_lines_take_no_time(tmp_path):
    guard = Guard()
    blanks = " " * 300_000
    (tmp_path / "a.vhdr").write_text(f"Brain Vision Data Exchange Header File Version 1.0\nDataFile=a{blanks}b\n")
    with guard.one("header", unnamed=tmp_path):
        read_file(tmp_path, "a.vhdr", "brainvision")
    for text in ("9" * 300_000 + "x", f"5{blanks}x", f"{blanks}5{blanks}+"):
        with guard.one("cell"):
            assert np.isnan(number_of_a_cell("age", text))
            assert np.isfinite(read_numbers(pd.Series([text], dtype="str"))[0]) == text.endswith("+")
            assert np.isfinite(number_of_a_target(text)) == text.endswith("+")
    assert guard.counts["header"].refused == 1


def test_an_archive_of_countless_arrays_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(MOST_CHANNELS + 1):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(RecordingError, match="too many channels"):
        read_file(tmp_path, "a.npz", "numpy", sampling_hz=250.0)
