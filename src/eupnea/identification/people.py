"""The zoo: how hard each person is, and who is confused with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.identification.evaluation import decisions
from eupnea.identification.fusion import RECORDING, WINDOW
from eupnea.identification.numbers import comparisons

if TYPE_CHECKING:
    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.samples import Samples


def zoo(samples: Samples, results: list[FoldScores]) -> pd.DataFrame:
    """Describe every person as probe and as enrolled.

    Returns
    -------
    table
        Columns ``participant``, ``n_probes``, ``rank1_window``, ``rank1_recording``, ``genuine_score`` (mean of the
        own comparisons), ``impostor_score`` (as probe, against others), ``impostor_score_as_enrolled``,
        ``most_confused_with``, ``confusion_share`` (of the person's windows given to that one), ``group``: *goat*
        (lowest quarter of genuine scores), *lamb* (highest quarter of impostor scores as enrolled), *wolf* (the same as
        probe), else *sheep*.

    References
    ----------
    Doddington et al. (1998), ICSLP; Yager & Dunstone (2010), IEEE TPAMI 32:220.
    """
    table = comparisons(samples, results, calibrated=True)
    own = table["owner"] == table["claimed"]
    windows = decisions(samples, results, WINDOW)
    whole = decisions(samples, results, RECORDING)
    zoo = pd.DataFrame(
        {
            "n_probes": windows.groupby("person").size(),
            "rank1_window": windows["rank"].eq(1).groupby(windows["person"]).mean(),
            "rank1_recording": whole["rank"].eq(1).groupby(whole["person"]).mean(),
            "genuine_score": table[own].groupby("owner")["score"].mean(),
            "impostor_score": table[~own].groupby("owner")["score"].mean(),
            "impostor_score_as_enrolled": table[~own].groupby("claimed")["score"].mean(),
        }
    )
    people = np.array(samples.people, dtype=object)
    zoo = zoo.join(_confusion(windows, people)).assign(group=lambda z: _groups(z))
    zoo["most_confused_with"] = zoo["most_confused_with"].fillna("")
    zoo["confusion_share"] = zoo["confusion_share"].fillna(0.0)
    zoo.insert(0, "participant", people[zoo.index.to_numpy(dtype=np.intp)])
    return zoo.reset_index(drop=True)


def _confusion(windows: pd.DataFrame, people: np.ndarray) -> pd.DataFrame:
    missed = windows[windows["rank"] > 1]
    counts = missed.groupby(["person", "nearest"]).size().reset_index(name="n")
    counts = counts.sort_values(["person", "n", "nearest"], ascending=[True, False, True], kind="stable")
    worst = counts.drop_duplicates("person").set_index("person")
    share = worst["n"] / windows.groupby("person").size().reindex(worst.index)
    names = people[worst["nearest"].to_numpy(dtype=np.intp)]
    return pd.DataFrame({"most_confused_with": names, "confusion_share": share}, index=worst.index)


def _groups(zoo: pd.DataFrame) -> np.ndarray:
    goat = zoo["genuine_score"] <= zoo["genuine_score"].quantile(0.25)
    lamb = zoo["impostor_score_as_enrolled"] >= zoo["impostor_score_as_enrolled"].quantile(0.75)
    wolf = zoo["impostor_score"] >= zoo["impostor_score"].quantile(0.75)
    return np.select([goat, lamb, wolf], ["goat", "lamb", "wolf"], default="sheep")
