"""Answers about identification: within a mode, across conditions, with the heart, with how much signal."""

from __future__ import annotations

import pandas as pd

from eupnea.report.words import (
    CONTROL_WARNINGS,
    MODALITY_WORDS,
    Answer,
    brief,
    clause,
    difference_verdict,
    grouped,
    is_clear,
    note,
    number,
    percent,
    reason_of,
    rows_of,
    verdict,
)

CHANGES = {
    "nasal_to_oral": ("nasal to oral", "Enrolled nasally, recognised orally"),
    "oral_to_nasal": ("oral to nasal", "Enrolled orally, recognised nasally"),
    "rest_to_task": ("rest to task", "Enrolled at rest, recognised during the task"),
    "task_to_rest": ("task to rest", "Enrolled during the task, recognised at rest"),
    "leave_one_session_out": ("another day", "Recognised on another day"),
}
ADDED = {
    "cardiac": "The heart",
    "coupling": "The coupling",
    "all": "Breathing, heart and coupling together",
}
UNITS = {"window": "from one window of", "recording": "from a whole recording, in windows of"}
"""What is named; windows first: they still tell people apart where nearly every whole recording is named."""
NEARLY = 0.9
"""Share of the best rank-1 that counts as nearly enough signal."""

CLEAR, UNCLEAR, UNANSWERED = "Better than chance", "Not told apart from chance", "Not answerable"


def q1(metrics: pd.DataFrame, *, has_breathing: bool) -> Answer:
    """Answer whether people can be identified from nasal, and from oral breathing."""
    sentences: list[str] = []
    groups: dict[str, list[str]] = {CLEAR: [], UNCLEAR: [], UNANSWERED: []}
    for mode in ("nasal", "oral"):
        text = _rank1(metrics, "respiration", f"within_{mode}")
        _judge(groups, f"{mode} breathing", metrics, "respiration", f"within_{mode}")
        if text:
            sentences.append(f"From {mode} breathing, people are named correctly (rank 1) {text}.")
        else:
            keys = {"analysis": "identification", "protocol": f"within_{mode}", "modality": "respiration"}
            why = reason_of(metrics, **keys) if has_breathing else "no breathing was recorded"
            sentences.append(f"{mode.capitalize()} breathing: not answerable on this dataset: {why}.")
    if len(groups[UNANSWERED]) == 2:
        text = _rank1(metrics, "respiration", "leave_one_run_out")
        if text:
            _judge(groups, "breathing, whatever its mode", metrics, "respiration", "leave_one_run_out")
            sentences.append(f"The mode of breathing apart, people are named in a run that was not enrolled {text}.")
    answered = bool(groups[CLEAR] or groups[UNCLEAR])
    sentences += _control_sentences(metrics, "leave_one_run_out", "a run that was not enrolled")
    question = "Can a person be identified from nasal breathing? From oral breathing?"
    return Answer("Q1", question, grouped(groups), sentences, "cmc", answered)


def q2(metrics: pd.DataFrame) -> Answer:
    """Answer whether the signature survives a change of mode, of task, of day."""
    sentences: list[str] = []
    groups: dict[str, list[str]] = {CLEAR: [], UNCLEAR: [], UNANSWERED: []}
    for protocol, (name, words) in CHANGES.items():
        text, modality = _rank1(metrics, "respiration", protocol), "respiration"
        if not text:
            text, modality = _rank1(metrics, "cardiac", protocol), "cardiac"
        from_heart = " (from the heart)" if text and modality == "cardiac" else ""
        _judge(groups, name + from_heart, metrics, modality, protocol)
        if text:
            sentences.append(f"{words}{from_heart}, rank 1 {text}.")
            sentences += _control_sentences(metrics, protocol, name)
        else:
            why = reason_of(metrics, analysis="identification", protocol=protocol)
            sentences.append(f"{words}: not answerable on this dataset: {why}.")
    question = "Does the signature survive a change of mode, of task, of day?"
    answered = len(groups[UNANSWERED]) < len(CHANGES)
    return Answer("Q2", question, grouped(groups), sentences, "matrix", answered)


