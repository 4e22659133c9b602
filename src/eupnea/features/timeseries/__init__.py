"""tsfresh's features at matrix speed, usable on their own: `from eupnea.features.timeseries import extract`.

One module per family of calculators; `extract` plans which columns come from which family and hands what no family
covers to tsfresh itself. Importing this package is light; numba and tsfresh are imported at the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eupnea.features.timeseries.extraction import extract

__all__ = ["extract"]


def __getattr__(name: str) -> object:
    """Import `extract` when it is first asked for."""
    if name == "extract":
        from eupnea.features.timeseries.extraction import extract

        return extract
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
