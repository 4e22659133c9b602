"""Answers about models: traits, age under attack and blind, reliability and effects of features."""

from __future__ import annotations

import pandas as pd

from eupnea.report.words import (
    ALPHA,
    MODALITY_WORDS,
    TARGET_WORDS,
    Answer,
    brief,
    clause,
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
RIVALS = ("ridge_clean", "xgboost", "median")
MODEL_WORDS = {
    "adversarial_inf": "trained against norm ∞",
    "adversarial_2": "trained against norm 2",
    "ridge_clean": "ridge",
    "xgboost": "boosted trees",
    "median": "median of the training people",
}
DESIGN_EPSILON = {"inf": 0.1, "2": 1.0}
"""Sizes of perturbation told in words, SD of the features: the defaults of the config."""

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
            groups[group].append(f"{words} ({sentence_of_metric(row)} {brief(row)})")
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
    return f"{text}."


def _confound_words(term: str) -> str:
    """Write ``age,sex=male`` as ``age and sex``."""
    names = [target_words(name.split("=")[0]) for name in term.split(",")]
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last


def q6(metrics: pd.DataFrame) -> Answer:
    """Answer whether an age model can be robust, and blind."""
    question = "Can an age model be made robust to perturbed input, and blind to what it should not use?"
    robust, robust_short = _robust(metrics)
    blind, blind_short = _blind(metrics)
    if not robust + blind:
        why = reason_of(metrics, analysis="adversarial")
        said = f"Not answerable on this dataset: {why}."
        return Answer("Q6", question, "Not answerable.", [said], "robustness", is_answered=False)
    short = " ".join(filter(None, (robust_short, blind_short)))
    return Answer("Q6", question, short, robust + blind, "robustness", is_answered=True)


def one_modality(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all signals together, else of breathing, else of the heart."""
    modality = next((name for name in ("all", "respiration", "cardiac") if (rows["modality"] == name).any()), "")
    return rows[rows["modality"] == modality] if modality else rows


def attack_rows(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of age models, unperturbed and under attack, from all signals if they were together."""
    return one_modality(rows_of(metrics, analysis="adversarial", metric="mae", control="", subset=""))


def design_epsilon(attacked: pd.DataFrame, norm: str) -> float:
    """Return the size of perturbation that is told in words: the one of the rows nearest to the design."""
    return float(min(attacked["epsilon"], key=lambda size: abs(size - DESIGN_EPSILON[norm])))


def _robust(metrics: pd.DataFrame) -> tuple[list[str], str]:
    """Say what perturbations do to the adversarial model and to its rivals; in sentences, and in short."""
    rows = attack_rows(metrics)
    sentences, short = [], ""
    for norm, model in (("inf", "adversarial_inf"), ("2", "adversarial_2")):
        attacked = rows[(rows["norm"] == norm) & (rows["model"] == model)]
        if attacked.empty:
            continue
        epsilon = design_epsilon(attacked, norm)
        pairs = {
            name: (clean.iloc[0], hit.iloc[0])
            for name in (model, *RIVALS)
            if len(clean := rows[(rows["model"] == name) & (rows["epsilon"] == 0)])
            and len(hit := rows[(rows["model"] == name) & (rows["norm"] == norm) & (rows["epsilon"] == epsilon)])
        }
        if model not in pairs:
            continue
        bounded = any(_is_bound(hit) for _, hit in pairs.values())
        parts = [
            f"{MODEL_WORDS[name]} {number(clean['value'])} → {clause(hit)}{', at least' if _is_bound(hit) else ''}"
            for name, (clean, hit) in pairs.items()
        ]
        bound_note = (
            " 'At least': the attack was searched for, the true worst one may hurt more, so that a comparison favours "
            "these models."
            if bounded
            else ""
        )
        words = MODALITY_WORDS.get(rows["modality"].iloc[0], rows["modality"].iloc[0])
        sentences.append(
            f"Mean absolute error of age from {words}, years, unperturbed → under the worst perturbation of size "
            f"{epsilon:g} SD (norm {'∞' if norm == 'inf' else '2'}): {'; '.join(parts)}.{bound_note}"
        )
        short = short or _robust_short(pairs, model, epsilon)
    better = rows_of(metrics, analysis="adversarial", metric="n_models_better_than_median", epsilon=0.0)
    sentences += [f"Unperturbed, {reason}." for reason in one_modality(better)["reason"].head(1) if reason]
    return sentences, short


def _is_bound(row: pd.Series) -> bool:
    return "lower bound" in row["reason"]


def _robust_short(pairs: dict[str, tuple[pd.Series, pd.Series]], model: str, epsilon: float) -> str:
    """Compare the adversarial model under attack with plain ridge under the same attack, and with the median."""
    error = float(pairs[model][1]["value"])
    parts = [
        f"{number(float(pairs[name][1]['value']))} years of {words}"
        for name, words in (("ridge_clean", "plain ridge"), ("median", "the median of the training people"))
        if name in pairs
    ]
    text = f"Under a perturbation of {epsilon:g} SD the robust model errs by {number(error)} years"
    text += f", against {' and '.join(parts)}." if parts else "."
    if "median" in pairs and error >= float(pairs["median"][1]["value"]):
        text += " It is robust, but tells no more than the median does."
    return text


def blind_pairs(metrics: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.Series, pd.Series]]:
    """Return, by nuisance: its rows, and what the strongest attacker reads before and after the fullest removal."""
    rows = rows_of(metrics, analysis="invariance")
    rows = one_modality(rows[rows["value"].notna()])
    found = {}
    for nuisance in dict.fromkeys(rows["nuisance"]):
        one = rows[rows["nuisance"] == nuisance]
        metric = "eer_strongest" if nuisance == "identity" else "balanced_accuracy_strongest"
        read = one[(one["metric"] == metric) & (one["subset"] == "features")]
        plain = read[read["strength"] == 0]
        erased = read[read["model"].str.endswith("_erasure") & (read["strength"] > 0)]
        if len(plain) and len(erased):
            after = erased.sort_values(["strength", "model"], kind="stable").iloc[-1]
            found[str(nuisance)] = (one, plain.iloc[0], after)
    return found


def _blind(metrics: pd.DataFrame) -> tuple[list[str], str]:
    """Say what a fresh attacker reads before and after removal, and what that costs; in sentences, and in short."""
    sentences: list[str] = []
    groups: dict[str, list[str]] = {
        "Attackers still read": [],
        "Attackers no longer told apart from chance": [],
        "Attackers not told apart from chance, before or after": [],
    }
    for nuisance, (one, before, after) in blind_pairs(metrics).items():
        sentences.append(_blind_sentence(one, before, after))
        if pd.notna(after["p_value"]):
            still, gone, never = groups
            groups[still if is_clear(after) else gone if is_clear(before) else never].append(f"the {nuisance}")
    if sentences:
        sentences.append(
            "The strongest attacker is picked afterwards from several: what it reads is an upper estimate, before "
            "and after."
        )
    return sentences, grouped(groups)


def _blind_sentence(rows: pd.DataFrame, before: pd.Series, after: pd.Series) -> str:
    what = "equal error rate" if after["metric"] == "eer_strongest" else "balanced accuracy"
    text = (
        f"Made blind to {after['nuisance']} ({after['model'].replace('_', ' ')}, strength {after['strength']:g}): "
        f"{what} of the strongest fresh attacker {clause(before)} before, {clause(after)}{note(verdict(after))} after"
    )
    cost = rows[(rows["metric"] == "mae") & (rows["model"] == after["model"])]
    cost = cost[cost["strength"] == after["strength"]]
    text += "".join(f"; age error then {clause(row)} years" for row in cost.head(1).iloc)
    floor = rows[rows["metric"] == "eer_floor"]
    return text + "".join(f"; floor that true age allows {clause(row)}" for row in floor.head(1).iloc) + "."


def q7(metrics: pd.DataFrame) -> Answer:
    """Answer how reliable features are, and what mode, task, age, sex and BMI do to them."""
    question = "Which features carry it: how reliable is each, what do mode, task, age, sex and BMI do to it?"
    icc = rows_of(metrics, analysis="reliability", metric="icc_3_1", level="window", subset="")
    icc = icc[icc["value"].notna()]
    mixed = rows_of(metrics, analysis="mixed_model", metric="effect_size")
    mixed = mixed[mixed["p_adjusted"].notna()]
    mixed = mixed[mixed["window_s"] == mixed["window_s"].min()]
    icc = icc[icc["window_s"] == icc["window_s"].min()]
    sentences, medians, counts = [], {}, []
    for term in dict.fromkeys(icc["term"]):
        parts = {name: icc[(icc["term"] == term) & (icc["modality"] == name)] for name in RELIABLE_MODALITIES}
        parts = {name: rows for name, rows in parts.items() if len(rows)}
        sentences += [_reliability_sentence(rows, name) for name, rows in parts.items()]
        medians[f"Median reliability (ICC) between {term}"] = [
            f"{MODALITY_WORDS[name]} {rows['value'].median():.2f}" for name, rows in parts.items()
        ]
    for term in dict.fromkeys(mixed["term"]):
        rows = mixed[mixed["term"] == term]
        sentences.append(_effect_sentence(rows, term))
        counts.append(f"{term_words(term)} {_n_changed(rows)} of {len(rows)}")
    if not sentences:
        why = reason_of(metrics, analysis="reliability")
        said = f"Not answerable on this dataset: {why}."
        return Answer("Q7", question, "Not answerable.", [said], "reliability", is_answered=False)
    sentences += _missing_effects(metrics, mixed)
    short = grouped(medians | {"Features with a clear effect": counts})
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


def _reliability_sentence(rows: pd.DataFrame, modality: str) -> str:
    best = rows.sort_values("value", ascending=False, kind="stable").iloc[0]
    return (
        f"Reliability of {MODALITY_WORDS[modality]} between {best['term']}, windows of {best['window_s']:.0f} s: "
        f"median ICC(3,1) {rows['value'].median():.2f} over {rows['feature'].nunique()} features; the highest is "
        f"that of {best['feature']} ({clause(best)}; {BEST_OF_MANY.format(count=len(rows))})."
    )


def _effect_sentence(rows: pd.DataFrame, term: str) -> str:
    clearest = rows.sort_values(["p_adjusted", "p_value", "feature"], kind="stable").iloc[0]
    return (
        f"{term_words(term)}: a clear effect on {_n_changed(rows)} of {len(rows)} features (mixed models, corrected "
        f"over features); clearest {clearest['feature']}, standardised effect {clause(clearest)} "
        f"({BEST_OF_MANY.format(count=len(rows))})."
    )
