"""Compare modalities and modes on the same people, and fuse modalities."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eupnea.evidence.correction import holm
from eupnea.evidence.intervals import Interval, bca_interval, binomial_interval, proportion_interval
from eupnea.evidence.metrics import MetricRow, metric_row, metrics_frame, missing_row
from eupnea.evidence.permutation import paired_sign_flip
from eupnea.identification.error_rates import equal_error_rate
from eupnea.identification.numbers import null_columns
from eupnea.identification.owners import owners_permuted
from eupnea.identification.recognised import Recognised
from eupnea.identification.samples import BLOCK_KEYS
from eupnea.io.seeds import seed_for
from eupnea.io.tables import distinct, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eupnea.config.identification import IdentificationConfig

MODE_PAIRS = (("within_nasal", "within_oral"), ("nasal_to_oral", "oral_to_nasal"), ("rest_to_task", "task_to_rest"))
"""Protocols that are compared within a modality."""

FUSED_GROUPS = (("respiration", "cardiac"), ("respiration", "cardiac", "coupling"))
"""Modalities whose scores are added up."""

FUSION = "score_fusion"
COLUMNS = ["protocol", "fold", "recording", "start_s", "probe_participant", "claimed", "level", "genuine", "score"]
"""Columns of the table of scores that are read."""

NO_LENGTH = -1.0
"""Stands for the unknown length of the windows of a feature table."""


def compare(
    results_scores: Mapping[str, pd.DataFrame | Path],
    recordings: pd.DataFrame,
    *,
    config: IdentificationConfig,
    seed: int,
) -> pd.DataFrame:
    """Compare modalities and modes by their scores on the same people, and fuse modalities.

    Parameters
    ----------
    results_scores
        Modality → its table of scores, or the file it stands in: then one protocol after the other is read.
    recordings
        Table of the contract.
    config
        The block ``identification``.
    seed
        The study's seed.

    Returns
    -------
    metrics
        Rows of analysis ``comparison``: the mean difference in rank-1 over people with a BCa interval and a paired
        sign-flip p-value, corrected (Holm) over the family; and rows of the fused scores.
    """
    runs = {name: _runs(table) for name, table in results_scores.items()}
    is_fused = any(set(group) <= set(runs) for group in FUSED_GROUPS)
    blocks = _blocks(recordings) if is_fused else pd.Series(dtype="str")
    found, of_fused = Recognised(), {"+".join(group): list[MetricRow]() for group in FUSED_GROUPS}
    for run in sorted(set().union(*runs.values())):
        scores = {name: _by_probe(_of_run(results_scores[name], run)) for name in runs if run in runs[name]}
        fused = {
            "+".join(group): fuse([scores[name] for name in group])
            for group in FUSED_GROUPS
            if set(group) <= set(scores)
        }
        found.add({**scores, **fused})
        for name, table in fused.items():
            of_fused[name] += _fused_rows(name, table, found.shares(found.parts[name][-1]), blocks, config, seed)
    by_name = found.hits()
    hits = {name: by_name[name] for name in (*runs, *of_fused) if name in by_name}
    rows = [row for parts in of_fused.values() for row in parts]
    for a, b in combinations(hits, 2):
        both = {"a": found.shares(hits[a].shared_with(hits[b])), "b": found.shares(hits[b].shared_with(hits[a]))}
        rows += _modality_rows(a, b, pd.DataFrame(both), config, seed)
    known = [name for name in runs if name in hits]
    for name in known:
        rows += _mode_rows(name, found.shares(hits[name]), config, seed)
    if len(known) < 2:
        rows.append(missing_row("comparison", "rank1_window_difference", "fewer than two modalities were recorded"))
    corrected = _corrected(metrics_frame(rows))
    return corrected.assign(window_s=corrected["window_s"].where(corrected["window_s"] != NO_LENGTH))


def _blocks(recordings: pd.DataFrame) -> pd.Series:
    """Return the session, mode, task and run of each recording."""
    return recordings.set_index("recording")[BLOCK_KEYS].agg("/".join, axis=1)


def _runs(table: pd.DataFrame | Path) -> set[tuple[str, float]]:
    """List the protocols and window lengths that scores are from; `NO_LENGTH` where windows have none."""
    keys = ["protocol", "window_s"]
    listed = distinct(table, keys) if isinstance(table, Path) else table[keys].drop_duplicates()
    return {
        (str(protocol), NO_LENGTH if pd.isna(window_s) else float(window_s)) for protocol, window_s in listed.to_numpy()
    }


def _of_run(table: pd.DataFrame | Path, run: tuple[str, float]) -> pd.DataFrame:
    protocol, window_s = run
    if isinstance(table, Path):
        wanted_s = np.nan if window_s == NO_LENGTH else window_s
        return read_rows(table, None, columns=COLUMNS, protocol=protocol, window_s=wanted_s).assign(window_s=window_s)
    rows = table[(table["protocol"] == protocol) & (table["window_s"].fillna(NO_LENGTH) == window_s)]
    return rows.assign(window_s=window_s)


def fuse(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Add the log-likelihood ratios of several modalities, recording by recording.

    Only comparisons that all modalities made are kept.
    """
    keys = ["fold", "recording", "claimed"]
    total, *others = (table[table["level"] == "recording"] for table in tables)
    total = total.assign(score=total["score"].astype(float))
    for other in others:
        total = total.merge(other[[*keys, "score"]], on=keys, suffixes=("", "_other"))
        total = total.assign(score=total["score"] + total["score_other"]).drop(columns="score_other")
    return total


