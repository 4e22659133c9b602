"""Which columns of the window table belong to a modality."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MODALITIES = ("respiration", "cardiac", "coupling")
CONTROL_MODALITIES = ("device", "cardiogenic")


def feature_columns(frame: pd.DataFrame, modality: str) -> list[str]:
    """Return the feature columns of a modality, in the order of `frame`.

    Parameters
    ----------
    frame
        A table of windows or recordings with columns ``<modality>__<family>__<name>``.
    modality
        ``respiration``, ``cardiac``, ``coupling``, ``device``, ``cardiogenic``, or ``all``: the first three together.
    """
    wanted = MODALITIES if modality == "all" else (modality,)
    return [str(name) for name in frame.columns if str(name).split("__", 1)[0] in wanted and "__" in str(name)]
