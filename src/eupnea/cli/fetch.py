"""``eupnea fetch``."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from eupnea.config.load import load_study
from eupnea.errors import ConfigError
from eupnea.recordings.download import REGISTRY, download_dataset


def run_fetch(study: Path, *, registry: Path = REGISTRY) -> Path:
    """Download the dataset of a study and return its folder.

    Raises
    ------
    ConfigError
        The study names no public dataset.
    """
    config = load_study(study)
    if not config.dataset.registry:
        raise ConfigError(
            "The study names no public dataset", where=f"{study}: dataset.registry", change="there is nothing to fetch"
        )
    folder = download_dataset(config.dataset, registry=registry)
    Console().print(f"The dataset is complete: {folder}")
    return folder
