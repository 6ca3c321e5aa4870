"""Parquet under the same contract: typed values become the contract's strings and numbers."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sheaf.extract.contract import Kind
from sheaf.extract.csv_reader import check_columns
from sheaf.extract.problems import ExtractRefused
from sheaf.extract.record import Record, Reject, Value

ROWS_AT_ONCE = 5_000


def read_parquet(file: Path, kind: Kind, name: str) -> Iterator[Record | Reject]:
    """Every row of `file`, numbered from 1.

    Raises `ExtractRefused` when the file or its columns are not what the contract says.
    """
    try:
        with pq.ParquetFile(file) as parquet:
            _check_schema(parquet.schema_arrow, kind, name)
            number = 0
            for batch in parquet.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    values = {column: _value(value) for column, value in row.items()}
                    yield Record(number, values, json.dumps(values, ensure_ascii=False))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else "unreadable"
        raise ExtractRefused(f"{name} is not a sound Parquet file: {first}") from None


def _check_schema(schema: pa.Schema, kind: Kind, name: str) -> None:
    check_columns(list(schema.names), kind, name)
    for field in schema:
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type):
            raise ExtractRefused(f"{name}: column {field.name!r} has type {field.type}.")
        if kind.column(field.name).form == "instant" and (
            pa.types.is_timestamp(field.type) and field.type.tz is None
        ):
            raise ExtractRefused(f"{name}: column {field.name!r} is a timestamp without time zone.")


def _value(value: object) -> Value:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return str(value)
