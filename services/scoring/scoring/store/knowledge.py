"""Facts as they were known at an instant, read by the statements that read them as they are.

A statement is written over the names of its tables. `as_known` gives what stands in such a name's
place: the rows recorded by `:known_at`, and those that were superseded only later.
"""

from datetime import datetime

from sqlalchemy import Column, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.store.sql import rows
from scoring.tables import METADATA

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it open
_CLOCK = text("select clock_timestamp() as now")


def as_known(table: str) -> str:
    """Return the table's rows as known at `:known_at`, as SQL."""
    columns = METADATA.tables[table].columns
    names = ", ".join(column.name for column in columns)
    former = ", ".join(_former(column) for column in columns)
    return (
        f"(select {names} from {table} where recorded_at <= :known_at "  # noqa: S608  (fixed names)
        f"union all select {former} from superseded as s where s.kind = '{table}' "
        "and s.recorded_at <= :known_at and s.superseded_at > :known_at)"
    )


def _former(column: Column[object]) -> str:
    kind = column.type.compile(_DIALECT)
    if column.name == "recorded_at":
        return "s.recorded_at"
    if column.name == ("code" if column.table.name == "institution" else "institution"):
        return f"s.institution as {column.name}"
    if isinstance(column.type, JSONB):
        return f"s.record -> '{column.name}' as {column.name}"
    if isinstance(column.type, ARRAY):
        former = f"s.record -> '{column.name}'"
        items = f"cast(array(select jsonb_array_elements_text({former})) as {kind})"
        return f"case jsonb_typeof({former}) when 'array' then {items} end as {column.name}"
    return f"cast(s.record ->> '{column.name}' as {kind}) as {column.name}"


def chosen(
    known_at: datetime | None, now: TextClause, known: TextClause
) -> tuple[TextClause, dict[str, object]]:
    """Return which of two statements reads as of `known_at`, and the value it needs for that."""
    return (now, {}) if known_at is None else (known, {"known_at": known_at})


async def clock(session: AsyncSession) -> datetime:
    """Return the time by the clock that facts are recorded by."""
    now: datetime = (await rows(session, _CLOCK))[0].now
    return now
