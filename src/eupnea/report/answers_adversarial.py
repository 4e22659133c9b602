"""Answers about age models: under attack, and blind to what they should not use."""

from __future__ import annotations

import pandas as pd

from eupnea.report.words import (
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
    verdict,
)

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

ROBUST = "adversarial_inf"
"""The model whose answers to disturbed recordings are told."""

SERIES_WORDS = {"respiration": "the breathing series", "rr": "the series of RR intervals"}
METHODS = {
    "ridge_residualised": "residualisation",
    "ridge_linear_erasure": "linear erasure",
    "ridge_gradient_reversal": "gradient reversal",
    "ridge_identity_erasure": "erasure given age",
}


def q6(metrics: pd.DataFrame) -> Answer:
    """Answer whether an age model can be robust, and blind."""
    question = "Can an age model be made robust to perturbed input, and blind to what it should not use?"
    robust, robust_short = _robust(metrics)
    blind, blind_short = _blind(metrics)
    said = [*robust, *_disturbed(metrics), *_series(metrics), *blind]
    if not said:
        why = reason_of(metrics, analysis="adversarial")
        said = [f"Not answerable on this dataset: {why}."]
        return Answer("Q6", question, "Not answerable.", said, "robustness", is_answered=False)
    short = " ".join(filter(None, (robust_short, blind_short)))
    return Answer("Q6", question, short, said, "robustness", is_answered=True)


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
            f"{MODEL_WORDS[name]} {_ranged(clean)} → {_ranged(hit)}{', at least' if _is_bound(hit) else ''}"
            for name, (clean, hit) in pairs.items()
        ]
        bound_note = (
            " 'At least', a lower bound: the attack was searched for, the true worst one may hurt more, so that a "
            "comparison favours these models."
            if bounded
            else ""
        )
        words = MODALITY_WORDS.get(rows["modality"].iloc[0], rows["modality"].iloc[0])
        sentences.append(
            f"Mean absolute error of {_target(rows)}{_unit(rows)} from {words}{_people(attacked)}, unperturbed → under "
            f"the worst perturbation of size {epsilon:g} SD (norm {'∞' if norm == 'inf' else '2'}): "
            f"{'; '.join(parts)}.{bound_note}"
        )
        short = short or _robust_short(pairs, model, epsilon)
    return sentences + _better_than_median(metrics), short


def _better_than_median(metrics: pd.DataFrame) -> list[str]:
    """Say which models tell more than the median does, unperturbed and under the attack of the design."""
    verdicts = one_modality(rows_of(metrics, analysis="adversarial", metric="n_models_better_than_median"))
    verdicts = verdicts[verdicts["reason"] != ""]
    clean, attacked = verdicts[verdicts["epsilon"] == 0], verdicts[verdicts["norm"] == "inf"]
    said = [f"Unperturbed, {reason.replace('_', ' ')}." for reason in clean["reason"].head(1)]
    if len(attacked):
        epsilon = design_epsilon(attacked, "inf")
        reason = attacked.loc[attacked["epsilon"] == epsilon, "reason"].iloc[0].replace("_", " ")
        said.append(f"Under the worst perturbation of {epsilon:g} SD (norm ∞), {reason}.")
    return said


def _is_bound(row: pd.Series) -> bool:
    return "lower bound" in row["reason"]


def _target(rows: pd.DataFrame) -> str:
    target = str(rows["target"].iloc[0])
    return TARGET_WORDS.get(target, target.replace("_", " "))


def _unit(rows: pd.DataFrame) -> str:
    return " in years" if rows["target"].iloc[0] == "age" else ""


def _people(rows: pd.DataFrame) -> str:
    n_people = rows["n_participants"].max()
    return f", n = {n_people:.0f}" if pd.notna(n_people) else ""


def _ranged(row: pd.Series) -> str:
    if pd.isna(row["ci_low"]) or pd.isna(row["ci_high"]):
        return number(row["value"])
    return f"{number(row['value'])} [{number(row['ci_low'])}, {number(row['ci_high'])}]"


def _robust_short(pairs: dict[str, tuple[pd.Series, pd.Series]], model: str, epsilon: float) -> str:
    """Compare the adversarial model under attack with plain ridge under the same attack, and with the median."""
    attacked = pairs[model][1]
    unit = " years" if attacked["target"] == "age" else ""
    parts = [
        f"{_ranged(pairs[name][1])} of {words}"
        for name, words in (("ridge_clean", "plain ridge"), ("median", "the median of the training people"))
        if name in pairs
    ]
    people = f" (n = {attacked['n_participants']:.0f})" if pd.notna(attacked["n_participants"]) else ""
    text = f"Under a perturbation of {epsilon:g} SD the robust model errs by {_ranged(attacked)}{unit}{people}"
    text += f", against {' and '.join(parts)}." if parts else "."
    if "median" in pairs and attacked["value"] >= float(pairs["median"][1]["value"]):
        text += " It is robust, but tells no more than the median does."
    return text


def _disturbed(metrics: pd.DataFrame) -> list[str]:
    """Say what disturbing the recordings themselves does to the robust model, beside the median, on the same people."""
    rows = one_modality(rows_of(metrics, analysis="adversarial", metric="mae_signal"))
    robust, median = rows[rows["model"] == ROBUST], rows[(rows["model"] == "median") & (rows["epsilon"] == 0)]
    hit = robust[(robust["epsilon"] > 0) & (robust["epsilon"] == robust["epsilon"].max())]
    if hit.empty:
        return []
    parts = [f"{row['attack'].replace('_', ' ')} {_ranged(row)}" for row in hit.iloc]
    clean = robust[robust["epsilon"] == 0].iloc[0]
    beside = f", median of the training people {_ranged(median.iloc[0])}" if len(median) else ""
    words = MODALITY_WORDS.get(rows["modality"].iloc[0], rows["modality"].iloc[0])
    text = (
        f"Recordings disturbed before they are cleaned (size {hit['epsilon'].iloc[0]:g}): {_target(rows)}{_unit(rows)}"
        f" from {words}, model {MODEL_WORDS[ROBUST]}{_people(hit)}: {_ranged(clean)} undisturbed{beside}; at least "
        f"{', '.join(parts)}. Each is a lower bound, the worst of a few random draws."
    )
    refused = one_modality(rows_of(metrics, analysis="adversarial", metric="share_refused"))
    return [text + "".join(f" Preprocessing refused {row['value']:.0%} of them." for row in refused.head(1).iloc)]


