"""Read and write tables: Parquet for the large, TSV for people; the same bytes for the same content."""

from __future__ import annotations

from contextlib import contextmanager
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eupnea.errors import InputError
from eupnea.io.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from eupnea.io.columns import TableContract

FLOAT_FORMAT = "%.10g"
_SAMPLES: dict[str, Any] = {
    "compression": "lz4",
    "use_dictionary": ["recording", "signal", "kind"],
    "use_byte_stream_split": ["time_s", "detection", "breathing", "above", "values.list.element"],
}
"""Samples hardly repeat: their bytes are sorted by place instead of looked up (smaller, and half as long to write)."""


def write_table(frame: pd.DataFrame, path: str | Path, contract: TableContract | None = None) -> None:
    """Write a table to `path`, atomically and with the same bytes for the same content.

    Parameters
    ----------
    frame
        The table; its index is not written.
    path
        Ends in ``.parquet`` (zstd; samples lz4) or ``.tsv`` (tabs, ``n/a`` for missing, floats with ten significant
        digits).
    contract
        When given, `frame` is brought into its columns and types first.

    Raises
    ------
    InputError
        The suffix is another one, or the frame does not fit the contract.
    """
    path = Path(path)
    if contract is not None:
        frame = contract.conform(frame)
    with replacing(path) as temporary:
        if path.suffix == ".parquet":
            frame.to_parquet(temporary, index=False, **_packing(contract))
        elif path.suffix == ".tsv":
            frame.to_csv(temporary, sep="\t", index=False, na_rep="n/a", float_format=FLOAT_FORMAT, lineterminator="\n")
        else:
            raise _unknown_suffix(path)


def _packing(contract: TableContract | None) -> dict[str, Any]:
    if contract is None or not contract.samples:
        return {"compression": "zstd"}
    return _SAMPLES | {"row_group_size": contract.samples}


def read_table(path: str | Path, contract: TableContract | None = None) -> pd.DataFrame:
    """Read a table that `write_table` wrote.

    Parameters
    ----------
    path
        Ends in ``.parquet`` or ``.tsv``. In a TSV only ``n/a`` and the empty cell are missing.
    contract
        When given, the table is brought into its columns and types (a TSV does not carry them).

    Raises
    ------
    InputError
        The suffix is another one, or the table does not fit the contract.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    elif path.suffix == ".tsv":
        strings = contract.string_columns if contract is not None else []
        types = dict.fromkeys(strings, "str")
        frame = pd.read_csv(path, sep="\t", na_values=["n/a", ""], keep_default_na=False, dtype=types)
    else:
        raise _unknown_suffix(path)
    return contract.conform(frame) if contract is not None else frame


@contextmanager
def table_parts_to(path: str | Path, contract: TableContract) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Write a table that is larger than memory, part by part, atomically.

    Parameters
    ----------
    path
        Ends in ``.parquet``.
    contract
        Every part is brought into its columns and types.

    Yields
    ------
    write
        Takes the next part; each becomes a row group, so that `read_rows` finds it without reading the others.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.Schema.from_pandas(contract.empty(), preserve_index=False)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:

        def write(part: pd.DataFrame) -> None:
            if len(part):
                writer.write_table(pa.Table.from_pandas(contract.conform(part), schema=schema, preserve_index=False))

        yield write


def join_parts(paths: list[str], path: str | Path) -> None:
    """Stack tables that `table_parts_to` wrote into one at `path`; one row group at a time is in memory."""
    import pyarrow.parquet as pq

    with replacing(path) as temporary:
        schema = pq.read_schema(paths[0])
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for source in paths:
                with pq.ParquetFile(source) as table:
                    for group in range(table.num_row_groups):
                        writer.write_table(table.read_row_group(group))


def read_rows(
    path: str | Path, contract: TableContract | None, *, columns: list[str] | None = None, **equal: str | float
) -> pd.DataFrame:
    """Read the rows of a Parquet table in which columns have given values; NaN finds what is missing.

    Of some `columns`, without a contract, they come as they are.
    """
    import pyarrow.compute as pc

    known = [
        pc.field(name).is_null() if pd.isna(value) else pc.field(name) == pc.scalar(value)
        for name, value in equal.items()
    ]
    frame = pd.read_parquet(path, columns=columns, filters=reduce(and_, known))
    return frame if contract is None else contract.conform(frame)


def distinct(path: str | Path, columns: list[str]) -> pd.DataFrame:
    """List the combinations of values that columns of a Parquet table have, sorted; the table is never held whole."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        batches = table.iter_batches(batch_size=1_000_000, columns=columns)
        found = [batch.to_pandas()[columns].drop_duplicates() for batch in batches]
    listed = pd.concat(found) if found else pd.DataFrame(columns=columns)
    return listed.drop_duplicates().sort_values(columns, ignore_index=True)


def concat_tables(frames: list[pd.DataFrame], contract: TableContract | None = None) -> pd.DataFrame:
    """Stack tables, dropping the empty ones so that they cannot change a column's type."""
    full = [frame for frame in frames if len(frame)]
    stacked = pd.concat(full, ignore_index=True) if full else (frames[0] if frames else pd.DataFrame())
    return contract.conform(stacked) if contract is not None else stacked


def stack_tables(frames: list[pd.DataFrame], *, by: list[str]) -> pd.DataFrame:
    """Stack the tables of all chunks in an order that does not depend on the chunks: sorted by the columns `by`."""
    stacked = concat_tables(frames)
    return stacked.sort_values(by, kind="stable", ignore_index=True) if len(stacked) else stacked


def _unknown_suffix(path: Path) -> InputError:
    return InputError("A table has an unknown file type", where=str(path), found=path.suffix, allowed=".parquet, .tsv")
