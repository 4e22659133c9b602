"""Carry a recording, disturbed or not, through cleaning, breaths, beats and features, as the stages do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from eupnea.beats.chunk import beats_of_chunk
from eupnea.beats.plausible import beat_quality, with_beats
from eupnea.breaths.table import breaths_of_chunk
from eupnea.config.study import StudyConfig
from eupnea.features.assemble import features_of_chunk
from eupnea.recordings.load import load_signals
from eupnea.recordings.readers.registry import limits_of
from eupnea.recordings.signal import RawSignal
from eupnea.signals.clean import clean_chunk


@dataclass(frozen=True)
class Carrier:
    """What is known about the recordings of a study before their samples are read.

    Attributes
    ----------
    base
        Folder of the dataset.
    recordings, channels, intervals
        Rows of all chunks in the contracts of the same names.
    study
        The config whose stages a recording goes through.
    window_s
        Length of the windows that are cut, s.
    aliases
        Path -> alias of the files of re-coded participants (`eupnea.recordings.pseudonyms`).
    """

    base: Path
    recordings: pd.DataFrame
    channels: pd.DataFrame
    intervals: pd.DataFrame
    study: StudyConfig
    window_s: float
    aliases: Mapping[str, str] = field(default_factory=dict)

    def load(self, recording: str) -> dict[str, RawSignal]:
        """Read the signals of a recording, by name, on the clocks of their devices."""
        limits = limits_of(self.study.recordings)
        channels = _of(self.channels, recording, [recording])
        loaded = load_signals(self.base, channels, limits=limits, aliases=self.aliases)
        return {signal: raw for (_, signal), raw in loaded.items()}

    def windows(self, recording: str, versions: Mapping[str, Mapping[str, RawSignal]]) -> pd.DataFrame:
        """Return the windows that versions of a recording give, in the contract WINDOWS with every feature.

        All versions go through the stages together, as recordings of one chunk do.

        Parameters
        ----------
        recording
            Its name.
        versions
            Name of a version -> its signals by name.

        Returns
        -------
        DataFrame
            In the column ``recording`` stands the version; no rows of one of which the stages keep nothing.
        """
        rows, channels, intervals = (
            _of(table, recording, list(versions)) for table in (self.recordings, self.channels, self.intervals)
        )
        raw = {(version, name): signal for version, signals in versions.items() for name, signal in signals.items()}
        clean = clean_chunk(raw, channels, intervals, self.study.signals)
        breaths = breaths_of_chunk(clean.respiration, channels, self.study.breaths)
        beats = beats_of_chunk(clean.cardiac, self.study.beats)
        quality = with_beats(clean.quality, beat_quality(clean.quality, beats, self.study.beats))
        config = self.study.features.model_copy(update={"window_s": (self.window_s,)})
        return features_of_chunk(
            rows, intervals, channels, clean.respiration, clean.cardiac, quality, breaths, beats, config
        ).windows


def _of(table: pd.DataFrame, recording: str, versions: Sequence[str]) -> pd.DataFrame:
    rows = table[table["recording"] == recording]
    return pd.concat([rows.assign(recording=version) for version in versions], ignore_index=True)
