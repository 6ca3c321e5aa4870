"""Reads a file of postings as columns, many lines at once; the odd line is read by itself.

A line is plain when it has no carriage return or NUL inside, as many fields as the header, and
quotes at most around whole fields: such lines are split together. Every other line goes through
the strict reader alone, so that both ways take the same lines and reject the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sheaf.extract.contract import Kind
from sheaf.extract.csv_reader import (
    LONGEST_LINE_BYTES,
    header_of,
    line_of,
    open_text,
    physical_lines,
)
from sheaf.extract.problems import ExtractRefused
from sheaf.extract.reader import read, whole
from sheaf.extract.record import Record, Reject

ROWS_A_PART = 2_000_000
LINES_AT_ONCE = 1 << 16
_FORMS = {"integer": pa.int64(), "date": pa.date32()}
_FIELD = rb'(?:"[^"]*+"|[^",]*+)'
_INSTANT = pa.timestamp("us", "UTC")


@dataclass(slots=True)
class Part:
    """Lines that are sent together: tables of them, and the lines that were rejected here."""

    tables: list[pa.Table] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    line: int = 0
    rows: int = 0
    position: int = 0


def parts(file: Path, kind: Kind, name: str, after: int) -> Iterator[Part]:
    """Return the file's lines beyond `after`, in parts; raise `ExtractRefused` like the reader."""
    pieces = (
        _parquet(file, kind, after) if name.endswith(".parquet") else _csv(file, kind, name, after)
    )
    part = Part()
    for table, rejects, line, position in whole(pieces, name):
        part.tables.append(table)
        part.rejects += rejects
        part.line, part.position = line, position
        part.rows += table.num_rows + len(rejects)
        if part.rows >= ROWS_A_PART:
            yield part
            part = Part()
    if part.rows:
        yield part


def fits(file: Path, kind: Kind, name: str) -> bool:
    """Tell whether the file's columns can be sent as they are."""
    if not name.endswith(".parquet"):
        return name.endswith((".csv", ".csv.gz"))
    with pq.ParquetFile(file) as parquet:
        schema = parquet.schema_arrow
    return all(_as_sent(one.type, kind.column(one.name).form) is not None for one in schema)


def _as_sent(found: pa.DataType, form: str) -> pa.DataType | None:
    """Return the type in which a column is sent without losing anything; None where there is none.

    Instants go in UTC. There their day is never later than on the bank's clock east of it, so no
    posting passes as a column that would not as a line.
    """
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_string(found) or pa.types.is_large_string(found):
        return pa.string()
    if pa.types.is_signed_integer(found) and form == "integer":
        return pa.int64()
    if pa.types.is_timestamp(found) and form == "instant":
        east = str(found.tz).startswith(("UTC", "+", "Asia/Shanghai"))
        return _INSTANT if east and found.unit != "ns" else None
    return found if found == _FORMS.get(form) else None


def originals(file: Path, kind: Kind, name: str, lines: set[int]) -> dict[int, str]:
    """Return these lines as they stand in the file."""
    found: dict[int, str] = {}
    if lines:
        for row in read(file, kind, name):
            if row.line in lines:
                found[row.line] = row.original
                if len(found) == len(lines):
                    break
    return found


_Piece = tuple[pa.Table, list[Reject], int, int]


def _csv(file: Path, kind: Kind, name: str, after: int) -> Iterator[_Piece]:
    with open_text(file, name) as stream:
        lines = physical_lines(stream)
        header = header_of(lines, kind, name)
        number, position = 1, 0
        while some := list(islice(lines, LINES_AT_ONCE)):
            position += sum(map(len, some)) + len(some)
            first, number = number + 1, number + len(some)
            if number > after:
                skipped = max(after - first + 1, 0)
                table, rejects = _split(some[skipped:], first + skipped, header)
                yield table, rejects, number, position


def _sorted(
    lines: list[bytes], first: int, commas: int
) -> tuple[list[bytes], list[int], list[tuple[int, bytes]]]:
    """Return the plain lines, their numbers, and the odd lines with theirs; empty ones are none."""
    text = b"".join(lines)
    if (
        not (b'"' in text or b"\r" in text or b"\0" in text)
        and {line.count(b",") for line in lines} == {commas}
        and max(map(len, lines)) <= LONGEST_LINE_BYTES
    ):
        return lines, list(range(first, first + len(lines))), []
    quoted = re.compile(rb"%s(?:,%s){%d}" % (_FIELD, _FIELD, commas)).fullmatch
    plain: list[bytes] = []
    numbers: list[int] = []
    odd: list[tuple[int, bytes]] = []
    for number, raw in enumerate(lines, first):
        line = raw[:-1] if raw.endswith(b"\r") else raw
        if (
            (quoted(line) if b'"' in line else line.count(b",") == commas)
            and b"\r" not in line
            and b"\0" not in line
            and 0 < len(line) <= LONGEST_LINE_BYTES
        ):
            plain.append(line)
            numbers.append(number)
        elif line:
            odd.append((number, line))
    return plain, numbers, odd


def _split(lines: list[bytes], first: int, header: list[str]) -> tuple[pa.Table, list[Reject]]:
    plain, numbers, odd = _sorted(lines, first, len(header) - 1)
    schema = pa.schema([("line", pa.int64()), *((name, pa.string()) for name in header)])
    try:
        text = b"\n".join(plain)
        text.decode()
    except UnicodeDecodeError:
        odd = sorted([*odd, *zip(numbers, plain, strict=True)])
        plain, numbers = [], []
    tables = [schema.empty_table()]
    if plain:
        columns = pacsv.read_csv(
            pa.py_buffer(text),
            pacsv.ReadOptions(column_names=header, use_threads=False, block_size=len(text) + 1),
            pacsv.ParseOptions(double_quote=False, ignore_empty_lines=False),
            pacsv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        )
        tables.append(columns.add_column(0, "line", pa.array(numbers, pa.int64())).cast(schema))
    read_alone = [line_of(number, line, header) for number, line in odd]
    records = [one for one in read_alone if isinstance(one, Record)]
    if records:
        rows = [{"line": one.line, **one.values} for one in records]
        tables.append(pa.Table.from_pylist(rows, schema=schema))
    return pa.concat_tables(tables), [one for one in read_alone if isinstance(one, Reject)]


def _parquet(file: Path, kind: Kind, after: int) -> Iterator[_Piece]:
    try:
        with pq.ParquetFile(file) as parquet:
            forms = [(one, kind.column(one.name).form) for one in parquet.schema_arrow]
            schema = pa.schema([(one.name, _as_sent(one.type, form)) for one, form in forms])
            number = 0
            for batch in parquet.iter_batches(batch_size=LINES_AT_ONCE, use_threads=False):
                first, number = number + 1, number + batch.num_rows
                if number > after:
                    lines = pa.array(range(first, number + 1), pa.int64())
                    table = pa.Table.from_batches([batch]).cast(schema).add_column(0, "line", lines)
                    yield table.filter(pc.greater(table["line"], after)), [], number, number
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        first_line = str(error).splitlines()[0] if str(error) else "unreadable"
        raise ExtractRefused(f"{file.name} is not a sound Parquet file: {first_line}") from None


def write(part: Part, file: BinaryIO) -> None:
    """Write a part as one Arrow stream."""
    with pa.ipc.new_stream(file, part.tables[0].schema) as stream:
        for table in part.tables:
            stream.write_table(table)
