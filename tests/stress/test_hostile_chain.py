"""No file, however broken, breaks a later step: from reading it to its features, a project error or tables that hold.

``EUPNEA_FUZZ`` sets the number of inputs of all tests of hostile files; a fifth as many go through the whole chain.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings.mutations import N_INPUTS, Guard, Seed, mutated
from stress.chain_support import KINDS, Chain, archive, complaints, real_files, run_chain, simulated_seeds, spoiled

from eupnea.cli.simulate import run_simulate

N_EACH = -(-max(60, N_INPUTS // 5) // 3)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> list[Seed]:
    folder = tmp_path_factory.mktemp("simulated")
    run_simulate(folder / "dataset", participants=2, scale="small", seed=5)
    (folder / "seeds").mkdir()
    seeds = simulated_seeds(folder / "dataset", folder / "seeds")
    for seed in seeds:  # what is compiled when it is first used is no input's fault
        assert run_chain(folder / seed.reader / seed.name, seed, seed.content).n_windows > 0, (seed.reader, seed.name)
    return seeds


def through(guard: Guard, label: str, base: Path, seed: Seed, content: bytes) -> int:
    """Take one input through the chain; return its windows, 0 where it was refused."""
    chain = None
    with guard.one(label, unnamed=base.parent):
        chain = run_chain(base, seed, content)
        assert complaints(chain) == []
    return chain.n_windows if chain is not None else 0


def test_what_does_not_hold_is_complained_of(simulated: list[Seed], tmp_path: Path) -> None:
    def with_wrong(name: str, **cells: object) -> list[str]:
        return complaints(Chain({**good, name: good[name].assign(**cells)}))

    good = run_chain(tmp_path, simulated[0], simulated[0].content).tables
    column = good["windows"].columns[-1]
    assert with_wrong("windows", **{column: np.inf}) == [f"windows: {column} is infinite"]
    assert with_wrong("breaths", is_valid=False, reason="") == ["breaths: is_valid is false without a reason"]
    assert with_wrong("recordings", status="set_aside", reason=" ") == ["recordings: set aside without a reason"]
    assert with_wrong("beats", is_valid=True, rr_corrected_ms=np.nan) == ["beats: valid without an interval"]
    assert with_wrong("windows", recording="another")[0].endswith("neither a window nor a reason")
    assert with_wrong("cardiac", times_s=[np.array([np.inf])] * len(good["cardiac"]))


def test_broken_files_end_with_an_error_or_with_features(simulated: list[Seed], tmp_path: Path) -> None:
    guard, windows = Guard(), []
    for number in range(N_EACH):
        seed = simulated[number % len(simulated)]
        content = mutated(seed.content, np.random.default_rng([12, number]))
        windows.append(through(guard, f"{seed.reader}, simulated", tmp_path / str(number), seed, content))
    print(guard.table(), f"with windows: {np.count_nonzero(windows)}", sep="\n")
    assert 0 < np.count_nonzero(windows) < len(windows)


def test_broken_real_files_end_with_an_error_or_with_features(
    simulated: list[Seed], shared_data: object, tmp_path: Path
) -> None:
    seeds = real_files(shared_data("README.md").parent)  # type: ignore[operator]
    for seed in seeds:
        assert run_chain(tmp_path / seed.reader / seed.name, seed, seed.content).n_windows > 0, (seed.reader, seed.name)
    guard, windows = Guard(), []
    for number in range(N_EACH):
        seed = seeds[number % len(seeds)]
        content = mutated(seed.content, np.random.default_rng([13, number]))
        windows.append(through(guard, f"{seed.reader}, real", tmp_path / str(number), seed, content))
    print(guard.table(), f"with windows: {np.count_nonzero(windows)}", sep="\n")
    assert 0 < np.count_nonzero(windows) < len(windows)


def test_spoiled_signals_end_with_a_reason_or_with_features(simulated: list[Seed], tmp_path: Path) -> None:
    archived = next(seed for seed in simulated if seed.reader == "numpy")
    columns = np.load(_written(tmp_path / "good.npz", archived.content))
    guard, windows = Guard(), []
    for number in range(N_EACH):
        rng = np.random.default_rng([14, number])
        good = {name: columns[name] for name in columns.files}
        kinds = rng.choice(KINDS, 2, replace=False)
        spoilt = {
            str(kind): spoiled(values, rng) if place or rng.random() < 0.7 else values
            for place, (kind, values) in enumerate(zip(kinds, good.values(), strict=True))
        }
        content = archive(spoilt)
        windows.append(through(guard, "spoiled signals", tmp_path / str(number), archived, content))
    print(guard.table(), f"with windows: {np.count_nonzero(windows)}", sep="\n")
    assert 0 < np.count_nonzero(windows) < len(windows)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
