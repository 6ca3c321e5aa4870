"""Strict, streaming CSV: a broken line is rejected alone, a broken header stops the file."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from sheaf.extract.contract import Kind
from sheaf.extract.problems import ExtractRefused
from sheaf.extract.record import Record, Reject

CHUNK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 64 << 10
SHOWN_OF_A_LONG_LINE = 200

_MAGIC = {
    b"PK\x03\x04": "a spreadsheet (.xlsx) or zip file",
    b"\x1f\x8b": "gzip-compressed (name such a file .csv.gz)",
    b"PAR1": "Parquet (name such a file .parquet)",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls)",
    b"%PDF": "PDF",
    b"\xff\xfe": "UTF-16 text (save it as UTF-8)",
    b"\xfe\xff": "UTF-16 text (save it as UTF-8)",
}
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')
_PLAIN = re.compile(r'[^",]*+')


class BrokenQuoteError(ValueError):
    """A quote that opens or closes where RFC 4180 does not allow it."""


def physical_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines without their line feed; an over-long one comes cut, yet longer than the limit."""
    rest = b""
    while chunk := stream.read(CHUNK_BYTES):
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        yield from parts
        if len(rest) > LONGEST_LINE_BYTES:
            rest = rest[: LONGEST_LINE_BYTES + 1]
    if rest:
        yield rest


def fields_of(line: str) -> list[str]:
    """Split one line; raises `BrokenQuoteError` for a quote out of place."""
    if '"' not in line:
        return line.split(",")
    fields = []
    position = 0
    while True:
        quoted = _QUOTED.match(line, position)
        if quoted is not None:
            fields.append(quoted[1].replace('""', '"'))
            position = quoted.end()
        else:
            plain = cast("re.Match[str]", _PLAIN.match(line, position))
            fields.append(plain[0])
            position = plain.end()
        if position == len(line):
            return fields
        if line[position] != ",":
            raise BrokenQuoteError
        position += 1


def read_csv(file: Path, kind: Kind, name: str) -> Iterator[Record | Reject]:
    """Every line of `file` after its header; `name` is what messages call the file.

    Raises `ExtractRefused` when the file or its header is not what the contract says.
    """
    with open_text(file, name) as stream:
        lines = physical_lines(stream)
        header = header_of(lines, kind, name)
        for number, raw in enumerate(lines, 2):
            line = raw.removesuffix(b"\r")
            if line:
                yield line_of(number, line, header)


def line_of(number: int, line: bytes, header: list[str]) -> Record | Reject:
    """Read one line that is not empty, its line end taken off."""
    if len(line) > LONGEST_LINE_BYTES:
        shown = line[:SHOWN_OF_A_LONG_LINE].decode(errors="backslashreplace")
        reason = f"the line is longer than {LONGEST_LINE_BYTES:,} bytes"
        return Reject(number, "LINE_TOO_LONG", reason, shown)
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        shown = line.decode(errors="backslashreplace")
        reason = f"byte {error.start + 1} of the line is not UTF-8"
        return Reject(number, "NOT_UTF8", reason, shown)
    try:
        fields = fields_of(text)
    except BrokenQuoteError:
        return Reject(number, "BROKEN_QUOTE", "a quote opens or closes out of place", text)
    if len(fields) != len(header):
        reason = f"{len(fields)} fields, the header has {len(header)}"
        return Reject(number, "WRONG_WIDTH", reason, text)
    if "\0" in text or "\r" in text:
        return Reject(number, "CONTROL_CHARACTER", "NUL or CR inside the line", text)
    return Record(number, dict(zip(header, fields, strict=True)), text)


def open_text(file: Path, name: str) -> BinaryIO:
    """Open a .csv or .csv.gz; raises `ExtractRefused` for what is plainly no text file."""
    with file.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise ExtractRefused(f"{name} is empty; even a file without rows needs its header.")
    if name.endswith(".gz"):
        if not start.startswith(b"\x1f\x8b"):
            raise ExtractRefused(f"{name} is named .gz and is not gzip-compressed.")
        return cast("BinaryIO", gzip.open(file, "rb"))
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise ExtractRefused(f"{name} is {what}, not CSV text.")
    return file.open("rb")


def header_of(lines: Iterator[bytes], kind: Kind, name: str) -> list[str]:
    """Return the file's column names; raises `ExtractRefused` unless they are the contract's."""
    first = next(lines, b"").removesuffix(b"\r").removeprefix(b"\xef\xbb\xbf")
    if b"\0" in first:
        raise ExtractRefused(f"{name} is a binary file, not CSV text.")
    try:
        text = first.decode()
        header = fields_of(text)
    except (UnicodeDecodeError, BrokenQuoteError):
        raise ExtractRefused(f"{name}: the header (line 1) is not CSV in UTF-8.") from None
    if len(header) == 1:
        for delimiter, what in _OTHER_DELIMITERS.items():
            if delimiter in text:
                raise ExtractRefused(f"{name} separates columns by {what}; it must be commas.")
    check_columns(header, kind, name)
    return header


def check_columns(header: list[str], kind: Kind, name: str) -> None:
    """Raise `ExtractRefused` when a column is unknown, named twice or missing."""
    known = kind.column_names
    for column in header:
        if column not in known:
            raise ExtractRefused(
                f"{name}: unknown column {column!r}; {kind.name} has {', '.join(known)}."
            )
        if header.count(column) > 1:
            raise ExtractRefused(f"{name}: column {column!r} stands twice in the header.")
    for wanted in kind.columns:
        if wanted.required and wanted.name not in header:
            raise ExtractRefused(f"{name}: column {wanted.name!r} is missing.")
