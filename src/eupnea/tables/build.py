"""The tables of the thesis, each from the result tables only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.report.words import clause, number, p_value

if TYPE_CHECKING:
    from eupnea.config.tables import TablesConfig
    from eupnea.study import Study

HEADLINE_METRICS = ("rank1_window", "rank1_recording", "eer")
SHOWN_MODALITIES = ("respiration", "cardiac", "coupling", "all", "device", "cardiogenic")


@dataclass(frozen=True, slots=True)
class Built:
    """A table with the words around it."""

    frame: pd.DataFrame
    caption: str
    wide: tuple[str, ...] = ()


def participants(study: Study, config: TablesConfig) -> Built:
    """Build Table 1: the people, by sex; counts below the configured number are not told."""
    people = study.participants
    used = study.recordings[study.recordings["status"] == "used"]
    people = people[people["participant"].isin(used["participant"])]
    sexes = people["sex"].fillna("").replace("", "not told") if "sex" in people else pd.Series("all", people.index)
    groups = {"all": people} | {str(name): people[sexes == name] for name in sorted(sexes.unique())}
    rows = [{"": "participants", **{name: _count(len(group), config) for name, group in groups.items()}}]
    for column, words in (
        ("age", "age, years"),
        ("height_cm", "height, cm"),
        ("weight_kg", "weight, kg"),
        ("bmi", "BMI, kg/m²"),
    ):
        if column in people and people[column].notna().any():
            rows.append({"": words, **{name: _mean_sd(group[column], config) for name, group in groups.items()}})
    caption = (
        "Participants with at least one used recording: counts, and mean ± standard deviation. Groups with fewer than "
        f"{config.suppress_below} people are not told."
    )
    return Built(pd.DataFrame(rows), caption)


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
    return Built(pd.DataFrame(rows), "Recordings by breathing mode and task; minutes each: median of what is used.")


def identification(study: Study, config: TablesConfig) -> Built:
    """Build the table of headline identification results."""
    del config
    metrics = study.metrics
    chosen = metrics[
        metrics["analysis"].isin(["identification", "verification"])
        & (metrics["model"] == "selected")
        & (metrics["control"] == "")
        & (metrics["subset"] == "")
        & metrics["metric"].isin(HEADLINE_METRICS)
        & metrics["modality"].isin(SHOWN_MODALITIES)
        & (metrics["status"] == "ok")
    ]
    rows = [
        {
            "protocol": row["protocol"].replace("_", " "),
            "modality": row["modality"],
            "window, s": f"{row['window_s']:.0f}" if pd.notna(row["window_s"]) else "",
            "metric": row["metric"].replace("_", " "),
            "value [95 % interval]": _interval(row),
            "p": p_value(row["p_value"], row["n_permutations"]).removeprefix("p ") if pd.notna(row["p_value"]) else "",
            "chance": number(row["chance"]) if pd.notna(row["chance"]) else "",
            "n": f"{row['n_participants']:.0f}" if pd.notna(row["n_participants"]) else "",
        }
        for _, row in chosen.drop_duplicates(["protocol", "modality", "window_s", "metric", "level"]).iterrows()
    ]
    return Built(
        pd.DataFrame(rows, columns=_IDENTIFICATION),
        "Identification by the model 'selected': chosen inside the enrolment.",
    )


_IDENTIFICATION = ["protocol", "modality", "window, s", "metric", "value [95 % interval]", "p", "chance", "n"]


def modalities(study: Study, config: TablesConfig) -> Built:
    """Build the table of paired comparisons between modalities and modes."""
    del config
    metrics = study.metrics
    rows = metrics[(metrics["analysis"] == "comparison") & (metrics["status"] == "ok") & (metrics["control"] == "")]
    rows = rows[
        (rows["metric"] == "rank1_recording_difference") & (rows["comparator"].isin(["respiration", "cardiac"]))
    ]
    rows = rows[rows["modality"].isin(SHOWN_MODALITIES) & (rows["window_s"] == rows["window_s"].min())]
    frame = pd.DataFrame(
        {
            "protocol": rows["protocol"].str.replace("_", " "),
            "modality": rows["modality"],
            "minus": rows["comparator"],
            "metric": rows["metric"].str.replace("_", " "),
            "difference": [_interval(row) for _, row in rows.iterrows()],
            "corrected p": [_adjusted(row) for _, row in rows.iterrows()],
        }
    )
    return Built(frame, "Paired differences between modalities on the same people; p corrected for the family.")


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
        "Traits predicted for people not seen in training, beside the median or majority baseline.",
    )


def adversarial(study: Study, config: TablesConfig) -> Built:
    """Build the table of errors under attack and of what blind models still tell."""
    del config
    metrics = study.metrics
    chosen = metrics[metrics["analysis"].isin(["adversarial", "invariance"]) & (metrics["status"] == "ok")]
    shown = chosen[(chosen["epsilon"].isin([0.0, 0.1])) | (chosen["analysis"] == "invariance")]
    columns = ["analysis", "modality", "model", "norm", "epsilon", "nuisance", "strength", "metric"]
    return Built(
        _numbers(shown.head(200), columns),
        "Age models under worst-case perturbation (epsilon in standard deviations), and made blind to a nuisance.",
    )


def reliability(study: Study, config: TablesConfig) -> Built:
    """Build the table of the most reliable features."""
    del config
    rows = study.metrics[(study.metrics["analysis"] == "reliability") & (study.metrics["metric"] == "icc_3_1")]
    rows = rows[rows["status"] == "ok"].sort_values("value", ascending=False, kind="stable").head(40)
    return Built(
        _numbers(rows, ["feature", "subset", "metric"]), "The forty most reliable features: ICC(3,1).", ("feature",)
    )


def mixed_models(study: Study, config: TablesConfig) -> Built:
    """Build the table of the clearest effects of mode, task, age, sex and BMI."""
    del config
    rows = study.metrics[(study.metrics["analysis"] == "mixed_model") & study.metrics["p_adjusted"].notna()]
    rows = rows.sort_values(["term", "p_adjusted", "feature"], kind="stable").groupby("term").head(10)
    frame = _numbers(rows, ["term", "feature", "metric"])
    frame["corrected p"] = [_adjusted(row) for _, row in rows.iterrows()]
    return Built(frame, "Mixed models: the ten clearest effects of each term, corrected over features.", ("feature",))


def features(study: Study, config: TablesConfig) -> Built:
    """Build the feature dictionary."""
    del config
    frame = study.dictionary[["name", "unit", "definition", "source"]]
    return Built(frame, "Features: what each is.", ("name", "definition", "source"))


def _numbers(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    frame = rows[keys].copy()
    for name in keys:
        if pd.api.types.is_float_dtype(frame[name]):
            frame[name] = [f"{value:g}" if pd.notna(value) else "" for value in frame[name]]
    frame["value"] = [clause(row) for _, row in rows.iterrows()]
    return frame.loc[:, (frame != "").any()] if len(frame) else frame


def _interval(row: pd.Series) -> str:
    text = number(row["value"])
    if pd.notna(row["ci_low"]):
        text += f" [{number(row['ci_low'])}, {number(row['ci_high'])}]"
    return text


def _adjusted(row: pd.Series) -> str:
    value = row["p_adjusted"] if pd.notna(row["p_adjusted"]) else row["p_value"]
    return "" if pd.isna(value) else f"{value:.2g}"
