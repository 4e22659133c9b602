"""The seven questions, each answered in words from rows of ``metrics.tsv``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.report.words import clause, percent, reason_of, rows_of, sentence_of_metric

if TYPE_CHECKING:
    from eupnea.study import Study

MODALITY_WORDS = {
    "respiration": "breathing",
    "cardiac": "the heart",
    "coupling": "the coupling of breathing and heart",
    "all": "breathing, heart and coupling together",
    "device": "the sensor alone (control)",
    "cardiogenic": "what the heart leaves in the breathing channel (control)",
    "demographics": "age, sex and BMI alone (control)",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with its answer in sentences, and the figure behind it."""

    number: str
    question: str
    sentences: list[str]
    figure: str
    is_answered: bool


def answers(study: Study) -> list[Answer]:
    """Answer the seven questions, or say which of them this dataset cannot answer, and why."""
    metrics = study.metrics
    return [
        _q1(metrics),
        _q2(metrics),
        _q3(metrics),
        _q4(metrics),
        _q5(metrics),
        _q6(metrics),
        _q7(metrics),
    ]


def _identification(metrics: pd.DataFrame, **keys: object) -> pd.DataFrame:
    found = rows_of(metrics, analysis="identification", model="selected", control="", subset="", **keys)
    return found.sort_values("window_s", kind="stable")


def _rank1(metrics: pd.DataFrame, modality: str, protocol: str) -> str:
    found = {
        metric: _identification(metrics, protocol=protocol, modality=modality, metric=metric)
        for metric in ("rank1_recording", "rank1_window")
    }
    whole, window = found["rank1_recording"], found["rank1_window"]
    if whole.empty and window.empty:
        return ""
    parts = []
    if len(window):
        first = window.iloc[0]
        parts.append(f"from one window of {first['window_s']:.0f} s: {clause(first)}")
    if len(whole):
        parts.append(f"from a whole recording: {clause(whole.iloc[0])}")
    return "; ".join(parts)


def _q1(metrics: pd.DataFrame) -> Answer:
    sentences, answered = [], False
    for mode in ("nasal", "oral"):
        text = _rank1(metrics, "respiration", f"within_{mode}")
        if text:
            answered = True
            sentences.append(f"From {mode} breathing, people are named correctly (rank 1) {text}.")
        else:
            why = reason_of(metrics, analysis="identification", protocol=f"within_{mode}", modality="respiration")
            sentences.append(f"{mode.capitalize()} breathing: not answerable on this dataset: {why}.")
    if not answered:
        text = _rank1(metrics, "respiration", "leave_one_run_out")
        if text:
            sentences.append(f"The mode of breathing apart, people are named in a run that was not enrolled {text}.")
    sentences += _control_sentences(metrics)
    question = "Can a person be identified from nasal breathing? From oral breathing?"
    return Answer("Q1", question, sentences, "cmc", answered)


def _control_sentences(metrics: pd.DataFrame) -> list[str]:
    """Say in words how much of the result is not breathing."""
    parts = []
    for modality in ("device", "cardiogenic", "demographics"):
        found = _identification(metrics, protocol="leave_one_run_out", modality=modality, metric="rank1_window")
        if len(found):
            parts.append(f"{MODALITY_WORDS[modality]} {percent(found.iloc[0]['value'])}")
    breathing = _identification(metrics, protocol="leave_one_run_out", modality="respiration", metric="rank1_window")
    if not parts or breathing.empty:
        return []
    value = breathing.iloc[0]["value"]
    sentence = (
        f"Controls, same protocol (a run that was not enrolled, breathing: {percent(value)}): {'; '.join(parts)}."
    )
    device = _identification(metrics, protocol="leave_one_run_out", modality="device", metric="rank1_window")
    if len(device) and device.iloc[0]["value"] >= value:
        sentence += (
            " The sensor alone names people at least as well as their breathing does: "
            "the result cannot be taken for a trait of breathing."
        )
    return [sentence]


