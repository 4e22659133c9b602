"""``numbers.tex``: a macro for every number that a text would quote, so that prose never goes stale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.io.files import write_text
from eupnea.report.answers_adversarial import attack_rows, blind_pairs, design_epsilon
from eupnea.report.answers_identification import nearly_enough
from eupnea.report.words import ALPHA, number, rows_of
from eupnea.tables.latex import macro, macro_name

if TYPE_CHECKING:
    from pathlib import Path

    from eupnea.study import Study

HEAD = """% Generated: do not edit. A macro for every number that a text would quote, from metrics.tsv.
% Names: what it is, in words, digits spelled out; then nothing for the estimate, Low and High for its interval,
% P, PAdjusted, Chance, N (people). Identification is quoted at the shortest length of windows.
"""
SUFFIXES = {"Low": "ci_low", "High": "ci_high", "P": "p_value", "PAdjusted": "p_adjusted", "Chance": "chance"}
MODALITIES = ("respiration", "cardiac", "coupling", "all", "device", "cardiogenic", "demographics")
SCORES = ("mae", "r2", "pearson_r", "auc", "balanced_accuracy")
Macros = dict[str, str]


def write_numbers(study: Study, path: str | Path) -> None:
    r"""Write ``numbers.tex``; a text quotes ``\\eupneaIdWithinNasalRespirationRankOneRecording``."""
    written: Macros = {}
    lines = [HEAD]
    for title, macros in _groups(study):
        new = {name: value for name, value in macros.items() if name not in written}
        written |= new
        if new:
            lines += [f"% {title}", *(macro(name, value) for name, value in new.items()), ""]
    write_text("\n".join(lines), path)


def _groups(study: Study) -> Iterator[tuple[str, Macros]]:
    metrics = study.metrics
    yield "the study: recordings.tsv, dictionary.tsv", _study(study)
    yield "identification, model selected: rank1_window, rank1_recording, eer", _identification(metrics)
    yield "how much signal is nearly enough: rank1_length", _lengths(metrics)
    yield (
        "differences between modalities on the same people: rank1_window_difference and _recording_difference",
        _differences(metrics),
    )
    yield "traits, models selected and baseline", _traits(metrics)
    yield "age models, unperturbed (Clean) and at the size of perturbation told in the report: mae", _attacks(metrics)
    yield "blind age models: what the strongest attacker reads, and mae (Cost)", _blind(metrics)
    yield "reliability: median icc_3_1; effects: features with p_adjusted below 0.05", _features(metrics)


def _quoted(name: str, row: pd.Series) -> Macros:
    """Return the macros of one row: estimate, interval, p-values, chance, people."""
    found = {name: number(row["value"])}
    for suffix, column in SUFFIXES.items():
        if pd.notna(row[column]):
            found[name + suffix] = f"{row[column]:.2g}" if suffix.startswith("P") else number(row[column])
    if pd.notna(row["n_participants"]):
        found[f"{name}N"] = f"{row['n_participants']:.0f}"
    return found


def _study(study: Study) -> Macros:
    recordings = study.recordings
    used = recordings[recordings["status"] == "used"]
    return {
        "Participants": str(used["participant"].nunique()),
        "Recordings": str(len(used)),
        "RecordingsSetAside": str(len(recordings) - len(used)),
        "Hours": number(float(used["used_s"].sum() / 3600)),
        "Features": str(len(study.dictionary)),
    }


def _shortest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["value"].notna()].sort_values("window_s", kind="stable")


def _identification(metrics: pd.DataFrame) -> Macros:
    found: Macros = {}
    for analysis, metric in (
        ("identification", "rank1_recording"),
        ("identification", "rank1_window"),
        ("verification", "eer"),
    ):
        rows = rows_of(metrics, analysis=analysis, metric=metric, model="selected", control="", subset="")
        rows = rows[rows["modality"].isin(MODALITIES)]
        for row in _shortest(rows).drop_duplicates(["protocol", "modality"]).iloc:
            found |= _quoted(macro_name("id", row["protocol"], row["modality"], metric), row)
    return found


def _lengths(metrics: pd.DataFrame) -> Macros:
    rows = rows_of(metrics, analysis="identification", metric="rank1_length", model="selected", control="", subset="")
    found: Macros = {}
    for (protocol, modality), one in _shortest(rows).groupby(["protocol", "modality"], sort=True):
        least = nearly_enough(one[one["window_s"] == one["window_s"].min()])
        name = macro_name("enough", protocol, modality)
        found |= _quoted(name, least)
        found |= {f"{name}Enrolment": f"{least['enrolment_s']:.0f}", f"{name}Probe": f"{least['probe_s']:.0f}"}
    return found


def _differences(metrics: pd.DataFrame) -> Macros:
    found: Macros = {}
    for unit in ("window", "recording"):
        metric = f"rank1_{unit}_difference"
        rows = rows_of(metrics, analysis="comparison", metric=metric, model="selected", control="", subset="")
        rows = rows[rows["modality"].isin(MODALITIES) & rows["comparator"].isin(MODALITIES)]
        for row in _shortest(rows).drop_duplicates(["protocol", "modality", "comparator"]).iloc:
            name = macro_name("diff", row["protocol"], row["modality"], "minus", row["comparator"], unit)
            found |= _quoted(name, row)
    return found


def _traits(metrics: pd.DataFrame) -> Macros:
    found: Macros = {}
    for model, prefix in (("selected", ""), ("baseline", "baseline")):
        rows = rows_of(metrics, analysis="traits", model=model, control="", subset="")
        rows = rows[
            rows["metric"].isin(["mae", "r2", "pearson_r", "auc", "balanced_accuracy"]) & (rows["family"] == "")
        ]
        for row in rows[rows["value"].notna()].iloc:
            level = "" if row["level"] == "participant" else row["level"]
            found |= _quoted(macro_name("trait", row["target"], level, row["modality"], prefix, row["metric"]), row)
    return found


def _attacks(metrics: pd.DataFrame) -> Macros:
    rows = attack_rows(metrics)
    found: Macros = {}
    for row in rows[rows["epsilon"] == 0].drop_duplicates("model").iloc:
        found |= _quoted(macro_name("attack", row["model"], "clean"), row)
    for norm in ("inf", "2"):
        attacked = rows[(rows["norm"] == norm) & (rows["epsilon"] > 0)]
        if len(attacked):
            epsilon = design_epsilon(attacked, norm)
            found[macro_name("attack norm", norm, "size")] = f"{epsilon:g}"
            for row in attacked[attacked["epsilon"] == epsilon].drop_duplicates("model").iloc:
                found |= _quoted(macro_name("attack", row["model"], "norm", norm), row)
    return found


def _blind(metrics: pd.DataFrame) -> Macros:
    found: Macros = {}
    for nuisance, (rows, before, after) in blind_pairs(metrics).items():
        name = macro_name("blind", nuisance)
        found |= _quoted(f"{name}Before", before) | _quoted(f"{name}After", after)
        cost = rows[(rows["metric"] == "mae") & (rows["model"] == after["model"])]
        for row in cost[cost["strength"] == after["strength"]].head(1).iloc:
            found |= _quoted(f"{name}Cost", row)
        for row in rows[rows["metric"] == "eer_floor"].head(1).iloc:
            found |= _quoted(f"{name}Floor", row)
    return found


def _features(metrics: pd.DataFrame) -> Macros:
    found: Macros = {}
    icc = _shortest(rows_of(metrics, analysis="reliability", metric="icc_3_1", level="window", subset=""))
    for (term, modality), rows in icc.groupby(["term", "modality"], sort=True):
        rows = rows[rows["window_s"] == rows["window_s"].min()]
        name = macro_name("reliability", term, modality)
        found |= {name: number(float(rows["value"].median())), f"{name}Features": str(len(rows))}
    mixed = _shortest(rows_of(metrics, analysis="mixed_model", metric="effect_size"))
    mixed = mixed[mixed["p_adjusted"].notna()]
    for term, rows in mixed.groupby("term", sort=True):
        rows = rows[rows["window_s"] == rows["window_s"].min()]
        name = macro_name("effect", term)
        found |= {f"{name}Clear": str(int((rows["p_adjusted"] < ALPHA).sum())), f"{name}Features": str(len(rows))}
    return found
