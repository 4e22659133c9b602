"""What a feature is: the entries of ``features/dictionary.tsv``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

RESPIRATION_KINDS = "airflow,nasal_pressure,thermistor,belt,co2"
FLOW_KINDS = "airflow,nasal_pressure"
BEAT_KINDS = "ecg,ppg,rr"
CARDIAC_KINDS = "ecg,ppg,rr,heart_rate"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its column is ``<modality>__<family>__<name>``.

    Attributes
    ----------
    unit
        ``"1"`` for none; ``au`` in it when it follows the sensor's gain.
    amplitude_free
        Whether gain and offset of the sensor cannot change it.
    comparable_kinds
        Kinds of sensors across which it means the same, separated by commas.
    min_breaths, min_duration_s
        What a window needs, else the feature is NaN; NaN for no minimum.
    level
        ``window``, or ``recording`` for what needs length.
    """

    modality: Literal["respiration", "cardiac", "coupling", "device", "cardiogenic"]
    family: str
    name: str
    unit: str
    amplitude_free: bool
    comparable_kinds: str
    definition: str
    source: str
    min_breaths: float = float("nan")
    min_duration_s: float = float("nan")
    level: Literal["window", "recording"] = "window"

    @property
    def column(self) -> str:
        """Name of the feature's column."""
        return f"{self.modality}__{self.family}__{self.name}"


def dictionary_frame(features: Iterable[Feature]) -> pd.DataFrame:
    """Return ``features/dictionary.tsv`` for some features, in the columns of the contract."""
    import pandas as pd

    from eupnea.io.contract import DICTIONARY

    rows = [asdict(feature) | {"name": feature.column} for feature in features]
    return DICTIONARY.conform(pd.DataFrame(rows)) if rows else DICTIONARY.empty()
