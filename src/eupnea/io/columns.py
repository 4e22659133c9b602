"""What a table promises: its columns, their kinds, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eupnea.errors import InputError

Kind = Literal["string", "float", "float32", "integer", "boolean", "list"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name (with unit), its kind, and what it says."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True, slots=True)
class TableContract:
    """The columns of one table, in order.

    Attributes
    ----------
    name
        What the table is called in error messages and in the data dictionary.
    columns
        The columns that must be there. A missing cell is the empty string, NaN or (integers, booleans) not allowed.
    extra
        Whether further columns may follow (features, participant columns).
    samples
        Rows per group in the file of a table with the samples of signals: many, and hardly two alike, so that they
        are packed otherwise, in groups small enough to read one recording without all others. 0: no such table.
    """

    name: str
    columns: tuple[Column, ...]
    extra: bool = False
    samples: int = 0

    @property
    def column_names(self) -> list[str]:
        """Names of the fixed columns, in order."""
        return [column.name for column in self.columns]

    @property
    def string_columns(self) -> list[str]:
        """Names of the columns that hold text."""
        return [column.name for column in self.columns if column.kind == "string"]

    def empty(self) -> pd.DataFrame:
        """Return a table without rows, with every column and its type."""
        return self.conform(pd.DataFrame({name: [] for name in self.column_names}))

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with the columns of the contract, in order and typed.

        A text column or a float column that is missing is filled with empty cells; any other missing column, and any
        column too many, is an error.

        Raises
        ------
        InputError
            A column is missing, unknown, or cannot take its type.
        """
        unknown = [name for name in frame.columns if name not in self.column_names]
        if unknown and not self.extra:
            raise InputError(
                f"The table '{self.name}' has columns that the results contract does not know",
                where=self.name,
                found=", ".join(map(str, unknown)),
                allowed=", ".join(self.column_names),
            )
        typed = {column.name: self._typed(frame, column) for column in self.columns}
        rest = frame[unknown].reset_index(drop=True)
        return pd.concat([pd.DataFrame(typed, index=range(len(frame))), rest], axis=1)

    def _typed(self, frame: pd.DataFrame, column: Column) -> pd.Series:
        if column.name not in frame.columns:
            if column.kind not in ("string", "float", "float32"):
                raise InputError(
                    f"The table '{self.name}' lacks a column", where=self.name, found="nothing", allowed=column.name
                )
            fill = "" if column.kind == "string" else np.nan
            return pd.Series(fill, index=range(len(frame)), dtype=_DTYPES[column.kind])
        values = frame[column.name].reset_index(drop=True)
        try:
            return _cast(values, column.kind)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"A column of the table '{self.name}' cannot take its type",
                where=f"{self.name}: {column.name}",
                found=str(error),
                allowed=column.kind,
            ) from error


_DTYPES = {
    "string": "str",
    "float": "float64",
    "float32": "float32",
    "integer": "int64",
    "boolean": "bool",
    "list": "object",
}


def _cast(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "string":
        return values.astype("str").where(values.notna(), "")
    return values.astype(_DTYPES[kind])


def columns_of(kind: Kind, /, **meanings: str) -> tuple[Column, ...]:
    """Return columns of one kind, from their names and what they say."""
    return tuple(Column(name, kind, meaning) for name, meaning in meanings.items())
