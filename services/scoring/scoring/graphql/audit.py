"""The service's audit as auditors look it up."""

import strawberry
from kit.audit.shown import DESCRIPTION, After, AuditConnection, First, Search, entries

from scoring.graphql.context import Info


@strawberry.type
class AuditQuery:
    @strawberry.field(description=DESCRIPTION)
    async def scoring_audit(
        self, info: Info, search: Search = None, first: First = 20, after: After = None
    ) -> AuditConnection | None:
        context = info.context
        return await entries(context.db, context.principal, search, first=first, after=after)
