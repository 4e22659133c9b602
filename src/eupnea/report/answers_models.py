"""Answers about traits, and about the reliability and effects of features."""

from __future__ import annotations

import pandas as pd

from eupnea.report.words import (
    ALPHA,
    MODALITY_WORDS,
    SHORT_MODALITY_WORDS,
    TARGET_WORDS,
    Answer,
    brief,
    clause,
    feature_words,
    grouped,
    is_clear,
    note,
    number,
    reason_of,
    rows_of,
    sentence_of_metric,
    target_words,
    term_words,
    verdict,
)

USUAL = ("age", "sex", "bmi")
"""Columns that are asked of every dataset."""
RELIABLE_MODALITIES = ("respiration", "cardiac", "coupling")
BEST_OF_MANY = "picked afterwards as the best of {count}, so that its estimate is too good on average"


def q5(metrics: pd.DataFrame) -> Answer:
    """Answer what the signals tell about each target."""
    question = "What do the signals tell about age, sex, BMI and other columns?"
    found = rows_of(metrics, analysis="traits", model="selected", control="", subset="")
    sentences: list[str] = []
    groups: dict[str, list[str]] = {"Better than chance": [], "Not told apart from chance": [], "Not answerable": []}
    for target in list(dict.fromkeys(metrics.loc[metrics["analysis"] == "traits", "target"])):
        if not target:
            continue
        row = _trait_row(found[found["target"] == target])
        words = target_words(target)
        sentence_start = words[:1].upper() + words[1:]
        if row is None:
            groups["Not answerable"].append(words)
            why = reason_of(metrics, analysis="traits", target=target)
            sentences.append(f"{sentence_start}: not answerable on this dataset: {why}.")
        else:
            group = "Better than chance" if is_clear(row) else "Not told apart from chance"
            origin = SHORT_MODALITY_WORDS[row["modality"]]
            groups[group].append(f"{words} from {origin} ({sentence_of_metric(row)} {brief(row)})")
            sentences.append(_trait_sentence(row, metrics, sentence_start))
    if not sentences:
        sentences = ["Not answerable on this dataset: no target was asked for."]
    sentences += _missing_columns(metrics, [one for one in USUAL if not (metrics["target"] == one).any()])
    answered = bool(groups["Better than chance"] or groups["Not told apart from chance"])
    return Answer("Q5", question, grouped(groups) or "Not answerable.", sentences, "trait_scatter", answered)


def _trait_row(rows: pd.DataFrame) -> pd.Series | None:
    """Return the headline row of a target: all signals if they were together, else breathing, else the heart."""
    for metric in ("mae", "auc", "balanced_accuracy"):
        for modality in ("all", "respiration", "cardiac"):
            one = rows[(rows["modality"] == modality) & (rows["metric"] == metric) & rows["value"].notna()]
            if len(one):
                return one.iloc[0]
    return None


def _trait_sentence(row: pd.Series, metrics: pd.DataFrame, words: str) -> str:
    text = f"{words} from {MODALITY_WORDS[row['modality']]}: {sentence_of_metric(row)} {clause(row)}"
    keys = {name: row[name] for name in ("target", "metric", "modality", "level")}
    baseline = rows_of(metrics, analysis="traits", model="baseline", control="", subset="", **keys)
    if len(baseline):
        text += f"; {'median' if row['metric'] == 'mae' else 'majority'} baseline {clause(baseline.iloc[0])}"
    text = f"{text}{note(verdict(row))}"
    beside = rows_of(metrics, analysis="traits", model="selected", subset="", **keys)
    for removed in beside[beside["control"] == "confounds_removed"].head(1).iloc:
        text += f"; with {_confound_words(removed['term'])} taken out of the features {clause(removed)}"
    leak, honest = (beside[beside["control"] == name] for name in ("random_row_split", "participant_split"))
    if len(leak) and len(honest):
        text += (
            f". Rows split at random, one person on both sides, would pretend {number(leak['value'].iloc[0])} "
            f"(the same rows, people apart: {number(honest['value'].iloc[0])}): that is leakage, not a result"
        )
    return f"{text}{_beside_words(row, metrics, keys)}."


def _beside_words(row: pd.Series, metrics: pd.DataFrame, keys: dict[str, str]) -> str:
    """Tell what the heart says where breathing was told alone, and what other columns of the people say (control)."""
    told = {"cardiac": "From the heart"} if row["modality"] == "respiration" else {}
    others = ",".join(name for name in USUAL if name != row["target"])
    told["demographics"] = f"Control, {_confound_words(others)} alone"
    text = ""
    for modality, words in told.items():
        rows = rows_of(
            metrics, analysis="traits", model="selected", control="", subset="", **keys | {"modality": modality}
        )
        for one in rows.head(1).iloc:
            text += f". {words}: {clause(one)}{note(verdict(one))}"
    return text


def _confound_words(term: str) -> str:
    """Write ``age,sex=male`` as ``age and sex``."""
    names = [target_words(name.split("=")[0]) for name in term.split(",")]
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last


