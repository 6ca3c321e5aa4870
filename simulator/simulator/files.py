"""Tables into files, Parquet or CSV, and the blocks' parts of a kind into one file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from pyarrow import feather

from simulator.movements import DAY_SECONDS

Format = Literal["parquet", "csv"]
CSV_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Form:
    """How files are written; `first_line` is the number of the first row."""

    name: Format

    @property
    def first_line(self) -> int:
        return 2 if self.name == "csv" else 1

    def file(self, stem: str) -> str:
        return f"{stem}.{self.name}"

    def write(self, tables: Iterable[pa.Table], schema: pa.Schema, file: Path) -> None:
        """Write tables of one schema, one after another."""
        file.parent.mkdir(parents=True, exist_ok=True)
        if self.name == "csv":
            _write_csv(tables, schema, file)
        else:
            _write_parquet(tables, schema, file)


def keep(table: pa.Table, file: Path) -> None:
    """Put a block's part aside."""
    feather.write_feather(table, file, compression="uncompressed")


def kept(files: Iterable[Path]) -> Iterator[pa.Table]:
    """Take the parts that were put aside, one by one, and remove them."""
    for file in files:
        yield feather.read_table(file, memory_map=False)
        file.unlink()


def _write_parquet(tables: Iterable[pa.Table], schema: pa.Schema, file: Path) -> None:
    repeated = [one.name for one in schema if one.name not in ("id", "booked_at", "amount_minor")]
    with pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=repeated,
        column_encoding={
            one.name: "DELTA_BINARY_PACKED" if one.name != "id" else "DELTA_BYTE_ARRAY"
            for one in schema
            if one.name in ("id", "booked_at", "amount_minor")
        },
        write_statistics=True,
    ) as writer:
        for table in tables:
            writer.write_table(table)


def _write_csv(tables: Iterable[pa.Table], schema: pa.Schema, file: Path) -> None:
    options = pacsv.WriteOptions(include_header=False, batch_size=CSV_ROWS, quoting_style="none")
    with file.open("wb") as stream:
        stream.write((",".join(schema.names) + "\n").encode())
        for table in tables:
            plain = pa.table({name: _plain(table[name].combine_chunks()) for name in schema.names})
            pacsv.write_csv(plain, stream, options)


def _plain(column: pa.Array) -> pa.Array:
    """Make a column what CSV can hold: no dictionaries, instants with their offset."""
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        return instants(column)
    return column


def instants(column: pa.Array) -> pa.Array:
    """Write instants as local time with the offset, by way of the few days there are."""
    local = pc.add(column.cast(pa.int64()), 8 * 3_600).fill_null(0).to_numpy()
    day, second = np.divmod(local, DAY_SECONDS)
    first = int(day.min()) if day.size else 0
    many = int(day.max()) - first + 1 if day.size else 1
    days = pa.array(np.arange(first, first + many).astype("datetime64[D]")).cast(pa.string())
    clock = pc.strftime(
        pa.array(np.arange(DAY_SECONDS), pa.timestamp("s")), format="T%H:%M:%S+08:00"
    )
    text = pc.binary_join_element_wise(
        days.take(pa.array(day - first)), clock.take(pa.array(second)), ""
    )
    return pc.if_else(column.is_valid(), text, pa.scalar(None, pa.string()))
