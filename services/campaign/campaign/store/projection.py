"""What other services announced, kept in the shape that audiences are chosen from.

Every function takes a whole batch of events of one type and costs a fixed number of
statements. Rows of one source only ever move to a newer version, so order does not matter;
branches and customers take the version that they have again too, so that a feed that is read
again fills what an earlier release did not keep.
Two feeds write the same prospects: `alone` makes their transactions follow one another.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

Fact = dict[str, Any]
_PROJECTION_LOCK = 7_411_604_522


async def _run(session: AsyncSession, statement: str, facts: Sequence[Fact]) -> None:
    connection = await session.connection()
    await connection.execute(text(statement), {"facts": json.dumps(facts)})


async def alone(session: AsyncSession) -> None:
    """Wait until no other transaction writes prospects; held until this one ends."""
    connection = await session.connection()
    await connection.execute(
        text("select pg_advisory_xact_lock(:lock)"), {"lock": _PROJECTION_LOCK}
    )


async def institutions(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Keep each bank's currency and business date."""
    await _run(
        session,
        "insert into institution (code, version, currency, as_of) "
        "select institution, version, currency, as_of from jsonb_to_recordset(cast(:facts as "
        "jsonb)) as f(institution text, version int, currency text, as_of date) order by 1 "
        "on conflict (code) do update set version = excluded.version, "
        "currency = excluded.currency, as_of = excluded.as_of "
        "where institution.version < excluded.version",
        facts,
    )


