"""Parquet: one column per channel, perhaps one of times."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from eupnea.recordings.readers.base import Content, Request, check_channels, check_claim, column_samples
from eupnea.recordings.readers.timed import signals_with_times


def read_parquet(request: Request) -> Content:
    """Read the numeric columns of a Parquet file; without a column of times the rate must be declared.

    Raises
    ------
    RecordingError
        It claims too many samples, has no column of numbers, or no rate.
    """
    with pq.ParquetFile(request.path) as file:
        schema = file.schema_arrow
        names = [field.name for field in schema if pa.types.is_floating(field.type) or pa.types.is_integer(field.type)]
        check_channels(len(names), request)
        check_claim(float(file.metadata.num_rows) * max(len(names), 1), request)
        table = file.read(columns=names, use_threads=False)
    columns = {name: column_samples(table.column(name)) for name in names}
    return signals_with_times(columns, request)
