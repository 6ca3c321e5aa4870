"""The audit as auditors ask for it; every subgraph has a field over its own chain."""

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Self, TypeAlias

import strawberry

from kit.audit import reading
from kit.audit.entry import plain
from kit.audit.scribe import notes
from kit.db import Database
from kit.graphql import PageInfo
from kit.identity import Principal
from kit.problem import BadRequest

MOST = 100
_LONGEST = 200
_DIGITS_OF_A_PLACE = 18
DESCRIPTION = (
    "What is on record in this service of who did what, to whom and why, the newest first. That "
    "nothing was altered or removed is told by `sheaf audit verify`, not here. Looking it up is on "
    "record too. Needs audit:read."
)
First: TypeAlias = Annotated[int, strawberry.argument(description=f"How many, 1 to {MOST}.")]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The cursor of the entry after which to go on.")
]


@strawberry.enum(description="Whether something was seen or changed.")
class AuditKind(Enum):
    READ = "read"
    WRITE = "write"


@strawberry.input(description="Everything that is given must fit; leave out what does not matter.")
class AuditSearch:
    since: datetime | None = strawberry.field(
        default=None, description="From this instant on, by the database's clock."
    )
    until: datetime | None = strawberry.field(
        default=None, description="The first instant no longer."
    )
    subject: str | None = strawberry.field(default=None, description="Who did it: a token's `sub`.")
    entity: str | None = strawberry.field(
        default=None,
        description="Whom or what it was about, by its id.",
    )
    operation: str | None = strawberry.field(
        default=None, description="What was done, whole, as `AuditEntry.operation` has it."
    )

    def wanted(self) -> reading.Wanted:
        """Return what to look for."""
        return reading.Wanted(
            subject=_given(self.subject),
            entity=_given(self.entity),
            operation=_given(self.operation),
            since=_instant(self.since),
            until=_instant(self.until),
        )


Search: TypeAlias = Annotated[
    AuditSearch | None, strawberry.argument(description="Which entries; by default all.")
]


@strawberry.federation.type(shareable=True, description="How many of what.")
class AuditCount:
    name: str = strawberry.field(description="As `accepted` or `rejected`, of records in bulk.")
    count: int = strawberry.field(description="How many.")


@strawberry.federation.type(shareable=True, description="What was done, by whom, to whom and why.")
class AuditEntry:
    place: str = strawberry.field(description="Its place in the chain, from 1 on; a whole number.")
    at: datetime = strawberry.field(description="When, by the database's clock.")
    kind: AuditKind = strawberry.field(description="Whether something was seen or changed.")
    operation: str = strawberry.field(
        description="A mutation, fields of a query parted by blanks, or `ingest/` and a kind."
    )
    subject: str = strawberry.field(description="Who: the `sub` of the caller's token.")
    staff_number: str | None = strawberry.field(description="The staff number of who it was.")
    role: str = strawberry.field(description="In which role.")
    channel: str = strawberry.field(description="Through which channel.")
    reason: str | None = strawberry.field(
        description="The reason, purpose or basis that the caller gave."
    )
    fields: list[str] = strawberry.field(description="Names of the fields that were shown.")
    counts: list[AuditCount] = strawberry.field(description="How many of what.")
    entity_count: int = strawberry.field(description="How many things it was about.")
    repeated: bool = strawberry.field(
        description="Whether the same idempotencyKey had come before, so that nothing was done."
    )
    trace_id: str = strawberry.field(description="The trace of the request.")
    hash: str = strawberry.field(description="The entry's hash, in hexadecimal.")
    about: strawberry.Private[list[str]]

    @strawberry.field(description="Ids of what it was about, in their order, a page at a time.")
    def entities(
        self,
        first: First = 20,
        after: Annotated[
            str | None, strawberry.argument(description="The id after which to go on.")
        ] = None,
    ) -> list[str]:
        size = _size(first)
        return [one for one in self.about if after is None or one > after][:size]

    @classmethod
    def of(cls, found: reading.Recorded) -> Self:
        said = found.said
        entities = sorted(said.get("entities", ()))
        counts = said.get("counts", {})
        return cls(
            place=str(found.seq),
            at=found.at,
            kind=AuditKind(said["kind"]),
            operation=said.get("operation", ""),
            subject=said.get("subject", ""),
            staff_number=said.get("staff"),
            role=said.get("role", ""),
            channel=said.get("channel", ""),
            reason=said.get("reason"),
            fields=said.get("fields", []),
            counts=[AuditCount(name=name, count=counts[name]) for name in sorted(counts)],
            entity_count=len(entities),
            repeated=said.get("repeated", False),
            trace_id=said.get("trace", ""),
            hash=found.hash.hex(),
            about=entities,
        )


@strawberry.federation.type(shareable=True, description="One entry in a list.")
class AuditEdge:
    cursor: str = strawberry.field(description="Give it as `after` to go on behind this entry.")
    node: AuditEntry = strawberry.field(description="The entry.")


@strawberry.federation.type(
    shareable=True,
    description="A page of entries. It may hold fewer than were asked for, even none, and go on: "
    f"a page looks at {reading.LOOKED_AT:,} entries at most.",
)
class AuditConnection:
    edges: list[AuditEdge] = strawberry.field(description="The newest first.")
    page_info: PageInfo = strawberry.field(description="Whether the list goes on, and where.")


async def entries(
    db: Database, principal: Principal, search: AuditSearch | None, *, first: int, after: str | None
) -> AuditConnection:
    """Look entries of the caller's institution up, and put on record that they were."""
    wanted, size = search.wanted() if search else reading.Wanted(), _size(first)
    async with db.read(principal.institution) as session:
        found = await reading.page(
            session, principal.institution, wanted, before=_place(after), first=size
        )
    _take_down(wanted, len(found.entries))
    edges = [AuditEdge(cursor=str(one.seq), node=AuditEntry.of(one)) for one in found.entries]
    return AuditConnection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=found.beyond is not None,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=str(found.beyond) if found.beyond else edges[-1].cursor if edges else None,
        ),
    )


def _take_down(wanted: reading.Wanted, shown: int) -> None:
    taken = notes()
    if taken is None:
        raise RuntimeError("the audit is shown, and nobody takes it down")
    taken.fields.add("AuditEntry")
    taken.entities.update(one for one in (wanted.subject, wanted.entity) if one)
    taken.counts["entries"] = taken.counts.get("entries", 0) + shown


def _size(first: int) -> int:
    if not 1 <= first <= MOST:
        raise BadRequest(f"first must be 1 to {MOST}; go on with after.")
    return first


def _place(after: str | None) -> int | None:
    if after is None:
        return None
    if not after.isascii() or not after.isdigit() or len(after) > _DIGITS_OF_A_PLACE:
        raise BadRequest("after must be a cursor that this list gave out.")
    return int(after)


def _given(value: str | None) -> str | None:
    if value is not None and not 1 <= len(value) <= _LONGEST:
        raise BadRequest(f"Search for 1 to {_LONGEST} characters, or leave the field out.")
    return None if value is None else plain(value)


def _instant(value: datetime | None) -> datetime | None:
    """Return an instant; one without an offset is UTC."""
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value
