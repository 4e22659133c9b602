"""The tables of the thesis, each from the result tables only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from eupnea.report.answers_adversarial import attack_rows, blind_pairs, design_epsilon
from eupnea.report.words import MODALITY_WORDS, feature_words, number, p_value, term_words

if TYPE_CHECKING:
    from eupnea.config.tables import TablesConfig
    from eupnea.study import Study

HEADLINES = {"rank1_window": "rank 1, window", "rank1_recording": "rank 1, recording", "eer": "EER"}
"""Metrics of identification that the thesis quotes, and the heads of their columns."""
DIFFERENCES = {"rank1_window_difference": "window", "rank1_recording_difference": "recording"}
"""Metrics of a comparison, and the heads of their columns."""
SHOWN_MODALITIES = ("respiration", "cardiac", "coupling", "all", "device", "cardiogenic")


@dataclass(frozen=True, slots=True)
class Built:
    """A table with the words around it."""

    frame: pd.DataFrame
    caption: str


def participants(study: Study, config: TablesConfig) -> Built:
    """Build Table 1: the people, by sex; counts below the configured number are not told, nor what gives them away."""
    people = study.participants
    used = study.recordings[study.recordings["status"] == "used"]
    people = people[people["participant"].isin(used["participant"])]
    sexes = people["sex"].fillna("").replace("", "not told") if "sex" in people else pd.Series("all", people.index)
    groups = {"all": people} | {str(name): people[sexes == name] for name in sorted(sexes.unique())}
    hidden = _also_hidden({name: len(group) for name, group in groups.items() if name != "all"}, config)
    counts = {name: _count(len(group), config) for name, group in groups.items()}
    rows = [{"": "participants", **counts, **dict.fromkeys(hidden, "not told")}]
    for column, words in (
        ("age", "age, years"),
        ("height_cm", "height, cm"),
        ("weight_kg", "weight, kg"),
        ("bmi", "BMI, kg/m²"),
    ):
        if column in people and people[column].notna().any():
            told = {name: _mean_sd(group[column], config) for name, group in groups.items()}
            rows.append({"": words, **told, **dict.fromkeys(hidden, "not told")})
    caption = (
        "Participants with at least one recording that is used, all and by sex: how many, and mean ± standard "
        f"deviation of those whose value is known. Groups of fewer than {config.suppress_below} people are not told"
        + (", nor the group that would give them away." if hidden else ".")
    )
    return Built(pd.DataFrame(rows), caption)


def _also_hidden(counts: dict[str, int], config: TablesConfig) -> list[str]:
    """Return the group that must not be told either: with the total, it would tell the only small one."""
    small = [name for name, count in counts.items() if 0 < count < config.suppress_below]
    others = {name: count for name, count in counts.items() if name not in small and count}
    return [min(others, key=lambda name: (others[name], name))] if len(small) == 1 and others else []


def _count(count: int, config: TablesConfig) -> str:
    return str(count) if count == 0 or count >= config.suppress_below else f"<{config.suppress_below}"


def _mean_sd(values: pd.Series, config: TablesConfig) -> str:
    known = values.dropna()
    if len(known) < config.suppress_below:
        return "not told"
    return f"{known.mean():.1f} ± {known.std():.1f}"


def recordings(study: Study, config: TablesConfig) -> Built:
    """Build the table of recordings by condition."""
    del config
    rows = []
    for keys, group in study.recordings.groupby(["mode", "task"], sort=True):
        used = group[group["status"] == "used"]
        rows.append(
            {
                "mode": keys[0] or "not told",
                "task": keys[1] or "not told",
                "recordings": len(group),
                "set aside": len(group) - len(used),
                "minutes each": number(float(used["used_s"].median() / 60)) if len(used) else "",
                "hours": number(float(used["used_s"].sum() / 3600)),
            }
        )
    return Built(
        pd.DataFrame(rows),
        "Recordings by breathing mode and task: how many there are and were set aside, minutes that windows may use "
        "(median of the recordings used), and hours in all.",
    )


def identification(study: Study, config: TablesConfig) -> Built:
    """Build the table of headline identification results: a row per group of features, protocol and window length."""
    del config
    metrics = study.metrics
    chosen = metrics[
        metrics["analysis"].isin(["identification", "verification"])
        & (metrics["model"] == "selected")
        & (metrics["control"] == "")
        & (metrics["subset"] == "")
        & metrics["metric"].isin(HEADLINES)
        & metrics["modality"].isin(SHOWN_MODALITIES)
        & (metrics["status"] == "ok")
    ]
    rows = [
        {
            "features": modality,
            "protocol": protocol.replace("_", " "),
            "window, s": f"{window_s:.0f}",
            **_side_by_side(part, HEADLINES),
            "corrected p": _adjusted(part.loc[part["p_adjusted"].fillna(part["p_value"]).fillna(0).idxmax()]),
            "n": _people(part.iloc[0]),
        }
        for (modality, protocol, window_s), part in _in_order(chosen, ["modality", "protocol", "window_s"])
    ]
    return Built(
        pd.DataFrame(rows, columns=["features", "protocol", "window, s", *_heads(HEADLINES), "corrected p", "n"]),
        "Closed-set identification (rank 1: share of probes named correctly, a window or a whole recording a probe) "
        "and verification (EER, equal error rate) by the model that was chosen inside the enrolment. Brackets: 95 % "
        "interval for new people; p: random assignments of recordings to people, all nested steps repeated, corrected "
        f"for the family of tests, the largest of the row; n: people. {_chances(chosen)}Device and cardiogenic are "
        "controls.",
    )


def modalities(study: Study, config: TablesConfig) -> Built:
    """Build the table of paired comparisons between modalities and modes."""
    del config
    metrics = study.metrics
    rows = metrics[(metrics["analysis"] == "comparison") & (metrics["status"] == "ok") & (metrics["control"] == "")]
    rows = rows[rows["metric"].isin(DIFFERENCES) & rows["comparator"].isin(["respiration", "cardiac"])]
    rows = rows[rows["modality"].isin(SHOWN_MODALITIES) & (rows["window_s"] == rows["window_s"].min())]
    keys = ["modality", "comparator", "protocol"]
    frame = pd.DataFrame(
        [
            {
                "features": modality,
                "minus": comparator,
                "protocol": protocol.replace("_", " "),
                **_side_by_side(part, DIFFERENCES, with_p=True),
                "n": _people(part.iloc[0]),
            }
            for (modality, comparator, protocol), part in _in_order(rows, keys)
        ],
        columns=["features", "minus", "protocol", *_heads(DIFFERENCES, with_p=True), "n"],
    )
    return Built(
        frame,
        "Differences of rank 1 between groups of features, paired on the same people, at the shortest windows: mean "
        "with 95 % interval; p by flipping signs of people, corrected for the family of comparisons; n: people.",
    )


def _in_order(rows: pd.DataFrame, keys: list[str]) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Yield the rows of each combination of keys, in the order in which the combinations come."""
    yield from rows.groupby(keys, sort=False)


