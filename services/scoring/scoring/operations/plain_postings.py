"""Postings that are plainly good, all at once: read, judged and stored as columns.

Only what needs no second look is taken here: a line written in the plainest way that is true at
the moment, new, and of a known account. Everything else is for the intake line by line, so that
every refusal has one home. A line that is refused by itself does not keep the others from here.
"""

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from kit.db import Database
from kit.intake import Answer, Rejected, tell
from sqlalchemy.exc import IntegrityError

from scoring.archive import free_text
from scoring.domain.posting import (
    CLOCKS_MAY_DIFFER,
    EARLIEST,
    LATEST_AFTER_BOOKING,
    Channel,
    Kind,
)
from scoring.store import institution, plain_postings, queue
from scoring.store.plain_postings import NotPlainError

Refuse = Callable[[Sequence[tuple[int, bytes]]], Sequence[Rejected] | None]
"""Say why each of these lines is refused by itself; None where one of them is not."""

_TEXTS = ("id", "account_number", "currency", "value_date", "booked_at", "channel", "kind")
_FREE = ("purpose", "counterparty")
_FEW_OTHERS = 1_000
_WORD = r"^[!-~]{1,100}$"
_TEXT = r"^([^\s\p{Z}\p{C}]([^\p{C}]*[^\s\p{Z}\p{C}])?)?$"
_LONGEST_TEXT = 200
_NUMBER = r"^-?[1-9][0-9]{0,14}$"
_DAY = r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$"
_INSTANT = (
    r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)


@dataclass(frozen=True, slots=True)
class Read:
    """The plainly good lines as columns, and the others as they came, by line number."""

    table: pa.Table
    others: Sequence[tuple[int, bytes]]


async def record_plain(
    db: Database, bank: str, body: bytes, refuse: Refuse, *, at: datetime
) -> Answer | None:
    """Take a whole request at once; return None, nothing done, when it must go line by line."""
    found = await asyncio.to_thread(_read, body, at)
    if found is None:
        return None
    rejected = await asyncio.to_thread(refuse, found.others) if found.others else ()
    if rejected is None:
        return None
    try:
        async with db.transaction(bank) as session:
            taken = await plain_postings.take_plain(session, bank, found.table)
            await institution.advance(session, bank, taken.latest)
            await queue.enqueue(session, bank, taken.since_by_holder)
            return tell(Answer(accepted=found.table.num_rows, rejected=rejected))
    except (NotPlainError, IntegrityError):
        return None


def _read(body: bytes, at: datetime) -> Read | None:
    """Sort the lines into plainly good ones and others; None where that cannot be told."""
    table = _table(body)
    if table is None:
        return None
    plain = _judged(table, at)
    chosen = table.filter(plain) if pc.all(plain).as_py() is False else table
    amiss = table.num_rows - chosen.num_rows
    ids = chosen["id"]
    if not chosen.num_rows or amiss > _FEW_OTHERS or pc.count_distinct(ids).as_py() < len(ids):
        return None
    others: list[tuple[int, bytes]] = []
    if amiss:
        lines = body.split(b"\n")
        others = [(n, lines[n - 1]) for n, good in enumerate(plain.to_pylist(), 1) if not good]
    return Read(chosen, others)


def _table(body: bytes) -> pa.Table | None:
    """Read one object a line; None unless each line is one, with our fields as text.

    No object spans lines: each begins with a brace, and within one no brace may follow there.
    A free text that must not be kept is null, so that its line is none of the good ones.
    """
    text = body.removesuffix(b"\n")
    lines = text.count(b"\n{") + 1
    if not text.startswith(b"{") or text.count(b"\n") + 1 != lines or not _is_utf8(text):
        return None
    table = _objects(text, pa.string())
    if table is None:
        table = _objects(text, pa.int64())
    if table is None or table.num_rows != lines:
        return None
    columns = {name: table[name].combine_chunks() for name in table.schema.names}
    columns |= {name: free_text.kept(pc.fill_null(columns[name], "")) for name in _FREE}
    columns["amount_minor"] = columns["amount_minor"].cast(pa.string())
    return pa.table(columns)


def _objects(text: bytes, amount: pa.DataType) -> pa.Table | None:
    kinds = {**dict.fromkeys((*_TEXTS, *_FREE), pa.string()), "amount_minor": amount}
    try:
        return pj.read_json(
            io.BytesIO(text),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=pa.schema(kinds), unexpected_field_behavior="error"
            ),
        )
    except pa.ArrowInvalid:
        return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _judged(table: pa.Table, at: datetime) -> pa.BooleanArray:
    """Tell of each line whether it is plainly good."""
    column = {name: table[name].combine_chunks() for name in table.schema.names}
    judged = [
        *(pc.match_substring_regex(column[name], _WORD) for name in ("id", "account_number")),
        *(pc.match_substring_regex(column[name], _TEXT) for name in _FREE),
        *(pc.less_equal(pc.utf8_length(column[name]), _LONGEST_TEXT) for name in _FREE),
        pc.match_substring_regex(column["amount_minor"], _NUMBER),
        pc.match_substring_regex(column["currency"], "^[A-Z]{3}$"),
        pc.is_in(column["channel"], _words(Channel)),
        pc.is_in(column["kind"], _words(Kind)),
        _timely(column["value_date"], column["booked_at"], at),
    ]
    return pc.fill_null(reduce(pc.and_kleene, judged), False)  # noqa: FBT003  (its value)


def _words(kinds: type[StrEnum]) -> pa.StringArray:
    """Give an enumeration's words; not at import, for Arrow loads pandas with its first array."""
    return pa.array([*kinds], pa.string())


def _timely(value_date: pa.StringArray, booked_at: pa.StringArray, at: datetime) -> pa.Array:
    """Tell whether days and instants are such, and lie where they must at `at`."""
    day = _days(value_date)
    plain = pc.match_substring_regex(booked_at, _INSTANT)
    booked_on = _days(pc.utf8_slice_codeunits(booked_at, 0, 10))
    plain = pc.and_(plain, pc.is_valid(booked_on))
    instant = pc.if_else(plain, booked_at, None).cast(pa.timestamp("us", "UTC"))
    latest = pc.add(booked_on.cast(pa.timestamp("s")), pa.scalar(LATEST_AFTER_BOOKING))
    return reduce(
        pc.and_kleene,
        [
            pc.less_equal(instant, pa.scalar(at + CLOCKS_MAY_DIFFER, pa.timestamp("us", "UTC"))),
            pc.greater_equal(day, pa.scalar(EARLIEST, pa.date32())),
            pc.less_equal(day.cast(pa.timestamp("s")), latest),
        ],
    )


def _days(texts: pa.StringArray) -> pa.Array:
    """Read days; null what is none. There are few different ones, and Python knows them all."""
    found = pc.dictionary_encode(texts)
    words = found.dictionary
    plain = pc.match_substring_regex(words, _DAY)
    days = pa.array(
        [
            _day(one.as_py()) if fits.as_py() else None
            for one, fits in zip(words, plain, strict=True)
        ],
        pa.date32(),
    )
    return days.take(found.indices)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
