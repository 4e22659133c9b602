"""The root of the study config."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from eupnea.config.adversarial import AdversarialConfig
from eupnea.config.associations import AssociationsConfig
from eupnea.config.base import Block
from eupnea.config.beats import BeatsConfig
from eupnea.config.breaths import BreathsConfig
from eupnea.config.dataset import DatasetConfig
from eupnea.config.features import FeaturesConfig
from eupnea.config.figures import FiguresConfig
from eupnea.config.identification import IdentificationConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.config.report import ReportConfig
from eupnea.config.signals import SignalsConfig
from eupnea.config.simulate import SimulateConfig
from eupnea.config.tables import TablesConfig
from eupnea.config.traits import TraitsConfig


class StudyConfig(Block):
    """A study: where its recordings are, and what is asked of them. Every key has a default."""

    name: str = Field(default="demo", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    """Name of the study; its results stand in ``<results>/<name>/``. Letters, digits, ``-`` and ``_``."""

    title: str = ""
    """Title of the report; empty: the name."""

    seed: int = Field(default=1, ge=0)
    """Seed of everything random. Same recordings, config and seed: the same tables, byte for byte."""

    chunks: int = Field(default=4, ge=1, le=1000)
    """Number of chunks of participants that are worked on side by side. Changes no result; more than the number of
    cores gains little, more than the number of participants nothing."""

    results: Path = Path("results")
    """Folder that the study's folder is made in; relative to the folder the study is started in."""

    dataset: DatasetConfig = Field(default_factory=DatasetConfig)
    """Where the recordings are, and what is in them."""

    simulate: SimulateConfig = Field(default_factory=SimulateConfig)
    """The simulated cohort; used when ``dataset: source: simulated``."""

    recordings: RecordingsConfig = Field(default_factory=RecordingsConfig)
    """What a recording must be to be used."""

    signals: SignalsConfig = Field(default_factory=SignalsConfig)
    """How signals are cleaned, and what counts as breathing."""

    breaths: BreathsConfig = Field(default_factory=BreathsConfig)
    """How breaths are found."""

    beats: BeatsConfig = Field(default_factory=BeatsConfig)
    """How beats are found and corrected."""

    features: FeaturesConfig = Field(default_factory=FeaturesConfig)
    """Windows, and what is computed from each."""

    identification: IdentificationConfig = Field(default_factory=IdentificationConfig)
    """Who is who: protocols, models, evidence."""

    traits: TraitsConfig = Field(default_factory=TraitsConfig)
    """What the signals say about age, sex, BMI and other columns."""

    adversarial: AdversarialConfig = Field(default_factory=AdversarialConfig)
    """Age models that are robust, or blind to what they should not use."""

    associations: AssociationsConfig = Field(default_factory=AssociationsConfig)
    """Reliability and mixed models of each feature."""

    figures: FiguresConfig = Field(default_factory=FiguresConfig)
    """How figures look and which are made."""

    tables: TablesConfig = Field(default_factory=TablesConfig)
    """Tables for the thesis."""

    report: ReportConfig = Field(default_factory=ReportConfig)
    """The report."""

    @model_validator(mode="after")
    def _report_has_its_figures(self) -> StudyConfig:
        if "png" not in self.figures.formats:
            message = "'figures: formats' needs 'png': the report shows it"
            raise ValueError(message)
        return self

    @property
    def folder(self) -> Path:
        """Folder of the study's results."""
        return self.results / self.name
