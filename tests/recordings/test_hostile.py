"""No file, however broken, brings down the study: a project error, or data; never a traceback, a hang, or a flood.

``EUPNEA_FUZZ`` sets the number of inputs of all tests of hostile files together (a few hundred by default).
"""

from __future__ import annotations

import numpy as np
import pytest
from recordings.mutations import N_INPUTS, Guard, Seed, made_seeds, mutated, real_seeds

from eupnea.recordings.readers.base import Limits
from eupnea.recordings.readers.registry import READERS, read_file

LIMITS = Limits(max_samples=2_000_000, max_bytes=20_000_000)
N_MADE, N_REAL = N_INPUTS * 6 // 10, max(22, N_INPUTS // 20)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    return made_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(scope="module")
def real(shared_data):
    return real_seeds(shared_data("README.md").parent)


def read_or_refuse(folder, seed: Seed, content: bytes, guard: Guard, limits: Limits = LIMITS):
    for name, text in {**seed.others, seed.name: content}.items():
        (folder / name).write_bytes(text)
    found = None
    with guard.one(f"{seed.reader} ({seed.origin})", unnamed=folder, named=(seed.name, *seed.others)):
        found = read_file(folder, seed.main, seed.reader, sidecars=seed.sidecars, sampling_hz=250.0, limits=limits)
    for signal in found.signals.values() if found else ():
        assert signal.values.dtype == np.float64
        assert not np.isinf(signal.values).any()
        assert signal.values.size <= limits.max_samples
        assert signal.times_s is not None or 0 < signal.sampling_hz <= limits.max_sampling_hz
        assert np.isfinite(signal.start_s)
    for name in (seed.name, *seed.others):
        (folder / name).unlink()
    return found


def test_the_seeds_themselves_are_good_and_every_reader_has_one(seeds, real, tmp_path):
    for seed in (*seeds, *real):
        assert read_or_refuse(tmp_path, seed, seed.content, Guard(), Limits()) is not None, (seed.reader, seed.name)
    assert {seed.reader for seed in (*seeds, *real)} == set(READERS)


def test_mutated_files_give_an_error_or_data(seeds, tmp_path):
    guard = Guard()
    for number in range(N_MADE):
        seed = seeds[number % len(seeds)]
        read_or_refuse(tmp_path, seed, mutated(seed.content, np.random.default_rng([7, number])), guard)
    print(guard.table())
    refused = sum(one.refused for one in guard.counts.values())
    assert N_MADE // 20 < refused < N_MADE - N_MADE // 20


def test_mutated_real_files_give_an_error_or_data(real, tmp_path):
    guard = Guard()
    for number in range(N_REAL):
        seed = real[number % len(real)]
        read_or_refuse(tmp_path, seed, mutated(seed.content, np.random.default_rng([8, number])), guard)
    print(guard.table())
    assert sum(one.inputs for one in guard.counts.values()) == N_REAL
