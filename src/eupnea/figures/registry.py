"""Which figures there are. Names only: this module is read when the workflow is planned."""

from __future__ import annotations

FIGURES: dict[str, tuple[str, ...]] = {
    "recordings": ("design",),
    "signals": ("breaths", "quality"),
    "identification": ("cmc", "det", "matrix", "length", "gallery", "modalities", "zoo", "scores"),
    "traits": ("trait_scatter", "baseline_ladder", "age_gap", "feature_families", "learning", "feature_effects"),
    "adversarial": ("robustness", "price_of_robustness", "transfer", "stability", "series_networks", "invariance"),
    "associations": ("reliability", "mixed_models"),
}
"""Figures by the stage whose results they show; the module of the same name in this package draws them."""


def all_figures() -> list[str]:
    """Return the names of all figures, in the order of the report."""
    return [name for names in FIGURES.values() for name in names]