def _series(metrics: pd.DataFrame) -> list[str]:
    """Say how networks on the series themselves do, plain and trained against attacks, beside the median."""
    rows = rows_of(metrics, analysis="adversarial", metric="mae_series")
    sentences = []
    for family, words in SERIES_WORDS.items():
        one = rows[(rows["family"] == family) & ((rows["norm"] == "inf") | (rows["epsilon"] == 0))]
        attacked = one[one["epsilon"] > 0]
        if attacked.empty:
            continue
        epsilon = design_epsilon(attacked, "inf")
        found = one.drop_duplicates(["model", "epsilon"]).set_index(["model", "epsilon"])
        parts = [
            f"{called} {_ranged(found.loc[(model, 0.0)])} → at least {_ranged(found.loc[(model, epsilon)])}"
            for model, called in (("cnn", "trained plainly"), ("cnn_attacked_inf", "trained against norm ∞"))
            if (model, 0.0) in found.index and (model, epsilon) in found.index
        ]
        if ("median", 0.0) in found.index:
            parts.append(f"median of the training people {_ranged(found.loc[('median', 0.0)])}")
        sentences.append(
            f"Networks on {words} itself, mean absolute error of {_target(one)}{_unit(one)}{_people(one)}, unperturbed "
            f"→ under a perturbation of {epsilon:g} SD of every sample (projected gradient, a lower bound): "
            f"{'; '.join(parts)}."
        )
    return sentences


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
        is_read = _is_read(after)
        if is_read is not None:
            still, gone, never = groups
            what = "EER " if after["metric"] == "eer_strongest" else ""
            chance = f", chance {number(after['chance'])}" if pd.notna(after["chance"]) else ""
            told = f"the {nuisance} ({what}{brief(after)}{chance})"
            groups[still if is_read else gone if _is_read(before) else never].append(told)
    if sentences:
        sentences.append(
            "The strongest attacker is picked afterwards from several; where it has a p-value, that and its chance are "
            "those of the best of as many. It is a lower bound: an attacker not tried, or taught by more people, may "
            "read more."
        )
        sentences += _blind_baseline(metrics)
    return sentences, grouped(groups)


def _blind_baseline(metrics: pd.DataFrame) -> list[str]:
    """Say what the median of the training people reaches on the same recordings: no model need be blind for that."""
    rows = one_modality(rows_of(metrics, analysis="invariance", metric="mae"))
    median = rows[rows["model"] == "median"]
    return [
        f"For comparison, the median of the training people errs in {_target(median)}{_unit(median)} by {_ranged(row)}."
        for row in median.head(1).iloc
    ]


def _is_read(row: pd.Series) -> bool | None:
    """Say whether an attacker does better than chance: by its p-value, or else by its interval; None if neither is."""
    if pd.notna(row["p_value"]):
        return is_clear(row)
    if row["metric"] == "eer_strongest" and pd.notna(row["ci_high"]) and pd.notna(row["chance"]):
        return bool(row["ci_high"] < row["chance"])
    return None


def _blind_sentence(rows: pd.DataFrame, before: pd.Series, after: pd.Series) -> str:
    is_identity = after["metric"] == "eer_strongest"
    what = "equal error rate" if is_identity else "balanced accuracy"
    told = verdict(after)
    if is_identity:
        told = {True: "still told apart", False: "not told apart from chance", None: ""}[_is_read(after)]
    text = (
        f"Made blind to {after['nuisance']} ({_method(after)}, strength {after['strength']:g}): "
        f"{what} of the strongest fresh attacker {clause(before)} before, {clause(after)}{note(told)} after"
    )
    for row in _at_full_strength(rows, "mae", after):
        text += f"; error of {_target(rows)}{_unit(rows)} then {_ranged(row)}"
    for row in _at_full_strength(rows, "mae_difference", after):
        text += f" (a change of {_ranged(row)} from no removal)"
    floor = rows[rows["metric"] == "eer_floor"]
    text += "".join(f"; floor that true age allows {clause(row)}" for row in floor.head(1).iloc)
    return text + "".join(_other_ways(rows, after)) + "."


def _method(row: pd.Series) -> str:
    return METHODS.get(row["model"], str(row["model"]).replace("_", " "))


def _at_full_strength(rows: pd.DataFrame, metric: str, like: pd.Series) -> list[pd.Series]:
    chosen = rows[(rows["metric"] == metric) & (rows["model"] == like["model"])]
    return list(chosen[chosen["strength"] == like["strength"]].head(1).iloc)


def _other_ways(rows: pd.DataFrame, after: pd.Series) -> list[str]:
    """Say what the strongest attacker reads after the other ways of removal, at their fullest."""
    read = rows[(rows["metric"] == after["metric"]) & (rows["subset"] == "features") & (rows["strength"] > 0)]
    others = read[read["model"] != after["model"]].sort_values("strength", kind="stable")
    others = others.drop_duplicates("model", keep="last").sort_values("model", kind="stable")
    return [f"; after {_method(row)} {clause(row)}{note(verdict(row))}" for row in others.iloc]
