"""Damages rows so that exactly they are rejected, and keeps what was done to which."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.span import Flags, Integers

DAMAGED_KINDS = ("customers", "account_holders", "cards", "consents", "postings")
"""No other row refers to the rows of these that may be damaged."""

UNKNOWN = "000000000000000"


@dataclass(frozen=True, slots=True)
class Defect:
    """One way to spoil a row: put `value` into `column`, None for nothing.

    A column that Parquet types cannot hold such a value; then the defect is for CSV alone.
    """

    column: str
    what: str
    value: str | int | None
    csv_only: bool = False


DEFECTS = {
    "customers": (
        Defect("kind", "unknown word", "person"),
        Defect("name", "missing value", None),
        Defect("branch_code", "unknown branch", "9999"),
        Defect("id_number", "wrong check digit", "439901194912310005"),
        Defect("since", "missing value", None),
        Defect("since", "no such day", "2024-02-30", csv_only=True),
    ),
    "account_holders": (
        Defect("role", "unknown word", "friend"),
        Defect("customer_number", "unknown customer", UNKNOWN),
        Defect("customer_number", "missing value", None),
    ),
    "cards": (
        Defect("account_number", "unknown account", UNKNOWN),
        Defect("kind", "missing value", None),
        Defect("issued_on", "missing value", None),
        Defect("issued_on", "no such day", "2024-13-01", csv_only=True),
    ),
    "consents": (
        Defect("purpose", "unknown word", "telemarketing"),
        Defect("channel", "unknown word", "television"),
        Defect("customer_number", "unknown customer", UNKNOWN),
        Defect("given_on", "missing value", None),
        Defect("given_on", "no such day", "31.12.2024", csv_only=True),
    ),
    "postings": (
        Defect("id", "missing value", None),
        Defect("amount_minor", "missing value", None),
        Defect("amount_minor", "amount of nothing", 0),
        Defect("amount_minor", "not a whole number", "12.5", csv_only=True),
        Defect("currency", "not a currency", "RMB Yuan"),
        Defect("value_date", "missing value", None),
        Defect("value_date", "no such day", "2025-02-30", csv_only=True),
        Defect("booked_at", "missing value", None),
        Defect("channel", "unknown word", "branch"),
        Defect("kind", "unknown word", "payment"),
    ),
}
SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("what", pa.string()),
        ("value", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Damage:
    """Which rows of a table were spoilt, counted from 0, and by which defect of its kind."""

    rows: Integers
    defect: Integers


def eligible(kind: str, table: pa.Table, contacts: Flags) -> Flags:
    """Tell which rows may be damaged without harm to another row.

    A customer who holds nothing, an authorised or joint holder, any card, consent or posting.
    """
    if kind == "customers":
        return contacts
    if kind == "account_holders":
        mask: Flags = pc.not_equal(table["role"], "owner").to_numpy()
        return mask
    return np.ones(table.num_rows, dtype=np.bool_)


def damage(  # noqa: PLR0913 - a table and how it is spoilt
    kind: str, table: pa.Table, allowed: Flags, share: float, rng: np.random.Generator,
    *, as_csv: bool,
) -> tuple[pa.Table, Damage]:  # fmt: skip
    """Spoil `share` of the table's rows, as far as they are allowed; columns become text."""
    able = np.flatnonzero(allowed)
    wanted = min(able.size, int(np.ceil(share * table.num_rows)))
    rows = np.sort(rng.choice(able, wanted, replace=False)) if wanted else able[:0]
    known = DEFECTS[kind]
    usable = np.array([place for place, one in enumerate(known) if as_csv or not one.csv_only])
    defect = rng.choice(usable, rows.size)
    for place in np.unique(defect):
        one = known[place]
        column = table[one.column].combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if one.csv_only and not pa.types.is_string(column.type):
            column = _plain(column)
        hit = np.zeros(table.num_rows, dtype=np.bool_)
        hit[rows[defect == place]] = True
        scalar = pa.scalar(
            str(one.value)
            if one.value is not None and pa.types.is_string(column.type)
            else one.value,
            column.type,
        )
        spoilt = pc.if_else(pa.array(hit), scalar, column)
        table = table.set_column(table.schema.get_field_index(one.column), one.column, spoilt)
    return table, Damage(rows, defect)


def listed(kind: str, file: str, done: Damage, line: Callable[[Integers], Integers]) -> pa.Table:
    """List the damage of one file; `line` turns rows into the file's lines."""
    known = DEFECTS[kind]
    at = pa.array(done.defect)

    def each(values: list[str | None]) -> pa.Array:
        return pa.array(values, pa.string()).take(at)

    count = done.rows.size
    return pa.table(
        {
            "kind": pa.repeat(pa.scalar(kind), count),
            "file": pa.repeat(pa.scalar(file), count),
            "line": pa.array(line(done.rows)),
            "column": each([one.column for one in known]),
            "what": each([one.what for one in known]),
            "value": each([None if one.value is None else str(one.value) for one in known]),
        },
        SCHEMA,
    )


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%S+08:00")
    return column.cast(pa.string())
