"""The table of scores, and the curves that are drawn from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eupnea.evidence.intervals import proportion_interval
from eupnea.identification.error_rates import error_curve
from eupnea.identification.evaluation import decisions, rank_shares
from eupnea.identification.fusion import WINDOW
from eupnea.identification.numbers import comparisons

if TYPE_CHECKING:
    from eupnea.identification.evaluation import FoldScores
    from eupnea.identification.fusion import Unit
    from eupnea.identification.null import NullDraws
    from eupnea.identification.samples import Samples

CURVE_COLUMNS = ["protocol", "modality", "model", "window_s", "curve", "x", "y", "y_low", "y_high", "label"]
DET_POINTS = 200
"""Points of a DET curve at most."""
DENSITY_BINS = 40
"""Bins of the score distributions and of the null."""


def score_rows(samples: Samples, results: list[FoldScores], units: list[Unit], *, window_scores: bool) -> pd.DataFrame:
    """List the scores that are kept, as calibrated log-likelihood ratios.

    Recordings against every enrolled person; single and fused windows against their owner and the nearest other person
    only, which is all that rank statistics need. Of the fused decisions those of the middle length are kept.
    """
    whole = comparisons(samples, results, calibrated=True).assign(level="recording")
    parts = [whole.rename(columns={"owner": "person"})]
    fused = [unit for unit in units if unit.level == "fused"]
    kept = fused[len(fused) // 2 :][:1] + [unit for unit in units if unit.level == "window" and window_scores]
    for unit in kept:
        parts += _two_claims(samples, results, unit)
    table = pd.concat(parts, ignore_index=True)
    people = np.array(samples.people, dtype=object)
    recordings = samples.recordings["recording"].to_numpy(dtype=object)
    seconds = float(np.mean([result.enrolment_s for result in results]))
    return pd.DataFrame(
        {
            "window_s": samples.window_s,
            "enrolment_s": seconds,
            "level": table["level"],
            "fold": table["fold"],
            "control": "none",
            "recording": recordings[table["recording"].to_numpy(dtype=np.intp)],
            "start_s": table["start_s"],
            "probe_participant": people[table["person"].to_numpy(dtype=np.intp)],
            "claimed": people[table["claimed"].to_numpy(dtype=np.intp)],
            "is_enrolled": True,
            "genuine": (table["person"] == table["claimed"]).to_numpy(),
            "score": table["score"].astype("float32"),
        }
    )


def _two_claims(samples: Samples, results: list[FoldScores], unit: Unit) -> list[pd.DataFrame]:
    parts = []
    for result in results:
        table = decisions(samples, [result], unit)
        for claimed, score in (("person", "genuine"), ("nearest", "impostor")):
            part = table[["fold", "recording", "start_s", "person"]].copy()
            part["claimed"] = table[claimed]
            part["score"] = result.calibration.apply(table[score].to_numpy(), table["person"].to_numpy())
            parts.append(part.assign(level=unit.level))
    return parts


def curve_frame(
    curve: str, x: object, y: object, *, low: object = np.nan, high: object = np.nan, label: str = ""
) -> pd.DataFrame:
    """Make the rows of one curve; the identifying columns are added by the caller."""
    return pd.DataFrame({"curve": curve, "x": x, "y": y, "y_low": low, "y_high": high, "label": label})


def curves_of(samples: Samples, results: list[FoldScores], null: NullDraws | None) -> pd.DataFrame:
    """Make CMC, DET, score distributions and null distributions of one protocol under one model."""
    parts = [_cmc(samples, results), *_det(samples, results)]
    if null is not None:
        parts += [_histogram("null", draws, label=f"rank1_{name}") for name, draws in null.rank1.items() if len(draws)]
    return pd.concat(parts, ignore_index=True)


def _cmc(samples: Samples, results: list[FoldScores]) -> pd.DataFrame:
    table = decisions(samples, results, WINDOW)
    ranks = np.arange(1, int(table["n_enrolled"].max()) + 1)
    intervals = [proportion_interval(shares) for shares in rank_shares(table, ranks, len(samples.people))]
    return curve_frame(
        "cmc", ranks, [i.estimate for i in intervals], low=[i.low for i in intervals], high=[i.high for i in intervals]
    )


def _det(samples: Samples, results: list[FoldScores]) -> list[pd.DataFrame]:
    table = comparisons(samples, results)
    own = (table["owner"] == table["claimed"]).to_numpy()
    score = table["score"].to_numpy()
    _, fmr, fnmr = error_curve(score[own], score[~own])
    keep = np.unique(np.linspace(0, len(fmr) - 1, min(DET_POINTS, len(fmr))).astype(int))
    llr = comparisons(samples, results, calibrated=True)["score"].to_numpy()
    edges = np.histogram_bin_edges(llr, DENSITY_BINS)
    return [
        curve_frame("det", fmr[keep], fnmr[keep]),
        _histogram("score_density", llr[own], edges=edges, label="genuine"),
        _histogram("score_density", llr[~own], edges=edges, label="impostor"),
    ]


def _histogram(curve: str, values: np.ndarray, *, edges: np.ndarray | None = None, label: str = "") -> pd.DataFrame:
    edges = np.histogram_bin_edges(values, DENSITY_BINS) if edges is None else edges
    density, edges = np.histogram(values, edges, density=True)
    return curve_frame(curve, 0.5 * (edges[1:] + edges[:-1]), density, label=label)