def _heads(metrics: Mapping[str, str], *, with_p: bool = False) -> list[str]:
    """Return the heads of the columns of metrics that stand side by side."""
    return [told for head in metrics.values() for told in ([head, f"p, {head}"] if with_p else [head])]


def _side_by_side(rows: pd.DataFrame, metrics: Mapping[str, str], *, with_p: bool = False) -> dict[str, str]:
    """Return a cell for each metric that was measured, by the head of its column."""
    cells: dict[str, str] = dict.fromkeys(_heads(metrics, with_p=with_p), "")
    for row in rows.drop_duplicates("metric").iloc:
        cells[metrics[row["metric"]]] = _interval(row)
        if with_p:
            cells[f"p, {metrics[row['metric']]}"] = _adjusted(row)
    return cells


def _chances(rows: pd.DataFrame) -> str:
    """Say the range of chance of each metric that a table shows."""
    told = []
    for metric, head in HEADLINES.items():
        chance = rows.loc[rows["metric"] == metric, "chance"].dropna()
        if len(chance):
            low, high = number(chance.min()), number(chance.max())
            told.append(f"{head} {low}" + (f" to {high}" if high != low else ""))
    return f"Chance: {'; '.join(told)}. " if told else ""


def traits(study: Study, config: TablesConfig) -> Built:
    """Build the table of trait predictions beside their baselines."""
    del config
    metrics = study.metrics
    chosen = metrics[
        (metrics["analysis"] == "traits")
        & metrics["model"].isin(["selected", "baseline", "demographics"])
        & (metrics["control"] == "")
        & (metrics["subset"] == "")
        & metrics["metric"].isin(["mae", "r2", "pearson_r", "auc", "balanced_accuracy"])
        & (metrics["status"] == "ok")
    ]
    return Built(
        _numbers(chosen, ["target", "modality", "model", "metric"]),
        "Traits predicted for people not seen in training by nested cross-validation, the selected model beside the "
        "median or majority baseline and demographics alone: 95 % interval for new people; p and chance: permuted "
        "people, p corrected for the family of tests; n: people. MAE in units of the target; AUC: area under the "
        "ROC curve.",
    )


