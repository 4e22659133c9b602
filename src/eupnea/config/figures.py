"""Config of the figures."""

from __future__ import annotations

from typing import Literal

from eupnea.config.base import Block


class FiguresConfig(Block):
    """How figures look."""

    formats: tuple[Literal["pdf", "svg", "png"], ...] = ("pdf", "svg", "png")
    """File types that every figure is written in. The report needs ``png``."""

    png_dpi: int = 200
    """Resolution of the PNG files, dots per inch."""