async def branches(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Keep which branches there are, and what each stands under."""
    await _run(
        session,
        "insert into branch (institution, code, version, parent_code) "
        "select institution, code, version, parent_code "
        "from jsonb_to_recordset(cast(:facts as jsonb)) as f(institution text, code text, "
        "version int, parent_code text) order by 1, 2 "
        "on conflict (institution, code) do update set version = excluded.version, "
        "parent_code = excluded.parent_code where branch.version <= excluded.version",
        facts,
    )


async def products(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Keep which products there are, and which of them are on offer."""
    await _run(
        session,
        "insert into product (institution, code, version, name, line, on_offer) "
        "select institution, code, version, name, line, on_offer "
        "from jsonb_to_recordset(cast(:facts as jsonb)) as f(institution text, code text, "
        "version int, name text, line text, on_offer bool) order by 1, 2 "
        "on conflict (institution, code) do update set version = excluded.version, "
        "name = excluded.name, line = excluded.line, on_offer = excluded.on_offer "
        "where product.version < excluded.version",
        facts,
    )


_EMPTY = (
    "insert into prospect (customer_id, institution, customer_version, tier_version, "
    "contribution_version, products, lines, consents) "
    "select f.customer_id, min(f.institution), 0, 0, 0, '{}', '{}', '{}' "
    "from jsonb_to_recordset(cast(:facts as jsonb)) as f(customer_id uuid, institution text) "
    "group by 1 order by 1 on conflict (customer_id) do nothing"
)


async def customers(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Keep the facts about customers; from now on they are addressable."""
    await _run(session, _EMPTY, facts)
    await _run(
        session,
        "update prospect p set customer_version = f.version, number = f.number, "
        "kind = f.kind, born_on = f.born_on, branch_code = f.branch_code, "
        "manager_number = f.manager_number, since = f.since "
        "from jsonb_to_recordset(cast(:facts as jsonb)) as f(customer_id uuid, version int, "
        "number text, kind text, born_on date, branch_code text, manager_number text, "
        "since date) where p.customer_id = f.customer_id and p.customer_version <= f.version",
        facts,
    )


async def tiers(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Keep each customer's tier, and the ladder as far as customers stand on it."""
    await _run(session, _EMPTY, facts)
    await _run(
        session,
        "update prospect p set tier_version = f.version, tier_code = f.tier_code, "
        "tier_rank = f.tier_rank from jsonb_to_recordset(cast(:facts as jsonb)) "
        "as f(customer_id uuid, version int, tier_code text, tier_rank int) "
        "where p.customer_id = f.customer_id and p.tier_version < f.version",
        facts,
    )
    await _run(
        session,
        "insert into tier (institution, code, rank, at) select distinct on (1, 2) "
        "institution, tier_code, tier_rank, at from jsonb_to_recordset(cast(:facts as jsonb)) "
        "as f(institution text, tier_code text, tier_rank int, at timestamptz) "
        "where tier_code is not null order by 1, 2, at desc "
        "on conflict (institution, code) do update set rank = excluded.rank, at = excluded.at "
        "where tier.at < excluded.at and tier.rank <> excluded.rank",
        facts,
    )


async def contributions(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Keep each customer's contribution over the scheme's window."""
    await _run(session, _EMPTY, facts)
    await _run(
        session,
        "update prospect p set contribution_version = f.version, currency = f.currency, "
        "contribution_minor = f.contribution_minor, window_months = f.window_months, "
        "through = f.through from jsonb_to_recordset(cast(:facts as jsonb)) as f(customer_id "
        "uuid, version int, contribution_minor bigint, currency text, window_months int, "
        "through text) "
        "where p.customer_id = f.customer_id and p.contribution_version < f.version",
        facts,
    )


async def consents(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Keep each consent's newest word, and those in force on the prospect."""
    await _run(session, _EMPTY, facts)
    await _run(
        session,
        "insert into prospect_consent (customer_id, purpose, channel, institution, version, "
        "given) select customer_id, purpose, channel, institution, version, given "
        "from jsonb_to_recordset(cast(:facts as jsonb)) as f(customer_id uuid, purpose text, "
        "channel text, institution text, version int, given bool) order by 1, 2, 3 "
        "on conflict (customer_id, purpose, channel) do update set version = excluded.version, "
        "given = excluded.given where prospect_consent.version < excluded.version",
        facts,
    )
    await _run(
        session,
        "update prospect p set consents = n.found from (select f.customer_id, "
        "coalesce(array_agg(c.purpose || '/' || c.channel order by c.purpose, c.channel) "
        "filter (where c.given), '{}') as found "
        "from (select distinct customer_id from jsonb_to_recordset(cast(:facts as jsonb)) "
        "as r(customer_id uuid)) f left join prospect_consent c using (customer_id) "
        "group by 1) n where p.customer_id = n.customer_id",
        facts,
    )


_ACCOUNTS = text(
    "insert into prospect_account (account_id, institution, version, product_code, line, open) "
    "select account_id, institution, version, product_code, line, open "
    "from jsonb_to_recordset(cast(:facts as jsonb)) as f(account_id uuid, institution text, "
    "version int, product_code text, line text, open bool) order by 1 "
    "on conflict (account_id) do update set version = excluded.version, "
    "product_code = excluded.product_code, line = excluded.line, open = excluded.open "
    "where prospect_account.version < excluded.version returning account_id::text"
)
_NO_LONGER = text(
    "delete from prospect_holder where account_id = any(cast(:ids as uuid[])) "
    "returning customer_id::text, institution"
)
_HOLDERS = (
    "insert into prospect_holder (account_id, customer_id, institution) "
    "select account_id, customer_id, institution from jsonb_to_recordset(cast(:facts as jsonb)) "
    "as f(account_id uuid, customer_id uuid, institution text) order by 1, 2"
)
_HOLDINGS = (
    "update prospect p set products = n.products, lines = n.lines from (select f.customer_id, "
    "coalesce(array_agg(distinct a.product_code) filter (where a.open), '{}') as products, "
    "coalesce(array_agg(distinct a.line) filter (where a.open), '{}') as lines "
    "from jsonb_to_recordset(cast(:facts as jsonb)) as f(customer_id uuid) "
    "left join prospect_holder h using (customer_id) "
    "left join prospect_account a using (account_id) group by 1) n "
    "where p.customer_id = n.customer_id"
)


async def accounts(session: AsyncSession, facts: Sequence[Fact]) -> Sequence[Fact]:
    """Replace the accounts that changed and who holds them, then what those people hold.

    Returns whose holdings were worked out anew.

    Each fact names its `holders` by id. An account counts while it has no closing day.
    """
    connection = await session.connection()
    fresh = set((await connection.execute(_ACCOUNTS, {"facts": json.dumps(facts)})).scalars())
    holders = [
        {"account_id": fact["account_id"], "customer_id": one, "institution": fact["institution"]}
        for fact in facts
        if fact["account_id"] in fresh
        for one in fact["holders"]
    ]
    gone = (await connection.execute(_NO_LONGER, {"ids": list(fresh)})).all()
    touched = {(one["customer_id"], one["institution"]) for one in holders}
    touched |= {(customer, institution) for customer, institution in gone}
    people = [{"customer_id": one, "institution": bank} for one, bank in sorted(touched)]
    await _run(session, _EMPTY, people)
    await _run(session, _HOLDERS, holders)
    await _run(session, _HOLDINGS, people)
    return people
