"""Small BIDS datasets, made on the spot."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np

from eupnea.config.dataset import DatasetConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.recordings.describe import ChunkDescription, describe_chunk
from eupnea.recordings.discovery import discover

DURATION_S = 60.0


def breathing(sampling_hz: float = 25.0, duration_s: float = DURATION_S, rate_hz: float = 0.25) -> np.ndarray:
    time = np.arange(0, duration_s, 1 / sampling_hz)
    return np.sin(2 * np.pi * rate_hz * time)


def heart(sampling_hz: float = 250.0, duration_s: float = DURATION_S) -> np.ndarray:
    time = np.arange(0, duration_s, 1 / sampling_hz)
    return np.exp(-(((time % 0.9) - 0.3) ** 2) / 0.0004)


def write_physio(
    path: Path,
    columns: dict[str, np.ndarray],
    sampling_hz: float = 25.0,
    *,
    start_s: float | None = 0.0,
    sidecar: dict | None = None,
) -> Path:
    """Write a BIDS physiology file and its sidecar, with keys replaced by those of `sidecar` (None: left out)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.column_stack(list(columns.values()))
    text = "\n".join("\t".join("n/a" if np.isnan(x) else f"{x:.6g}" for x in row) for row in rows) + "\n"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    about = {"SamplingFrequency": sampling_hz, "StartTime": start_s, "Columns": list(columns)} | (sidecar or {})
    about = {key: value for key, value in about.items() if value is not None}
    Path(str(path).removesuffix(".tsv.gz") + ".json").write_text(json.dumps(about))
    return path


def write_dataset(base: Path, participants: int = 2, tasks: tuple[str, ...] = ("rest", "game")) -> Path:
    """Write a dataset with breathing and a heart for everybody, and a participants table."""
    rows = ["participant_id\tage\tsex"]
    for number in range(1, participants + 1):
        rows.append(f"sub-{number:02d}\t{20 + number}\t{'MF'[number % 2]}")
        for place, task in enumerate(tasks):
            path = base / f"sub-{number:02d}" / "beh" / f"sub-{number:02d}_task-{task}_physio.tsv.gz"
            louder = 1 + 0.1 * number + 0.01 * place  # nobody's samples are another's
            write_physio(path, {"airflow": louder * breathing(100.0), "ecg": louder * heart(100.0)}, 100.0)
    (base / "participants.tsv").write_text("\n".join(rows) + "\n")
    return base


def config(**keys) -> DatasetConfig:
    return DatasetConfig.model_validate({"source": "bids", "path": "dataset"} | keys)


def describe(base: Path, dataset: DatasetConfig | None = None, **keys) -> ChunkDescription:
    dataset = dataset or config()
    participants = sorted({entry.participant for entry in discover(dataset, base)})
    return describe_chunk(dataset, RecordingsConfig.model_validate(keys), base, participants, 0)


def only_reason(described: ChunkDescription) -> str:
    """Return the reason of the one recording that is set aside."""
    aside = described.recordings[described.recordings["status"] == "set_aside"]
    assert len(aside) == 1, described.recordings[["recording", "status", "reason"]]
    return aside["reason"].iloc[0]
