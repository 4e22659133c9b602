"""What every analysis of one modality and window length needs, and what it brings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from eupnea.identification.engine import Engine
from eupnea.io.seeds import seed_for

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from eupnea.config.identification import IdentificationConfig, ProtocolConfig
    from eupnea.evidence.metrics import MetricRow
    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.protocols import Split
    from eupnea.identification.samples import Samples


@dataclass(frozen=True)
class Study:
    """Everything that the analyses of one modality and window length share."""

    samples: Samples
    recordings: pd.DataFrame
    participants: pd.DataFrame
    dictionary: pd.DataFrame
    modality: str
    config: IdentificationConfig
    seed: int
    is_shortest: bool
    _engines: dict[bytes, Engine] = field(default_factory=dict)

    def columns(self, protocol: str, **more: Any) -> dict[str, Any]:
        """Return the columns that rows of a protocol share."""
        return {"protocol": protocol, "modality": self.modality, "window_s": self.samples.window_s, **more}

    def seed_of(self, *labels: object) -> list[int]:
        """Return the seed of one piece of work on this modality and window length."""
        return seed_for(self.seed, "identification", self.modality, self.samples.window_s, *labels)

    def engine(self, keep: NDArray[np.bool_]) -> Engine:
        """Return the engine on some of the features; protocols share it, and what it has fitted."""
        key = np.packbits(keep).tobytes()
        if key not in self._engines:
            self._engines[key] = self._all_of_them if keep.all() else self._some(keep)
        return self._engines[key]

    @cached_property
    def _all_of_them(self) -> Engine:
        return Engine(self.samples, self.config.models, max_missing_share=self.config.max_missing_share)

    def _some(self, keep: NDArray[np.bool_]) -> Engine:
        ordered = self._all_of_them.ordered.with_columns(keep)
        share = self.config.max_missing_share
        return Engine(self.samples.with_columns(keep), self.config.models, max_missing_share=share, ordered=ordered)


@dataclass(frozen=True)
class Run:
    """One protocol on one study, after its folds were run.

    Attributes
    ----------
    name, protocol
        The rule.
    columns
        Columns that its rows share, without the model.
    split
        Its folds.
    engine
        What fitted them.
    selected
        Scores of the headline model, one entry per fold.
    """

    name: str
    protocol: ProtocolConfig
    columns: dict[str, Any]
    split: Split
    engine: Engine
    selected: list[FoldScores]

    @property
    def enrolment_s(self) -> float:
        """Mean seconds of enrolment per person."""
        return float(np.mean([result.enrolment_s for result in self.selected]))

    def headline(self, **more: Any) -> dict[str, Any]:
        """Return the columns of a headline row."""
        return self.columns | {"model": "selected", "enrolment_s": self.enrolment_s} | more

    def with_selected(self, selected: list[FoldScores]) -> Run:
        """Return the run with the scores of another model."""
        return replace(self, selected=selected)


@dataclass
class Collected:
    """What the protocols bring, before it is put together."""

    scores: list[pd.DataFrame] = field(default_factory=list)
    write_scores: Callable[[pd.DataFrame], None] | None = None
    rows: list[MetricRow] = field(default_factory=list)
    curves: list[pd.DataFrame] = field(default_factory=list)
    people: list[pd.DataFrame] = field(default_factory=list)
    failures: list[pd.DataFrame] = field(default_factory=list)
    nulls: list[pd.DataFrame] = field(default_factory=list)

    def add_scores(self, scores: pd.DataFrame) -> None:
        """Keep the scores of one protocol, or hand them on: their number grows with the square of the people."""
        (self.write_scores or self.scores.append)(scores)
