"""Several segments of a month into one stream of postings, in order, sorted on disk if need be."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from scoring.archive.layout import ORDER, POSTINGS, ROWS_A_FILE, SCHEMA, File, path_of, verify

MEMORY = "2GB"


@contextmanager
def sorter(root: Path, *, threads: int = 1) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a DuckDB of bounded memory that spills beside the archive, and give its folder."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        TemporaryDirectory(prefix=".sorting-", dir=root) as spill,
        duckdb.connect(config={"threads": threads, "temp_directory": spill}) as connection,
    ):
        connection.execute(f"set memory_limit = '{MEMORY}'; set TimeZone = 'UTC'")
        yield connection, Path(spill)


def merged(root: Path, files: Sequence[File]) -> Iterator[pa.Table]:
    """Return all postings of these files in `ORDER`; raise `ArchiveUnavailable` for a bad file."""
    postings = [file for file in files if file.holds == POSTINGS]
    for file in postings:
        verify(root, file)
    paths = [str(path_of(root, file)) for file in postings]
    with sorter(root) as (connection, _):
        columns = ", ".join(SCHEMA.names)
        reader = connection.execute(
            f"select {columns} from read_parquet(?, hive_partitioning = false) "  # noqa: S608  (constants)
            f"order by {', '.join(ORDER)}",
            [paths],
        ).to_arrow_reader(ROWS_A_FILE)
        for batch in reader:
            yield pa.Table.from_batches([batch]).cast(SCHEMA)
