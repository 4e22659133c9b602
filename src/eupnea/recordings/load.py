"""Load the samples of described channels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eupnea.errors import RecordingError
from eupnea.recordings.bids import Tree, parse_name
from eupnea.recordings.pseudonyms import errors_without_file_names
from eupnea.recordings.readers.registry import read_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from eupnea.recordings.readers.base import Content, Limits
    from eupnea.recordings.signal import RawSignal


def load_signals(
    base: Path, channels: pd.DataFrame, *, limits: Limits | None = None, aliases: Mapping[str, str] | None = None
) -> dict[tuple[str, str], RawSignal]:
    """Load the signals of some recordings, each file once.

    Parameters
    ----------
    base
        Folder of the dataset.
    channels
        Rows in the contract CHANNELS; those with status ``set_aside`` are left out.
    limits
        What a file may claim; needed when the study's own limits are wider than the usual ones.
    aliases
        Path -> alias of the files, where `channels` names files by aliases (`eupnea.recordings.pseudonyms`).

    Returns
    -------
    dict
        (recording, signal) -> samples on the clock of their own device; `offset_s` and `drift_ppm` of the row lead to
        the recording's clock (`eupnea.recordings.triggers.to_recording_clock`).

    Raises
    ------
    RecordingError
        A file changed since it was described.
    """
    used = channels[channels["status"] == "used"]
    tree = Tree(Path(base))
    path_of = {alias: path for path, alias in (aliases or {}).items()}
    loaded = {}
    for file, rows in used.groupby("file", sort=False):
        with errors_without_file_names(aliases or {}):
            content = _read(Path(base), tree, path_of.get(str(file), str(file)), rows, limits)
        for row in rows.itertuples(index=False):
            loaded[row.recording, row.signal] = _signal(content, row)
    return loaded


def _read(base: Path, tree: Tree, file: str, rows: pd.DataFrame, limits: Limits | None) -> Content:
    reader = str(rows["format"].iloc[0])
    name = parse_name(file.rsplit("/", 1)[-1])
    sidecars = tree.inherited(file, name.suffix, ".json") if reader == "bids_physio" and name else []
    rate = float(rows["sampling_hz"].iloc[0])
    units = dict(zip(rows["channel"], rows["unit"], strict=True))
    return read_file(
        base,
        file,
        reader,
        sidecars=tuple(sidecars),
        sampling_hz=rate,
        limits=limits,
        wanted=units.__contains__,
        unit_of=lambda name: str(units.get(name, "")),
    )


def _signal(content: Content, row: object) -> RawSignal:
    channel, file = str(row.channel), str(row.file)  # type: ignore[attr-defined]
    if channel not in content.signals:
        raise RecordingError(
            "A channel is no longer in its file",
            where=f"{file}, channel {channel}",
            change="run the step 'recordings' again",
        )
    raw = content.signals[channel]
    start, unit = float(row.start_s), str(row.unit)  # type: ignore[attr-defined]
    times = raw.times_s + (start - raw.start_s) if raw.times_s is not None else None
    return replace(raw, start_s=start, unit=unit, times_s=None if times is None else np.asarray(times))
