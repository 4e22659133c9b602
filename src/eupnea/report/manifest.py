"""The manifest: what was read, with which config, code and versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import eupnea
from eupnea.io.files import write_text
from eupnea.io.tables import read_table

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "statsmodels",
    "numba",
    "pyarrow",
    "sleepecg",
    "snakemake",
    "matplotlib",
    "tsfresh",
)


def manifest_of(
    config: dict[str, Any], *, code: str, base: Path, inputs: list[str], aliases: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Describe a run: config, versions, code and input files; no dates, no names of people or machines.

    Parameters
    ----------
    config
        The whole study config, as plain values.
    code
        Digest of the code of all steps.
    base
        Folder of the dataset; paths are written relative to it.
    inputs
        Files that the study read.
    aliases
        Path, relative to `base`, -> name to show instead of it (`eupnea.recordings.pseudonyms`).
    """
    shown = aliases or {}
    rows = [row for path in inputs for row in _inputs(Path(path), base)]
    rows = [row | {"file": shown.get(row["file"], row["file"])} for row in rows]
    return {
        "eupnea": eupnea.__version__,
        "code": code,
        "config": _without_folders(config),
        "packages": {name: version(name) for name in PACKAGES} | {"xgboost": _xgboost_version()},
        "inputs": sorted(rows, key=lambda row: row["file"]),
    }


def _xgboost_version() -> str:
    for name in ("xgboost-cpu", "xgboost"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "absent"


def _without_folders(config: dict[str, Any]) -> dict[str, Any]:
    """Keep the last part of each path that leaves the study's folder: the rest names a machine or its user."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [clean(one) for one in value]
        if isinstance(value, str) and ("/" in value or "\\" in value) and _leaves(Path(value)):
            return f"…/{Path(value).name}"
        return value

    return clean(config)


def _leaves(path: Path) -> bool:
    return path.is_absolute() or ".." in path.parts or str(path).startswith("~")


def _inputs(path: Path, base: Path) -> list[dict[str, Any]]:
    """Describe an input; a listing of simulated files stands for the files, whatever chunk it belongs to."""
    if path.parent == base.parent and path.name.startswith("files-"):
        listed = read_table(path).astype({"path": "str", "sha256": "str"})
        rows = zip(listed["path"], listed["bytes"], listed["sha256"], strict=True)
        return [{"file": name, "bytes": int(size), "sha256": digest} for name, size, digest in rows]
    return [_described(path, base)]


def _described(path: Path, base: Path) -> dict[str, Any]:
    with path.open("rb") as file:  # recordings may be larger than the memory
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    name = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
    return {"file": name, "bytes": size, "sha256": digest}


def write_manifest(manifest: dict[str, Any], path: str | Path) -> None:
    """Write the manifest as JSON."""
    write_text(json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n", path)
