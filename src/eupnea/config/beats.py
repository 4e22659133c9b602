"""How heartbeats are found and their artefacts corrected."""

from __future__ import annotations

from pydantic import Field

from eupnea.config.base import Block


class BeatsConfig(Block):
    """Options of the stage *beats*."""

    min_rate_bpm: float = Field(default=30.0, gt=5, lt=100)
    """Slowest plausible heart rate, beats per minute: an interval longer than this allows is never left as it is."""

    max_rate_bpm: float = Field(default=220.0, gt=100, le=400)
    """Fastest plausible heart rate, beats per minute: it sets how close two beats may lie."""

    min_similarity: float = Field(default=0.75, ge=0, lt=1)
    """Least correlation (0-1) of the beats with the median of the 100 beats around them, as the median of 15 beats in a
    row. Where it is lower there are no detectable beats, only noise or a lead that fell off: they are left out."""

    max_unknown_share: float = Field(default=0.3, ge=0, le=1)
    """An epoch of which more lies between no two known beats than this share is not used for the heart: beats are
    missing."""

    max_corrected_share: float = Field(default=0.4, ge=0, le=1)
    """An epoch with more artefacts among its beats than this share is not used for the heart."""

    correct_artefacts: bool = True
    """Whether ectopic, missed, extra, too long and too short intervals are corrected (Lipponen & Tarvainen 2019). When
    off they are still classified, but their corrected interval is missing."""

    longest_corrected_run: int = Field(default=5, ge=1, le=50)
    """Most intervals in a row that are interpolated; longer runs of artefacts are missing instead."""

    longest_gap_s: float = Field(default=0.2, ge=0, le=1)
    """Most seconds of missing samples inside an interval; above it nobody knows whether a beat is missing, and the
    interval is marked so."""

    delineate: bool = True
    """Whether P, QRS and T of every beat of an ECG are told, where its quality allows."""
