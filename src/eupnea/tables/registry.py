"""Which tables there are. Names only: this module is read when the workflow is planned."""

from __future__ import annotations

TABLES: tuple[str, ...] = (
    "participants",
    "recordings",
    "identification",
    "modalities",
    "traits",
    "adversarial",
    "blind",
    "reliability",
    "mixed_models",
    "features",
)
"""Names of the tables; `eupnea.tables.build` has a function for each."""
