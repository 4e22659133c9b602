"""The seven questions, each answered in words from rows of ``metrics.tsv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eupnea.features.registry import RESPIRATION_KINDS
from eupnea.report.answers_adversarial import q6
from eupnea.report.answers_identification import q1, q2, q3, q4
from eupnea.report.answers_models import q5, q7

if TYPE_CHECKING:
    from eupnea.report.words import Answer
    from eupnea.study import Study


def answers(study: Study) -> list[Answer]:
    """Answer the seven questions, or say which of them this dataset cannot answer, and why."""
    metrics = study.metrics
    has_breathing = _has_breathing(study)
    first = q1(metrics, has_breathing=has_breathing)
    return [first, *(ask(metrics) for ask in (q2, q3, q4, q5, q6)), q7(metrics, study.dictionary)]


def _has_breathing(study: Study) -> bool:
    """Tell whether breathing was recorded; a feature table does not tell its signals and may hold any."""
    signals = study.recordings["signals"]
    return bool((signals == "").all() or signals.str.contains(RESPIRATION_KINDS.replace(",", "|")).any())
