"""Config of the dataset: where the recordings are, and what is in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from eupnea.config.base import Block

Role = Literal[
    "airflow",
    "nasal_pressure",
    "thermistor",
    "belt",
    "co2",
    "ecg",
    "ppg",
    "rr",
    "heart_rate",
    "trigger",
    "time",
    "ignore",
]
Site = Literal["", "nasal", "oral", "oronasal", "nasal_left", "nasal_right", "chest", "abdomen", "finger", "wrist"]
Polarity = Literal["up", "down", "auto"]


def _compilable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        message = f"not a regular expression: {error}"
        raise ValueError(message) from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compilable)]


class EntityConfig(Block):
    """Where one of mode, session, task and run comes from."""

    entity: str = ""
    """Entity of the file name it is read from: ``acq`` in ``sub-01_acq-nasal_physio.tsv.gz``; empty: none."""

    pattern: Pattern = ""
    """Regular expression searched in the entity's value; its first group (else the whole match) is the value.
    ``(nasal|oral)$`` finds the mode in ``task-restnasal``. Empty: the whole value."""

    values: dict[str, str] = Field(default_factory=dict)
    """What a value found is called here: ``{nose: nasal, mouth: oral}``. Values not listed stay as they are."""

    default: str = ""
    """The value where the file name does not tell."""


class EntitiesConfig(Block):
    """How mode, session, task and run are found in a file's name."""

    mode: EntityConfig = EntityConfig(entity="acq")
    """Breathing mode: must come out as ``nasal`` (``nose``) or ``oral`` (``mouth``); other values count as not told."""

    session: EntityConfig = EntityConfig(entity="ses")
    """Session (a day)."""

    task: EntityConfig = EntityConfig(entity="task")
    """Task; the resting recording must come out as ``rest``."""

    run: EntityConfig = EntityConfig(entity="run")
    """Run."""

    sessions_from_dates: bool = False
    """Make sessions from the recording dates in the file headers: the days on which a person was recorded become
    ``ses-1``, ``ses-2``, … with the differences in days. The dates themselves are never written."""


class ChannelRule(Block):
    """What a channel is, told from its name in the file."""

    pattern: Pattern
    """Regular expression that must match the whole name; upper and lower case are the same."""

    kind: Role
    """``airflow``, ``nasal_pressure``, ``thermistor``, ``belt``, ``co2``, ``ecg``, ``ppg``, ``rr``, ``heart_rate``;
    or ``trigger`` (pulses shared by several devices), ``time`` (times of unevenly sampled rows), ``ignore``."""

    site: Site = ""
    """Where it was measured: ``nasal``, ``oral``, ``oronasal``, ``nasal_left``, ``nasal_right``, ``chest``,
    ``abdomen``, ``finger``, ``wrist``; empty: not known."""

    unit: str = ""
    """Unit of the samples; empty: what the file says, else ``au``."""

    polarity: Polarity = "auto"
    """``up`` when inspiration goes up, ``down`` when it goes down, ``auto`` to estimate it."""


class ParticipantsConfig(Block):
    """What is taken from ``participants.tsv`` and from file headers. Only what is named here is ever copied."""

    file: str = "participants.tsv"
    """Name of the participants table, relative to the dataset folder."""

    columns: dict[str, str] = Field(
        default_factory=lambda: {
            "age": "age",
            "sex": "sex",
            "gender": "sex",
            "height": "height_cm",
            "height_cm": "height_cm",
            "weight": "weight_kg",
            "weight_kg": "weight_kg",
            "bmi": "bmi",
        }
    )
    """Columns to keep and their name here (``gender: sex``). Upper and lower case are the same. When two columns
    have the same name here, the first one that the table has is taken."""

    values: dict[str, dict[str, str]] = Field(
        default_factory=lambda: {"sex": {"m": "male", "male": "male", "f": "female", "female": "female"}}
    )
    """What a value is called here, per column (by its name here); upper and lower case are the same. Sex values other
    than ``male`` and ``female`` are kept and counted; analyses of sex use the two largest groups."""

    units: dict[str, str] = Field(default_factory=dict)
    """Units of ``height_cm`` (``cm``, ``m``, ``in``) and ``weight_kg`` (``kg``, ``g``, ``lb``) in the table, when
    they differ from what the name says. Values are converted."""

    bmi: bool = True
    """Compute ``bmi`` from height and weight when the table has none. Heights outside 100-230 cm and weights outside
    25-300 kg are refused, because they point to another unit."""

    from_headers: bool = False
    """Take age and sex from the headers of the recordings (WFDB comments) where the table has none."""

    codes: Path | None = None
    """Optional table (TSV: ``participant``, ``code``) that gives each participant another label in all results. Keep
    it outside the results folder."""


