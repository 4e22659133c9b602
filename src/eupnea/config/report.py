"""Config of the report."""

from __future__ import annotations

from pydantic import Field

from eupnea.config.base import Block


class ReportConfig(Block):
    """The report."""

    signal_pages: int = Field(default=80, ge=0)
    """Recordings shown with their signals, breaths and beats; those with the worst quality come first."""

    signal_seconds: float = Field(default=120.0, gt=0)
    """Seconds of each recording that the signal viewer holds."""

    notebooks: bool = False
    """Whether the notebooks are run on the study, into ``<study>/notebooks/*.html`` (about a minute). They can also be
    asked for once, by naming the rule: ``snakemake --cores 2 notebooks``."""
