"""Config of the tables."""

from __future__ import annotations

from pydantic import Field

from eupnea.config.base import Block


class TablesConfig(Block):
    """Tables for the thesis."""

    suppress_below: int = Field(default=5, ge=1)
    """Counts of people below this number are printed as ``<5``, so that nobody can be singled out."""
