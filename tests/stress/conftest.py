"""A small study that is disturbed, and the same study left in peace."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from workflow_support import Clone, make_clone

from eupnea.cli.simulate import run_simulate

DATASET = "dataset: {source: bids, path: dataset}\n"
SETTINGS = """
name: small
seed: 3
chunks: 2
features: {window_s: [60]}
identification:
  modalities: [respiration, device]
  protocols: {later: {split: leave_one_run_out}}
  models: {shrinkages: [0.1], separations: [0.0], standard: [], trees_up_to: 0}
  permutations: 20
  permutations_few_people: 20
  permutations_controls: 20
  bootstrap: 100
  length_protocols: []
  importance_repeats: 1
traits: {targets: [{name: age}], modalities: [respiration, demographics], min_participants: 6, folds: 3, repeats: 1,
  permutations: 10, bootstraps: 100, importance_draws: 1, learning_shares: [1.0], learning_draws: 1, trees: 5}
adversarial: {modalities: [respiration], min_participants: 8, folds: 3, inner_folds: 2, bootstraps: 100, trees: 5,
  noise_copies: 1, attack_queries: 20, attack_restarts: 1, attack_steps: 2, epsilons_inf: [0.0, 0.1],
  epsilons_2: [0.0, 1.0], disturbances: [gain], disturbance_epsilons: [0.1], disturbance_draws: 1,
  disturbance_budget_s: 2, nuisances: [sex], strengths: [0.0, 1.0]}
figures: {formats: [png], png_dpi: 50}
report: {signal_pages: 2, signal_seconds: 30}
"""
"""Every step of a study with as little work as possible: two minutes where two cores are shared with others."""
PEOPLE = {"recordings": 4, "report": 8}
"""Up to where a study runs, and the simulated people it needs for that: with fewer, no age model is answered."""


@dataclass(frozen=True)
class Undisturbed:
    """The results of a run that nothing disturbed, and how to start the same run elsewhere."""

    dataset: Path
    until: tuple[str, ...]
    results: dict[str, str]
    seconds: float
    megabytes: float

    def clone(self, folder: Path) -> Clone:
        """Return a fresh checkout with the dataset and the config of the study, and no results."""
        clone = make_clone(folder)
        shutil.copytree(self.dataset, clone.folder / "dataset")
        (clone.folder / "config.yaml").write_text(SETTINGS + DATASET, encoding="utf-8")
        return clone

    def run(self, clone: Clone) -> dict[str, str]:
        """Give the command of the study, which must end well, and return the checksums of the results."""
        clone.snakemake("--cores", "2", *self.until)
        return clone.digests()


@pytest.fixture(scope="session", params=["recordings", pytest.param("report", marks=pytest.mark.slow)])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give the study up to the recordings (quick), and the whole study, to the report."""
    dataset = tmp_path_factory.mktemp("simulated") / "dataset"
    run_simulate(dataset, participants=PEOPLE[request.param], scale="small", seed=5)
    plain = Undisturbed(dataset, () if request.param == "report" else ("--until", request.param), {}, 0.0, 0.0)
    clone = plain.clone(tmp_path_factory.mktemp("undisturbed") / "clone")
    started = time.monotonic()
    found = plain.run(clone)
    assert len(found) > (100 if request.param == "report" else 8)
    seconds = time.monotonic() - started
    # A disk counts whole pages.
    bytes_written = sum(-(-path.stat().st_size // 4096) * 4096 for path in (clone.folder / "results").rglob("*.*"))
    print(f"undisturbed: {len(found)} results, {seconds:.0f} s")
    return Undisturbed(dataset, plain.until, found, seconds, bytes_written / 2**20)
