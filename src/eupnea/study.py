"""The results of a study, table by table: what notebooks, figures, tables and the report read."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eupnea.errors import InputError
from eupnea.io import contract
from eupnea.io.tables import distinct, read_rows, read_table

if TYPE_CHECKING:
    from eupnea.io.columns import TableContract


class Study:
    """A study that has run. Tables are read when first asked for; nothing is computed here.

    Parameters
    ----------
    folder
        The study's folder, ``results/<name>``. Use `eupnea.load` to open one with checks.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @classmethod
    def open(cls, folder: str | Path) -> Study:
        """Open a study's folder.

        Raises
        ------
        InputError
            The folder is not there, or the study in it has not come as far as its recordings.
        """
        path = Path(folder)
        if not (path / "recordings" / "recordings.tsv").is_file():
            raise InputError(
                "There is no finished study in this folder",
                where=str(path),
                allowed="a folder that a study has written, for example results/demo",
                change="run the study first: snakemake --cores 2",
            )
        return cls(path)

    def __repr__(self) -> str:
        return f"Study({str(self.folder)!r})"

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.folder.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Config, versions, code digest and checksums of the inputs; empty before the run has ended."""
        path = self.folder / "manifest.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @cached_property
    def recordings(self) -> pd.DataFrame:
        """One row per recording: what it holds, how it was aligned, whether it is used and why not."""
        return self._table("recordings/recordings.tsv", contract.RECORDINGS)

    @cached_property
    def participants(self) -> pd.DataFrame:
        """One row per participant."""
        return self._table("recordings/participants.tsv")

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row per thing that is odd about the participants' table."""
        return self._table("recordings/findings.tsv")

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """Used, excluded and block intervals of each recording."""
        return self._table("recordings/intervals.parquet", contract.INTERVALS)

    @cached_property
    def quality(self) -> pd.DataFrame:
        """One row per signal and epoch: what is wrong with it or with its beats, and whether windows may use it."""
        from eupnea.beats.plausible import with_beats

        return with_beats(self._chunks("signals/quality-*.parquet", contract.QUALITY), self.beat_quality)

    @cached_property
    def beat_quality(self) -> pd.DataFrame:
        """One row per cardiac signal and epoch: whether its beats can be a heart's."""
        return self._chunks("beats/quality-*.parquet", contract.BEAT_QUALITY)

    @cached_property
    def onset_rules(self) -> pd.DataFrame:
        """One row per respiration signal: what its onsets were read from, and its number of breaths."""
        breaths = self._chunks("breaths/chunk-*.parquet", contract.BREATHS)
        return breaths.groupby(["recording", "signal", "onset_rule"]).size().rename("breaths").reset_index()

    @cached_property
    def notes(self) -> pd.DataFrame:
        """What is noteworthy about signals, such as a polarity that contradicts the declared one."""
        return self._chunks("signals/notes-*.parquet", None)

    @cached_property
    def windows(self) -> pd.DataFrame:
        """One row per window with all its features."""
        return self._table("features/windows.parquet", contract.WINDOWS)

    @cached_property
    def recording_features(self) -> pd.DataFrame:
        """One row per recording with the features that need length."""
        return self._table("features/recordings.parquet", contract.RECORDING_FEATURES)

    @cached_property
    def set_aside(self) -> pd.DataFrame:
        """Windows that are not used, with the reason."""
        return self._table("features/set_aside.parquet")

    @cached_property
    def dictionary(self) -> pd.DataFrame:
        """One row per feature: unit, definition, source."""
        return self._table("features/dictionary.tsv", contract.DICTIONARY)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """One row per number of the study, with interval, p-value and chance."""
        return self._table("metrics.tsv", contract.METRICS)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per comparison of a probe with an enrolled person."""
        return self._table("identification/scores.parquet", contract.SCORES)

    @cached_property
    def score_runs(self) -> pd.DataFrame:
        """One row per protocol, modality and window length that scores are from."""
        return distinct(self.folder / "identification/scores.parquet", ["protocol", "modality", "window_s"])

    def scores_of(self, protocol: str, modality: str, window_s: float) -> pd.DataFrame:
        """Read the `scores` of one protocol, modality and window length; all of them may be larger than memory."""
        path = self.folder / "identification/scores.parquet"
        return read_rows(path, contract.SCORES, protocol=protocol, modality=modality, window_s=window_s)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """One row per failure to acquire or enrol."""
        return self._table("identification/failures.tsv", contract.FAILURES)

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row per participant and protocol: how hard they are to recognise, and whom they are taken for."""
        return self._table("identification/people.parquet")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row per person and model: the predicted trait for somebody not seen in training."""
        return self._table("traits/predictions.parquet", contract.TRAIT_PREDICTIONS)

    @cached_property
    def adversarial_predictions(self) -> pd.DataFrame:
        """The same under attack, or made blind to a nuisance."""
        return self._table("adversarial/predictions.parquet", contract.ADVERSARIAL_PREDICTIONS)

    @cached_property
    def oracle(self) -> pd.DataFrame:
        """What a perfect observer of the simulated people could tell; empty for real people."""
        path = self.folder / "simulate" / "oracle.tsv"
        return read_table(path) if path.is_file() else pd.DataFrame(columns=["quantity", "value"])

    @property
    def is_simulated(self) -> bool:
        """Whether the people of this study are simulated."""
        return (self.folder / "simulate" / "oracle.tsv").is_file()

    def curves(self, stage: str) -> pd.DataFrame:
        """Return the points of the curves that a stage draws: ``identification``, ``traits``, ``adversarial``."""
        return self._table(f"{stage}/curves.parquet")

    def respiration(self, recording: str) -> pd.DataFrame:
        """Return the cleaned respiration of one recording, 25 samples per second."""
        return self._of_recording("signals/chunk-*.parquet", contract.RESPIRATION, recording)

    def main_respiration(self, recording: str) -> pd.DataFrame:
        """Return the cleaned respiration that the features of a recording are those of, where several were recorded."""
        from eupnea.features.recording_views import main_respiration

        samples = dict(iter(self.respiration(recording).groupby("signal", sort=False)))
        channels = self._of_recording("recordings/chunk-*/channels.parquet", contract.CHANNELS, recording)
        mode = self.recordings.set_index("recording").loc[recording, "mode"]
        rows = [one for one in channels.to_dict("records") if one["signal"] in samples]
        return samples[main_respiration(rows, str(mode), samples)["signal"]] if rows else contract.RESPIRATION.empty()

    def cardiac(self, recording: str) -> pd.DataFrame:
        """Return the cardiac signals of one recording, one row per signal."""
        return self._of_recording("signals/cardiac-*.parquet", contract.CARDIAC, recording)

    def breaths(self, participant: str, **keys: str) -> pd.DataFrame:
        """Return the breaths of a participant.

        Parameters
        ----------
        participant
            Label with its prefix: ``sub-01``.
        **keys
            Any of ``session``, ``mode``, ``task``, ``run``: only recordings with this value.
        """
        return self._of_participant("breaths/chunk-*.parquet", contract.BREATHS, participant, keys)

    def beats(self, participant: str, **keys: str) -> pd.DataFrame:
        """Return the heartbeats of a participant; the parameters are those of `breaths`."""
        return self._of_participant("beats/chunk-*.parquet", contract.BEATS, participant, keys)

    def figures(self) -> list[str]:
        """Return the names of the figures that this study has."""
        names = (path.stem for path in (self.folder / "figures").glob("*.tsv"))
        return sorted(name for name in names if not name.startswith("captions-"))

    def figure(self, name: str) -> Any:
        """Return a figure, ready to be shown in a notebook.

        Raises
        ------
        InputError
            There is no figure of this name; the message lists those there are.
        """
        from IPython.display import SVG

        path = self.folder / "figures" / f"{name}.svg"
        if not path.is_file():
            raise InputError(
                "There is no such figure", where=str(path), found=name, allowed=", ".join(self.figures()) or "none yet"
            )
        return SVG(filename=str(path))

    def _table(self, name: str, columns: TableContract | None = None) -> pd.DataFrame:
        path = self.folder / name
        if not path.is_file():
            raise InputError(
                "A table of this study is not there", where=str(path), change="finish the study: snakemake --cores 2"
            )
        return read_table(path, columns)

    def _chunks(self, pattern: str, columns: TableContract | None) -> pd.DataFrame:
        from eupnea.io.tables import concat_tables

        frames = [read_table(path, columns) for path in sorted(self.folder.glob(pattern))]
        if not frames and columns is not None:
            return columns.empty()
        stacked = concat_tables(frames)
        return stacked.sort_values("recording", kind="stable", ignore_index=True) if len(stacked) else stacked

    def _of_recording(self, pattern: str, columns: TableContract, recording: str) -> pd.DataFrame:
        rows = self.recordings["recording"] == recording
        if not rows.any():
            raise InputError(
                "There is no such recording",
                where=str(self.folder / "recordings" / "recordings.tsv"),
                found=recording,
                allowed="a name in the column 'recording'",
            )
        return self._in_chunk(pattern, columns, rows)

    def _of_participant(
        self, pattern: str, columns: TableContract, participant: str, keys: dict[str, str]
    ) -> pd.DataFrame:
        rows = self.recordings["participant"] == participant
        for key, value in keys.items():
            rows &= self.recordings[key] == value
        if not rows.any():
            raise InputError(
                "There is no such recording",
                where=str(self.folder / "recordings" / "recordings.tsv"),
                found=", ".join([participant, *(f"{key}={value}" for key, value in keys.items())]),
                allowed=f"participants {', '.join(self.recordings['participant'].unique()[:8])} …",
            )
        return self._in_chunk(pattern, columns, rows)

    def _in_chunk(self, pattern: str, columns: TableContract, rows: pd.Series) -> pd.DataFrame:
        """Read some recordings of one participant; a study that starts from a feature table has none of them."""
        if next(self.folder.glob(pattern), None) is None:
            return columns.empty()
        chosen = self.recordings.loc[rows]
        path = self.folder / pattern.replace("*", f"{int(chosen['chunk'].iloc[0]):03d}")
        return pd.read_parquet(path, filters=[("recording", "in", chosen["recording"].tolist())])
