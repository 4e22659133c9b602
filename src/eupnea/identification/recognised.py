"""Which windows and recordings were recognised, by modality, in codes that modalities share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from eupnea.identification.samples import Rows

LEVELS = ("window", "recording")
PROBE = ["fold", "recording", "start_s", "level"]
CELL = ["protocol", "window_s", "level", "probe_participant"]


@dataclass(frozen=True)
class Hits:
    """Probes of one modality.

    Attributes
    ----------
    probe, cell
        Shape (n,): code of each probe, and of its protocol, window length, level and person.
    hit
        Shape (n,): 1 where the own person scored highest, else 0.
    """

    probe: Rows
    cell: Rows
    hit: NDArray[np.float64]

    def shared_with(self, other: Hits) -> Hits:
        """Return the probes that another modality has, too."""
        same = np.isin(self.probe, other.probe)
        return Hits(self.probe[same], self.cell[same], self.hit[same])


@dataclass
class Recognised:
    """Gathers the hits of one protocol and window length after the other.

    Attributes
    ----------
    parts
        Modality → hits of each protocol and window length so far.
    cells
        What the codes of cells stand for, in rising order, by the columns `CELL`.
    """

    parts: dict[str, list[Hits]] = field(default_factory=dict)
    cells: list[pd.DataFrame] = field(default_factory=list)
    _probes: int = 0
    _cells: int = 0

    def add(self, scores: Mapping[str, pd.DataFrame]) -> None:
        """Add the scores of all modalities under one protocol and window length; these come in rising order."""
        own = {name: own_probes(table) for name, table in scores.items()}
        together = pd.concat(own.values(), ignore_index=True)
        probe = together.groupby(PROBE, sort=False, dropna=False).ngroup().to_numpy()
        grouped = together.groupby(CELL, sort=True, dropna=False)
        cell, hit = grouped.ngroup().to_numpy(), together["hit"].to_numpy()
        self.cells.append(grouped.size().reset_index()[CELL])
        ends = np.cumsum([len(table) for table in own.values()])[:-1]
        pieces = zip(
            own, *(np.split(one, ends) for one in (probe + self._probes, cell + self._cells, hit)), strict=True
        )
        for name, *codes in pieces:
            self.parts.setdefault(name, []).append(Hits(*codes))
        self._probes += len(together)
        self._cells += len(self.cells[-1])

    def hits(self) -> dict[str, Hits]:
        """Return the hits of every modality."""
        columns = ("probe", "cell", "hit")
        return {
            name: Hits(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))
            for name, parts in self.parts.items()
        }

    def shares(self, hits: Hits) -> pd.Series:
        """Return each person's share of recognised probes, by protocol, window length and level."""
        counts = np.bincount(hits.cell, minlength=self._cells)
        known = counts > 0
        share = np.bincount(hits.cell, weights=hits.hit, minlength=self._cells)[known] / counts[known]
        names = pd.concat(self.cells, ignore_index=True)[known]
        return pd.Series(share, index=pd.MultiIndex.from_frame(names), name="score")


def own_probes(table: pd.DataFrame) -> pd.DataFrame:
    """List the probes of windows and recordings, with whether each was recognised: columns `PROBE`, `CELL`, ``hit``."""
    part = table[table["level"].isin(LEVELS)]
    probe = part.groupby(PROBE, sort=False, dropna=False).ngroup().to_numpy()
    genuine, score = part["genuine"].to_numpy(dtype=bool), part["score"].to_numpy(dtype=float)
    best = np.full(probe.max(initial=-1) + 1, np.nan)
    np.fmax.at(best, probe[~genuine], score[~genuine])
    own = part.loc[genuine, list(dict.fromkeys([*PROBE, *CELL]))]
    return own.assign(hit=(score[genuine] > best[probe[genuine]]).astype(float))
