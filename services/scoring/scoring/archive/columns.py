"""Postings that arrive as columns: which of them are plainly good, worked out for all at once.

Only what needs no second look is chosen here: written in the plainest way, true at the moment, of
a known account, in a closed month, and alone with its id. Everything else is for the intake line
by line, so that there is one home for every refusal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from scoring.archive import free_text
from scoring.archive.fingerprints import FINGERPRINTS, Numbers
from scoring.archive.layout import ORDER, ROWS_A_FILE, WITH_FINGERPRINTS
from scoring.domain.posting import (
    AMOUNT_LIMIT,
    CLOCKS_MAY_DIFFER,
    EARLIEST,
    LATEST_AFTER_BOOKING,
    Channel,
    Kind,
)

TEXTS = ("id", "account_number", "currency", "channel", "kind", "purpose", "counterparty")
COLUMNS = ("line", *TEXTS, "amount_minor", "value_date", "booked_at")
_OPTIONAL = ("purpose", "counterparty")
_WORD, _LONGEST_WORD = "[!-~]+", 100
_FREE, _LONGEST_FREE = r"[^\s\p{Z}\p{C}](.*[^\s\p{Z}\p{C}])?", 200
_NUMBER = "-?[1-9][0-9]{0,14}"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT = (
    r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
)


class NotColumnsError(ValueError):
    """The columns are not of the kinds that are taken here; line by line they may well be."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows, as files without a header: accounts, and ids that are not free."""

    accounts: Path
    ids: Path


@dataclass(frozen=True, slots=True)
class Totals:
    """How many postings of how many accounts, their first value day and latest booking."""

    postings: int
    accounts: int
    first: date
    latest: datetime


def check(schema: pa.Schema) -> None:
    """Raise `NotColumnsError` unless the columns are of kinds that are taken."""
    for field in schema:
        kinds = [pa.string()]
        if field.name in {"line", "amount_minor"}:
            kinds = [pa.int64(), *([pa.string()] if field.name == "amount_minor" else [])]
        elif field.name == "value_date":
            kinds.append(pa.date32())
        elif field.name == "booked_at":
            kinds.append(pa.timestamp("us", "UTC"))
        if field.name not in COLUMNS or field.type not in kinds:
            raise NotColumnsError(f"column {field.name!r} of type {field.type} is not taken here")
    if missing := set(COLUMNS) - set(_OPTIONAL) - set(schema.names):
        raise NotColumnsError(f"column {min(missing)!r} is missing")


