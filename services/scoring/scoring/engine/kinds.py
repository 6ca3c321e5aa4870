"""Kinds: accounts that the policy treats alike."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.account import Account, AccountId, CustomerId, OwnRate
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import last_day
from scoring.domain.transfer import MatchedMaturity
from scoring.engine.bank import Bank, small, with_column
from scoring.engine.calendar_months import Pricing
from scoring.engine.rules import WITH_MARGIN

_NEVER = date(1900, 1, 1)
_COLUMNS = pa.schema(
    [
        ("product", pa.string()),
        ("line", pa.string()),
        ("currency", pa.string()),
        ("grade", pa.string()),
        ("priced_since", pa.date32()),
        ("priced_until", pa.date32()),
        ("priced_months", pa.int64()),
        ("own_rates", pa.string()),
        ("kind", pa.int64()),
    ]
)
_NO = ibis.literal(value=False)
_KIND = tuple(name for name in _COLUMNS.names if name != "kind")


def held_by(bank: Bank, pricing: Pricing) -> tuple[ir.Table, Sequence[Account]]:
    """Return the accounts with their loans' terms and the number of their `kind`.

    The second part has an account that stands for each kind, in the order of the numbers. Terms
    tell kinds apart only where a price depends on them.
    """
    accounts = with_column(bank.accounts, "matures_on", "date")
    held = accounts.left_join(bank.loans, "account").drop("account_right")
    depends = held["product"].isin(_matched(pricing)) if _matched(pricing) else _NO
    never = ibis.literal(_NEVER)
    since = ibis.ifelse(held.line == Line.LOAN.value, held.granted_on, held.opened_on)
    held = held.mutate(
        grade=held.grade.fill_null(""),
        priced_since=ibis.ifelse(depends, since, never).fill_null(never),
        priced_until=ibis.ifelse(depends, held.matures_on, never).fill_null(never),
        priced_months=ibis.ifelse(depends, held.term_months, 0).fill_null(0).cast("int64"),
    )
    held = _with_own_rates(held, bank, pricing)
    backend = held.get_backend()
    found = backend.to_pyarrow(held.select(*_KIND).distinct()).to_pylist()
    numbered = [kind | {"kind": number} for number, kind in enumerate(found)]
    kinds = small(backend, pa.Table.from_pylist(numbered, schema=_COLUMNS))
    held = held.inner_join(kinds, _KIND).drop(*(name for name in _KIND if name != "line"))
    return held, [_account(kind) for kind in found]


def _with_own_rates(held: ir.Table, bank: Bank, pricing: Pricing) -> ir.Table:
    """Add the rates of the account itself that the period sees, as text: day:ppm|day:ppm.

    Of those that began by the period's first day the last one counts, and as of that day, so
    that few accounts differ.
    """
    nothing = ibis.literal("")
    if bank.own_rates is None or not pricing.months:
        return held.mutate(own_rates=nothing)
    ends = ibis.literal(last_day(pricing.months[-1][0]))
    first = ibis.literal(pricing.period.first)
    own = bank.own_rates.filter(bank.own_rates.effective_from <= ends)
    own = own.mutate(since=ibis.greatest(own.effective_from, first))
    own = own.group_by("account", "since").aggregate(ppm=own.rate_ppm.argmax(own.effective_from))
    own = own.mutate(one=own.since.cast("string") + ":" + own.ppm.cast("string"))
    own = own.group_by("account").aggregate(own_rates=own.one.collect().sort().join("|"))
    held = held.left_join(own, "account").drop("account_right")
    weighed = held.line.isin([line.value for line in WITH_MARGIN])
    return held.mutate(own_rates=ibis.ifelse(weighed, held.own_rates.fill_null(""), nothing))


def _matched(pricing: Pricing) -> list[str]:
    """Return the products that any month prices by the account's own term."""
    return sorted(
        {
            product
            for _, scheme in pricing.months
            if scheme
            for product, price in scheme.transfer.products.items()
            if isinstance(price.method, MatchedMaturity)
        }
    )


def _account(kind: Mapping[str, Any]) -> Account:
    """Return an account that stands for its kind."""
    terms = None
    if kind["grade"]:
        terms = LoanTerms(
            principal_minor=1,
            granted_on=kind["priced_since"],
            term_months=kind["priced_months"],
            instalment_minor=0,
            grade=Grade(kind["grade"]),
            balance_basis=BalanceBasis.POSTINGS,
        )
    return Account(
        id=AccountId(UUID(int=0)),
        number="",
        owner_id=CustomerId(UUID(int=0)),
        product=kind["product"],
        line=Line(kind["line"]),
        currency=kind["currency"],
        opened_on=kind["priced_since"],
        matures_on=None if kind["priced_until"] == _NEVER else kind["priced_until"],
        loan=terms,
        own_rates=[
            OwnRate(date.fromisoformat(since), int(ppm))
            for since, _, ppm in (one.partition(":") for one in kind["own_rates"].split("|"))
            if since
        ],
    )
