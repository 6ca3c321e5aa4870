"""Accounts, customers and products as the customer service told of them, and loans' terms."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import Account, AccountId, CustomerId, OwnRate
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.posting import AccountKey
from scoring.store.knowledge import as_known, chosen
from scoring.store.sql import records, rows, run

_ACCOUNT = (
    "a.id, a.number, a.owner_id, a.joint, a.product, a.line, a.currency, a.opened_on, "
    "a.closed_on, a.matures_on, (select json_agg(json_build_array(r.effective_from, r.rate_ppm) "
    "order by r.effective_from) from {rate} r "
    "where r.institution = a.institution and r.account_id = a.id) as own_rates, "
    "l.principal_minor, l.granted_on, l.term_months, l.instalment_minor, l.grade, l.balance_basis, "
    "l.settlement_account_number"
)
_NOW = ("customer", "account", "loan", "account_rate")
_KNOWN = tuple(as_known(table) for table in _NOW)


_HELD = (
    "(select o.*, o.owner_id as holder from {account} o where o.institution = :institution "
    "and o.owner_id = any(cast(:ids as uuid[])) "
    "union all select j.*, h.id as holder from {account} j cross join unnest(j.joint) as h(id) "
    "where j.institution = :institution and j.joint && cast(:ids as uuid[]) "
    "and h.id <> j.owner_id and h.id = any(cast(:ids as uuid[])))"
)
"""Accounts by owner, and by owner or joint holder; each way in has an index of its own."""


def _by_customer(customer: str, account: str, loan: str, rate: str) -> TextClause:
    return text(
        f"select c.id as customer_id, {_ACCOUNT.format(rate=rate)} from {customer} c "  # noqa: S608  (fixed names)
        f"left join {_HELD.format(account=account)} a on a.holder = c.id "
        f"left join {loan} l on l.account_id = a.id and l.institution = c.institution "
        "where c.institution = :institution and c.id = any(cast(:ids as uuid[])) order by a.number"
    )


def _by_id(account: str, loan: str, rate: str) -> TextClause:
    return text(
        f"select {_ACCOUNT.format(rate=rate)} from {account} a "  # noqa: S608  (fixed names)
        f"left join {loan} l on l.account_id = a.id and l.institution = a.institution "
        "where a.institution = :institution and a.id = any(cast(:ids as uuid[]))"
    )


_BY_HOLDER, _BY_HOLDER_KNOWN = _by_customer(*_NOW), _by_customer(*_KNOWN)
_BY_ID, _BY_ID_KNOWN = _by_id(*_NOW[1:]), _by_id(*_KNOWN[1:])
_KEYS = text(
    "select number, id, currency, owner_id, line, opened_on, joint from account "
    "where institution = :institution and number = any(cast(:numbers as text[]))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFact:
    """An account as one event tells of it."""

    id: UUID
    number: str
    owner_id: UUID
    product: str
    line: str
    currency: str
    opened_on: date
    closed_on: date | None
    matures_on: date | None
    joint: Sequence[UUID]
    branch: str
    version: int


async def held_by_customer_id(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    known_at: datetime | None = None,
) -> dict[CustomerId, list[Account]]:
    """Return the accounts that each known customer owns or holds jointly, by number.

    Whether or not the scheme counts them; unknown customers are left out.
    """
    statement, known = chosen(known_at, _BY_HOLDER, _BY_HOLDER_KNOWN)
    found: dict[CustomerId, list[Account]] = {}
    for row in await rows(session, statement, institution=institution, ids=ids, **known):
        owned = found.setdefault(CustomerId(row.customer_id), [])
        if row.id is not None:
            owned.append(_account(row))
    return found


async def accounts_by_id(
    session: AsyncSession,
    institution: str,
    ids: Sequence[AccountId],
    known_at: datetime | None = None,
) -> dict[AccountId, Account]:
    """Return those of `ids` that are known."""
    statement, known = chosen(known_at, _BY_ID, _BY_ID_KNOWN)
    read = await rows(session, statement, institution=institution, ids=ids, **known)
    return {AccountId(row.id): _account(row) for row in read}


async def account_keys(
    session: AsyncSession, institution: str, numbers: Sequence[str]
) -> dict[str, AccountKey]:
    """Return what is needed to take records for those of `numbers` that are known."""
    read = await rows(session, _KEYS, institution=institution, numbers=numbers)
    return {
        row.number: AccountKey(
            row.id,
            row.currency,
            row.owner_id,
            Line(row.line),
            row.opened_on,
            tuple(row.joint or ()),
        )
        for row in read
    }


def _account(row: Row[Any]) -> Account:
    return Account(
        id=AccountId(row.id),
        number=row.number,
        owner_id=CustomerId(row.owner_id),
        product=row.product,
        line=Line(row.line),
        currency=row.currency,
        opened_on=row.opened_on,
        closed_on=row.closed_on,
        matures_on=row.matures_on,
        joint_ids=[CustomerId(one) for one in row.joint or ()],
        own_rates=[OwnRate(date.fromisoformat(on), ppm) for on, ppm in row.own_rates or ()],
        loan=None if row.principal_minor is None else _terms(row),
    )


def _terms(row: Row[Any]) -> LoanTerms:
    return LoanTerms(
        principal_minor=row.principal_minor,
        granted_on=row.granted_on,
        term_months=row.term_months,
        instalment_minor=row.instalment_minor,
        grade=Grade(row.grade),
        balance_basis=BalanceBasis(row.balance_basis),
        settlement_account_number=row.settlement_account_number,
    )


_OWNERS = text(
    "select id, owner_id, joint, opened_on from account where id = any(cast(:ids as uuid[])) "
    "order by id for update"
)
_SAVE_ACCOUNTS = text(
    "insert into account (institution, recorded_at, id, number, owner_id, product, line, currency, "
    "opened_on, closed_on, matures_on, joint, branch, version) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(id uuid, number text, owner_id uuid, "
    "product text, line text, currency text, opened_on date, closed_on date, matures_on date, "
    "joint uuid[], branch text, version int) order by id on conflict (id) do update set "
    "owner_id = excluded.owner_id, "
    "product = excluded.product, line = excluded.line, currency = excluded.currency, "
    "opened_on = excluded.opened_on, closed_on = excluded.closed_on, "
    "matures_on = excluded.matures_on, joint = excluded.joint, branch = excluded.branch, "
    "version = excluded.version where account.version < excluded.version "
    "or (account.joint is null and account.version = excluded.version) returning id"
)


async def save_accounts(
    session: AsyncSession, institution: str, facts: Sequence[AccountFact]
) -> tuple[set[UUID], dict[UUID, tuple[set[UUID], date]]]:
    """Store accounts that are newer than known, or known without their joint holders.

    Return whose ids changed, and all former (holders, opening).
    """
    read = await rows(session, _OWNERS, ids=[fact.id for fact in facts])
    former = {row.id: ({row.owner_id, *(row.joint or ())}, row.opened_on) for row in read}
    saved = await rows(
        session,
        _SAVE_ACCOUNTS,
        institution=institution,
        records=records(asdict(fact) for fact in facts),
    )
    return {row.id for row in saved}, former


_SAVE_CUSTOMERS = text(
    "insert into customer (institution, recorded_at, id, number, branch, manager, version) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) "
    "as r(id uuid, number text, branch text, manager text, version int) order by id "
    "on conflict (id) do update set number = excluded.number, branch = excluded.branch, "
    "manager = excluded.manager, version = excluded.version "
    "where customer.version < excluded.version "
    "or (customer.branch is null and customer.version = excluded.version) "
    "returning id, customer.xmax = 0 as is_new"
)
_SAVE_PRODUCTS = text(
    "insert into product (institution, recorded_at, code, line, version) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(code text, line text, version int) "
    "order by code on conflict (institution, code) do update set "
    "line = excluded.line, version = excluded.version "
    "where product.version < excluded.version"
)
_MOVE_LINES = text(
    "update account a set line = p.line from product p where p.institution = :institution "
    "and a.institution = p.institution and a.product = p.code and a.line <> p.line "
    "and p.code = any(cast(:codes as text[]))"
)


async def save_customers(
    session: AsyncSession, institution: str, facts: Sequence[Mapping[str, object]]
) -> list[UUID]:
    """Store customers that are newer than known, or known without a branch; return the new ones.

    Of each: {id, number, branch, manager, version}.
    """
    saved = await rows(session, _SAVE_CUSTOMERS, institution=institution, records=records(facts))
    return [row.id for row in saved if row.is_new]


async def save_products(
    session: AsyncSession, institution: str, facts: Sequence[Mapping[str, object]]
) -> int:
    """Store products {code, line, version}; return how many accounts changed line by it."""
    await run(session, _SAVE_PRODUCTS, institution=institution, records=records(facts))
    codes = [fact["code"] for fact in facts]
    return await run(session, _MOVE_LINES, institution=institution, codes=codes)


_COUNT = text("select count(*) as customers from customer where institution = :institution")


async def count_customers(session: AsyncSession, institution: str) -> int:
    """Return how many customers are known."""
    return int((await rows(session, _COUNT, institution=institution))[0].customers)


_LOANS = text(
    f"select {_ACCOUNT.format(rate=_NOW[3])} from account a join loan l on l.account_id = a.id "  # noqa: S608  (fixed)
    "where a.id = any(cast(:ids as uuid[])) order by a.id for update of l"
)
_SAVE_LOANS = text(
    "insert into loan (institution, recorded_at, account_id, settlement_account_number, "
    "principal_minor, granted_on, term_months, instalment_minor, grade, balance_basis) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(account_id uuid, "
    "settlement_account_number text, principal_minor bigint, granted_on date, "
    "term_months int, instalment_minor bigint, grade text, balance_basis text) "
    "order by account_id on conflict (account_id) do update set "
    "settlement_account_number = excluded.settlement_account_number, "
    "principal_minor = excluded.principal_minor, granted_on = excluded.granted_on, "
    "term_months = excluded.term_months, instalment_minor = excluded.instalment_minor, "
    "grade = excluded.grade, balance_basis = excluded.balance_basis"
)


async def loans(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, LoanTerms]:
    """Return the known terms by account, locked until the transaction ends."""
    return {row.id: _terms(row) for row in await rows(session, _LOANS, ids=ids)}


async def save_loans(
    session: AsyncSession, institution: str, terms: Mapping[UUID, LoanTerms]
) -> None:
    """Store terms by account, in place of what was known."""
    found = [{"account_id": account_id} | asdict(one) for account_id, one in terms.items()]
    await run(session, _SAVE_LOANS, institution=institution, records=records(found))