def adversarial(study: Study, config: TablesConfig) -> Built:
    """Build the table of the age error of every model, unperturbed and under attack."""
    del config
    rows = attack_rows(study.metrics)
    sizes = {
        norm: design_epsilon(attacked, norm)
        for norm in ("inf", "2")
        if len(attacked := rows[(rows["norm"] == norm) & (rows["epsilon"] > 0)])
    }
    columns = {"unperturbed": rows[rows["epsilon"] == 0]}
    for norm, size in sizes.items():
        shown = rows[(rows["norm"] == norm) & (rows["epsilon"] == size)]
        columns[f"norm {'∞' if norm == 'inf' else norm}, {size:g} SD"] = shown
    told = {name: {row["model"]: _attacked(row) for row in part.iloc} for name, part in columns.items()}
    frame = pd.DataFrame(
        [
            {"model": model.replace("_", " "), **{name: values.get(model, "") for name, values in told.items()}}
            for model in dict.fromkeys(rows["model"])
        ],
        columns=["model", *told],
    )
    signals = MODALITY_WORDS.get(rows["modality"].iloc[0], "") if len(rows) else "the signals"
    return Built(
        frame,
        f"Mean absolute error, years, of age models from {signals}, for people not seen in training, with 95 % "
        "intervals: unperturbed, and with every person's features shifted as badly as possible within a ball of the "
        "norm and size given, in standard deviations of the training people. ≥: found by search, a lower bound of the"
        " worst error.",
    )


def _attacked(row: pd.Series) -> str:
    return ("≥ " if "lower bound" in row["reason"] else "") + _interval(row)


def blind(study: Study, config: TablesConfig) -> Built:
    """Build the table of what attackers read from age models before and after removal of a nuisance."""
    del config
    rows = []
    for nuisance, (one, before, after) in blind_pairs(study.metrics).items():
        cost = one[(one["metric"] == "mae") & (one["model"] == after["model"])]
        errors = {strength: part.iloc[0] for strength, part in cost.groupby("strength")}
        plain = one[(one["metric"] == "mae") & (one["strength"] == 0)]
        rows.append(
            {
                "blind to": nuisance,
                "attacker's": "equal error rate" if "eer" in after["metric"] else "balanced accuracy",
                "before": _interval(before),
                "after": _interval(after),
                "p after": _adjusted(after),
                "chance": number(after["chance"]) if pd.notna(after["chance"]) else "",
                "age error before": _interval(plain.iloc[0]) if len(plain) else "",
                "age error after": _interval(errors[after["strength"]]) if after["strength"] in errors else "",
            }
        )
    return Built(
        pd.DataFrame(rows),
        "Age models made blind: what the strongest freshly trained attacker, picked afterwards from several, reads "
        "from the features before and after the fullest removal, on people not seen in training, and the mean "
        "absolute error of age, years, it costs; 95 % intervals in brackets. Identity is judged among people of about"
        " the same age.",
    )


