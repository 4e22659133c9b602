"""Which features may be used: those that mean the same on both sides, or that the sensor's gain cannot change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eupnea.features.registry import CARDIAC_KINDS, RESPIRATION_KINDS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from eupnea.identification.protocols import Split
    from eupnea.identification.samples import Samples

GROUPS = (frozenset(RESPIRATION_KINDS.split(",")), frozenset(CARDIAC_KINDS.split(",")))


def comparable_features(
    samples: Samples, split: Split, recordings: pd.DataFrame, dictionary: pd.DataFrame
) -> NDArray[np.bool_]:
    """Say which features mean the same for all sensors that a protocol brings together; shape (p,).

    Parameters
    ----------
    samples, split
        Windows, and which of them the protocol uses.
    recordings
        Its column ``signals`` names the kinds of each recording; the first respiratory and the first cardiac count.
    dictionary
        Its column ``comparable_kinds`` names the kinds across which a feature means the same.
    """
    keep = np.ones(len(samples.features), dtype=bool)
    used = {int(r) for fold in split.folds for rows in (fold.enrol, fold.probe) for r in samples.recording[rows]}
    names = samples.recordings["recording"].iloc[sorted(used)]
    signals = recordings.set_index("recording")["signals"].reindex(names).fillna("")
    meaning = dictionary.set_index("name")["comparable_kinds"].reindex(list(samples.features)).fillna("")
    for group in GROUPS:
        kinds = {next((kind for kind in text.split(",") if kind in group), "") for text in signals} - {""}
        if len(kinds) > 1:
            allowed = [set(text.split(",")) & group for text in meaning]
            keep &= np.array([not some or kinds <= some for some in allowed])
    return keep


def amplitude_free_features(samples: Samples, dictionary: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which features gain and offset of the sensor cannot change; shape (p,)."""
    free = dictionary.set_index("name")["amplitude_free"]
    return free.reindex(list(samples.features)).fillna(value=False).to_numpy(dtype=bool)
