"""Audiences in SQL: the same answer as `domain.audience.matches`, for all prospects at once."""

from datetime import date
from typing import Any
from uuid import UUID

from kit.identity import Principal
from sqlalchemy import ColumnElement, and_, any_, false, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from campaign.domain.audience import (
    Age,
    All,
    AnyOf,
    Consents,
    Contribution,
    Holds,
    InBranch,
    Not,
    OfKind,
    Rule,
    Tier,
    WithManager,
)
from campaign.domain.preview import Bank, Preview, Product, TierCount
from campaign.domain.problems import InstitutionNotLoaded
from campaign.domain.prospect import Channel, Line, born_by, marketing
from campaign.domain.reading import Known
from campaign.store.reach import reached
from campaign.store.reading import rows
from campaign.tables import BranchRow, InstitutionRow, ProductRow, ProspectRow, TierRow

Where = ColumnElement[bool]
_P = ProspectRow
SAMPLE = 10


def where(rule: Rule, on: date) -> Where:
    """Return the condition that holds exactly for the prospects that `rule` matches on `on`.

    Every condition is true or false, never null: what is unknown is not met.
    """
    match rule:
        case All(rules):
            return and_(true(), *(where(one, on) for one in rules))
        case AnyOf(rules):
            return or_(false(), *(where(one, on) for one in rules))
        case Not(one):
            return not_(where(one, on))
        case _:
            return func.coalesce(_condition(rule, on), false())


def _condition(rule: Rule, on: date) -> Where:  # noqa: PLR0911  (one per kind of condition)
    match rule:
        case Tier():
            among = true() if rule.codes is None else col(_P.tier_code).in_(sorted(rule.codes))
            return and_(_within(col(_P.tier_rank), rule.at_least, None), among)
        case Contribution():
            mine = col(_P.currency) == rule.currency
            return and_(mine, _within(col(_P.contribution_minor), rule.at_least, rule.less_than))
        case Holds():
            return and_(
                true(),
                *_overlap(col(_P.products), rule.any_products, rule.no_products),
                *_overlap(col(_P.lines), rule.any_lines, rule.no_lines),
            )
        case Age():
            born = col(_P.born_on)
            old = true() if rule.at_least is None else born <= born_by(on, rule.at_least)
            young = true() if rule.less_than is None else born > born_by(on, rule.less_than)
            return and_(old, young)
        case OfKind(kind):
            return col(_P.kind) == kind.value
        case InBranch(codes):
            return col(_P.branch_code).in_(sorted(codes))
        case WithManager(numbers):
            return col(_P.manager_number).in_(sorted(numbers))
        case Consents(channel):
            return _agrees(channel)
        case _:
            raise AssertionError(rule)


def _agrees(channel: Channel) -> Where:
    return literal(marketing(channel)) == any_(col(_P.consents))


def _within(column: Any, at_least: int | None, less_than: int | None) -> Where:  # noqa: ANN401
    low = true() if at_least is None else column >= at_least
    return and_(low, true() if less_than is None else column < less_than)


def _overlap(column: Any, some: frozenset[str] | None, none: frozenset[str] | None) -> list[Where]:  # noqa: ANN401
    def meets(names: frozenset[str]) -> Where:
        met: Where = column.op("&&", is_comparison=True)(literal(sorted(names), ARRAY(String)))
        return met

    wanted = [] if some is None else [meets(some)]
    return wanted + ([] if none is None else [not_(meets(none))])


def _audience(who: Principal, rule: Rule, on: date) -> Where:
    """Only those within the caller's reach whose own event is in: the rest is known by hearsay."""
    known = and_(col(_P.institution) == who.institution, col(_P.customer_version) > 0)
    return and_(known, *reached(who), where(rule, on))


async def bank(session: AsyncSession, institution: str) -> Bank:
    """Return the caller's bank with its business date."""
    found = await session.get(InstitutionRow, institution)
    if found is None:
        raise InstitutionNotLoaded(f"Nothing is known of institution '{institution}' yet.")
    return Bank(code=found.code, currency=found.currency, as_of=found.as_of)


async def known(session: AsyncSession, of: Bank) -> Known:
    """Return the names that an audience of this bank may use; three short statements."""
    tiers = await rows(
        session, select(col(TierRow.code), col(TierRow.rank)).where(_at(TierRow, of))
    )
    branches = await rows(session, select(col(BranchRow.code)).where(_at(BranchRow, of)))
    products = await rows(session, select(col(ProductRow.code)).where(_at(ProductRow, of)))
    return Known(
        currency=of.currency,
        tiers={row.code: row.rank for row in tiers},
        branches=frozenset(row.code for row in branches),
        products=frozenset(row.code for row in products),
    )


def _at(table: type[TierRow | BranchRow | ProductRow], of: Bank) -> Where:
    return col(table.institution) == of.code


async def products_on_offer(session: AsyncSession, institution: str) -> list[Product]:
    """Return each product on offer, by code."""
    mine = and_(col(ProductRow.institution) == institution, col(ProductRow.on_offer))
    columns = (col(ProductRow.code), col(ProductRow.name), col(ProductRow.line))
    found = await rows(session, select(*columns).where(mine).order_by(columns[0]))
    return [Product(code=row.code, name=row.name, line=Line(row.line)) for row in found]


async def on_offer(session: AsyncSession, institution: str, code: str) -> bool:
    """Say whether the bank offers this product now."""
    found = await session.get(ProductRow, (institution, code))
    return found is not None and found.on_offer


async def preview(session: AsyncSession, who: Principal, of: Bank, rule: Rule) -> Preview:
    """Count an audience and show some of it: two statements."""
    chosen = _audience(who, rule, of.as_of)
    agreed = [func.count().filter(_agrees(channel)).label(channel) for channel in Channel]
    counts = await rows(
        session,
        select(col(_P.tier_code), col(_P.tier_rank), func.count().label("people"), *agreed)
        .where(chosen)
        .group_by(col(_P.tier_code), col(_P.tier_rank))
        .order_by(col(_P.tier_rank).desc().nulls_last(), col(_P.tier_code)),
    )
    sample = await rows(
        session,
        select(col(_P.customer_id)).where(chosen).order_by(col(_P.customer_id)).limit(SAMPLE),
    )
    return Preview(
        on=of.as_of,
        count=sum(row.people for row in counts),
        addressable={
            channel: sum(getattr(row, channel.value) for row in counts) for channel in Channel
        },
        by_tier=tuple(TierCount(code=row.tier_code, count=row.people) for row in counts),
        sample=tuple(row.customer_id for row in sample),
    )


async def chosen(
    session: AsyncSession, who: Principal, of: Bank, rule: Rule, product_code: str
) -> tuple[list[UUID], int]:
    """Return the audience without those who hold the product, and how many those are."""
    holds = (literal(product_code) == any_(col(_P.products))).label("holds")
    found = await rows(
        session,
        select(col(_P.customer_id), holds).where(_audience(who, rule, of.as_of)),
    )
    free = [row.customer_id for row in found if not row.holds]
    return free, len(found) - len(free)
