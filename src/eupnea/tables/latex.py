"""LaTeX: tables with booktabs rules, macros for numbers. Needs the packages array, booktabs and longtable only."""

from __future__ import annotations

import re

import pandas as pd

LINE, GAP, WIDEST = 105, 2, 60
"""Letters of footnote size in a line of 17 cm, those that the gap between columns takes, and the widest column."""

BOLD = 1.15
"""How much wider bold letters are."""
NARROW = " \u00a0.,:;[]()'|"

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "±": r"$\pm$",
    "²": r"$^2$",
    "³": r"$^3$",
    "Δ": r"$\Delta$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": r"$-$",
    "→": r"$\rightarrow$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "δ": r"$\delta$",
    "ε": r"$\epsilon$",
    "σ": r"$\sigma$",
    "ρ": r"$\rho$",
    "τ": r"$\tau$",
    "μ": r"$\mu$",
    "√": r"$\surd$",
    "∫": r"$\int$",
    "Σ": r"$\Sigma$",
    "π": r"$\pi$",
    "φ": r"$\varphi$",
    "λ": r"$\lambda$",
    "ω": r"$\omega$",
    "ℓ": r"$\ell$",
    "∞": r"$\infty$",
    "–": "--",
    "…": r"\ldots{}",
    "’": "'",
}
_DIGITS = dict(
    zip("0123456789", ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"], strict=True)
)


def escape(text: object) -> str:
    """Return text that LaTeX prints as it stands; characters that plain LaTeX cannot print become ``?``."""
    written = "".join(_SPECIAL.get(character, character) for character in str(text))
    return "".join(character if ord(character) < 0x180 else "?" for character in written)


def booktabs(frame: pd.DataFrame, *, caption: str, label: str) -> str:
    """Return a table as LaTeX that fits the width of the text.

    Parameters
    ----------
    frame
        Cells that are already text, or numbers that are printed with three significant digits.
    caption, label
        Caption (stands alone) and the label behind ``tab:``.

    Returns
    -------
    str
        A ``longtable``: it breaks over pages where it is long, and inside cells where it is wide.
    """
    names = [str(name).replace("_", " ") for name in frame.columns]
    cells = [[_unbroken(_cell(value)) for value in row] for row in frame.itertuples(index=False, name=None)]
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    columns = column_types([list(column) for column in zip(names, *cells, strict=True)], numeric)
    head = " & ".join(rf"\textbf{{{escape(name)}}}" if name else "" for name in names) + r" \\"
    rows = [" & ".join(_breakable(value) for value in row) + r" \\" for row in cells]
    empty = rf"\multicolumn{{{len(names)}}}{{l}}{{nothing to show}} \\"
    lines = [
        r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}\setlength{\LTcapwidth}{\linewidth}",
        rf"\begin{{longtable}}{{@{{}}{''.join(columns)}@{{}}}}",
        rf"\caption{{{escape(caption)}}}\label{{tab:{label}}}\\",
        r"\toprule",
        head,
        r"\midrule\endfirsthead",
        r"\toprule",
        head,
        r"\midrule\endhead",
        r"\bottomrule\endfoot",
        *(rows or [empty]),
        r"\end{longtable}",
        r"\endgroup",
    ]
    return "\n".join(lines) + "\n"


def column_types(columns: list[list[str]], numeric: list[bool]) -> list[str]:
    """Return the LaTeX type of each column: as wide as its text where all fit, else a share of the line's width.

    Parameters
    ----------
    columns
        Text of each column, its head first.
    numeric
        Whether its cells are numbers; these never break.
    """
    widest = [_widest(column) for column in columns]
    if sum(widest) + GAP * len(columns) <= LINE:
        return ["r" if is_number else "l" for is_number in numeric]
    word = [_widest(column, r"(?<=_)|[ ]") for column in columns]
    least = [full if is_number else part for full, part, is_number in zip(widest, word, numeric, strict=True)]
    wanted = [min(full, WIDEST) - part for full, part in zip(widest, least, strict=True)]
    wanted = [max(more, 0) for more in wanted]
    spare = max(LINE - GAP * len(columns) - sum(least), 0)
    widths = [part + spare * more / max(sum(wanted), 1) for part, more in zip(least, wanted, strict=True)]
    scale = min(1.0, (LINE - GAP * len(columns)) / sum(widths)) / LINE
    side = ["left" if is_number else "right" for is_number in numeric]
    return [
        rf">{{\ragged{at}\arraybackslash}}p{{{width * scale:.4f}\linewidth}}"
        for at, width in zip(side, widths, strict=True)
    ]


def _widest(column: list[str], breaks: str = "$") -> float:
    """Return how wide the widest part of a column is between `breaks`, in letters; its head is bold."""
    head, *cells = ([_letters(part) for part in re.split(breaks, text)] for text in column)
    return max(BOLD * max(head), *map(max, cells), 0.0)


def _letters(text: str) -> float:
    """Return how wide a text is, in letters; marks and spaces are half as wide."""
    return len(text) - 0.5 * sum(character in NARROW for character in text)


def _unbroken(text: str) -> str:
    """Hold an estimate and its interval together: ``0.79 [0.70, 0.86]`` stands on one line."""
    return re.sub(r"(\S+) (\[[^\]]+\])", lambda found: found.group().replace(" ", "\u00a0"), text)


def _breakable(text: str) -> str:
    """Escape, and let long names break behind their underscores."""
    return escape(text).replace(r"\_", r"\_\allowbreak{}")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3g}"
    return "" if value is None else str(value)


def macro_name(*parts: object) -> str:
    """Return the name of a LaTeX macro, letters only: ``("rank1", "nasal_to_oral")`` gives ``RankOneNasalToOral``."""
    text = " ".join(str(part) for part in parts if part not in ("", None))
    text = "".join(f" {_DIGITS[character]} " if character in _DIGITS else character for character in text)
    words = re.split(r"[^A-Za-z]+", text)
    return "".join(word[:1].upper() + word[1:] for word in words if word)


def macro(name: str, value: str) -> str:
    r"""Return the line that defines a macro: ``\newcommand{\eupneaName}{value}``."""
    return rf"\newcommand{{\eupnea{name}}}{{{escape(value)}}}"
