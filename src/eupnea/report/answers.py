"""The seven questions, each answered in words from rows of ``metrics.tsv``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.features.registry import RESPIRATION_KINDS
from eupnea.report.words import (
    ALPHA,
    CONTROL_WARNINGS,
    clause,
    difference_verdict,
    number,
    percent,
    reason_of,
    rows_of,
    sentence_of_metric,
    term_words,
    verdict,
)

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
ADDED = {
    "cardiac": "The heart",
    "coupling": "The coupling",
    "all": "Breathing, heart and coupling together",
}
TARGET_WORDS = {"bmi": "BMI", "age": "age", "sex": "sex"}
RIVALS = ("ridge_clean", "xgboost", "median")
MODEL_WORDS = {
    "adversarial_inf": "trained against norm ∞",
    "adversarial_2": "trained against norm 2",
    "ridge_clean": "ridge",
    "xgboost": "boosted trees",
    "median": "median of the training people",
}
NEARLY = 0.9
"""Share of the best rank-1 that counts as nearly enough signal."""

DESIGN_EPSILON = {"inf": 0.1, "2": 1.0}
"""Sizes of perturbation told in words, SD of the features: the defaults of the config."""


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
        _q1(metrics, has_breathing=_has_breathing(study)),
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
    window = _identification(metrics, protocol=protocol, modality=modality, metric="rank1_window").head(1)
    whole = _identification(metrics, protocol=protocol, modality=modality, metric="rank1_recording").head(1)
    parts = [f"from one window of {row['window_s']:.0f} s: {clause(row)}" for _, row in window.iterrows()]
    parts += [
        f"from a whole recording, in windows of {row['window_s']:.0f} s: {clause(row)}" for _, row in whole.iterrows()
    ]
    headline = whole if len(whole) else window
    verdicts = [verdict(row) for _, row in headline.iterrows()]
    return "; ".join(parts) + "".join(f" ({text})" for text in verdicts if text)


def _has_breathing(study: Study) -> bool:
    """Tell whether breathing was recorded; a feature table does not tell its signals and may hold any."""
    signals = study.recordings["signals"]
    return bool((signals == "").all() or signals.str.contains(RESPIRATION_KINDS.replace(",", "|")).any())


def _q1(metrics: pd.DataFrame, *, has_breathing: bool) -> Answer:
    sentences, answered = [], False
    for mode in ("nasal", "oral"):
        text = _rank1(metrics, "respiration", f"within_{mode}")
        if text:
            answered = True
            sentences.append(f"From {mode} breathing, people are named correctly (rank 1) {text}.")
        else:
            keys = {"analysis": "identification", "protocol": f"within_{mode}", "modality": "respiration"}
            why = reason_of(metrics, **keys) if has_breathing else "no breathing was recorded"
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
    found = {
        modality: _identification(metrics, protocol="leave_one_run_out", modality=modality, metric="rank1_window")
        for modality in ("respiration", "device", "cardiogenic", "demographics")
    }
    rows = {modality: table.iloc[0] for modality, table in found.items() if len(table)}
    if "respiration" not in rows or len(rows) == 1:
        return []
    breathing = rows.pop("respiration")
    parts = [f"{MODALITY_WORDS[modality]} {clause(row)}" for modality, row in rows.items()]
    sentences = [
        f"Controls, a run that was not enrolled, one window of {breathing['window_s']:.0f} s: breathing "
        f"{clause(breathing)}; {'; '.join(parts)}."
    ]
    for control, words in CONTROL_WARNINGS.items():
        if control in rows and rows[control]["value"] >= breathing["value"]:
            sentences.append(
                f"{words} people at least as well as breathing does: the result cannot be taken for a trait of "
                "breathing alone."
            )
    return sentences


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
    differences = _differences(metrics)
    question = "Does the heart add to breathing? Does their coupling?"
    if not sentences:
        why = reason_of(metrics, analysis="identification", protocol="leave_one_run_out")
        sentences = [f"Not answerable on this dataset: {why}."]
        return Answer("Q3", question, sentences, "modalities", is_answered=False)
    if not differences:
        differences = ["Not answerable on this dataset: only one of breathing and heart was recorded."]
        return Answer("Q3", question, sentences + differences, "modalities", is_answered=False)
    return Answer("Q3", question, sentences + differences, "modalities", is_answered=True)


def _differences(metrics: pd.DataFrame) -> list[str]:
    found = rows_of(
        metrics,
        analysis="comparison",
        protocol="leave_one_run_out",
        comparator="respiration",
        metric="rank1_recording_difference",
        model="selected",
        control="",
        subset="",
    ).sort_values("window_s", kind="stable")
    sentences = []
    for modality, words in ADDED.items():
        for _, row in found[found["modality"] == modality].head(1).iterrows():
            sentences.append(
                f"{words} minus breathing alone, rank 1 per recording in windows of {row['window_s']:.0f} s, paired on "
                f"the same people: {clause(row, chance=False)}{_note(difference_verdict(row))}."
            )
    return sentences


def _note(text: str) -> str:
    return f" ({text})" if text else ""


def _q4(metrics: pd.DataFrame) -> Answer:
    question = "How much signal is enough?"
    found = rows_of(metrics, analysis="identification", model="selected", metric="rank1_length", control="", subset="")
    found = found[found["value"].notna()]
    if found.empty:
        why = reason_of(metrics, analysis="identification", metric="rank1_length")
        return Answer("Q4", question, [f"Not answerable on this dataset: {why}."], "length", is_answered=False)
    sentences = []
    for modality in ("respiration", "cardiac", "all"):
        rows = found[found["modality"] == modality]
        if len(rows):
            sentences.append(_length_sentence(rows[rows["window_s"] == rows["window_s"].min()], modality))
    return Answer("Q4", question, sentences, "length", is_answered=bool(sentences))


def _length_sentence(rows: pd.DataFrame, modality: str) -> str:
    """Say what the shortest and the longest signals reach, and which are nearly enough."""
    ordered = rows.sort_values(["enrolment_s", "probe_s"], kind="stable")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    text = (
        f"By {MODALITY_WORDS.get(modality, modality)} ({rows['protocol'].iloc[0].replace('_', ' ')}, windows of "
        f"{least['window_s']:.0f} s), rank 1 {_seconds(least)}: {clause(least)}; {_seconds(most)}: {clause(most)}"
    )
    near = ordered[ordered["value"] >= NEARLY * ordered["value"].max()]
    cheapest = near.assign(total=near["enrolment_s"] + near["probe_s"]).sort_values("total", kind="stable").iloc[0]
    best = number(float(ordered["value"].max()))
    return text + f". {percent(NEARLY)} of the best ({best}) is reached {_seconds(cheapest)}: {clause(cheapest)}."


def _seconds(row: pd.Series) -> str:
    return f"with {row['enrolment_s']:.0f} s of enrolment and {row['probe_s']:.0f} s of probe"


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
    words = TARGET_WORDS.get(target, target.replace("_", " "))
    words = words[:1].upper() + words[1:]
    for metric in ("mae", "auc", "balanced_accuracy"):
        for modality in ("all", "respiration", "cardiac"):
            one = rows[(rows["modality"] == modality) & (rows["metric"] == metric) & rows["value"].notna()]
            if one.empty:
                continue
            first = one.iloc[0]
            text = f"{words} from {MODALITY_WORDS[modality]}: {sentence_of_metric(first)} {clause(first)}"
            baseline = rows_of(
                metrics,
                analysis="traits",
                target=target,
                metric=metric,
                modality=modality,
                level=first["level"],
                model="baseline",
                control="",
                subset="",
            )
            if len(baseline):
                text += f"; {'median' if metric == 'mae' else 'majority'} baseline {clause(baseline.iloc[0])}"
            return f"{text}{_note(verdict(first))}."
    why = reason_of(metrics, analysis="traits", target=target)
    return f"{words}: not answerable on this dataset: {why}."


def _q6(metrics: pd.DataFrame) -> Answer:
    question = "Can an age model be made robust to perturbed input, and blind to what it should not use?"
    sentences = [*_robust_sentences(metrics), *_blind_sentences(metrics)]
    if not sentences:
        why = reason_of(metrics, analysis="adversarial")
        sentences = [f"Not answerable on this dataset: {why}."]
        return Answer("Q6", question, sentences, "robustness", is_answered=False)
    return Answer("Q6", question, sentences, "robustness", is_answered=True)


def _one_modality(rows: pd.DataFrame) -> pd.DataFrame:
    modality = next((name for name in ("all", "respiration", "cardiac") if (rows["modality"] == name).any()), "")
    return rows[rows["modality"] == modality] if modality else rows


def _robust_sentences(metrics: pd.DataFrame) -> list[str]:
    """Say what the worst perturbation does to the adversarial model and to its rivals."""
    rows = _one_modality(rows_of(metrics, analysis="adversarial", metric="mae", control="", subset=""))
    sentences = []
    for norm, model in (("inf", "adversarial_inf"), ("2", "adversarial_2")):
        attacked = rows[(rows["norm"] == norm) & (rows["model"] == model)]
        if attacked.empty:
            continue
        epsilon = min(attacked["epsilon"], key=lambda size: abs(size - DESIGN_EPSILON[norm]))
        parts = []
        for name in dict.fromkeys((model, *RIVALS)):
            one = rows[rows["model"] == name]
            clean = one[(one["epsilon"] == 0)]
            hit = one[(one["norm"] == norm) & (one["epsilon"] == epsilon)]
            if len(clean) and len(hit):
                bound = ", lower bound" if "lower bound" in hit.iloc[0]["reason"] else ""
                parts.append(f"{MODEL_WORDS[name]} {number(clean.iloc[0]['value'])} → {clause(hit.iloc[0])}{bound}")
        words = MODALITY_WORDS.get(rows["modality"].iloc[0], rows["modality"].iloc[0])
        sentences.append(
            f"Mean absolute error of age from {words}, years, unperturbed → under the worst perturbation of size "
            f"{epsilon:g} SD (norm {'∞' if norm == 'inf' else '2'}): {'; '.join(parts)}."
        )
    better = rows_of(metrics, analysis="adversarial", metric="n_models_better_than_median", epsilon=0.0)
    sentences += [f"Unperturbed, {reason}." for reason in _one_modality(better)["reason"].head(1) if reason]
    return sentences


def _blind_sentences(metrics: pd.DataFrame) -> list[str]:
    """Say what a fresh attacker reads before and after removal, and what that costs."""
    rows = rows_of(metrics, analysis="invariance")
    rows = _one_modality(rows[rows["value"].notna()])
    sentences = []
    for nuisance in dict.fromkeys(rows["nuisance"]):
        one = rows[rows["nuisance"] == nuisance]
        read = one[one["metric"].isin(["balanced_accuracy_strongest", "eer_strongest"]) & (one["subset"] == "features")]
        plain = read[read["strength"] == 0]
        erased = read[read["model"].str.endswith("_erasure") & (read["strength"] > 0)]
        if plain.empty or erased.empty:
            continue
        before, after = plain.iloc[0], erased.sort_values("strength", kind="stable").iloc[-1]
        what = "equal error rate" if after["metric"] == "eer_strongest" else "balanced accuracy"
        text = (
            f"Made blind to {nuisance} ({after['model'].replace('_', ' ')}, strength {after['strength']:g}): {what} of "
            f"the strongest fresh attacker {clause(before)} before, {clause(after)}{_note(verdict(after))} after"
        )
        cost = one[(one["metric"] == "mae") & (one["model"] == after["model"]) & (one["strength"] == after["strength"])]
        text += "".join(f"; age error then {clause(row)} years" for _, row in cost.head(1).iterrows())
        floor = one[one["metric"] == "eer_floor"]
        text += "".join(f"; floor that true age allows {clause(row)}" for _, row in floor.head(1).iterrows())
        sentences.append(text + ".")
    return sentences


def _q7(metrics: pd.DataFrame) -> Answer:
    question = "Which features carry it: how reliable is each, what do mode, task, age, sex and BMI do to it?"
    icc = rows_of(metrics, analysis="reliability", metric="icc_3_1", level="window", subset="")
    icc = icc[icc["value"].notna()]
    sentences = [
        _reliability_sentence(icc[icc["modality"] == modality], modality)
        for modality in ("respiration", "cardiac", "coupling")
        if (icc["modality"] == modality).any()
    ]
    mixed = rows_of(metrics, analysis="mixed_model", metric="effect_size")
    mixed = mixed[mixed["p_adjusted"].notna()]
    mixed = mixed[mixed["window_s"] == mixed["window_s"].min()]
    sentences += [_effect_sentence(mixed[mixed["term"] == term], term) for term in dict.fromkeys(mixed["term"])]
    if not sentences:
        why = reason_of(metrics, analysis="reliability")
        return Answer("Q7", question, [f"Not answerable on this dataset: {why}."], "reliability", is_answered=False)
    for target in ("age", "sex", "bmi"):
        if not mixed["term"].str.startswith(target).any():
            missing = metrics[(metrics["analysis"] == "mixed_model") & metrics["reason"].str.contains(f"'{target}'")]
            sentences += [
                f"{TARGET_WORDS[target].capitalize() if target != 'bmi' else 'BMI'}: not answerable on this dataset: "
                f"{reason}."
                for reason in missing["reason"].head(1)
            ]
    return Answer("Q7", question, sentences, "reliability", is_answered=True)


def _reliability_sentence(rows: pd.DataFrame, modality: str) -> str:
    rows = rows[rows["window_s"] == rows["window_s"].min()].sort_values("value", ascending=False, kind="stable")
    best = rows.iloc[0]
    return (
        f"Reliability of {MODALITY_WORDS[modality]} between conditions, windows of {best['window_s']:.0f} s: median "
        f"ICC(3,1) {rows['value'].median():.2f} over {rows['feature'].nunique()} features; the most reliable is "
        f"{best['feature']} ({clause(best)})."
    )


def _effect_sentence(rows: pd.DataFrame, term: str) -> str:
    clearest = rows.sort_values(["p_adjusted", "p_value", "feature"], kind="stable").iloc[0]
    changed = int((rows["p_adjusted"] < ALPHA).sum())
    return (
        f"{term_words(term)}: a clear effect on {changed} of {len(rows)} features (mixed models, corrected over "
        f"features); clearest {clearest['feature']}, standardised effect {clause(clearest)}."
    )
