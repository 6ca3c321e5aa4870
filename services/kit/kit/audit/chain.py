"""The chain in the database: entries that can be added and read, and nothing else.

A function of the database appends: it alone takes the next place and the hash before, one
transaction of an institution after another, from there until that transaction's end. So it is
called last. The service may call the function and read; it can neither write an entry of its own
making nor change or remove one.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel.ext.asyncio.session import AsyncSession

CREATE_APPEND = """
create function audit_append(_institution text, _bodies text[]) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  _seq bigint;
  _hash bytea;
  _previous bytea;
  _at timestamptz;
  _body text;
  _told jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit/' || _institution, 0));
  select seq, hash into _seq, _hash from audit_entry
    where institution = _institution order by seq desc limit 1;
  _seq := coalesce(_seq, 0);
  _hash := coalesce(_hash, decode(repeat('00', 32), 'hex'));
  _at := clock_timestamp();
  foreach _body in array _bodies loop
    _seq := _seq + 1;
    _previous := _hash;
    _hash := sha256(_previous || convert_to(_seq::text || E'\\n'
      || to_char(_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || E'\\n'
      || _body, 'UTF8'));
    _told := _body::jsonb;
    insert into audit_entry (institution, seq, at, subject, entities, body, previous, hash)
    values (_institution, _seq, _at, _told->>'subject',
      array(select jsonb_array_elements_text(coalesce(_told->'entities', '[]'))),
      _body, _previous, _hash);
  end loop;
  return _seq;
end
$$
"""
CREATE_WALL = """
create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'audit entries are never changed or removed';
end
$$
"""
CREATE_TRIGGER = """
create trigger audit_entry_stays before update or delete or truncate on audit_entry
for each statement execute function audit_refuse()
"""
REVOKE_WRITING = """
do $$
declare
  _role regrole;
begin
  for _role in select distinct grantee from pg_class, aclexplode(relacl)
    where pg_class.oid = 'public.audit_entry'::regclass and grantee not in (relowner, 0)
  loop
    execute format('revoke insert, update, delete, truncate on public.audit_entry from %s', _role);
  end loop;
end $$
"""
"""Leaves the service what its docstring promises: the function, and reading."""
_APPEND = text("select audit_append(:institution, cast(:bodies as text[]))")


def audit_table(metadata: MetaData) -> Table:
    """Declare the chain in a service's metadata; its migration creates it, with the functions."""
    return Table(
        "audit_entry",
        metadata,
        Column("institution", String, primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("subject", String, nullable=False),
        Column("entities", ARRAY(String), nullable=False),
        Column("body", String, nullable=False),
        Column("previous", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("operation", String, Computed("(body::jsonb ->> 'operation')", persisted=True)),
        Index("ix_audit_entry_institution_at", "institution", "at"),
        Index("ix_audit_entry_institution_subject_seq", "institution", "subject", "seq"),
        Index("ix_audit_entry_institution_operation_seq", "institution", "operation", "seq"),
        Index("ix_audit_entry_entities", "entities", postgresql_using="gin"),
    )


async def append(session: AsyncSession, institution: str, bodies: Sequence[str]) -> int:
    """Add entries at the end of an institution's chain; return the last one's place."""
    values = {"institution": institution, "bodies": list(bodies)}
    return int(await (await session.connection()).scalar(_APPEND, values))
