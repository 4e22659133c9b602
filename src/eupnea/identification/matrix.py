"""The mode × task matrix: every condition enrols, every condition is probed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from eupnea.evidence.metrics import MetricRow, missing_row
from eupnea.identification.comparable import comparable_features
from eupnea.identification.evaluation import SELECTED, run_folds
from eupnea.identification.protocols import split_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eupnea.config.identification import ProtocolConfig
    from eupnea.identification.study import Study

GUARD_S = 60.0
"""Seconds between enrolment and probe on the diagonal, where both come from one recording."""


def conditions(study: Study) -> list[tuple[str, str]]:
    """List the (mode, task) pairs that were recorded."""
    pairs = study.samples.recordings[["mode", "task"]].drop_duplicates()
    return sorted(zip(pairs["mode"], pairs["task"], strict=True))


def cell_protocols(study: Study) -> Iterator[tuple[str, ProtocolConfig]]:
    """Make the protocol of every cell; its name is ``nasal/rest -> oral/nback``."""
    from eupnea.config.identification import ProtocolConfig, RecordingFilter

    for enrol, probe in product(conditions(study), repeat=2):
        filters = [RecordingFilter(mode=(mode,), task=(task,)) for mode, task in (enrol, probe)]
        name = f"{_label(enrol)} -> {_label(probe)}"
        if enrol != probe:
            yield name, ProtocolConfig(enrol=filters[0], probe=filters[1], split="given")
        elif _has_runs(study, enrol):
            yield name, ProtocolConfig(enrol=filters[0], probe=filters[1], split="leave_one_run_out")
        else:
            yield name, ProtocolConfig(enrol=filters[0], probe=filters[1], split="in_time", guard_s=GUARD_S)


def matrix_rows(study: Study) -> list[MetricRow]:
    """Run every cell with the headline model; rows of no protocol, the cell in ``subset``."""
    from eupnea.identification.null import null_of
    from eupnea.identification.numbers import Context, plain_rows

    columns = study.columns("", model=SELECTED)
    if len(conditions(study)) < 2:
        reason = "only one mode and task were recorded"
        return [missing_row("identification", "rank1_window", reason, **columns, subset="enrolment -> probe")]
    rows: list[MetricRow] = []
    for name, protocol in cell_protocols(study):
        split = split_samples(protocol, study.samples, min_people=study.config.min_people, name="matrix")
        here = columns | {"subset": name}
        if not split.folds:
            rows.append(missing_row("identification", "rank1_window", split.reason, **here))
            continue
        keep = comparable_features(study.samples, split, study.recordings, study.dictionary)
        engine = study.engine(keep)
        results = run_folds(
            engine, split.folds, guard_s=protocol.guard_s, where=name, models=(SELECTED,), calibrated=False
        )[SELECTED]
        seconds = float(np.mean([result.enrolment_s for result in results]))
        context = Context(engine.samples, here | {"enrolment_s": seconds}, study.config.bootstrap, [])
        reason = "same recording" if protocol.same_recording else ""
        null = null_of(study, engine, split, protocol, control=True)
        rows += [row | {"reason": reason} for row in plain_rows(context, results, null)]
    return rows


def _label(condition: tuple[str, str]) -> str:
    return "/".join(part for part in condition if part)


def _has_runs(study: Study, condition: tuple[str, str]) -> bool:
    recordings = study.samples.recordings
    here = recordings[(recordings["mode"] == condition[0]) & (recordings["task"] == condition[1])]
    return bool((here.groupby("participant").size() > 1).mean() > 0.5)