def _by_probe(table: pd.DataFrame) -> pd.DataFrame:
    """Name whole recordings alike in all modalities: one may lack the first windows of another."""
    return table.assign(start_s=table["start_s"].where(table["level"] != "recording", 0.0))


def _fused_rows(
    name: str,
    table: pd.DataFrame,
    shares: pd.Series,
    blocks: pd.Series,
    config: IdentificationConfig,
    seed: int,
) -> list[MetricRow]:
    rows = []
    for (protocol, window_s), part in table.groupby(["protocol", "window_s"], sort=True):
        people = shares.loc[(protocol, window_s, "recording")]
        columns = {
            "protocol": protocol,
            "window_s": window_s,
            "modality": name,
            "model": FUSION,
            "level": "recording",
            "gallery_size": part["claimed"].nunique(),
            "n_participants": len(people),
            "n_recordings": len(part[["fold", "recording"]].drop_duplicates()),
            "n_observations": len(part),
            "reason": "p from probes dealt out anew among the people of their run, enrolment kept",
        }
        null = owners_permuted(
            part,
            blocks,
            n_draws=config.permutations_few_people,
            seed=seed_for(seed, "fusion", name, protocol, window_s),
        )
        interval = proportion_interval(people.to_numpy())
        genuine = part["genuine"].to_numpy(dtype=bool)
        score = part["score"].to_numpy()
        eer = equal_error_rate(score[genuine], score[~genuine])
        shown = columns | interval.as_columns() | null_columns(interval.estimate, null[0])
        rows.append(metric_row("identification", "rank1_recording", interval.estimate, **shown))
        shown = columns | null_columns(eer, null[1], greater_is_better=False)
        rows.append(metric_row("verification", "eer", eer, **shown))
    return rows


def _modality_rows(a: str, b: str, both: pd.DataFrame, config: IdentificationConfig, seed: int) -> list[MetricRow]:
    """Compare two modalities by the shares of each person, columns a and b, of the probes that both have."""
    rows = []
    for (protocol, window_s, level), part in both.groupby(level=[0, 1, 2], sort=True):
        columns = {"protocol": protocol, "window_s": window_s, "level": level, "modality": b, "comparator": a}
        rows.append(_difference_row((part["b"] - part["a"]).to_numpy(), columns, config, seed))
    return rows


def _mode_rows(name: str, shares: pd.Series, config: IdentificationConfig, seed: int) -> list[MetricRow]:
    rows = []
    groups = {key[:3]: part.droplevel([0, 1, 2]) for key, part in shares.groupby(level=[0, 1, 2])}
    for first, second in MODE_PAIRS:
        for protocol, window_s, level in sorted(groups):
            other = groups.get((second, window_s, level))
            if protocol == first and other is not None:
                pair = pd.concat({"a": groups[(protocol, window_s, level)], "b": other}, axis=1, join="inner")
                columns = {
                    "protocol": protocol,
                    "window_s": window_s,
                    "level": level,
                    "modality": name,
                    "comparator": second,
                }
                rows.append(_difference_row((pair["a"] - pair["b"]).to_numpy(), columns, config, seed))
    return rows


def difference_interval(differences: np.ndarray, *, n_boot: int, seed: list[int]) -> Interval:
    """Give the mean difference of people's proportions its interval: BCa; exact where nobody differs.

    Where all differences are equal nobody was seen who differs: as many of the next people may as the exact binomial
    interval allows, each by up to 1.
    """
    interval = bca_interval(differences, n_boot=n_boot, seed=seed)
    if interval.low < interval.high or not np.isfinite(interval.low):
        return interval
    reach = binomial_interval(0, len(differences)).high
    return interval._replace(low=max(interval.estimate - reach, -1.0), high=min(interval.estimate + reach, 1.0))


def _difference_row(
    differences: np.ndarray, columns: dict[str, Any], config: IdentificationConfig, seed: int
) -> MetricRow:
    labels = seed_for(seed, "comparison", *columns.values())
    interval = difference_interval(differences, n_boot=config.bootstrap, seed=labels)
    test = paired_sign_flip(differences, seed=[*labels, 1])
    return metric_row(
        "comparison",
        f"rank1_{columns['level']}_difference",
        interval.estimate,
        **columns,
        **interval.as_columns(),
        model="selected",
        p_value=test.p_value,
        n_permutations=test.n_permutations,
        chance=0.0,
        n_participants=len(differences),
    )


def _corrected(metrics: pd.DataFrame) -> pd.DataFrame:
    """Correct within families: the pairs of modalities under one protocol, the pairs of modes of all modalities."""
    rows = metrics["p_value"].notna() & (metrics["analysis"] == "comparison")
    between_modes = metrics["comparator"].isin([second for _, second in MODE_PAIRS])
    family = metrics["protocol"].where(~between_modes, "modes and tasks")
    for key in sorted(set(zip(metrics["metric"][rows], family[rows], metrics["window_s"][rows], strict=True))):
        here = rows & (metrics["metric"] == key[0]) & (family == key[1]) & (metrics["window_s"] == key[2])
        metrics.loc[here, "p_adjusted"] = holm(metrics.loc[here, "p_value"])
        metrics.loc[here, "correction"] = f"Holm, {int(here.sum())} comparisons: {key[1]}, {key[2]:g} s windows"
    return metrics
