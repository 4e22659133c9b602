"""The sections of the report, each from the tables of its stage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from eupnea.figures.registry import FIGURES
from eupnea.io.tables import read_table
from eupnea.report.answers import answers
from eupnea.report.page import Section, page_figure, page_table
from eupnea.report.plots import plots_of
from eupnea.report.viewer import viewer_of, worst_first
from eupnea.tables.methods import methods_in_words

if TYPE_CHECKING:
    from eupnea.config.report import ReportConfig
    from eupnea.study import Study

KEYS = [
    "analysis",
    "protocol",
    "target",
    "level",
    "modality",
    "family",
    "feature",
    "term",
    "model",
    "comparator",
    "control",
    "subset",
    "window_s",
    "enrolment_s",
    "probe_s",
    "gallery_size",
    "norm",
    "epsilon",
    "attack",
    "nuisance",
    "strength",
    "metric",
]
NUMBERS = [
    "value",
    "ci_low",
    "ci_high",
    "p_value",
    "p_adjusted",
    "chance",
    "n_participants",
    "n_observations",
    "reason",
]
"""Columns of metrics.tsv that the page shows; the whole table is linked."""

ORDER = {"identification": 0, "verification": 1, "open_set": 2, "control": 3, "comparison": 4}


def sections_of(study: Study, *, config: ReportConfig, dpi: int) -> tuple[list[Section], list[dict[str, Any]]]:
    """Return the sections of the report and the data of its signal viewers."""
    viewers = _viewers(study, config)
    built = [
        Section("answers", "The seven questions", answers=list(answers(study))),
        _recordings(study),
        _signals(study, viewers),
        _identification(study),
        _stage(study, "traits", "Age, sex, BMI and other traits", ["traits"]),
        _stage(study, "adversarial", "Age models under attack, and blind ones", ["adversarial", "invariance"]),
        _associations(study),
        _method(study),
        _provenance(study),
    ]
    for section in built:
        stages = {"recordings": ["recordings"], "quality": ["signals"]}.get(section.id, [section.id])
        section.plots = plots_of(study, section.id)
        section.figures = [figure for stage in stages for figure in _figures(study, stage, dpi)]
    return built, viewers


def _figures(study: Study, stage: str, dpi: int) -> list[Any]:
    if stage not in FIGURES:
        return []
    folder = study.folder / "figures"
    captions = read_table(folder / f"captions-{stage}.tsv").set_index("name")
    return [
        page_figure(folder, name, title=captions.loc[name, "title"], caption=captions.loc[name, "caption"], dpi=dpi)
        for name in FIGURES[stage]
    ]


def _recordings(study: Study) -> Section:
    recordings, participants = study.recordings, study.participants
    used = recordings[recordings["status"] == "used"]
    aside = recordings[recordings["status"] != "used"]
    absent = sorted(set(participants["participant"]) - set(recordings["participant"]))
    texts = [
        f"{len(participants)} participants; {used['participant'].nunique()} of them have recordings that are used: "
        f"{len(used)} recordings, {used['used_s'].sum() / 3600:.1f} hours. {len(aside)} recordings were set aside."
    ]
    if absent:
        texts.append(f"{len(absent)} participants are listed without any recording: {', '.join(absent)}.")
    texts += [f"{what}." for what in study.findings["what"] if "have no recordings" not in what]
    section = Section("recordings", "Recordings", texts)
    if len(aside):
        table = aside[["recording", "signals", "duration_s", "reason"]]
        section.tables.append(page_table(table, title="Recordings set aside, and why", is_open=True))
    section.tables.append(
        page_table(
            recordings.drop(columns=["chunk"]),
            title="All recordings",
            caption="Every recording with its signals, its lengths and how its devices were aligned.",
            href="recordings/recordings.tsv",
        )
    )
    return section


ONSET_RULES = (
    "Belts: the middle of each breath's volume and the typical breath of the minute around it, in noise or not. "
    "Airflow: the first percents of flow, or, where noise or the heartbeat hides them, later parts of flow; breaths "
    "that do not rest then seem to turn some hundredths of a second later. Each breath's rule stands in the table of "
    "breaths."
)


def _signals(study: Study, viewers: list[dict[str, Any]]) -> Section:
    texts = [
        "Each recording's breathing and heart around its worst epoch, the worst recording first. Green: epochs that "
        "windows may use; red: not. Green lines: inhale onsets; yellow: exhale onsets; grey: breaths left out. "
        "Below, orange lines: heartbeats; black: those whose interval was corrected or cannot be told. Zoom with the "
        "buttons, with + and -, or with Ctrl and the wheel; drag to move."
    ]
    section = Section("quality", "Signals and their quality", texts if viewers else [])
    ranked = worst_first(study)
    shares = ranked[["recording", "usable_share", "reason"]].rename(columns={"reason": "note"})
    section.tables.append(page_table(shares, title="Quality by recording, the worst first"))
    if len(study.notes):
        section.tables.append(page_table(study.notes, title="What is noteworthy about signals", is_open=True))
    bad = study.quality[~study.quality["is_usable"]]
    if len(bad):
        counts = bad.groupby(["kind", "reason"])["duration_s"].agg(epochs="size", seconds="sum").reset_index()
        caption = "An epoch counts for the worst that is wrong with it; implausible beats spare the breathing."
        section.tables.append(page_table(counts, title="Epochs that are not used, and why", caption=caption))
    if len(study.onset_rules):
        rules = study.onset_rules.groupby("onset_rule")
        table = rules.agg(signals=("recording", "size"), breaths=("breaths", "sum")).reset_index()
        section.tables.append(
            page_table(
                table, title="What onsets of breaths were read from", caption=ONSET_RULES, is_open=len(table) > 1
            )
        )
    dropped = study.set_aside
    if len(dropped):
        counts = dropped.groupby(["window_s", "reason"]).size().rename("windows").reset_index()
        section.tables.append(
            page_table(counts, title="Windows not used, as a whole or for what is named", is_open=True)
        )
    section.viewers = [
        {
            "index": index,
            "recording": one["recording"],
            "about": f"{one['signal']}; {100 * one['usable']:.0f} % of the recording's epochs are usable",
        }
        for index, one in enumerate(viewers)
    ]
    return section


def _viewers(study: Study, config: ReportConfig) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for _, recording in worst_first(study).iterrows():
        if len(shown) >= config.signal_pages:
            break
        viewer = viewer_of(study, recording, seconds=config.signal_seconds)
        if viewer is not None:
            shown.append(viewer | {"usable": round(float(recording["usable_share"]), 4)})
    return shown


def _identification(study: Study) -> Section:
    metrics = study.metrics[study.metrics["analysis"].isin(ORDER)]
    section = Section("identification", "Identification")
    section.texts.append(
        "Headline rows are those of the model 'selected': chosen inside the enrolment, with fixed seeds. Intervals are "
        "for new people at this gallery; chance is the mean over random assignments of recordings to people."
    )
    headline = metrics[(metrics["model"] == "selected") & (metrics["status"] == "ok")]
    headline = headline.sort_values("analysis", key=lambda names: names.map(ORDER), kind="stable")
    section.tables.append(
        page_table(headline[KEYS + NUMBERS], title="Headline numbers", href="identification/metrics.tsv")
    )
    missing = metrics[metrics["status"] != "ok"]
    if len(missing):
        columns = ["analysis", "protocol", "modality", "metric", "status", "reason"]
        section.tables.append(page_table(missing[columns].drop_duplicates(), title="What cannot be said, and why"))
    if len(study.failures):
        section.tables.append(page_table(study.failures, title="Failures to acquire or enrol"))
    return section


def _stage(study: Study, stage: str, title: str, analyses: list[str]) -> Section:
    metrics = study.metrics[study.metrics["analysis"].isin(analyses)]
    section = Section(stage, title)
    known = metrics[metrics["status"] == "ok"]
    known = known.sort_values("model", key=lambda names: names != "selected", kind="stable")
    section.tables.append(page_table(known[KEYS + NUMBERS], title="Numbers", href=f"{stage}/metrics.tsv"))
    missing = metrics[metrics["status"] != "ok"]
    if len(missing):
        columns = ["analysis", "target", "modality", "model", "metric", "status", "reason"]
        section.tables.append(page_table(missing[columns].drop_duplicates(), title="What cannot be said, and why"))
    return section


def _associations(study: Study) -> Section:
    section = _stage(study, "associations", "Reliability and effects of each feature", ["reliability", "mixed_model"])
    metrics = study.metrics
    rows = metrics[(metrics["metric"] == "icc_3_1") & (metrics["family"] == "breath") & (metrics["status"] == "ok")]
    rows = rows[(rows["level"] == "window") & (rows["term"] != "windows")]
    if len(rows):
        shown = rows[["term", "feature", "value", "ci_low", "ci_high", "n_participants", "n_observations"]]
        caption = (
            "Intraclass correlation ICC(3,1) of people's means between what the first column names: 1 where people "
            "keep their order, 0 where they do not."
        )
        section.tables.insert(0, page_table(shown, title="Reliability of the breath parameters", caption=caption))
    return section


def _method(study: Study) -> Section:
    section = Section("method", "Method")
    config = study.manifest.get("config", {})
    if "traits" in config:
        section.texts += methods_in_words(study, config)
    section.texts.append("What was asked for: the config of this study, with every default spelled out.")
    section.tables.append(page_table(_flat(config), title="Config"))
    section.tables.append(
        page_table(study.dictionary, title="Features", caption="What each is.", href="features/dictionary.tsv")
    )
    if study.is_simulated:
        caption = "What a perfect observer of the simulated people could tell, from the generator's parameters alone."
        section.tables.append(page_table(study.oracle, title="Oracle", caption=caption, href="simulate/oracle.tsv"))
    return section


def _provenance(study: Study) -> Section:
    manifest = study.manifest
    section = Section("provenance", "Provenance")
    section.texts.append(
        f"eupnea {manifest.get('eupnea', '')}, code digest {manifest.get('code', '')}, seed "
        f"{manifest.get('config', {}).get('seed', '')}. The same recordings, config and seed give the same tables."
    )
    versions = pd.DataFrame(sorted(manifest.get("packages", {}).items()), columns=["package", "version"])
    inputs = pd.DataFrame(manifest.get("inputs", []))
    section.tables.append(page_table(versions, title="Package versions"))
    section.tables.append(page_table(inputs, title="Input files", caption="Checksums of what was read."))
    return section


def _flat(config: dict[str, Any], prefix: str = "") -> pd.DataFrame:
    rows: list[dict[str, str]] = []
    for key, value in config.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.").to_dict("records")
        else:
            rows.append({"key": f"{prefix}{key}", "value": json.dumps(value, ensure_ascii=False)})
    return pd.DataFrame(rows, columns=["key", "value"])