def q3(metrics: pd.DataFrame) -> Answer:
    """Answer what the heart and the coupling add, on the same people."""
    question = "Does the heart add to breathing? Does their coupling?"
    sentences = [
        f"By {MODALITY_WORDS[modality]}, rank 1 {text}."
        for modality in ("respiration", "cardiac", "coupling", "all")
        if (text := _rank1(metrics, modality, "leave_one_run_out"))
    ]
    rows = _differences(metrics)
    if not rows:
        why = "only one of breathing and heart was recorded"
        if not sentences:
            why = reason_of(metrics, analysis="identification", protocol="leave_one_run_out")
        said = f"Not answerable on this dataset: {why}."
        return Answer("Q3", question, "Not answerable.", [*sentences, said], "modalities", is_answered=False)
    groups: dict[str, list[str]] = {"Better than breathing alone": [], "Worse": [], "No clear difference": []}
    for modality, measured in rows.items():
        first = next(iter(measured.values()))
        name = "No clear difference"
        if is_clear(first):
            name = "Better than breathing alone" if first["value"] > 0 else "Worse"
        groups[name].append(f"{MODALITY_WORDS[modality]} (rank 1 differs by {brief(first)})")
        sentences += [
            f"{ADDED[modality]} minus breathing alone, rank 1 {UNITS[unit]} {row['window_s']:.0f} s, "
            f"paired on the same people: {clause(row, chance=False)}{note(difference_verdict(row))}."
            for unit, row in measured.items()
        ]
    if "coupling" not in rows:
        why = reason_of(metrics, analysis="identification", protocol="leave_one_run_out", modality="coupling")
        groups[UNANSWERED] = [MODALITY_WORDS["coupling"]]
        sentences.append(f"{ADDED['coupling']}: not answerable on this dataset: {why}.")
    return Answer("Q3", question, grouped(groups), sentences, "modalities", is_answered=True)


def q4(metrics: pd.DataFrame) -> Answer:
    """Answer how much signal is enough, for each protocol whose accuracy was measured against lengths."""
    question = "How much signal is enough?"
    found = rows_of(metrics, analysis="identification", model="selected", metric="rank1_length", control="", subset="")
    found = found[found["value"].notna() & found["modality"].isin(["respiration", "cardiac", "all"])]
    if found.empty:
        why = reason_of(metrics, analysis="identification", metric="rank1_length")
        said = f"Not answerable on this dataset: {why}."
        return Answer("Q4", question, "Not answerable.", [said], "length", is_answered=False)
    sentences, shorts = [], []
    for protocol in dict.fromkeys(found["protocol"]):
        for modality in ("respiration", "cardiac", "all"):
            rows = found[(found["protocol"] == protocol) & (found["modality"] == modality)]
            if len(rows):
                rows = rows[rows["window_s"] == rows["window_s"].min()]
                sentences.append(_length_sentence(rows, modality))
                shorts.append(_length_short(rows, modality))
    return Answer("Q4", question, shorts[0], sentences, "length", is_answered=True)


def _identification(metrics: pd.DataFrame, **keys: object) -> pd.DataFrame:
    found = rows_of(metrics, analysis="identification", model="selected", control="", subset="", **keys)
    return found.sort_values("window_s", kind="stable")