class Sorted:
    """One table of arrived postings, sorted into what is plainly good and what is not."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: pa.Table) -> None:
        self._connection = connection
        for name in _OPTIONAL:
            if name not in table.schema.names:
                table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
            table = _looked_through(table, name)
        connection.register("arrived", table)
        self._names = [one for one in table.schema.names if one in COLUMNS]
        self._kinds = {field.name: field.type for field in table.schema}

    def ids_between(self) -> tuple[str, str]:
        """Return the first and the last id that may be chosen."""
        found = self._one(
            f"select min(id), max(id) from arrived where regexp_full_match(id, '{_WORD}')"  # noqa: S608  (a constant)
        )
        return found[0] or "", found[1] or ""

    def choose(self, known: Known, *, at: datetime, horizon: date) -> None:
        """Choose what is plainly good at `at` and lies before the first open month."""
        run = self._connection.execute
        run(
            "create or replace temp table accounts "
            "(number varchar, account_id varchar, currency varchar)"
        )
        if known.accounts.stat().st_size:
            run(f"insert into accounts {_lines_of(known.accounts)}")
        amount = _typed(self._kinds["amount_minor"], "amount_minor", _NUMBER, "bigint")
        day = _typed(self._kinds["value_date"], "value_date", _DAY, "date")
        instant = _typed(self._kinds["booked_at"], "booked_at", _INSTANT, "timestamptz")
        booked_on = (
            "try_cast(left(booked_at, 10) as date)"
            if pa.types.is_string(self._kinds["booked_at"])
            else "cast(booked_at as date)"
        )
        good = " and ".join(
            [
                f"length(id) <= {_LONGEST_WORD} and regexp_full_match(id, '{_WORD}')",
                *(
                    f"(coalesce({name}, '') = '' or "
                    f"length({name}) <= {_LONGEST_FREE} and not contains({name}, chr(0)) and "
                    f"{name}_harmless and "
                    f"(regexp_full_match({name}, '{_WORD}') or "
                    f"regexp_full_match({name}, '{_FREE}')))"
                    for name in _OPTIONAL
                ),
                f"channel in ({_listed(Channel)})",
                f"kind in ({_listed(Kind)})",
            ]
        )
        run(
            f"""create or replace temp table chosen as
            with typed as (
              select line, id, account_id, {amount} as amount_minor, {day} as value_date,
                {instant} as booked_at, {booked_on} as booked_on, channel, kind,
                coalesce(purpose, '') as purpose, coalesce(counterparty, '') as counterparty
              from arrived join accounts on number = account_number
                and accounts.currency = arrived.currency
              where {good}
            )
            select line, {FINGERPRINTS}, id, account_id, amount_minor, value_date, booked_at,
              channel, kind, purpose, counterparty
            from typed where amount_minor <> 0 and abs(amount_minor) < {AMOUNT_LIMIT}
              and value_date between ? and booked_on + {LATEST_AFTER_BOOKING.days}
              and booked_at <= ? and value_date < ?""",  # noqa: S608  (constants)
            [EARLIEST, at + CLOCKS_MAY_DIFFER, horizon],
        )
        run(
            "delete from chosen where key in ("
            "select key from chosen group by key having count(*) > 1 union all "
            "select md5_number_lower(trim(id, e' \\t\\r\\n')) from arrived "
            "anti join chosen using (line) where id is not null)"
        )
        self.drop_ids(known.ids)

    def drop_ids(self, ids: Path) -> int:
        """Leave to the line by line intake what has an id of this file; return how many."""
        if not ids.stat().st_size:
            return 0
        found = self._one(f"delete from chosen where id in ({_lines_of(ids)})")  # noqa: S608  (our own file)
        return int(found[0])

    def fingerprints(self) -> tuple[Numbers, Numbers]:
        """Return keys, in order, and seals of what is chosen."""
        read = self._connection.execute("select key, seal from chosen order by key").fetchnumpy()
        return read["key"], read["seal"]

    def known(self, same: Numbers, doubtful: Numbers) -> int:
        """Take out what is archived: return how many just so; leave the doubtful to the lines."""
        for name, keys in (("same", same), ("doubtful", doubtful)):
            self._connection.register(f"keys_{name}", pa.table({"key": keys}))
        run = self._connection.execute
        run("create temp table if not exists unchanged (line bigint)")
        if len(same):
            run("insert into unchanged select line from chosen where key in (from keys_same)")
            run("delete from chosen where key in (from keys_same)")
        if len(doubtful):
            run("delete from chosen where key in (from keys_doubtful)")
        return int(self._one("select count(*) from unchanged")[0])

    def totals(self) -> "Totals":
        """Add up what is chosen."""
        count, accounts, first, latest = self._one(
            "select count(*), count(distinct account_id), min(value_date), "
            "epoch_us(max(booked_at)) from chosen"
        )
        if not count:
            return Totals(0, 0, date.min, datetime.min.replace(tzinfo=UTC))
        moment: datetime = pa.scalar(latest, pa.timestamp("us", "UTC")).as_py()
        return Totals(count, accounts, first, moment)

    def months(self) -> list[date]:
        """Return the months of what is chosen."""
        read = self._connection.execute(
            "select distinct date_trunc('month', value_date) as month from chosen order by month"
        ).fetchall()
        return [month if type(month) is date else month.date() for (month,) in read]

    def postings(self, month: date, recorded_at: datetime) -> Iterator[pa.Table]:
        """Return what is chosen of one month, in the archive's order."""
        names = WITH_FINGERPRINTS.names
        columns = ", ".join("? as recorded_at" if n == "recorded_at" else n for n in names)
        reader = self._connection.execute(
            f"select {columns} from chosen where value_date >= ? and value_date < ? + interval 1 month "  # noqa: S608, E501  (constants)
            f"order by {', '.join(ORDER)}",
            [recorded_at, month, month],
        ).to_arrow_reader(ROWS_A_FILE)
        for batch in reader:
            yield pa.Table.from_batches([batch])

    def write_atoms(self, file: Path) -> None:
        """Write s0, s1 and the count of what is chosen, by account and month, without a header."""
        atoms = (
            "select account_id, cast(date_trunc('month', value_date) as date) as month, "
            "sum(amount_minor), sum(amount_minor * day(value_date)), count(*) from chosen "
            "group by all order by 1, 2"
        )
        self._connection.execute(f"copy ({atoms}) to '{file}' (format csv, header false)")

    def rest(self) -> list[Mapping[str, object]]:
        """Return every row that was neither chosen nor known just so, by its line."""
        self._connection.execute("create temp table if not exists unchanged (line bigint)")
        table = self._connection.execute(
            "from arrived anti join chosen using (line) anti join unchanged using (line) "
            "order by line"
        ).to_arrow_table()
        rows: Sequence[Mapping[str, object]] = table.select(self._names).to_pylist()
        return list(rows)

    def _one(self, statement: str) -> tuple[Any, ...]:
        found = self._connection.execute(statement).fetchone()
        return found if found is not None else ()


def _looked_through(table: pa.Table, name: str) -> pa.Table:
    """Mask cards' numbers in a column of free text, and say beside it which rows are harmless.

    What must not be kept stays as it is, for the intake line by line to refuse.
    """
    told = table[name]
    kept = pa.chunked_array([free_text.kept(one) for one in told.chunks], pa.string())
    place = table.schema.get_field_index(name)
    harmless = pc.or_(pc.is_valid(kept), pc.is_null(told))
    return table.set_column(place, name, pc.coalesce(kept, told)).append_column(
        f"{name}_harmless", harmless
    )


def _lines_of(file: Path) -> str:
    """Return DuckDB's way to read a file that PostgreSQL wrote, every column as text."""
    return f"from read_csv('{file}', header = false, all_varchar = true)"


def _typed(kind: pa.DataType, name: str, pattern: str, wanted: str) -> str:
    """Return DuckDB's way to read a column: as it is, or as text written in the plainest way."""
    if not pa.types.is_string(kind):
        return name
    plain = f"regexp_full_match({name}, '{pattern}')"
    return f"case when {plain} then try_cast({name} as {wanted}) end"


def _listed(words: type[Channel] | type[Kind]) -> str:
    return ", ".join(f"'{word.value}'" for word in words)
