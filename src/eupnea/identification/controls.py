"""Controls: matched impostors, demographics only, amplitude-free features, equal lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.evidence.intervals import proportion_interval
from eupnea.evidence.metrics import MetricRow, metric_row, missing_row
from eupnea.identification.comparable import amplitude_free_features
from eupnea.identification.error_rates import equal_error_rate
from eupnea.identification.evaluation import SELECTED, run_folds
from eupnea.identification.null import null_of
from eupnea.identification.numbers import Context, comparisons, plain_rows, verification_intervals
from eupnea.identification.protocols import PARTS, Split, matched, split_samples

if TYPE_CHECKING:
    from eupnea.config.identification import IdentificationConfig, ProtocolConfig
    from eupnea.identification.samples import Samples
    from eupnea.identification.study import Run, Study

MIN_MATCHED = 5
"""People with a matched impostor below which the control is not answerable."""


def alike(
    people: tuple[str, ...], participants: pd.DataFrame, config: IdentificationConfig
) -> NDArray[np.bool_] | None:
    """Say who cannot be told apart by sex, age and BMI within the tolerances; shape (C, C), None without any of them.

    A column that the dataset lacks does not count; a person with a missing value matches nobody.
    """
    table = participants.set_index("participant").reindex(list(people))
    known = [name for name in ("sex", "age", "bmi") if name in table and table[name].notna().any()]
    if not known:
        return None
    same = np.ones((len(people), len(people)), dtype=bool)
    if "sex" in known:
        sex = table["sex"].fillna("").astype(str).to_numpy(dtype=object)
        same &= (sex[:, None] == sex[None, :]) & (sex != "")[:, None]
    for name, tolerance in (("age", config.age_tolerance), ("bmi", config.bmi_tolerance)):
        if name in known:
            value = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float)
            same &= np.abs(value[:, None] - value[None, :]) <= tolerance
    return same


def likeness(same: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Score people by their demographics: 1 alike, 0 not alike, ½ where one of the two has a missing value.

    Parameters
    ----------
    same
        Shape (C, C), from `alike`: a person with a missing value is not even like himself.
    """
    known = same.diagonal()
    return np.where(known[:, None] & known[None, :], same.astype(float), 0.5)


def demographic_columns(people: tuple[str, ...], participants: pd.DataFrame) -> str:
    """Name the demographic columns that there are."""
    table = participants[participants["participant"].isin(people)]
    return ", ".join(name for name in ("sex", "age", "bmi") if name in table and table[name].notna().any())


def matched_impostor_rows(study: Study, run: Run) -> list[MetricRow]:
    """Verify against impostors of the same sex, age and BMI only."""
    samples = run.engine.samples
    columns = run.headline(level="recording", control="matched_impostors")
    same = alike(samples.people, study.participants, study.config)
    if same is None:
        return [missing_row("verification", "eer", "neither sex nor age nor BMI is known", **columns)]
    table = comparisons(samples, run.selected)
    owner, claimed = table["owner"].to_numpy(), table["claimed"].to_numpy()
    impostor = (owner != claimed) & same[owner, claimed]
    people = np.unique(owner[impostor])
    if len(people) < MIN_MATCHED:
        reason = f"{len(people)} people have an impostor of the same sex, age and BMI; {MIN_MATCHED} are needed"
        return [missing_row("verification", "eer", reason, status="not_supported", **columns)]
    part = table[impostor | ((owner == claimed) & np.isin(owner, people))]
    columns |= {
        "n_participants": len(people),
        "n_observations": len(part),
        "reason": f"matched by {demographic_columns(samples.people, study.participants)}",
    }
    seed = study.seed_of("matched_impostors", run.name)
    interval = verification_intervals(Context(samples, columns, study.config.bootstrap, seed), part)["eer"]
    return [metric_row("verification", "eer", interval.estimate, **columns, **interval.as_columns(), chance=0.5)]