def _headline(metrics: pd.DataFrame, modality: str, protocol: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows (at most one each) of one window and of whole recordings, at the shortest window length."""
    window = _identification(metrics, protocol=protocol, modality=modality, metric="rank1_window").head(1)
    return window, _identification(metrics, protocol=protocol, modality=modality, metric="rank1_recording").head(1)


def _judge(groups: dict[str, list[str]], words: str, metrics: pd.DataFrame, modality: str, protocol: str) -> None:
    """Put a protocol among those that are clear, unclear or not answerable, with its number: one window's, first."""
    window, whole = _headline(metrics, modality, protocol)
    row = next((row for row in (*window.iloc, *whole.iloc)), None)
    if row is None:
        groups[UNANSWERED].append(words)
    else:
        groups[CLEAR if is_clear(row) else UNCLEAR].append(f"{words} (rank 1 {brief(row)})")


def _rank1(metrics: pd.DataFrame, modality: str, protocol: str) -> str:
    window, whole = _headline(metrics, modality, protocol)
    parts = [f"from one window of {row['window_s']:.0f} s: {clause(row)}" for row in window.iloc]
    parts += [f"from a whole recording, in windows of {row['window_s']:.0f} s: {clause(row)}" for row in whole.iloc]
    verdicts = [verdict(row) for row in (whole if len(whole) else window).iloc]
    return "; ".join(parts) + "".join(note(text) for text in verdicts)


def _control_sentences(metrics: pd.DataFrame, protocol: str, words_of_protocol: str) -> list[str]:
    """Say in words how much of the result of a protocol is not breathing."""
    found = {
        modality: _identification(metrics, protocol=protocol, modality=modality, metric="rank1_window")
        for modality in ("respiration", "device", "cardiogenic", "demographics")
    }
    rows = {modality: table.iloc[0] for modality, table in found.items() if len(table)}
    if "respiration" not in rows or len(rows) == 1:
        return []
    breathing = rows.pop("respiration")
    parts = [f"{MODALITY_WORDS[modality]} {clause(row)}" for modality, row in rows.items()]
    sentences = [
        f"Controls, {words_of_protocol}, one window of {breathing['window_s']:.0f} s: breathing "
        f"{clause(breathing)}; {'; '.join(parts)}."
    ]
    for control, words in CONTROL_WARNINGS.items():
        if control in rows and rows[control]["value"] >= breathing["value"]:
            sentences.append(
                f"{words} people at least as well as breathing does: the result cannot be taken for a trait of "
                "breathing alone."
            )
        elif control in rows:
            sentences += _nearly_as_well(metrics, protocol, control, words)
    return sentences


def _nearly_as_well(metrics: pd.DataFrame, protocol: str, control: str, words: str) -> list[str]:
    """Warn of a control that names fewer people than breathing does, but not clearly fewer."""
    row = _difference(metrics, protocol, control, "window")
    if row is None or is_clear(row):
        return []
    return [
        f"{words} people not clearly worse than breathing does (the control minus breathing: "
        f"{clause(row, chance=False)}): how much of the result is breathing stays open."
    ]


def _differences(metrics: pd.DataFrame) -> dict[str, dict[str, pd.Series]]:
    """Return the differences to breathing alone by modality, then by what is named."""
    found = {
        modality: {
            unit: row
            for unit in UNITS
            if (row := _difference(metrics, "leave_one_run_out", modality, unit)) is not None
        }
        for modality in ADDED
    }
    return {modality: rows for modality, rows in found.items() if rows}


def _difference(metrics: pd.DataFrame, protocol: str, modality: str, unit: str) -> pd.Series | None:
    """Return the difference to breathing alone at the shortest window length; None where there is none."""
    found = rows_of(
        metrics,
        analysis="comparison",
        protocol=protocol,
        modality=modality,
        comparator="respiration",
        metric=f"rank1_{unit}_difference",
        model="selected",
        control="",
        subset="",
    ).sort_values("window_s", kind="stable")
    return found.iloc[0] if len(found) else None


def nearly_enough(ordered: pd.DataFrame) -> pd.Series:
    """Return the lengths with the smallest sum that are nearly enough."""
    near = ordered[ordered["value"] >= NEARLY * ordered["value"].max()]
    return near.assign(total=near["enrolment_s"] + near["probe_s"]).sort_values("total", kind="stable").iloc[0]


def _length_short(rows: pd.DataFrame, modality: str) -> str:
    cheapest = nearly_enough(rows)
    return (
        f"By {MODALITY_WORDS[modality]}, {percent(NEARLY)} of the best rank 1 that was measured is reached "
        f"{_seconds(cheapest)} ({brief(cheapest)})."
    )


def _length_sentence(rows: pd.DataFrame, modality: str) -> str:
    """Say what the shortest and the longest signals reach, and which are nearly enough."""
    ordered = rows.sort_values(["enrolment_s", "probe_s"], kind="stable")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    text = (
        f"By {MODALITY_WORDS.get(modality, modality)} ({rows['protocol'].iloc[0].replace('_', ' ')}, windows of "
        f"{least['window_s']:.0f} s), rank 1 {_seconds(least)}: {clause(least)}; {_seconds(most)}: {clause(most)}"
    )
    cheapest = nearly_enough(ordered)
    best = number(float(ordered["value"].max()))
    return text + f". {percent(NEARLY)} of the best ({best}) is reached {_seconds(cheapest)}: {clause(cheapest)}."


def _seconds(row: pd.Series) -> str:
    return f"with {row['enrolment_s']:.0f} s of enrolment and {row['probe_s']:.0f} s of probe"
