"""Paths that stay inside the dataset."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from eupnea.errors import RecordingError


def inside(base: Path, relative: str) -> Path:
    """Return the path of a file of the dataset.

    Raises
    ------
    RecordingError
        The path is absolute, climbs out with ``..``, or is (below) a symbolic link that leaves the dataset, or there
        is no such file.
    """
    name = PurePosixPath(relative)
    if not relative or "\0" in relative or name.is_absolute() or ".." in name.parts or "\\" in relative:
        raise RecordingError(
            "A path leaves the dataset folder",
            where=relative[:200].replace("\0", "?"),
            allowed="paths relative to the dataset folder, with '/' and without '..'",
            change="correct the path or move the file into the dataset",
        )
    path = base / name
    root, real = os.path.realpath(base), os.path.realpath(path)
    if os.path.commonpath([root, real]) != root:
        raise RecordingError(
            "A file of the dataset is a link that leaves the dataset folder",
            where=relative,
            change="replace the link by the file itself",
        )
    if not os.path.isfile(real):
        raise RecordingError(
            "A file of the dataset is not there", where=relative, change="check the path, or fetch the file"
        )
    return path
