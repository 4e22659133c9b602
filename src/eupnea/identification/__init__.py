"""Who is who: protocols, models, scores, and the evidence for them."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "compare":
        from eupnea.identification.comparison import compare

        return compare
    if name in ("identify", "IdentificationResult"):
        from eupnea.identification import run

        return getattr(run, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
