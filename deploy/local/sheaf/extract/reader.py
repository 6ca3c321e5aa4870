"""One door to every file of an extract: records and rejects, whatever the file's form."""

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import yaml

from sheaf.extract.contract import Kind
from sheaf.extract.csv_reader import header_of, open_text, physical_lines, read_csv
from sheaf.extract.parquet_reader import read_parquet
from sheaf.extract.problems import ExtractRefused
from sheaf.extract.record import Record, Reject

Item = TypeVar("Item")


def read(file: Path, kind: Kind, name: str) -> Iterator[Record | Reject]:
    """Read `file` in bounded memory; raises `ExtractRefused` when it is refused as a whole."""
    if kind.name == "scheme":
        return _read_scheme(file, name)
    if name.endswith(".parquet"):
        return read_parquet(file, kind, name)
    if name.endswith((".csv", ".csv.gz")):
        return whole(read_csv(file, kind, name), name)
    raise ExtractRefused(f"{name}: a file must be named .csv, .csv.gz or .parquet.")


def whole(items: Iterator[Item], name: str) -> Iterator[Item]:
    """Refuse a compressed file that breaks off; what came before it is sound."""
    try:
        yield from items
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ExtractRefused(f"{name} breaks off: it is not a whole gzip file.") from None


def check_opens(file: Path, kind: Kind, name: str) -> None:
    """Raise `ExtractRefused` when the file or its header is refused, before anything is sent."""
    if kind.name != "scheme" and name.endswith((".csv", ".csv.gz")):
        with open_text(file, name) as stream:
            header_of(physical_lines(stream), kind, name)
    else:
        next(read(file, kind, name), None)


def _read_scheme(file: Path, name: str) -> Iterator[Record]:
    try:
        document = yaml.safe_load(file.read_bytes())
    except yaml.YAMLError as error:
        raise ExtractRefused(f"{name} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise ExtractRefused(f"{name} must hold one YAML mapping.")
    plain = json.loads(json.dumps(document, default=_iso))
    yield Record(1, plain, json.dumps(plain, ensure_ascii=False))


def _iso(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise ExtractRefused(f"a scheme cannot hold {value!r}.")
