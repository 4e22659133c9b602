"""Good files of every format, ways to break them, and a guard that measures what a reader does with the pieces."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy.io
from acq_support import acq_bytes

from eupnea.errors import EupneaError

LONGEST_S = 10.0  # of the processor: other work on the machine is not the reader's
MOST_MEMORY_MB = 1000.0
N_INPUTS = int(os.environ.get("EUPNEA_FUZZ", "400"))
"""Inputs in total, over all tests of hostile files; a few hundred by default."""

TOKENS = (
    *(b"\0", b"\xff" * 8, b"-1", b"1e999", b"nan", b"inf", b"-inf", b"1e-320", b"999999999999", b"1000000000", b"0"),
    *(
        b"9" * 5000,
        b"../../etc/passwd",
        b"/etc/passwd",
        b"\n",
        b"\t",
        b"{",
        b"[",
        b"%s",
        b'"',
        b"\xc3\x28",
        b"\xfe\xff",
    ),
    *(
        b"<script>alert(1)</script>",
        b"!!python/object/apply:os.system [id]",
        b"cos\nsystem\n(S'id'\ntR.",
        b"\r",
        b"&a *a",
    ),
)


@dataclass(frozen=True)
class Seed:
    """A good file: the reader, its name, its content, the files that belong to it, and the one that is broken."""

    reader: str
    name: str
    content: bytes
    others: dict[str, bytes] = field(default_factory=dict)
    origin: str = "made"

    @property
    def main(self) -> str:
        """The file that is given to the reader, whichever is broken."""
        kept = (one for one in (self.name, *self.others) if not one.endswith((".json", ".dat", ".eeg")))
        return next(kept, self.name)

    @property
    def sidecars(self) -> tuple[str, ...]:
        """The JSON files."""
        return tuple(one for one in (self.name, *self.others) if one.endswith(".json"))


def made_seeds(folder: Path) -> list[Seed]:
    """Return small good files of every format."""
    import edfio
    import pyarrow as pa
    import pyarrow.parquet as pq

    wave = np.round(np.random.default_rng(0).normal(0, 1, 1000), 3)
    edfio.Edf([edfio.EdfSignal(wave, 250, label="ECG")]).write(folder / "a.edf")
    edfio.Bdf([edfio.BdfSignal(wave, 250, label="ECG")]).write(folder / "a.bdf")
    np.save(folder / "a.npy", wave)
    np.savez_compressed(folder / "a.npz", ecg=wave)
    np.savez(folder / "b.npz", ecg=wave)
    scipy.io.savemat(folder / "a.mat", {"ecg": wave, "fs": 250.0}, do_compression=True)
    scipy.io.savemat(folder / "b.mat", {"ecg": wave, "fs": 250.0}, format="4")
    scipy.io.savemat(folder / "c.mat", {"ecg": wave, "fs": 250.0}, do_compression=False)
    pq.write_table(pa.table({"ecg": wave}), folder / "a.parquet")
    channels = {"ecg": (wave, 1, "mV"), "airflow": (wave[::5], 5, "l/s")}
    (folder / "a.acq").write_bytes(acq_bytes(channels, 250, markers={3: "start"}, text="a journal"))
    binary = {path.name: path.read_bytes() for path in folder.iterdir()}
    readers = {"edf": "edf", "bdf": "edf", "npy": "numpy", "npz": "numpy", "mat": "matlab", "parquet": "parquet"}
    readers["acq"] = "acqknowledge"
    return [
        *(Seed(readers[name.rsplit(".", 1)[1]], name, content) for name, content in sorted(binary.items())),
        *_text_seeds(wave),
        *_headed_seeds(wave),
    ]


def _text_seeds(wave: np.ndarray) -> list[Seed]:
    text = "\n".join(f"{x}\t{-x}" for x in wave).encode()
    sidecar = json.dumps({"SamplingFrequency": 250, "StartTime": 0, "Columns": ["a", "b"]}).encode()
    rr = b"\n".join(b"%d" % x for x in (800 + 50 * wave).astype(int))
    return [
        Seed("bids_physio", "a.tsv.gz", gzip.compress(text), {"a.json": sidecar}),
        Seed("bids_physio", "a.tsv", text, {"a.json": sidecar}),
        Seed("bids_physio", "a.json", sidecar, {"a.tsv.gz": gzip.compress(text)}),
        Seed("text", "a.csv", b"time,ecg\n" + b"\n".join(b"%.3f,%.3f" % (i / 250, x) for i, x in enumerate(wave))),
        Seed("text", "a.csv.gz", gzip.compress(b"ecg;flow\n" + text.replace(b"\t", b";").replace(b".", b","))),
        Seed("rr_text", "a.txt", rr),
        Seed("rr_text", "a.hrm", b"[Params]\nVersion=106\n[HRData]\n" + rr),
        Seed("empatica", "BVP.csv", b"1480000000.0\n64.0\n" + rr),
        Seed("empatica", "HR.csv", b"1480000000.0\n1.0\n" + rr),
        Seed("empatica", "IBI.csv", b"1480000000.0, IBI\n5.5,0.8\n6.3,0.8\n"),
    ]


def _headed_seeds(wave: np.ndarray) -> list[Seed]:
    header = b"a 1 250 1000\na.dat 16 200 12 0 0 0 0 ECG\n# Age: 30 Sex: F\n"
    data = (wave * 200).astype("<i2").tobytes()
    vhdr = (
        b"Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\nDataFile=a.eeg\n"
        b"DataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=1\nSamplingInterval=4000\n"
        b"[Binary Infos]\nBinaryFormat=INT_16\n[Channel Infos]\nCh1=ECG,,0.001,mV\n"
    )
    return [
        Seed("brainvision", "a.vhdr", vhdr, {"a.eeg": data}),
        Seed("brainvision", "a.eeg", data, {"a.vhdr": vhdr}),
        Seed("wfdb", "a.hea", header, {"a.dat": data}),
        Seed("wfdb", "a.dat", data, {"a.hea": header}),
    ]


def real_seeds(base: Path) -> list[Seed]:
    """Return recordings of real people, one or two of every format that there is."""

    def content(name: str) -> bytes:
        return (base / name).read_bytes()

    physio = sorted((base / "ds000210").glob("sub-*/**/*_physio.tsv.gz"))[0]
    about = json.dumps({"SamplingFrequency": 50, "StartTime": 0, "Columns": ["cardiac", "respiratory"]}).encode()
    found = [
        Seed("bids_physio", "a.tsv.gz", physio.read_bytes(), {"a.json": about}),
        Seed("acqknowledge", "a.acq", content("acqknowledge/physio-3.8.1-c.acq")),
        Seed("edf", "a.edf", content("eegmat/Subject05_2.edf")),
        Seed("matlab", "a.mat", content("fantasia/f1o08m.mat")),
        Seed("wfdb", "f1o08m.hea", content("fantasia/f1o08m.hea"), {"f1o08m.mat": content("fantasia/f1o08m.mat")}),
        Seed("numpy", "a.npy", content("airflow/resp4_CO2.npy")),
    ]
    for folder, record in (("ecgiddb/Person_01", "rec_1"), ("mitdb", "100")):
        header, data = content(f"{folder}/{record}.hea"), content(f"{folder}/{record}.dat")
        found.append(Seed("wfdb", f"{record}.hea", header, {f"{record}.dat": data}))
        found.append(Seed("wfdb", f"{record}.dat", data, {f"{record}.hea": header}))
    return [Seed(one.reader, one.name, one.content, one.others, "real") for one in found]


def mutated(content: bytes, rng: np.random.Generator, *, unpack: bool = True) -> bytes:
    """Cut, flip, overwrite, repeat, insert, or change a number; heads of files more often than their bodies.

    What is compressed is broken inside as often as outside.
    """
    if unpack and content.startswith(b"\x1f\x8b") and rng.random() < 0.5:
        return gzip.compress(mutated(gzip.decompress(content), rng, unpack=False), 1)
    raw = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        if raw:
            _broken_once(raw, rng)
    return bytes(raw)


def _broken_once(raw: bytearray, rng: np.random.Generator) -> None:
    place = int(rng.integers(0, max(1, min(len(raw), 600 if rng.random() < 0.7 else len(raw)))))
    token = TOKENS[int(rng.integers(0, len(TOKENS)))]
    kind = rng.integers(0, 8)
    if kind == 0:
        del raw[place:]
    elif kind == 1:
        raw[place] ^= 1 << int(rng.integers(0, 8))
    elif kind == 2:
        raw[place : place + len(token)] = token
    elif kind == 3:
        raw[place:place] = raw[place : place + 200] * int(rng.integers(1, 20))
    elif kind == 4:
        raw[place : place + int(rng.integers(1, 50))] = rng.bytes(int(rng.integers(0, 50)))
    elif kind == 5:
        raw[place:place] = token
    elif kind == 6:
        numbers = list(re.finditer(rb"-?\d+(\.\d+)?", raw[:4000]))
        if numbers:
            start, end = numbers[int(rng.integers(0, len(numbers)))].span()
            raw[start:end] = token
    else:
        raw[place : place + 8] = rng.integers(-(2**62), 2**62, 1).tobytes()


class TooLong(BaseException):
    """A reader did not come back; no ``except Exception`` of a library may hide that."""


@dataclass
class Counts:
    """What happened to the inputs of one reader."""

    inputs: int = 0
    refused: int = 0
    longest_s: float = 0.0
    most_mb: float = 0.0


@dataclass
class Guard:
    """Gives inputs to readers, lets only project errors pass, and counts."""

    counts: dict[str, Counts] = field(default_factory=dict)

    @contextmanager
    def one(self, reader: str, *, unnamed: Path | None = None, named: tuple[str, ...] = ()) -> Iterator[Counts]:
        """Watch over one input; a project error ends the block, any other error or excess fails the test.

        Parameters
        ----------
        reader
            Under what it is counted.
        unnamed
            A folder of this machine that no message may show.
        named
            Files of which every message must name one.
        """
        counts = self.counts.setdefault(reader, Counts())
        started, before = time.process_time(), _forget_peak()
        signal.signal(signal.SIGPROF, _too_long)
        signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
        _limit_machine(memory_mb=before + 3 * MOST_MEMORY_MB, seconds=started + 3 * LONGEST_S)
        counts.inputs += 1
        try:
            yield counts
        except EupneaError as error:
            counts.refused += 1
            text = str(error)
            assert text.strip(), reader
            assert unnamed is None or str(unnamed) not in text, text
            assert not named or any(name in text for name in named), text
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            _limit_machine()
        grown = _peak_mb() - before
        counts.longest_s = max(counts.longest_s, time.process_time() - started)
        counts.most_mb = max(counts.most_mb, grown)
        assert grown < MOST_MEMORY_MB, f"{reader}: {grown:.0f} MB"

    def table(self) -> str:
        """Return the counts per reader, and their sums."""
        rows = [
            (name, one.inputs, one.refused, one.longest_s, one.most_mb) for name, one in sorted(self.counts.items())
        ]
        rows.append(("all", *(sum(row[i] for row in rows) for i in (1, 2)), *(max(r[i] for r in rows) for i in (3, 4))))
        lines = [f"{'reader':<28}{'inputs':>8}{'refused':>9}{'read':>8}{'longest s':>11}{'most MB':>9}"]
        lines += [f"{name:<28}{n:>8}{no:>9}{n - no:>8}{s:>11.2f}{mb:>9.0f}" for name, n, no, s, mb in rows]
        return "\n".join(lines)


def _limit_machine(memory_mb: float | None = None, seconds: float | None = None) -> None:
    """Let the system end what does not listen: compiled code that grows or runs without end."""
    for kind, value in ((resource.RLIMIT_DATA, memory_mb and memory_mb * 1e6), (resource.RLIMIT_CPU, seconds)):
        hardest = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (hardest if value is None else int(value) + 1, hardest))


def _too_long(*_: object) -> None:
    raise TooLong(f"more than {LONGEST_S:g} s of the processor")


_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def _forget_peak() -> float:
    """Start a new measurement of the peak of the memory, where the system can; return the memory now, MB."""
    if os.access(_CLEAR, os.W_OK):
        _CLEAR.write_text("5")
    return _peak_mb()


def _peak_mb() -> float:
    if _STATUS.exists():
        return int(re.findall(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())[0]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