def demographics_rows(study: Study, name: str, protocol: ProtocolConfig) -> list[MetricRow]:
    """Say how far sex, age and BMI alone would go: whoever is alike within the tolerances is as good a guess.

    The expected share recognised of a person is one over the number of people alike; a missing value tells nothing.
    """
    samples = study.samples
    columns = study.columns(name, model=SELECTED)
    split = split_samples(protocol, samples, min_people=study.config.min_people, name=name)
    if not split.folds:
        return [missing_row("identification", "rank1_recording", split.reason, **columns)]
    same = alike(samples.people, study.participants, study.config)
    if same is None:
        reason = "neither sex nor age nor BMI is known"
        return [missing_row("identification", "rank1_recording", reason, **columns)]
    people = np.unique(np.concatenate([samples.person[fold.probe] for fold in split.folds]))
    size = same[np.ix_(people, people)].sum(axis=1)
    share = np.where(size > 0, 1.0 / np.maximum(size, 1), 1.0 / len(people))
    interval = proportion_interval(share)
    columns |= {
        "gallery_size": len(people),
        "n_participants": len(people),
        "chance": 1 / len(people),
        "reason": f"expected from {demographic_columns(samples.people, study.participants)} within the tolerances",
    }
    score = likeness(same[np.ix_(people, people)])
    own = np.eye(len(people), dtype=bool)
    rows = [
        metric_row(
            "identification", f"rank1_{level}", interval.estimate, level=level, **columns, **interval.as_columns()
        )
        for level in ("window", "recording")
    ]
    eer = equal_error_rate(score[own], score[~own])
    return [*rows, metric_row("verification", "eer", eer, **columns | {"level": "recording", "chance": 0.5})]


def amplitude_free_rows(study: Study, run: Run) -> list[MetricRow]:
    """Repeat the protocol with the features that the sensor's gain and offset cannot change."""
    samples = run.engine.samples
    columns = run.headline(control="amplitude_free")
    free = amplitude_free_features(samples, study.dictionary)
    if not free.any():
        return [missing_row("identification", "rank1_window", "no feature is free of the amplitude", **columns)]
    names = set(np.array(samples.features)[free])
    keep = np.array([name in names for name in study.samples.features])
    return _variant(study, run, run.split, keep, columns)


def matched_length_rows(study: Study, run: Run) -> list[MetricRow]:
    """Repeat the protocol with equal lengths, from the early, the middle and the late part of each recording."""
    rows: list[MetricRow] = []
    keep = np.isin(study.samples.features, run.engine.samples.features)
    for part in PARTS:
        split = matched(run.split, study.samples, matched_s=study.config.matched_s, part=part)
        columns = run.headline(subset=f"matched lengths, {part}")
        if not split.folds:
            rows.append(missing_row("identification", "rank1_window", "no window is left", **columns))
            continue
        rows += _variant(study, run, split, keep, columns)
    return rows


def _variant(
    study: Study, run: Run, split: Split, keep: NDArray[np.bool_], columns: dict[str, object]
) -> list[MetricRow]:
    engine = study.engine(keep)
    where = f"{run.name}, {columns.get('control', '')}{columns.get('subset', '')}"
    guard_s = run.protocol.guard_s
    results = run_folds(engine, split.folds, guard_s=guard_s, where=where, models=(SELECTED,), calibrated=False)[
        SELECTED
    ]
    seconds = float(np.mean([result.enrolment_s for result in results]))
    context = Context(engine.samples, columns | {"enrolment_s": seconds}, study.config.bootstrap, [])
    return plain_rows(context, results, null_of(study, engine, split, run.protocol, control=True))


def failure_rows(study: Study, all_windows: pd.DataFrame, samples: Samples) -> list[MetricRow]:
    """Report the share of windows and recordings from which nothing could be acquired."""
    here = all_windows[all_windows["window_s"] == samples.window_s]
    counts = {
        "window": (len(here), len(samples.X)),
        "recording": (here["recording"].nunique(), len(samples.recordings)),
    }
    return [
        metric_row(
            "identification",
            "failure_to_acquire",
            1 - got / total,
            **study.columns("", level=level, n_observations=total),
        )
        for level, (total, got) in counts.items()
        if total
    ]
