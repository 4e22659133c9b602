"""No file, however broken, brings down the study: a project error, or data; never a traceback, a hang, or a flood.

``EUPNEA_FUZZ`` sets the number of mutated files (a few hundred by default).
"""

from __future__ import annotations

import gzip
import json
import os
import time

import numpy as np
import pytest
import scipy.io

from eupnea.errors import EupneaError
from eupnea.recordings.readers.base import Limits
from eupnea.recordings.readers.registry import read_file

N_MUTANTS = int(os.environ.get("EUPNEA_FUZZ", "360"))
LONGEST_S = 10.0  # of the processor: other work on the machine is not the reader's
LIMITS = Limits(max_samples=2_000_000, max_bytes=20_000_000)
TOKENS = [b"\0", b"\xff" * 8, b"-1", b"1e999", b"nan", b"999999999999", b"../../etc/passwd", b"\n", b"\t", b"{", b"%s"]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Small good files of every format: reader -> (name, content, other files)."""
    import edfio

    folder = tmp_path_factory.mktemp("seeds")
    wave = np.round(np.random.default_rng(0).normal(0, 1, 1000), 3)
    text = "\n".join(f"{x}\t{-x}" for x in wave).encode()
    edfio.Edf([edfio.EdfSignal(wave, 250, label="ECG")]).write(folder / "a.edf")
    edfio.Bdf([edfio.BdfSignal(wave, 250, label="ECG")]).write(folder / "a.bdf")
    np.save(folder / "a.npy", wave)
    np.savez_compressed(folder / "a.npz", ecg=wave)
    scipy.io.savemat(folder / "a.mat", {"ecg": wave, "fs": 250.0}, do_compression=True)
    scipy.io.savemat(folder / "b.mat", {"ecg": wave, "fs": 250.0}, format="4")
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"ecg": wave}), folder / "a.parquet")
    sidecar = json.dumps({"SamplingFrequency": 250, "StartTime": 0, "Columns": ["a", "b"]}).encode()
    made = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
    header = b"a 1 250 1000\na.dat 16 200 12 0 0 0 0 ECG\n# Age: 30 Sex: F\n"
    data = (wave * 200).astype("<i2").tobytes()
    vhdr = (
        b"Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\nDataFile=a.eeg\n"
        b"DataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=1\nSamplingInterval=4000\n"
        b"[Binary Infos]\nBinaryFormat=INT_16\n[Channel Infos]\nCh1=ECG,,0.001,mV\n"
    )
    rr = b"\n".join(b"%d" % x for x in (800 + 50 * wave).astype(int))
    return [
        ("bids_physio", "a.tsv.gz", gzip.compress(text), {"a.json": sidecar}),
        ("bids_physio", "a.tsv", text, {"a.json": sidecar}),
        ("bids_physio", "a.json", sidecar, {"a.tsv.gz": gzip.compress(text)}),
        ("text", "a.csv", b"time,ecg\n" + b"\n".join(b"%.3f,%.3f" % (i / 250, x) for i, x in enumerate(wave)), {}),
        ("rr_text", "a.txt", rr, {}),
        ("empatica", "BVP.csv", b"1480000000.0\n64.0\n" + rr, {}),
        ("empatica", "IBI.csv", b"1480000000.0, IBI\n5.5,0.8\n6.3,0.8\n", {}),
        ("parquet", "a.parquet", made["a.parquet"], {}),
        ("edf", "a.edf", made["a.edf"], {}),
        ("edf", "a.bdf", made["a.bdf"], {}),
        ("brainvision", "a.vhdr", vhdr, {"a.eeg": data}),
        ("wfdb", "a.hea", header, {"a.dat": data}),
        ("wfdb", "a.dat", data, {"a.hea": header}),
        ("matlab", "a.mat", made["a.mat"], {}),
        ("matlab", "b.mat", made["b.mat"], {}),
        ("numpy", "a.npy", made["a.npy"], {}),
        ("numpy", "a.npz", made["a.npz"], {}),
    ]


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut, flip, overwrite, repeat or insert; heads of files more often than their bodies."""
    raw = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        if not raw:
            break
        place = int(rng.integers(0, max(1, min(len(raw), 600 if rng.random() < 0.7 else len(raw)))))
        kind = rng.integers(0, 5)
        if kind == 0:
            del raw[place:]
        elif kind == 1:
            raw[place] ^= 1 << int(rng.integers(0, 8))
        elif kind == 2:
            token = TOKENS[int(rng.integers(0, len(TOKENS)))]
            raw[place : place + len(token)] = token
        elif kind == 3:
            raw[place:place] = raw[place : place + 200] * int(rng.integers(1, 20))
        else:
            raw[place : place + int(rng.integers(1, 50))] = rng.bytes(int(rng.integers(0, 50)))
    return bytes(raw)


def read_or_refuse(folder, reader, name, others):
    main = next((one for one in (name, *others) if not one.endswith((".json", ".dat", ".eeg"))), name)
    sidecars = tuple(one for one in (name, *others) if one.endswith(".json"))
    started = time.process_time()
    content, words = None, ""
    try:
        content = read_file(folder, main, reader, sidecars=sidecars, sampling_hz=250.0, limits=LIMITS)
    except EupneaError as error:
        words = str(error)
    assert (content is None) == bool(words)
    assert str(folder) not in words
    assert time.process_time() - started < LONGEST_S
    for signal in content.signals.values() if content else ():
        assert signal.values.dtype == np.float64
        assert not np.isinf(signal.values).any()
        assert signal.values.size <= LIMITS.max_samples
        assert signal.times_s is not None or 0 < signal.sampling_hz <= LIMITS.max_sampling_hz
        assert np.isfinite(signal.start_s)
    return content


def test_the_seeds_themselves_are_good(seeds, tmp_path):
    for number, (reader, name, content, others) in enumerate(seeds):
        folder = tmp_path / str(number)
        folder.mkdir()
        for other, text in {name: content, **others}.items():
            (folder / other).write_bytes(text)
        assert read_or_refuse(folder, reader, name, others) is not None, (reader, name)


def test_mutated_files_give_an_error_or_data(seeds, tmp_path):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes = set()
    for number in range(N_MUTANTS):
        rng = np.random.default_rng([7, number])
        reader, name, content, others = seeds[number % len(seeds)]
        for other, text in {**others, name: mutated(content, rng)}.items():
            (tmp_path / other).write_bytes(text)
        outcomes.add((reader, read_or_refuse(tmp_path, reader, name, others) is None))
        for other in (name, *others):
            (tmp_path / other).unlink()
    assert {refused for _, refused in outcomes} == {True, False}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000


@pytest.mark.parametrize("name", ["acqknowledge/physio-3.8.1-c.acq", "eegmat/Subject05_2.edf"])
def test_mutated_real_files_give_an_error_or_data(shared_data, tmp_path, name):
    content = shared_data(name).read_bytes()
    reader, own = ("acqknowledge", "a.acq") if name.endswith("acq") else ("edf", "a.edf")
    for number in range(max(10, N_MUTANTS // 20)):
        (tmp_path / own).write_bytes(mutated(content, np.random.default_rng([8, number])))
        read_or_refuse(tmp_path, reader, own, {})