class EventsConfig(Block):
    """Which events of ``*_events.tsv`` and of annotations in the files mean what.

    Patterns must match the whole label; upper and lower case are the same.
    """

    column: str = "trial_type"
    """Column of ``*_events.tsv`` that holds the label."""

    use: tuple[Pattern, ...] = ()
    """Windows must lie inside these; empty: the whole recording may be used."""

    exclude: tuple[Pattern, ...] = (
        r"(bad|break|pause|instructions?|speech|speaking|talk|talking|cough|coughing|artefact|artifact|movement)\b.*",
        r"BAD_.*",
    )
    """Windows must not touch these."""

    block: tuple[Pattern, ...] = (r"block.*",)
    """Windows inside these carry the label as their ``block``."""

    margin_s: float = Field(default=0.0, ge=0)
    """Seconds before and after each excluded event that are excluded too."""


class TargetsConfig(Block):
    """What may be predicted beside the columns of ``participants.tsv``."""

    sessions: dict[str, str] = Field(default_factory=dict)
    """Columns of ``sessions.tsv`` (and ``sub-*/sub-*_sessions.tsv``) to keep, and their name here."""

    scans: dict[str, str] = Field(default_factory=dict)
    """Columns of ``*_scans.tsv`` to keep, and their name here: one value per recording."""

    phenotype: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Per file of ``phenotype/`` (without ``.tsv``): columns to keep, and their name here. A file with a
    ``session_id`` column gives one value per session, else one per participant."""


class DatasetConfig(Block):
    """Where the recordings are, and what is in them."""

    source: Literal["simulated", "bids", "files", "features"] = "simulated"
    """``simulated`` (the cohort of the block ``simulate``), ``bids`` (a BIDS folder), ``files`` (other files, told by
    ``pattern`` or ``recordings_table``), ``features`` (a finished feature table instead of recordings)."""

    path: Path | None = None
    """Folder of the dataset; relative to the folder the study is started in. Empty: simulated cohorts and datasets of
    the registry have their own place."""

    registry: str = ""
    """Name of a public dataset in ``config/datasets.csv``; it is downloaded to ``path`` where that is missing."""

    suffixes: tuple[str, ...] = ("physio",)
    """BIDS suffixes of the files to read; add ``eeg`` for EEG recordings that have a breathing or heart channel."""

    pattern: str = ""
    """For ``files``: where the recordings are, relative to ``path``, with ``{participant}``, ``{session}``, ``{mode}``,
    ``{task}`` and ``{run}`` in place of the labels and ``*`` for anything:
    ``Person_{participant}/rec_{run}.hea``."""

    recordings_table: Path | None = None
    """For ``files``: a TSV with one row per file (or channel), relative to ``path`` (or, where it is not there, to the
    folder the study is started in); docs/own-data.md explains its columns."""

    feature_table: Path | None = None
    """For ``features``: Parquet or TSV with one row per observation and a ``participant`` column, relative to
    ``path``."""

    entities: EntitiesConfig = Field(default_factory=EntitiesConfig)
    """How mode, session, task and run are found in a file's name."""

    channels: tuple[ChannelRule, ...] = ()
    """What the channels are; the first rule that matches counts. Names that no rule matches are tried against the
    common names (``airflow``, ``resp``, ``ecg``, ``ppg``, ``co2``, ``trigger``, …)."""

    cardiac: Literal["ppg", "ecg"] = "ppg"
    """What a BIDS column named ``cardiac`` is."""

    respiratory: Literal["belt", "airflow", "nasal_pressure", "thermistor", "co2"] = "belt"
    """What a BIDS column named ``respiratory`` is."""

    clocks: Literal["per_file", "shared"] = "per_file"
    """``shared``: all files of a recording were written by one device, their start times are exact. ``per_file``: each
    file may come from a device of its own, and they are aligned by triggers or by their declared start times."""

    declared_s: dict[str, float] = Field(default_factory=dict)
    """Length that a recording should have, per task, s; reported beside the length found. Key ``*``: any task."""

    participants: ParticipantsConfig = Field(default_factory=ParticipantsConfig)
    """What is taken from ``participants.tsv``."""

    events: EventsConfig = Field(default_factory=EventsConfig)
    """Which events mean what."""

    targets: TargetsConfig = Field(default_factory=TargetsConfig)
    """What may be predicted beside the columns of ``participants.tsv``."""

    @model_validator(mode="after")
    def _has_what_its_source_needs(self) -> DatasetConfig:
        if self.source == "files" and bool(self.pattern) == bool(self.recordings_table):
            message = "source 'files' needs exactly one of 'pattern' and 'recordings_table'"
            raise ValueError(message)
        if self.source == "features" and self.feature_table is None:
            message = "source 'features' needs 'feature_table'"
            raise ValueError(message)
        if self.source in ("bids", "files", "features") and self.path is None and not self.registry:
            message = f"source '{self.source}' needs 'path' (or 'registry')"
            raise ValueError(message)
        if self.pattern and "{participant}" not in self.pattern:
            message = "'pattern' needs '{participant}'"
            raise ValueError(message)
        return self