def reliability(study: Study, config: TablesConfig) -> Built:
    """Build the table of the most reliable features."""
    del config
    rows = study.metrics[(study.metrics["analysis"] == "reliability") & (study.metrics["metric"] == "icc_3_1")]
    rows = rows[(rows["status"] == "ok") & rows["value"].notna()]
    rows = rows.sort_values("value", ascending=False, kind="stable").head(40)
    shown = [
        {
            "feature": feature_words(row["feature"]),
            "between": _between(row["term"], row["subset"]),
            "window, s": f"{row['window_s']:.0f}" if pd.notna(row["window_s"]) else "",
            "ICC [95 % interval]": _interval(row),
            "corrected p": _adjusted(row),
            "n": _people(row),
        }
        for row in rows.iloc
    ]
    return Built(
        pd.DataFrame(shown, columns=["feature", "between", "window, s", "ICC [95 % interval]", "corrected p", "n"]),
        "The forty highest reliabilities, ICC(3,1), of all features; between: what lies between the measurements; no "
        "window: whole recordings. Picked from many, they are too good on average. Brackets: 95 % interval; n: people.",
    )


def mixed_models(study: Study, config: TablesConfig) -> Built:
    """Build the table of the clearest effects of mode, task, age, sex and BMI."""
    del config
    rows = study.metrics[(study.metrics["analysis"] == "mixed_model") & study.metrics["p_adjusted"].notna()]
    rows = rows[rows["window_s"].fillna(0) == rows["window_s"].fillna(0).min()]
    rows = rows.sort_values(["term", "p_adjusted", "feature"], kind="stable")
    slopes = rows[rows["metric"] == "beta"].drop_duplicates(["term", "feature"]).set_index(["term", "feature"])["value"]
    shown = []
    for row in rows[rows["metric"] == "effect_size"].groupby("term").head(10).iloc:
        shown.append(
            {
                "term": term_words(row["term"]),
                "feature": feature_words(row["feature"]),
                "effect size [95 % interval]": _interval(row),
                "beta": number(slopes.get((row["term"], row["feature"]), float("nan"))),
                "corrected p": _adjusted(row),
                "n": _people(row),
            }
        )
    return Built(
        pd.DataFrame(shown, columns=["term", "feature", "effect size [95 % interval]", "beta", "corrected p", "n"]),
        "Mixed models with a random intercept per person: the ten clearest effects of each term, with 95 % intervals;"
        " p corrected over all features. beta: per unit of the term; effect size: in standard deviations of the "
        "feature at given terms (a number: per its SD). Picked from many, they are too large on average.",
    )


def features(study: Study, config: TablesConfig) -> Built:
    """Build the feature dictionary."""
    del config
    frame = study.dictionary[["name", "unit", "definition", "source"]]
    return Built(frame, "Every feature with its unit, definition and source; own definition: none was taken over.")


def _between(term: str, subset: str) -> str:
    """Write ``windows`` of ``mode=nasal,task=rest`` as ``windows (nasal, rest)``."""
    return f"{term} ({', '.join(part.split('=', 1)[-1] for part in subset.split(','))})" if subset else term


def _numbers(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    frame = rows[keys].copy()
    frame["metric"] = frame["metric"].str.replace("_", " ")
    frame["value [95 % interval]"] = [_interval(row) for row in rows.iloc]
    frame["corrected p"] = [_adjusted(row) for row in rows.iloc]
    frame["chance"] = [number(row["chance"]) if pd.notna(row["chance"]) else "" for row in rows.iloc]
    frame["n"] = [_people(row) for row in rows.iloc]
    return frame


def _people(row: pd.Series) -> str:
    return f"{row['n_participants']:.0f}" if pd.notna(row["n_participants"]) else ""


def _interval(row: pd.Series) -> str:
    text = number(row["value"])
    if pd.notna(row["ci_low"]):
        text += f" [{number(row['ci_low'])}, {number(row['ci_high'])}]"
    return text


def _adjusted(row: pd.Series) -> str:
    value = row["p_adjusted"] if pd.notna(row["p_adjusted"]) else row["p_value"]
    return "" if pd.isna(value) else p_value(value, row["n_permutations"]).removeprefix("p ").removeprefix("= ")