def _q2(metrics: pd.DataFrame) -> Answer:
    protocols = {
        "nasal_to_oral": "Enrolled nasally, recognised orally",
        "oral_to_nasal": "Enrolled orally, recognised nasally",
        "rest_to_task": "Enrolled at rest, recognised during the task",
        "task_to_rest": "Enrolled during the task, recognised at rest",
        "leave_one_session_out": "Recognised on another day",
    }
    sentences, answered = [], False
    for protocol, words in protocols.items():
        text = _rank1(metrics, "respiration", protocol) or _rank1(metrics, "cardiac", protocol)
        from_heart = not _rank1(metrics, "respiration", protocol) and bool(text)
        if text:
            answered = True
            sentences.append(f"{words}{' (from the heart)' if from_heart else ''}, rank 1 {text}.")
        else:
            why = reason_of(metrics, analysis="identification", protocol=protocol)
            sentences.append(f"{words}: not answerable on this dataset: {why}.")
    question = "Does the signature survive a change of mode, of task, of day?"
    return Answer("Q2", question, sentences, "matrix", answered)


def _q3(metrics: pd.DataFrame) -> Answer:
    sentences = []
    for modality in ("respiration", "cardiac", "coupling", "all"):
        text = _rank1(metrics, modality, "leave_one_run_out")
        if text:
            sentences.append(f"By {MODALITY_WORDS[modality]}, rank 1 {text}.")
    found = rows_of(metrics, analysis="comparison", protocol="leave_one_run_out", comparator="respiration")
    for _, row in found.drop_duplicates(["modality", "metric"]).head(3).iterrows():
        words = MODALITY_WORDS.get(row["modality"], row["modality"])
        sentences.append(f"Difference of {words} to breathing alone, same people: {clause(row)}.")
    question = "Does the heart add to breathing? Does their coupling?"
    if not sentences:
        why = reason_of(metrics, analysis="identification", protocol="leave_one_run_out")
        sentences = [f"Not answerable on this dataset: {why}."]
        return Answer("Q3", question, sentences, "modalities", is_answered=False)
    both = bool(len(found))
    if not both:
        sentences.append("Only one of breathing and heart was recorded: nothing can be added.")
    return Answer("Q3", question, sentences, "modalities", both)


def _q4(metrics: pd.DataFrame) -> Answer:
    found = rows_of(metrics, analysis="identification", model="selected", metric="rank1_length", control="")
    question = "How much signal is enough?"
    if found.empty:
        fused = rows_of(metrics, analysis="identification", model="selected", metric="rank1_fused", control="")
        found = fused
    if found.empty:
        why = reason_of(metrics, analysis="identification", metric="rank1_length")
        return Answer("Q4", question, [f"Not answerable on this dataset: {why}."], "length", is_answered=False)
    modality = "respiration" if (found["modality"] == "respiration").any() else found["modality"].iloc[0]
    chosen = found[found["modality"] == modality].sort_values(["enrolment_s", "probe_s"], kind="stable")
    least, most = chosen.iloc[0], chosen.iloc[-1]
    sentences = [
        f"By {MODALITY_WORDS.get(modality, modality)}, {_seconds(least)}: {clause(least)}.",
        f"{_seconds(most).capitalize()}: {clause(most)}.",
    ]
    return Answer("Q4", question, sentences, "length", is_answered=True)


def _seconds(row: pd.Series) -> str:
    enrolment = f"{row['enrolment_s']:.0f} s of enrolment" if pd.notna(row["enrolment_s"]) else "all enrolment"
    probe = f"{row['probe_s']:.0f} s of probe" if pd.notna(row["probe_s"]) else "one window"
    return f"with {enrolment} and {probe}"


def _q5(metrics: pd.DataFrame) -> Answer:
    found = rows_of(metrics, analysis="traits", model="selected", control="", subset="")
    sentences, answered = [], False
    for target in list(dict.fromkeys(metrics.loc[metrics["analysis"] == "traits", "target"])):
        if not target:
            continue
        text = _trait_sentence(found[found["target"] == target], metrics, target)
        answered |= "not answerable" not in text
        sentences.append(text)
    question = "What do the signals tell about age, sex, BMI and other columns?"
    if not sentences:
        sentences = ["Not answerable on this dataset: no target was asked for."]
    return Answer("Q5", question, sentences, "trait_scatter", answered)


