"""``eupnea simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import track

from eupnea.config.simulate import SimulateConfig
from eupnea.errors import InputError
from eupnea.recordings.labels import natural_key


def run_simulate(folder: Path, *, participants: int | None, scale: Literal["small", "demo", "full"], seed: int) -> None:
    """Write a simulated cohort as a BIDS dataset.

    Raises
    ------
    InputError
        The folder is there and not empty.
    """
    from eupnea.simulate.cohort import participant_labels
    from eupnea.simulate.dataset import write_dataset_root, write_participants

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "The folder is not empty", where=str(folder), change="name a new folder: nothing is overwritten"
        )
    config = SimulateConfig(scale=scale, participants=participants)
    folder.mkdir(parents=True, exist_ok=True)
    labels = sorted(participant_labels(config), key=natural_key)
    write_dataset_root(config, seed, folder)
    for label in track(labels, description="Simulating", console=Console(stderr=True)):
        write_participants(config, seed, folder, [label])
    console = Console()
    console.print(f"{len(labels)} simulated participants stand in {folder}", highlight=False)
    console.print(f"Write a study for them: eupnea init {folder}", highlight=False)