def q7(metrics: pd.DataFrame, dictionary: pd.DataFrame | None = None) -> Answer:
    """Answer how reliable features are, and what mode, task, age, sex and BMI do to them.

    Features are called by their family and name, with the definition of the dictionary where it is given.
    """
    question = "Which features carry it: how reliable is each, what do mode, task, age, sex and BMI do to it?"
    icc = rows_of(metrics, analysis="reliability", metric="icc_3_1", level="window", subset="")
    icc = icc[icc["value"].notna()]
    mixed = rows_of(metrics, analysis="mixed_model", metric="effect_size")
    mixed = mixed[mixed["p_adjusted"].notna()]
    mixed = mixed[mixed["window_s"] == mixed["window_s"].min()]
    icc = icc[icc["window_s"] == icc["window_s"].min()]
    middle = rows_of(metrics, analysis="reliability", metric="icc_3_1_median", level="window", subset="")
    called = _Names(dictionary)
    sentences, medians, counts = [], {}, []
    for term in dict.fromkeys(icc["term"]):
        parts = {name: icc[(icc["term"] == term) & (icc["modality"] == name)] for name in RELIABLE_MODALITIES}
        parts = {name: rows for name, rows in parts.items() if len(rows)}
        told = {
            name: _median_words(middle[(middle["term"] == term) & (middle["modality"] == name)], rows)
            for name, rows in parts.items()
        }
        sentences += [_reliability_sentence(rows, name, told[name], called) for name, rows in parts.items()]
        medians[f"Median reliability (ICC) between {term}"] = [
            f"{MODALITY_WORDS[name]} {words}" for name, words in told.items()
        ]
    for term in dict.fromkeys(mixed["term"]):
        rows = mixed[mixed["term"] == term]
        clearest = _clearest(rows)
        sentences.append(_effect_sentence(rows, clearest, term, called))
        best = f"; clearest {feature_words(clearest['feature'])} {brief(clearest)}" if _n_changed(rows) else ""
        counts.append(f"{term_words(term)} {_n_changed(rows)} of {len(rows)}{best}")
    if not sentences:
        why = reason_of(metrics, analysis="reliability")
        said = f"Not answerable on this dataset: {why}."
        return Answer("Q7", question, "Not answerable.", [said], "reliability", is_answered=False)
    sentences += _missing_effects(metrics, mixed)
    short = grouped(medians) + (f" Features with a clear effect: {'. '.join(counts)}." if counts else "")
    return Answer("Q7", question, short, sentences, "reliability", is_answered=True)


def _missing_effects(metrics: pd.DataFrame, mixed: pd.DataFrame) -> list[str]:
    """Say why an effect of age, sex or BMI could not be looked for."""
    return _missing_columns(metrics, [one for one in USUAL if not mixed["term"].str.startswith(one).any()])


def _missing_columns(metrics: pd.DataFrame, targets: list[str]) -> list[str]:
    """Say for each target why nothing is known about it, where the mixed models found its column missing."""
    said = []
    for target in targets:
        missing = metrics[(metrics["analysis"] == "mixed_model") & metrics["reason"].str.contains(f"'{target}'")]
        words = TARGET_WORDS[target] if target == "bmi" else target.capitalize()
        said += [f"{words}: not answerable on this dataset: {reason}." for reason in missing["reason"].head(1)]
    return said


def _n_changed(rows: pd.DataFrame) -> int:
    return int((rows["p_adjusted"] < ALPHA).sum())


class _Names:
    """What features are called: ``respiration, breath: rate bpm (60 over the mean breath duration)``."""

    def __init__(self, dictionary: pd.DataFrame | None) -> None:
        known = dictionary if dictionary is not None else pd.DataFrame(columns=["name", "definition"])
        self._definitions = dict(zip(known["name"].astype(str), known["definition"].astype(str), strict=True))

    def __call__(self, name: str) -> str:
        return feature_words(name) + note(self._definitions.get(name, ""))


def _median_words(middle: pd.Series | pd.DataFrame, rows: pd.DataFrame) -> str:
    """Write the median over features with its interval for new people, where there is one."""
    return brief(middle.iloc[0]) if len(middle) else number(float(rows["value"].median()))


def _reliability_sentence(rows: pd.DataFrame, modality: str, median: str, called: _Names) -> str:
    best = rows.sort_values("value", ascending=False, kind="stable").iloc[0]
    return (
        f"Reliability of {MODALITY_WORDS[modality]} between {best['term']}, windows of {best['window_s']:.0f} s: "
        f"median ICC(3,1) over {rows['feature'].nunique()} features {median}; the highest is that of "
        f"{called(best['feature'])}: {clause(best)} ({BEST_OF_MANY.format(count=len(rows))})."
    )


def _clearest(rows: pd.DataFrame) -> pd.Series:
    return rows.sort_values(["p_adjusted", "p_value", "feature"], kind="stable").iloc[0]


def _effect_sentence(rows: pd.DataFrame, clearest: pd.Series, term: str, called: _Names) -> str:
    return (
        f"{term_words(term)}: a clear effect on {_n_changed(rows)} of {len(rows)} features (mixed models, corrected "
        f"over features); clearest {called(clearest['feature'])}, standardised effect {clause(clearest)} "
        f"({BEST_OF_MANY.format(count=len(rows))})."
    )