def _trait_sentence(rows: pd.DataFrame, metrics: pd.DataFrame, target: str) -> str:
    headline = rows[rows["metric"].isin(["mae", "auc", "balanced_accuracy"]) & rows["value"].notna()]
    for modality in ("all", "respiration", "cardiac"):
        one = headline[headline["modality"] == modality]
        if len(one):
            first = one.sort_values("metric", key=lambda names: names.map({"mae": 0, "auc": 0}).fillna(1)).iloc[0]
            text = f"{target} from {MODALITY_WORDS[modality]}: {sentence_of_metric(first)} {clause(first)}"
            baseline = rows_of(
                metrics, analysis="traits", target=target, metric=first["metric"], model="baseline", control=""
            )
            if len(baseline):
                text += f"; baseline {baseline.iloc[0]['value']:.3g}"
            return text[0].upper() + text[1:] + "."
    why = reason_of(metrics, analysis="traits", target=target)
    return f"{target.capitalize()}: not answerable on this dataset: {why}."


def _q6(metrics: pd.DataFrame) -> Answer:
    question = "Can an age model be made robust to perturbed input, and blind to what it should not use?"
    sentences, answered = [], False
    robust = rows_of(metrics, analysis="adversarial", control="")
    robust = robust[robust["value"].notna()]
    for norm in ("inf", "2"):
        one = robust[(robust["norm"] == norm) & (robust["metric"].isin(["mae", "mae_robust"]))]
        for model in ("adversarial_inf" if norm == "inf" else "adversarial_2", "ridge", "xgboost"):
            rows = one[(one["model"] == model) & ((one["epsilon"] - 0.1).abs() < 1e-9)]
            if len(rows):
                answered = True
                words = f"Under the worst perturbation of size 0.1 SD (norm {norm}), the {model} model errs by"
                sentences.append(f"{words} {clause(rows.iloc[0])} years.")
    blind = rows_of(metrics, analysis="invariance")
    blind = blind[blind["value"].notna()]
    for nuisance in list(dict.fromkeys(blind["nuisance"])):
        rows = blind[(blind["nuisance"] == nuisance) & blind["metric"].str.contains("attacker|eer", regex=True)]
        if len(rows):
            answered = True
            row = rows.sort_values("strength", kind="stable").iloc[-1]
            sentences.append(f"Made blind to {nuisance}: what a fresh attacker still reads is {clause(row)}.")
    if not answered:
        why = reason_of(metrics, analysis="adversarial")
        sentences = [f"Not answerable on this dataset: {why}."]
    return Answer("Q6", question, sentences, "robustness", answered)


def _q7(metrics: pd.DataFrame) -> Answer:
    question = "Which features carry it: how reliable is each, what do mode, task, age, sex and BMI do to it?"
    sentences = []
    icc = rows_of(metrics, analysis="reliability", metric="icc_3_1")
    icc = icc[icc["value"].notna()]
    for modality in ("respiration", "cardiac"):
        one = icc[icc["modality"] == modality]
        if len(one):
            best = one.sort_values("value", ascending=False, kind="stable").iloc[0]
            sentences.append(
                f"Reliability of {MODALITY_WORDS[modality]}: median ICC(3,1) {one['value'].median():.2f} over "
                f"{one['feature'].nunique()} features; the most reliable is {best['feature']} ({clause(best)})."
            )
    mixed = rows_of(metrics, analysis="mixed_model")
    mixed = mixed[mixed["p_adjusted"].notna()]
    for term in list(dict.fromkeys(mixed["term"])):
        one = mixed[mixed["term"] == term]
        changed = int((one["p_adjusted"] < 0.05).sum())
        sentences.append(f"{term}: changes {changed} of {len(one)} features (mixed models, corrected over features).")
    if not sentences:
        why = reason_of(metrics, analysis="reliability")
        return Answer("Q7", question, [f"Not answerable on this dataset: {why}."], "reliability", is_answered=False)
    return Answer("Q7", question, sentences, "reliability", is_answered=True)
